"""Limits: what a packet's compiled limits say about a moment; comparisons only."""

from __future__ import annotations

from typing import Any

from tests.contract.vector_sources import scenes_of_clocks, scenes_of_crews, scenes_of_facts
from tests.contract.vector_sources.plain import Vector, uid
from tests.contract.vector_sources.scenes import compare_vectors, full, server_time

ABOUT = (
    "A packet's `limits` compared with a moment (`now`, RFC 3339), the size of the crew and the visits of the case that"
    " this device started before: `blocks` are the codes of what stops a visit that starts then, `warns` of what is to"
    " be said first, `leave_by` when it is to be over (absent: nothing says). An interval holds its first moment and"
    " not its last; an absent limit limits nothing. Many of these limits are those of `compiled.json`."
)
DAY = {"starts": "2026-03-05T09:00:00.000-08:00", "ends": "2026-03-05T12:00:00.000-08:00"}
LATER = {"starts": "2026-03-05T13:00:00.000-08:00", "ends": "2026-03-05T19:00:00.000-08:00"}
EMPTY = {"starts": "2026-03-05T09:00:00.000-08:00", "ends": "2026-03-05T09:00:00.000-08:00"}
SPLIT = [DAY, LATER]
STAY = {"longest_stay_ms": 1_800_000}
# The night the clocks go forward: both offsets stand in one interval.
SPRING = {"starts": "2026-03-08T01:30:00.000-08:00", "ends": "2026-03-08T03:30:00.000-07:00"}
NO: list[str] = []
SHUT, SMALL, OFTEN, CLOSING = ["outside-hours"], ["crew-too-small"], ["too-often"], ["closing-soon"]
# name -> (limits, now, crew, blocks, warns, leave by)
CASES: dict[str, tuple[dict[str, Any], str, int, list[str], list[str], str | None]] = {
    "no limits": ({}, "2026-03-05T03:00-08:00", 1, NO, NO, None),
    "an empty list of times limits nothing": ({"intervals": []}, "2026-03-05T03:00-08:00", 1, NO, NO, None),
    "a stay without times": (STAY, "2026-03-05T03:00-08:00", 1, NO, NO, "2026-03-05T11:30:00.000Z"),
    "times without a stay": ({"intervals": [DAY]}, "2026-03-05T10:00-08:00", 1, NO, NO, "2026-03-05T20:00:00.000Z"),
    "times and a stay": (
        {"intervals": [DAY]} | STAY, "2026-03-05T11:59-08:00", 1, NO, CLOSING, "2026-03-05T20:29:00.000Z",
    ),
    "outside, one leaves at once": (
        {"intervals": [DAY]} | STAY, "2026-03-05T12:30-08:00", 1, SHUT, NO, "2026-03-05T20:30:00.000Z",
    ),
    "the moment before it opens": (
        {"intervals": [DAY]}, "2026-03-05T08:59:59.999-08:00", 1, SHUT, NO, "2026-03-05T16:59:59.999Z",
    ),
    "the moment it opens": ({"intervals": [DAY]}, "2026-03-05T09:00-08:00", 1, NO, NO, "2026-03-05T20:00:00.000Z"),
    "the moment before it is close to closing": (
        {"intervals": [DAY]}, "2026-03-05T11:44:59.999-08:00", 1, NO, NO, "2026-03-05T20:00:00.000Z",
    ),
    "the moment it is close to closing": (
        {"intervals": [DAY]}, "2026-03-05T11:45-08:00", 1, NO, CLOSING, "2026-03-05T20:00:00.000Z",
    ),
    "the last moment": (
        {"intervals": [DAY]}, "2026-03-05T11:59:59.999-08:00", 1, NO, CLOSING, "2026-03-05T20:00:00.000Z",
    ),
    "the moment it closes": ({"intervals": [DAY]}, "2026-03-05T12:00-08:00", 1, SHUT, NO, "2026-03-05T20:00:00.000Z"),
    "between two times": ({"intervals": SPLIT}, "2026-03-05T12:30-08:00", 1, SHUT, NO, "2026-03-05T20:30:00.000Z"),
    "close to closing, though it opens again": (
        {"intervals": SPLIT}, "2026-03-05T11:50-08:00", 1, NO, CLOSING, "2026-03-05T20:00:00.000Z",
    ),
    "in the second of two, listed first": (
        {"intervals": [LATER, DAY]}, "2026-03-05T13:30-08:00", 1, NO, NO, "2026-03-06T03:00:00.000Z",
    ),
    "the same moment told in another zone": (
        {"intervals": [DAY]}, "2026-03-06T01:00+08:00", 1, NO, NO, "2026-03-05T20:00:00.000Z",
    ),
    "the same words in another zone": (
        {"intervals": [DAY]}, "2026-03-05T09:00+08:00", 1, SHUT, NO, "2026-03-05T01:00:00.000Z",
    ),
    "an interval that holds no moment": (
        {"intervals": [EMPTY]}, "2026-03-05T09:00-08:00", 1, SHUT, NO, "2026-03-05T17:00:00.000Z",
    ),
    "an interval that holds no moment beside one that does": (
        {"intervals": [EMPTY, DAY]}, "2026-03-05T09:00-08:00", 1, NO, NO, "2026-03-05T20:00:00.000Z",
    ),
    "across the change to summer time": (
        {"intervals": [SPRING]}, "2026-03-08T03:29:59.999-07:00", 1, NO, CLOSING, "2026-03-08T10:30:00.000Z",
    ),
    "an hour has gone in that night": (
        {"intervals": [SPRING]}, "2026-03-08T02:30-08:00", 1, SHUT, NO, "2026-03-08T10:30:00.000Z",
    ),
    "alone where two must go": ({"crew_min": 2}, "2026-03-05T10:00-08:00", 1, SMALL, NO, None),
    "two where two must go": ({"crew_min": 2}, "2026-03-05T10:00-08:00", 2, NO, NO, None),
    "three where two must go": ({"crew_min": 2}, "2026-03-05T10:00-08:00", 3, NO, NO, None),
    "too early and alone": (
        {"intervals": [DAY], "crew_min": 2}, "2026-03-05T08:00-08:00", 1, [*SHUT, *SMALL], NO,
        "2026-03-05T16:00:00.000Z",
    ),
    "close to closing and alone": (
        {"intervals": [DAY], "crew_min": 2}, "2026-03-05T11:50-08:00", 1, SMALL, CLOSING, "2026-03-05T20:00:00.000Z",
    ),
}  # fmt: skip
NOW = "2026-05-11T10:00+08:00"
WEEK_MS = 604_800_000
ONE_TRY = {"counts": [{"unit": "attempt", "most": 1, "period_ms": WEEK_MS}]}
TWO_TRIES = {"counts": [{"unit": "attempt", "most": 2, "period_ms": WEEK_MS}]}
ONE_MET = {"counts": [{"unit": "contact", "most": 1, "period_ms": WEEK_MS}]}
BOTH = {"counts": [*TWO_TRIES["counts"], *ONE_MET["counts"]]}
NONE_LEFT = {"counts": [{"unit": "contact", "most": 0, "period_ms": WEEK_MS}]}
WEEK_AGO, LESS = "2026-05-04T10:00+08:00", "2026-05-04T10:00:00.001+08:00"
# name -> (limits, visits before as (number, started, met nobody), blocks)
COUNTED: dict[str, tuple[dict[str, Any], list[tuple[int, str, bool]], list[str]]] = {
    "none was made, one may be": (ONE_TRY, [], NO),
    "one was made, one may be": (ONE_TRY, [(1, "2026-05-10T10:00+08:00", True)], OFTEN),
    "one was made a period ago": (ONE_TRY, [(1, WEEK_AGO, True)], NO),
    "one was made a millisecond less ago": (ONE_TRY, [(1, LESS, True)], OFTEN),
    "one was made, two may be": (TWO_TRIES, [(1, "2026-05-10T10:00+08:00", False)], NO),
    "two were made, two may be": (
        TWO_TRIES, [(1, "2026-05-10T10:00+08:00", True), (2, "2026-05-09T10:00+08:00", False)], OFTEN,
    ),
    "the server has counted one of two": (
        TWO_TRIES | {"known_visits": [uid(1)]},
        [(1, "2026-05-10T10:00+08:00", True), (2, "2026-05-09T10:00+08:00", False)], NO,
    ),
    "somebody was met": (ONE_MET, [(1, "2026-05-10T10:00+08:00", False)], OFTEN),
    "nobody was met": (ONE_MET, [(1, "2026-05-10T10:00+08:00", True)], NO),
    "nobody was met twice, each count for itself": (
        BOTH, [(1, "2026-05-10T10:00+08:00", True), (2, "2026-05-09T10:00+08:00", True)], OFTEN,
    ),
    "nobody was met once, both counts leave one": (BOTH, [(1, "2026-05-10T10:00+08:00", True)], NO),
    "somebody was met, and the server has counted it": (
        ONE_MET | {"known_visits": [uid(1)]}, [(1, "2026-05-10T10:00+08:00", False)], NO,
    ),
    "none is left": (NONE_LEFT, [], OFTEN),
}  # fmt: skip


def vectors() -> list[Vector]:
    """Give the vectors of `limits.json`."""
    written = [
        _write(name, {"limits": limits, "now": full(now), "crew": crew}, blocks, warns, leave_by)
        for name, (limits, now, crew, blocks, warns, leave_by) in CASES.items()
    ]
    for name, (limits, visits, blocks) in COUNTED.items():
        made = [
            {"visit_id": uid(number), "started": server_time(started, 0), "met_nobody": met_nobody}
            for number, started, met_nobody in visits
        ]
        written.append(
            _write(name, {"limits": limits, "now": full(NOW), "crew": 1, "visits": made}, blocks, NO, None)
        )
    return [*written, *compare_vectors([*scenes_of_clocks.SCENES, *scenes_of_facts.SCENES, *scenes_of_crews.SCENES])]


def _write(name: str, given: dict[str, Any], blocks: list[str], warns: list[str], leave_by: str | None) -> Vector:
    expected: dict[str, Any] = {"blocks": blocks, "warns": warns}
    return {"name": name, "given": given, "expected": expected | ({} if leave_by is None else {"leave_by": leave_by})}
