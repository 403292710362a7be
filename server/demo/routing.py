"""
Which crew goes where, and when: the day's real visits shared out and put in order.

Comes in: crews, cases and stops. Goes out: timed visits. Pure: the same seed gives the same timetable. The public
file does not say who inspected which place; the routes are ours.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from math import cos, hypot, radians
from random import Random

from server.demo.conversing import Talk, imagine_talk
from server.demo.portfolio import Case, Crew, Portfolio, Stop

MINUTE_MS = 60_000
M_PER_DEGREE = 111_195
WALK_M_PER_MIN = 300  # through a city, by whatever is at hand
FIRST_AT, LAST_AT = time(9, 0), time(17, 15)
MET_MIN, NOT_MET_MIN = (9, 18), (3, 6)  # how long a visit lasts, in minutes


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as it is to be: who, where, when (ms since the epoch), and what is said."""

    key: str
    crew: Crew
    case: Case
    day: date
    start_ms: int
    end_ms: int
    talk: Talk


def measure(here: tuple[float, float], there: tuple[float, float]) -> float:
    """
    Give the distance in metres between two points of one city.

    >>> round(measure((37.78, -122.40), (37.78, -122.41)))
    879
    """
    east = (here[1] - there[1]) * cos(radians(here[0]))
    return hypot(here[0] - there[0], east) * M_PER_DEGREE


def share_out(portfolio: Portfolio) -> dict[str, Crew]:
    """Give each visited case to the nearest crew with room, so that every day's work is even. One crew a case."""
    stops: dict[str, Counter[date]] = defaultdict(Counter)
    for stop in portfolio.stops:
        stops[stop.reference][stop.day] += 1
    totals = Counter(stop.day for stop in portfolio.stops)
    room = {day: -(-count // len(portfolio.crews)) for day, count in totals.items()}
    loads: dict[int, Counter[date]] = {crew.number: Counter() for crew in portfolio.crews}
    chosen: dict[str, Crew] = {}
    for reference, days in sorted(stops.items()):
        case = portfolio.cases[reference]
        able = [
            crew
            for crew in portfolio.crews
            if all(loads[crew.number][day] + count <= room[day] for day, count in days.items())
        ]
        nearest = min(able or portfolio.crews, key=lambda crew: (measure(crew.at, (case.lat, case.lon)), crew.number))
        loads[nearest.number].update(days)
        chosen[reference] = nearest
    return chosen


def plan_visits(
    portfolio: Portfolio, crews: Sequence[Crew], charges: Mapping[str, Crew], random: Random
) -> list[Visit]:
    """Give every visit of every day with its time, in order of time."""
    visits: list[Visit] = []
    turn = 0
    for day in portfolio.days:
        for crew in crews:
            stops = [stop for stop in portfolio.stops if stop.day == day and charges[stop.reference] == crew]
            route = order_route(crew, stops, portfolio.cases)
            talks = [imagine_talk(stop, turn + place) for place, stop in enumerate(route)]
            turn += len(route)
            visits += _time_route(portfolio, crew, day, route, talks, random)
    return sorted(visits, key=lambda visit: (visit.start_ms, visit.key))


def order_route(crew: Crew, stops: Sequence[Stop], cases: Mapping[str, Case]) -> list[Stop]:
    """Go to the nearest door each time; a second visit to one door comes after all the others."""
    seen: set[str] = set()
    first: list[Stop] = []
    again: list[Stop] = []
    for stop in stops:
        (again if stop.reference in seen else first).append(stop)
        seen.add(stop.reference)
    route: list[Stop] = []
    here = crew.at
    for left in (first, again):
        while left:
            at = [(measure(here, (cases[stop.reference].lat, cases[stop.reference].lon)), stop) for stop in left]
            nearest = min(at, key=lambda each: (each[0], each[1].reference, each[1].kind))[1]
            left.remove(nearest)
            route.append(nearest)
            here = (cases[nearest.reference].lat, cases[nearest.reference].lon)
    return route


def _time_route(
    portfolio: Portfolio, crew: Crew, day: date, route: Sequence[Stop], talks: Sequence[Talk], random: Random
) -> list[Visit]:
    """Walk the route: travel, visit, and what is left of the day shared out as pauses."""
    visits: list[Visit] = []
    now = at_time(portfolio, day, FIRST_AT) + random.randrange(5 * MINUTE_MS)
    here = crew.at
    for number, (stop, talk) in enumerate(zip(route, talks, strict=True)):
        case = portfolio.cases[stop.reference]
        now += round((3 + measure(here, (case.lat, case.lon)) / WALK_M_PER_MIN) * MINUTE_MS)
        lasts = random.uniform(*(MET_MIN if talk.is_met else NOT_MET_MIN))
        end = now + round(lasts * MINUTE_MS)
        key = f"{day:%m%d}-{crew.lead}-{number + 1:02d}"
        visits.append(Visit(key, crew, case, day, now, end, talk))
        now, here = end, (case.lat, case.lon)
    return _spread(visits, at_time(portfolio, day, LAST_AT))


def _spread(visits: Sequence[Visit], last_ms: int) -> list[Visit]:
    """Put pauses between visits, so that the last ends where the working day does."""
    if not visits:
        return []
    pause = max(0, (last_ms - visits[-1].end_ms) // len(visits))
    return [
        replace(visit, start_ms=visit.start_ms + number * pause, end_ms=visit.end_ms + number * pause)
        for number, visit in enumerate(visits)
    ]


def at_time(portfolio: Portfolio, day: date, at: time) -> int:
    """Give a local time of a day as ms since the epoch."""
    return round(datetime.combine(day, at, portfolio.zone).timestamp() * 1000)
