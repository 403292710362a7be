"""How long a hold lasts: the longest that a rulebook says, and until a person ends it where one rule names no end."""

from __future__ import annotations

from typing import Any

import pytest

from server.domain.conduct.durations import find_end, find_extension
from server.domain.conduct.rules import Rule, RuleType
from tests.unit.domain.conduct.when import SHANGHAI, a_rule, a_rulebook, at

PLACED = at("2026-01-31 10:00")
DAY = 86_400_000


def stop(*events: str, **more: Any) -> Rule:
    """Give a protective stop of visits."""
    return a_rule(RuleType.PROTECTIVE_STOP, {"events": list(events), "scope": ["visit"]} | more)


CEASE = a_rule(RuleType.CEASE_CONTACT, {"form": ["oral_on_visit"]})
WRITING = a_rule(RuleType.CEASE_CONTACT, {"form": ["written"], "scope": ["call"]})
DISPUTED = a_rule(RuleType.DISPUTE_PAUSE, {"trigger": "any_dispute", "until": "answered"})
LAWYER = a_rule(RuleType.REPRESENTATIVE, {"who": "attorney", "effect": "no contact"})


def end(reason: str, *rules: Rule) -> int | None:
    """Give when a hold ends, in days after it was placed."""
    end_ms = find_end([a_rulebook(rule) for rule in rules], reason, PLACED, SHANGHAI)
    return None if end_ms is None else (end_ms - PLACED) // DAY


@pytest.mark.parametrize(
    ("reason", "rules", "expected"),
    [
        ("illness", [], None),
        ("illness", [stop("hospital_or_surgery", duration="P90D")], 90),
        ("illness", [stop("death", duration="P90D")], None),
        ("illness", [stop("illness", duration="P30D"), stop("hospital_or_surgery", duration="P90D")], 90),
        ("illness", [stop("illness", duration="P30D"), stop("illness", until="recovered")], None),
        ("illness", [stop("illness", duration="P30D", scope=["call"])], None),
        ("illness", [stop("illness", duration="P1M")], 28),
        ("bereavement", [stop("death", duration="P30D")], 30),
        ("refusal", [CEASE], None),
        ("refusal", [stop("refusal", duration="P30D"), CEASE], None),
        ("refusal", [stop("refusal", duration="P30D"), WRITING], 30),
        ("dispute", [stop("dispute", duration="P30D"), DISPUTED], None),
        ("representative", [stop("representative", duration="P30D"), LAWYER], None),
        ("hardship", [CEASE, DISPUTED, LAWYER], None),
    ],
)
def test_a_hold_lasts_as_long_as_the_longest_rule_says(reason: str, rules: list[Rule], expected: int | None) -> None:
    """Months go by the calendar; a rule of another event or another channel says nothing."""
    assert expected == end(reason, *rules)


def test_an_extension_is_the_longest_that_a_rule_gives() -> None:
    """Counted from the end that stands; where no rule extends it there is none."""
    rules = stop("illness", duration="P90D", extend="P30D"), stop("illness", duration="P9D", extend="P60D")
    books = [a_rulebook(*rules)]

    assert 60 * DAY == (find_extension(books, "illness", PLACED, SHANGHAI) or 0) - PLACED
    assert None is find_extension(books, "danger", PLACED, SHANGHAI)
    assert None is find_extension([a_rulebook(stop("illness", duration="P90D"))], "illness", PLACED, SHANGHAI)
