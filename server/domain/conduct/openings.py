"""
An opening: when a rule lets a visit be, and how a visit is judged by it.

Each type says in which spans a visit surely keeps the rule (`sure`), and in which it may, were an absent fact known
(`maybe`, which holds `sure`). Judging asks whether a span holds the whole interval; `limits.py` compiles the same spans
for a device, so the two cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from server.domain.conduct.facts import Facts, Interval
from server.domain.conduct.spans import ALWAYS, DAY, NEVER, Spans, first_start, hold
from server.domain.conduct.verdicts import Asked, Finding, Judge, Used, failed, passed, unknown
from server.domain.conduct.wording import say_from

SEARCH_DAYS = 60


@dataclass(frozen=True, slots=True)
class Opening:
    """When a rule lets a visit be, over the days asked for; `other_cure` where waiting does not help."""

    sure: Spans
    maybe: Spans
    limit: str
    zone: str = "UTC"  # in which the cure is told
    used: tuple[Used, ...] = ()
    missing: tuple[str, ...] = ()
    other_cure: str = ""


Open = Callable[[Any, Facts, Asked, Interval], Opening]


def zones_of(zone: str, facts: Facts) -> tuple[str, ...] | None:
    """Give the zones in which a rule must hold, the one to tell times in first; None if the place's is not known."""
    if zone not in {"place", "all_known"}:
        return (zone,)
    if facts.place_zone is None:
        return None
    return (facts.place_zone, *facts.other_zones) if zone == "all_known" else (facts.place_zone,)


def judge_with(open_: Open) -> Judge:
    """Give the function that judges a type by its opening; a cure is looked for 60 days ahead."""

    def judge(params: Any, facts: Facts, asked: Asked) -> Finding:
        visit = facts.interval
        opening = open_(params, facts, asked, visit or Interval(facts.now_ms, facts.now_ms))
        if opening.sure == ALWAYS:
            return passed(opening.limit, *opening.used)
        if opening.maybe == NEVER and opening.other_cure:
            return failed(opening.limit, *opening.used, cure=opening.other_cure)
        if visit is None:
            return unknown(opening.limit, "interval", *opening.missing, used=opening.used)
        if hold(opening.sure, visit):
            return passed(opening.limit, *opening.used)
        if hold(opening.maybe, visit):
            return unknown(opening.limit, *opening.missing, used=opening.used)
        if opening.other_cure:
            return failed(opening.limit, *opening.used, cure=opening.other_cure)
        at = _search(open_, params, facts, asked, visit)
        if at is None:
            return failed(opening.limit, *opening.used, cure=f"no lawful start is known in the next {SEARCH_DAYS} days")
        return failed(opening.limit, *opening.used, cure=say_from(at, opening.zone), cure_ms=at)

    return judge


def _search(open_: Open, params: Any, facts: Facts, asked: Asked, visit: Interval) -> int | None:
    from_ms = max(visit.starts_ms, facts.now_ms)
    for days in (2, 10, SEARCH_DAYS):  # most cures are near, and a day costs as much to open as another
        until_ms = from_ms + days * DAY
        sure = open_(params, facts, asked, Interval(from_ms, until_ms)).sure
        at = first_start(sure, from_ms, visit.ends_ms - visit.starts_ms)
        if at is not None and at <= until_ms:
            return at
    return None
