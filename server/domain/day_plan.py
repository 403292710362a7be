"""
A crew's day: in which order to go, by the nearest place whose time allows it.

Comes in: stops with places and the intervals in which a visit may begin; where and when the day begins. Goes out: the
order with times, and the stops that do not fit. A proposal: the packet's limits hold whatever it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, hypot, radians

M_PER_E7 = 0.011132  # metres in 1e-7 degree of latitude
M_PER_MS = 25_000 / 3_600_000  # 25 km/h in a town, from door to door
Point = tuple[int, int]  # 1e-7 degree, WGS-84


@dataclass(frozen=True, slots=True)
class Stop:
    """One case: where it is (None: not known), when a visit may begin (ms intervals), whether a time was agreed."""

    id: str
    at: Point | None
    intervals: tuple[tuple[int, int], ...]
    is_appointed: bool = False


@dataclass(frozen=True, slots=True)
class Leg:
    """One stop of the day: when to be there (ms), and how far it is from the one before (metres; None: not known)."""

    stop: Stop
    at_ms: int
    metres: int | None


def distance_m(one: Point, other: Point) -> float:
    """
    Give the distance between two points of one town, in metres.

    >>> round(distance_m((0, 0), (10_000_000, 0)) / 1000)
    111
    """
    wide = cos(radians((one[0] + other[0]) / 2e7))
    return hypot((one[0] - other[0]) * M_PER_E7, (one[1] - other[1]) * M_PER_E7 * wide)


def plan_day(
    stops: Sequence[Stop], start_ms: int, end_ms: int, stay_ms: int, from_at: Point | None = None
) -> tuple[list[Leg], list[Stop]]:
    """
    Give the day's legs in order, and the stops without a place in it.

    Appointments come first: each is kept at the beginning of its interval, and nothing is put before it that would make
    the crew late. Between them goes the nearest stop that may be visited when the crew gets there.
    """
    appointed = sorted((each for each in stops if each.is_appointed), key=lambda each: _first(each, start_ms) or end_ms)
    free = [each for each in stops if not each.is_appointed]
    legs: list[Leg] = []
    left: list[Stop] = []
    now_ms, here = start_ms, from_at
    for stop in [*appointed, None]:
        fixed_ms = end_ms if stop is None else _first(stop, now_ms + _travel_ms(here, stop))
        if stop is not None and (fixed_ms is None or fixed_ms + stay_ms > end_ms):
            left.append(stop)  # it cannot be kept: nothing is put before it, and what comes after it can be
            continue
        while (found := _nearest(free, here, now_ms, stay_ms, stop, fixed_ms, end_ms)) is not None:
            legs.append(found)
            free.remove(found.stop)
            now_ms, here = found.at_ms + stay_ms, found.stop.at or here
        if stop is None:
            break
        at_ms = _first(stop, now_ms + _travel_ms(here, stop)) or fixed_ms or end_ms
        legs.append(Leg(stop, at_ms, _metres(here, stop)))
        now_ms, here = at_ms + stay_ms, stop.at or here
    return legs, [*left, *free]


def _nearest(
    free: Sequence[Stop], here: Point | None, now_ms: int, stay_ms: int, following: Stop | None, fixed_ms: int | None,
    end_ms: int,
) -> Leg | None:
    """Give the leg to the nearest stop that leaves time for what follows; what has to wait comes after what has not."""
    legs = []
    for stop in free:
        at_ms = _first(stop, now_ms + _travel_ms(here, stop))
        if at_ms is None or at_ms + stay_ms > end_ms:
            continue
        after_ms = 0 if following is None else _travel_ms(stop.at or here, following)
        if fixed_ms is not None and at_ms + stay_ms + after_ms > fixed_ms:
            continue
        legs.append(Leg(stop, at_ms, _metres(here, stop)))
    return min(legs, key=lambda leg: (leg.at_ms, leg.metres or 0, leg.stop.id), default=None)


def _first(stop: Stop, from_ms: int) -> int | None:
    """Give the first moment from *from_ms* on at which a visit may begin."""
    fits = (max(starts, from_ms) for starts, ends in sorted(stop.intervals) if max(starts, from_ms) < ends)
    return next(fits, None)


def _metres(here: Point | None, stop: Stop) -> int | None:
    return None if here is None or stop.at is None else round(distance_m(here, stop.at))


def _travel_ms(here: Point | None, stop: Stop) -> int:
    return round((_metres(here, stop) or 0) / M_PER_MS)
