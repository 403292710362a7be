"""
Offers: the times a person may choose for a visit, out of when one may lawfully start.

Comes in: the spans in which a visit may start, the place's zone, the longest stay. Goes out: windows of two hours on
the days that follow; a visit may start at each moment of one that leaves the longest stay before its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from server.domain.conduct.facts import Interval
from server.domain.conduct.periods import local_time

DAYS = 9
MOST = 24
WINDOW_MS = 2 * 3_600_000
HOURS = range(8, 20)


def offer_times(starts: Sequence[Interval], zone: str, stay_ms: int, now_ms: int) -> list[Interval]:
    """Give windows from tomorrow on, the next of a day where the one before ends; a visit in one ends in it."""
    today = local_time(now_ms, zone).date()
    offers: list[Interval] = []
    for day in (today + timedelta(days=number) for number in range(1, DAYS + 1)):
        free_ms = 0
        for hour in HOURS:
            at_ms = round(datetime.combine(day, time(hour), ZoneInfo(zone)).timestamp() * 1000)
            last_ms = at_ms + WINDOW_MS - stay_ms
            if at_ms >= free_ms and any(each.starts_ms <= at_ms and last_ms <= each.ends_ms for each in starts):
                offers.append(Interval(at_ms, at_ms + WINDOW_MS))
                free_ms = at_ms + WINDOW_MS
    return offers[:MOST]
