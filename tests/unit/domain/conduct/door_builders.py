"""Builders shared by the tests of what is judged at the door, what stops visits, and what comes after."""

from __future__ import annotations

from typing import Any

from server.domain.conduct.facts import ComplaintFacts, Facts, HoldFacts, Interval
from server.domain.conduct.judging import TYPES, read_params
from server.domain.conduct.rules import Check, Confidence, OnUnknown, Rule, RuleType, Severity, Status
from server.domain.conduct.verdicts import Asked, Finding

MINUTE, DAY = 60_000, 86_400_000
NOW = 1_777_878_000_000  # 07:00 UTC on Monday 4 May 2026
GATE, DOOR, REVIEW = Check.GATE, Check.DOOR, Check.REVIEW
PASS, FAIL, UNKNOWN = "pass", "fail", "unknown"


def a_rule(type_: RuleType, params: Any = None, **changed: Any) -> Rule:
    """Build a rule, checked everywhere, that blocks where it fails and asks where it does not know."""
    values: dict[str, Any] = {
        "id": "T-1", "type": type_, "params": params, "checks": frozenset(Check), "severity": Severity.BLOCK,
        "on_unknown": OnUnknown.ASK, "citation": "a law", "confidence": Confidence.SECONDARY,
        "status": Status.IN_FORCE,
        "says_agent": {"en": "Go.", "zh": "去。"}, "says_person": {"en": "Come.", "zh": "来。"},
    }  # fmt: skip
    return Rule(**(values | changed))


def answer(type_: str, params: dict[str, Any], check: Check, zone: str = "UTC", **facts: Any) -> Finding:
    """Judge one rule over these facts, its parameters read as from a rulebook."""
    read = read_params(RuleType(type_), params)
    rule = a_rule(RuleType(type_), read)
    return TYPES[RuleType(type_)][1](read, Facts(**({"now_ms": NOW} | facts)), Asked(rule, zone, check))


def a_hold(reason: str, *, placed: int = NOW - DAY, until: int | None = None) -> HoldFacts:
    """Build a hold, placed yesterday by a device, without an end."""
    return HoldFacts("h1", reason, "case", placed, until, "device")


def a_complaint(made: int, acknowledged: int | None = None, answered: int | None = None) -> ComplaintFacts:
    """Build a complaint, open until it is answered."""
    return ComplaintFacts("k1", made, answered is None, acknowledged, answered)


def starting(at_ms: int) -> Interval:
    """Build an interval of half an hour."""
    return Interval(at_ms, at_ms + 30 * MINUTE)
