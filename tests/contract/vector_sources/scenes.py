"""
Scenes: rules, facts, the limits they compile to, and what a device says at moments around their edges, all by hand.

A scene makes one vector of `compiled.json` (rules and facts to limits) and one of `limits.json` for each of its moments
(limits and a moment to an answer). A moment is "2026-03-07T20:15-05:00 closing": open, closing (open, warned), shut.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.contract.vector_sources.plain import Vector

SHANGHAI, NEW_YORK, LONDON = "Asia/Shanghai", "America/New_York", "Europe/London"
STAY_MIN = 30
WALL = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d)?(\.\d{3})?([+-]\d\d:\d\d)")
BLOCKS: dict[str, list[str]] = {"open": [], "closing": [], "shut": ["outside-hours"]}
Rule = dict[str, Any]
Book = tuple[str, list[Rule]]


@dataclass(frozen=True)
class Scene:
    """One rulebook or several, facts, and what comes of them. *facts* that are absent are not known."""

    name: str
    books: list[Book]
    zone: str | None
    now: str
    until: str
    intervals: list[tuple[str, str]]
    moments: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    unknown: Sequence[str] = ()
    stay_min: int = STAY_MIN
    limits: dict[str, Any] = field(default_factory=dict)

    @property
    def known(self) -> dict[str, Any]:
        """Give the facts; wishes, halts and appointments are known to be none unless the scene says otherwise."""
        none: dict[str, Any] = {"preferences": [], "holds": [], "appointments": [], "place_kind": "home"}
        told = none | ({} if self.zone is None else {"place_zone": self.zone}) | self.facts
        return {"now": full(self.now)} | {name: value for name, value in told.items() if name not in self.unknown}

    @property
    def compiled(self) -> dict[str, Any]:
        """Give the limits by hand, without the steps."""
        spans = [{"starts": full(starts), "ends": full(ends)} for starts, ends in self.intervals]
        return {"intervals": spans, "longest_stay_ms": self.stay_min * 60_000} | self.limits


def full(text: str) -> str:
    """
    Give a wall time as the wire has it.

    >>> full("2026-03-07T20:15-05:00"), full("2026-03-07T20:15:59-05:00")
    ('2026-03-07T20:15:00.000-05:00', '2026-03-07T20:15:59.000-05:00')
    """
    found = WALL.fullmatch(text)
    assert found is not None, text
    return f"{found[1]}{found[2] or ':00'}{found[3] or '.000'}{found[4]}"


def server_time(text: str, after_min: int) -> str:
    """Give the moment that long after a wall time, as a server's time."""
    moment = (datetime.fromisoformat(full(text)) + timedelta(minutes=after_min)).astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def window(start: str, end: str, **more: Any) -> Rule:
    """Give hours."""
    on_unknown = more.pop("on_unknown", "block")
    return {"type": "contact_window", "params": {"start": start, "end": end, **more}, "on_unknown": on_unknown}


def rule(type_: str, on_unknown: str = "block", severity: str = "block", **params: Any) -> Rule:
    """Give any rule."""
    made: Rule = {"type": type_, "params": params, "on_unknown": on_unknown}
    return made if severity == "block" else made | {"severity": severity}


FLOOR = window("09:00", "19:00", weekdays=[1, 2, 3, 4, 5, 6], zone="place", widened_by="appointment_by_person")
UK = window("09:00", "19:00", weekdays=[1, 2, 3, 4, 5, 6], zone="place")
US = window("08:00", "21:00", start_open=True, end_open=True, zone="place")
US_ALL = window("08:00", "21:00", zone="all_known")
CN = window("08:00", "22:00", end_open=True, zone=SHANGHAI)
XINJIANG = window("10:00", "22:00", zone=SHANGHAI, region="CN-XJ")
CN_DAYS = rule("blackout_days", calendar="CN")
WISHES = rule("preference", honours=["time", "day", "place", "medium"])
HOURS: list[Book] = [("place", [FLOOR])]


def hours(start: str, end: str, **more: Any) -> list[Book]:
    """Give one rulebook of the place's time with one window."""
    return [("place", [window(start, end, **more)])]


def compile_vectors(scenes: Sequence[Scene]) -> Iterator[Vector]:
    """Give a scene's vector of compiling."""
    for scene in scenes:
        books = [{"zone": zone, "rules": rules} for zone, rules in scene.books]
        given = {"rulebooks": books, "facts": scene.known, "until": full(scene.until), "stay_min": scene.stay_min}
        yield {"name": scene.name, "given": given, "expected": scene.compiled}


def compare_vectors(scenes: Sequence[Scene]) -> Iterator[Vector]:
    """Give a scene's vectors of comparing, one a moment, with a crew as large as it takes."""
    for scene in scenes:
        for told in scene.moments:
            now, answer = told.split()
            given = {"limits": scene.compiled, "now": full(now), "crew": scene.limits.get("crew_min", 1)}
            leave_by = server_time(now, 0 if answer == "shut" else scene.stay_min)
            expected = {
                "blocks": BLOCKS[answer],
                "warns": ["closing-soon"] if answer == "closing" else [],
                "leave_by": leave_by,
            }
            yield {"name": f"{scene.name}: {now} {answer}", "given": given, "expected": expected}
