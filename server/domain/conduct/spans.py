"""
Spans of time in which a visit may be: a visit keeps to them if one span holds it from arrival to leaving.

A span is an `Interval` with both ends in it; where a rule says "after 08:00", it begins a millisecond later. Spans that
stand side by side are alternatives: only what may be crossed is merged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from server.domain.conduct.facts import Interval
from server.domain.conduct.periods import local_time

Spans = tuple[Interval, ...]
MIDNIGHT = time(0)
MINUTE = 60_000
DAY = 24 * 60 * MINUTE
ALWAYS: Spans = (Interval(-(1 << 62), 1 << 62),)
NEVER: Spans = ()


def merge(spans: Iterable[Interval]) -> Spans:
    """
    Join what touches or overlaps.

    >>> merge([Interval(5, 9), Interval(1, 5), Interval(10, 12)])
    (Interval(starts_ms=1, ends_ms=9), Interval(starts_ms=10, ends_ms=12))
    """
    merged: list[Interval] = []
    for span in sorted(spans, key=lambda each: each.starts_ms):
        if merged and span.starts_ms <= merged[-1].ends_ms:
            span = Interval(merged[-1].starts_ms, max(span.ends_ms, merged.pop().ends_ms))
        merged.append(span)
    return tuple(merged)


def meet(some: Spans, others: Spans) -> Spans:
    """Give what lies in both: a visit keeps to it exactly if it keeps to each."""
    pairs = ((max(a.starts_ms, b.starts_ms), min(a.ends_ms, b.ends_ms)) for a in some for b in others)
    return tuple(Interval(starts, ends) for starts, ends in pairs if starts <= ends)


def without(spans: Spans, holes: Iterable[Interval]) -> Spans:
    """Give what the holes leave; a visit may end at the moment a hole begins, and begin when it ends."""
    holes = merge(holes)
    if not holes:
        return tuple(span for span in spans if span.starts_ms < span.ends_ms)
    gaps, at_ms = [], ALWAYS[0].starts_ms
    for hole in holes:
        gaps.append(Interval(at_ms, hole.starts_ms))
        at_ms = hole.ends_ms
    gaps.append(Interval(at_ms, ALWAYS[0].ends_ms))
    return tuple(span for span in meet(spans, tuple(gaps)) if span.starts_ms < span.ends_ms)


def hold(spans: Spans, visit: Interval) -> bool:
    """Say whether one span holds the whole visit."""
    return any(span.starts_ms <= visit.starts_ms and visit.ends_ms <= span.ends_ms for span in spans)


def first_start(spans: Spans, from_ms: int, length_ms: int) -> int | None:
    """Give the first whole minute from *from_ms* on at which a visit of this length can start."""
    starts = ((-(-max(span.starts_ms, from_ms) // MINUTE) * MINUTE, span.ends_ms) for span in spans)
    return min((at_ms for at_ms, ends_ms in starts if at_ms + length_ms <= ends_ms), default=None)


def days_around(within: Interval, zone: str) -> tuple[date, ...]:
    """Give the local days that *within* touches, and one more: a visit that starts in it may cross midnight."""
    return _days(local_time(within.starts_ms, zone).date(), local_time(within.ends_ms, zone).date())


@lru_cache(maxsize=4096)
def _days(first: date, last: date) -> tuple[date, ...]:
    return tuple(first + timedelta(days=number) for number in range((last - first).days + 2))


@lru_cache(maxsize=4096)
def day_starts(day: date, zone: str) -> int:
    """Give the first moment of a local day, whatever the clocks do at midnight."""
    return _moment(day, MIDNIGHT, zone, 0)


@lru_cache(maxsize=4096)
def whole_day(day: date, zone: str) -> Interval:
    """Give a local day until the first moment of the next: 23, 24 or 25 hours."""
    return Interval(day_starts(day, zone), day_starts(day + timedelta(days=1), zone))


def between(day: date, starts: time, ends: time, zone: str, *, wide: bool = False) -> Spans:
    """
    Give from *starts* until *ends* on a local day.

    00:00 as end is the day's last moment. An end before the start gives both ends of the day: until *ends*, and again
    from *starts*.

    A local time that the clocks skip or show twice is read so that less is allowed: the span is as short as either
    reading makes it, or as long with *wide*, for hours that are forbidden.
    """
    whole = whole_day(day, zone)
    opens, closes = (min, max) if wide else (max, min)
    begins = whole.starts_ms if starts == MIDNIGHT else _read_twice(opens, day, starts, zone)
    finishes = whole.ends_ms if ends == MIDNIGHT else _read_twice(closes, day, ends, zone)
    if ends != MIDNIGHT and ends <= starts:
        parts = [Interval(whole.starts_ms, finishes), Interval(begins, whole.ends_ms)]
    else:
        parts = [Interval(begins, finishes)]
    return tuple(span for span in parts if span.starts_ms < span.ends_ms)


def _read_twice(pick: Callable[[int, int], int], day: date, clock: time, zone: str) -> int:
    return pick(_moment(day, clock, zone, 0), _moment(day, clock, zone, 1))


@lru_cache(maxsize=4096)  # the days ahead are the same for every case of a run, and a zone's arithmetic is slow
def _moment(day: date, clock: time, zone: str, fold: int) -> int:
    local = datetime.combine(day, clock, ZoneInfo(zone)).replace(fold=fold)
    return round(local.timestamp() * 1000)
