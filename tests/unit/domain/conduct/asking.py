"""Asking one rule: its parameters as a rulebook writes them, the facts changed by what the test is about."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from server.domain.conduct.facts import Contact, Facts, Interval
from server.domain.conduct.judging import TYPES, read_params
from server.domain.conduct.rules import Check, Confidence, OnUnknown, Rule, RuleType, Severity, Status
from server.domain.conduct.verdicts import Asked, Finding

ZONE = "Europe/London"
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


def at(text: str, zone: str = ZONE) -> int:
    """Give the moment of a local time such as "2016-05-03 09:00"."""
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def plan(text: str, zone: str = ZONE, minutes: int = 60) -> Interval:
    """Give the interval that begins at a local time."""
    return Interval(at(text, zone), at(text, zone) + minutes * MINUTE_MS)


VISIT = plan("2016-05-03 09:00")  # a Tuesday


def a_contact(at_ms: int, channel: str = "visit", result: str = "made", **changed: Any) -> Contact:
    """Give one contact on the case and person that are asked about."""
    given = {"id": f"{channel}-{at_ms}", "case_id": "case-1", "person_id": "person-1", **changed}
    return Contact(at_ms=at_ms, channel=channel, result=result, **given)


def some_facts(**changed: Any) -> Facts:
    """Give the facts of a visit planned a day ahead in London, of which nothing else is known."""
    interval = changed.get("interval", VISIT)
    now_ms = (interval or VISIT).starts_ms - DAY_MS
    known: dict[str, Any] = {
        "now_ms": now_ms, "case_id": "case-1", "person_id": "person-1", "interval": VISIT, "place_zone": ZONE,
    }  # fmt: skip
    return Facts(**(known | changed))


def ask(
    type_: RuleType, params: dict[str, Any], facts: Facts, check: Check = Check.GATE, zone: str = "place"
) -> Finding:
    """Ask a rule of *type_*."""
    read = read_params(type_, params)
    rule = Rule(
        "HOUSE-1", type_, read, frozenset(Check), Severity.BLOCK, OnUnknown.BLOCK, "a law", Confidence.POLICY,
        Status.POLICY, {"en": "so"}, {"en": "so"},
    )  # fmt: skip
    return TYPES[type_][1](read, facts, Asked(rule, zone, check))
