"""What the tests of hours and limits build with: local times, one rule, one rulebook, and a verdict."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from server.domain.conduct.facts import Facts, Interval
from server.domain.conduct.judging import judge, read_params
from server.domain.conduct.rules import (
    Check,
    Confidence,
    Kind,
    OnUnknown,
    Rule,
    Rulebook,
    RuleType,
    Severity,
    Status,
)
from server.domain.conduct.verdicts import Verdict

SHANGHAI, NEW_YORK = "Asia/Shanghai", "America/New_York"


def at(text: str, zone: str = SHANGHAI, fold: int = 0) -> int:
    """Read a local time ("2026-05-04 09:00") as ms."""
    local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return round(local.timestamp() * 1000)


def visit(starts: str, ends: str, zone: str = SHANGHAI) -> Interval:
    """Give a visit from one local time until another; the end may be a time of the same day."""
    return Interval(at(starts, zone), at(ends if "-" in ends else f"{starts[:10]} {ends}", zone))


def a_rule(type_: RuleType, params: Any, on_unknown: OnUnknown = OnUnknown.BLOCK, **changed: Any) -> Rule:
    """Make a rule of *type_*; plain values are read as a rulebook's."""
    read = read_params(type_, params) if isinstance(params, dict) else params
    words = {"en": "Keep it.", "zh": "请遵守。"}
    made: dict[str, Any] = {
        "id": "X-1", "type": type_, "params": read, "checks": frozenset(Check), "severity": Severity.BLOCK,
        "on_unknown": on_unknown, "citation": "house", "confidence": Confidence.POLICY, "status": Status.POLICY,
        "says_agent": words, "says_person": words,
    }  # fmt: skip
    return Rule(**made | changed)


def a_rulebook(*rules: Rule, zone: str = "place") -> Rulebook:
    """Make a rulebook of these rules."""
    return Rulebook("X", "1", Kind.HOUSE, zone, "X", rules)


def facts_of(interval: Interval | None, **more: Any) -> Facts:
    """Give facts of a place in Shanghai, asked a day before the visit, with no wishes, holds or appointments."""
    now_ms = interval.starts_ms - 86_400_000 if interval else at("2026-05-03 09:00")
    plain: dict[str, Any] = {
        "now_ms": now_ms, "interval": interval, "place_zone": SHANGHAI, "region": "CN-SH", "place_kind": "home",
        "holds": (), "preferences": (), "appointments": (),
    }  # fmt: skip
    return Facts(**plain | more)


def verdict(type_: RuleType, params: dict[str, Any], facts: Facts, zone: str = "place") -> Verdict:
    """Judge one rule at the gate."""
    [found] = judge([a_rulebook(a_rule(type_, params), zone=zone)], facts, Check.GATE)
    return found
