"""Facts and verdicts kept beside an act come back as they were, whatever is known and whatever is not."""

from __future__ import annotations

import json
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from server.domain.conduct.facts import Facts
from server.domain.conduct.recounting import dump, load
from server.domain.conduct.verdicts import Verdict


@given(st.from_type(Facts))
def test_facts_come_back_as_they_were(facts: Facts) -> None:
    """Through JSON and back nothing is lost and nothing known becomes unknown."""
    assert facts == load(Facts, json.loads(json.dumps(dump(facts))))


@given(st.from_type(Verdict))
def test_verdicts_come_back_as_they_were(verdict: Verdict) -> None:
    """Through JSON and back."""
    assert verdict == load(Verdict, json.loads(json.dumps(dump(verdict))))


def test_known_to_be_none_is_not_unknown() -> None:
    """An empty list of holds says that there is none; a member that is absent says that nobody knows."""
    assert {"now_ms": 1, "holds": []} == dump(Facts(now_ms=1, holds=()))
    assert {"now_ms": 1} == dump(Facts(now_ms=1))


def test_days_are_kept_as_days() -> None:
    """A calendar's days are keys in JSON and dates again afterwards."""
    facts = Facts(now_ms=1, rest_days={"CN": {date(2016, 10, 1): True}})

    assert {"CN": {"2016-10-01": True}} == dump(facts)["rest_days"]
    assert facts == load(Facts, dump(facts))
