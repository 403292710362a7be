"""
Where a door is, as the visits say at which the person was met there: a better position than an address gave.

Comes in: the check-in fixes of such visits, the place as it is held. Goes out: a proposal with its accuracy and how
many visits agree, or none. People confirm it; nothing is moved by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from schemas.vocabulary import Datum, Precision
from server.domain.geo import Door, Fix, count_radius, is_evidence, locate, measure_geodesic
from server.domain.thresholds import DEFAULTS, Thresholds

E7 = 10_000_000
MOST_RADIUS_DM = 500  # a fix that is coarser than 50 m tells a block, not a door
MOST_SPREAD_DM = 300  # visits whose fixes lie further from their middle than 30 m do not agree on a door
LEAST_VISITS = 2  # one visit may have been recorded from across the street
COARSE = (None, Precision.STREET, Precision.VILLAGE, Precision.TOWN)
Point = tuple[int, int]  # 1e-7 degree, WGS-84


@dataclass(frozen=True, slots=True)
class DoorProposal:
    """A position for a door: how far off it may be, the visits that agree, how many were looked at."""

    at: Point
    spread_dm: int  # the middle to the farthest fix that agrees, never better than a fix can be
    agreeing: tuple[str, ...]
    fixes: Mapping[str, tuple[Point, int]]  # visit -> its best fix, and the radius (dm) it counts with
    distance_dm: int | None  # from what is held; None where nothing is

    @property
    def evidence(self) -> str:
        """What it rests on, as one word: another visit makes another one."""
        return hashlib.sha256(" ".join(sorted(self.fixes)).encode()).hexdigest()


def propose_door(
    visits: Mapping[str, Sequence[Fix]], held: Door | None, thresholds: Thresholds = DEFAULTS
) -> DoorProposal | None:
    """
    Propose a door's position from *visits* at which the person was met; None where they do not tell one.

    Each visit counts once, by its most exact fix: no mock or old one, of a known datum, of 50 m at most. Their weighted
    median is the middle, so that a single one far off moves nothing; at least two, and more than half, lie near it.
    """
    if held is not None and held.precision not in COARSE:
        return None
    best = {name: found for name, fixes in visits.items() if (found := _best(fixes, thresholds)) is not None}
    if len(best) < LEAST_VISITS:
        return None
    at = (_middle((each[0], radius) for each, radius in best.values()),
          _middle((each[1], radius) for each, radius in best.values()))  # fmt: skip
    away = {name: _measure(at, point) for name, (point, _) in best.items()}
    agreeing = tuple(sorted(name for name, distance in away.items() if distance <= MOST_SPREAD_DM))
    if len(agreeing) < LEAST_VISITS or len(agreeing) * 2 <= len(best):
        return None
    spread = max(thresholds.min_credible_radius_dm, *(away[name] for name in agreeing))
    return DoorProposal(at, spread, agreeing, best, None if held is None else _measure(at, (held.lat_e7, held.lon_e7)))


def _best(fixes: Iterable[Fix], thresholds: Thresholds) -> tuple[Point, int] | None:
    """Give where the most exact fix that counts is, in WGS-84, and its radius."""
    usable = [each for each in fixes if is_evidence(each, thresholds) and each.datum != Datum.UNKNOWN]
    exact = [each for each in usable if each.radius_dm <= MOST_RADIUS_DM]
    if not exact:
        return None
    fix = min(exact, key=lambda each: (count_radius(each, thresholds), each.lat_e7, each.lon_e7))
    lat, lon = locate(fix)
    return (round(lat * E7), round(lon * E7)), count_radius(fix, thresholds)


def _middle(values: Iterable[tuple[int, int]]) -> int:
    """
    Give the weighted median of (value, radius): a fix of half the radius weighs four times as much.

    Where the weights are even it lies halfway between the two in the middle.

    >>> _middle([(0, 100), (10, 100), (1000, 100)]), _middle([(0, 100), (10, 100)]), _middle([(0, 100), (10, 300)])
    (10, 5, 0)
    """
    ordered = [(value, 1e6 / radius**2) for value, radius in sorted(values)]
    half, below = sum(weight for _, weight in ordered) / 2, 0.0
    for place, (value, weight) in enumerate(ordered):
        below += weight
        if abs(below - half) < 1e-9 * half:
            return (value + ordered[place + 1][0]) // 2
        if below > half:
            return value
    return ordered[-1][0]


def _measure(one: Point, other: Point) -> int:
    return measure_geodesic((one[0] / E7, one[1] / E7), (other[0] / E7, other[1] / E7))
