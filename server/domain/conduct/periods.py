"""Periods as rulebooks write them (ISO 8601: P30D, P1M, PT2M), and local days and times around a moment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_PERIOD = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)  # before any visit of ours, after all


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time: whole months of the calendar, and minutes."""

    months: int = 0
    minutes: int = 0

    @classmethod
    def read(cls, text: str) -> Period:
        """
        Read ISO 8601; raise ValueError for anything else.

        >>> Period.read("P1Y2M"), Period.read("P30D").minutes // 1440, Period.read("PT2M").minutes
        (Period(months=14, minutes=0), 30, 2)
        """
        found = _PERIOD.fullmatch(text)
        if found is None or text in {"P", "PT"} or text.endswith("T"):
            raise ValueError(f"'{text}' is no period such as P30D, P1M or PT2M")
        years, months, days, hours, minutes = (int(part or 0) for part in found.groups())
        return cls(years * 12 + months, (days * 24 + hours) * 60 + minutes)

    def before(self, at_ms: int, zone: str) -> int:
        """
        Give the moment this long before *at_ms*; months go by the calendar of *zone*, to the same local time.

        >>> Period.read("P1M").before(1_459_382_400_000, "UTC") == 1_456_704_000_000  # 31 March -> 29 February
        True
        """
        return _shift(at_ms, zone, -self.months, -self.minutes)

    def after(self, at_ms: int, zone: str) -> int:
        """Give the moment this long after *at_ms*."""
        return _shift(at_ms, zone, self.months, self.minutes)


def _shift(at_ms: int, zone: str, months: int, minutes: int) -> int:
    if months:
        local = local_time(at_ms, zone)
        year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
        day = min(local.day, _last_day(year, month + 1))
        at_ms = round(local.replace(year=year, month=month + 1, day=day).timestamp() * 1000)
    return at_ms + minutes * 60_000


def _last_day(year: int, month: int) -> int:
    following = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=ZoneInfo("UTC"))
    return (following - timedelta(days=1)).day


@lru_cache(maxsize=4096)  # a case's rules ask again and again for the few moments of its visit
def local_time(at_ms: int, zone: str) -> datetime:
    """Give the local time of *zone* at a moment."""
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone))


def read_day(text: str) -> date | None:
    """
    Read a day as people write it to us; None for what is none, or is of no time of ours.

    >>> read_day("2016-04-07"), read_day("2016-02-30"), read_day("9999-12-31")
    (datetime.date(2016, 4, 7), None, None)
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None


def local_day(at_ms: int, zone: str) -> date:
    """Give the day of a moment in *zone*."""
    return local_time(at_ms, zone).date()
