"""The gate's own two questions, which need no rulebook: is anything owed, does anything halt visits."""

from __future__ import annotations

from typing import Any

import pytest

from server.domain.conduct.facts import Facts
from server.domain.conduct.gate import Gate, judge_own
from server.domain.conduct.rules import RuleType
from server.domain.conduct.verdicts import Verdict, failed
from server.domain.packing import HOUSE
from tests.unit.domain.conduct.door_builders import FAIL, NOW, PASS, UNKNOWN, a_hold, a_rule


@pytest.mark.parametrize(
    ("facts", "paid", "held"),
    [
        ({"is_paid": False, "holds": ()}, PASS, PASS),
        ({"is_paid": True, "holds": (a_hold("danger"),)}, FAIL, FAIL),
        ({}, UNKNOWN, UNKNOWN),
    ],
)
def test_what_is_not_known_is_no_answer(facts: dict[str, Any], paid: str, held: str) -> None:
    """Holds that were not looked for are not "no holds": the case stays, and what is missing is named."""
    own = judge_own(Facts(NOW, **facts))

    assert [paid, held] == [verdict.answer for verdict in own]
    assert [each == UNKNOWN for each in (paid, held)] == [bool(verdict.missing) for verdict in own]
    assert [each != PASS for each in (paid, held)] == [verdict.blocks for verdict in own]


def test_a_moment_of_cure_promises_no_visit() -> None:
    """A cap may end at night, when the hours still forbid: the sentence says "at the earliest", and no more."""
    rule = a_rule(RuleType.FREQUENCY_CAP)
    verdict = Verdict.of("T", rule, failed("at most 1 visit", cure="from 07:00 UTC on Monday 4 May 2026", cure_ms=NOW))

    said = Gate(Facts(NOW), (verdict,), HOUSE).sentence("UTC")

    assert said.endswith(". At the earliest from 07:00 UTC on Monday 4 May 2026.")
