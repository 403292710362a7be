"""
Whether an agent's fixes can be true together.

Stands in reconciling: the sightings of one agent (fixes with the bounds of their events' times) come in, leaps that
no journey explains and fixes that repeat across visits go out. Signals for a reviewer, never a block; nothing here
keeps a trail. Lengths are decimetres, times ms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.domain.clocks import Basis, TimeBound
from server.domain.geo import Fix, count_radius, is_evidence, locate, measure_geodesic, measure_roughly
from server.domain.thresholds import DEFAULTS, Thresholds

DM_PER_MS_TO_M_PER_S = 100


@dataclass(frozen=True, slots=True)
class Sighting:
    """One fix of an event of a visit, with the bound of the event's time."""

    visit_id: str
    fix: Fix
    bound: TimeBound


@dataclass(frozen=True, slots=True)
class Leap:
    """Two sightings (indices) too far apart: the least distance, the longest time there was, the least speed needed."""

    earlier: int
    later: int
    least_distance_dm: int
    most_gap_ms: int
    least_speed_m_per_s: int


@dataclass(frozen=True, slots=True)
class Repeat:
    """Two sightings (indices) of different visits, at surely different times, with the very same fix."""

    first: int
    again: int


def judge_travel(sightings: Sequence[Sighting], thresholds: Thresholds = DEFAULTS) -> list[Leap]:
    """
    Find the leaps of one agent: for each sighting at most one, from the nearest earlier sighting that shows it.

    A leap is impossible even between the nearest points of both circles and in the longest time that both bounds
    leave. Times nearer than `min_gap_ms` are not judged; a mock or old fix, or an event whose clocks contradict each
    other, is not counted.
    """
    spans = [_time_of(sighting, thresholds) for sighting in sightings]
    usable = [
        place
        for place, sighting in enumerate(sightings)
        if is_evidence(sighting.fix, thresholds) and sighting.bound.basis is not Basis.CONTRADICTION
    ]
    usable.sort(key=lambda place: (sum(spans[place]), place))
    leaps: list[Leap] = []
    for rank, later in enumerate(usable):
        for earlier in reversed(usable[:rank]):
            # The longest there can be: ordered by their middles, the other way round is never longer.
            gap = spans[later][1] - spans[earlier][0]
            reach = gap * thresholds.speed_limit_m_per_s // DM_PER_MS_TO_M_PER_S
            if gap < thresholds.min_gap_ms:
                continue
            least = _measure_least(sightings[earlier].fix, sightings[later].fix, reach, thresholds)
            if least > reach:
                leaps.append(Leap(earlier, later, least, gap, least * DM_PER_MS_TO_M_PER_S // gap))
                break
    return leaps


def find_repeats(sightings: Sequence[Sighting], thresholds: Thresholds = DEFAULTS) -> list[Repeat]:
    """
    Find fixes equal in every digit across visits, each with the first sighting that it repeats.

    Satellites never give the same 1e-7 degree twice; coarse fixes from masts do, and are left out, as are mock ones,
    which are a signal of their own. One fix that a phone kept and used for two visits (its age says so) is none.
    """
    spans = [_time_of(sighting, thresholds) for sighting in sightings]
    seen: dict[tuple[int, int, int], list[int]] = {}
    repeats: list[Repeat] = []
    for again in sorted(range(len(sightings)), key=lambda place: (sum(spans[place]), place)):
        fix = sightings[again].fix
        if fix.mock is True or fix.radius_dm > thresholds.repeat_radius_dm:
            continue
        same = seen.setdefault((fix.lat_e7, fix.lon_e7, fix.radius_dm), [])
        for first in same:
            apart = spans[again][0] - spans[first][1]
            if sightings[first].visit_id != sightings[again].visit_id and apart >= thresholds.min_gap_ms:
                repeats.append(Repeat(first, again))
                break
        same.append(again)
    return repeats


def _time_of(sighting: Sighting, thresholds: Thresholds) -> tuple[int, int]:
    """Give between when and when the fix itself was taken: before its event by its age, which may be unknown."""
    age = sighting.fix.age_ms
    youngest, oldest = (0, thresholds.max_fix_age_ms) if age is None else (age, age)
    return sighting.bound.earliest_ms - oldest, sighting.bound.latest_ms - youngest


def _measure_least(here: Fix, there: Fix, beyond_dm: int, thresholds: Thresholds) -> int:
    """Give the distance (dm) between the nearest points of two circles; exactly, where it decides."""
    slack = count_radius(here, thresholds) + count_radius(there, thresholds)
    here_at, there_at = locate(here), locate(there)
    if measure_roughly(here_at, there_at)[1] - slack <= beyond_dm:
        return 0
    return measure_geodesic(here_at, there_at) - slack
