"""How limits and cures are worded: moments, days, lengths of time, counts and lists, in plain English."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from server.domain.conduct.periods import Period, local_time

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_MINUTE_MS = 60_000


def say_time(at_ms: int, zone: str | None) -> str:
    """
    Say a moment in the local time of *zone*; UTC, where nobody lives, is named, and stands for a zone not known.

    >>> say_time(1_462_276_800_000, "Europe/London"), say_time(1_462_276_800_000, None)
    ('13:00 on Tuesday 3 May 2016', '12:00 UTC on Tuesday 3 May 2016')
    """
    local = local_time(at_ms, zone or "UTC")
    return f"{local:%H:%M}{' UTC' if zone in {None, 'UTC'} else ''} on {say_day(local.date())}"


def say_from(at_ms: int, zone: str | None) -> str:
    """
    Say from when on something may be: never a moment too early, so a minute that has begun is over first.

    >>> say_from(1_462_276_800_001, "Europe/London")
    'from 13:01 on Tuesday 3 May 2016'
    """
    return f"from {say_time(-(-at_ms // _MINUTE_MS) * _MINUTE_MS, zone)}"


@lru_cache(maxsize=1024)
def say_day(day: date) -> str:
    """
    Say a day.

    >>> say_day(date(2016, 5, 3))
    'Tuesday 3 May 2016'
    """
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def say_weekdays(weekdays: Iterable[int]) -> str:
    """
    Say days of the week (ISO, 1 is Monday).

    >>> say_weekdays((1, 2, 3, 4, 5, 6)), say_weekdays((1, 7)), say_weekdays((1, 2, 3, 4, 5, 6, 7))
    ('Monday to Saturday', 'Monday, Sunday', 'every day')
    """
    days = sorted(set(weekdays))
    if len(days) == 7:
        return "every day"
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        return f"{_WEEKDAYS[days[0] - 1]} to {_WEEKDAYS[days[-1] - 1]}"
    return ", ".join(_WEEKDAYS[day - 1] for day in days)


@lru_cache(maxsize=1024)
def say_period(period: Period) -> str:
    """
    Say a length of time in its largest whole units; none at all is "at once".

    >>> [say_period(Period.read(text)) for text in ("P30D", "P1Y2M", "PT36H", "PT0M")]
    ['30 days', '1 year and 2 months', '1 day and 12 hours', 'at once']
    """
    years, months = divmod(period.months, 12)
    hours, minutes = divmod(period.minutes, 60)
    days, hours = divmod(hours, 24)
    parts = {"year": years, "month": months, "day": days, "hour": hours, "minute": minutes}
    return " and ".join(say_count(count, name) for name, count in parts.items() if count) or "at once"


def say_count(count: int, name: str) -> str:
    """
    Say how many.

    >>> say_count(1, "visit"), say_count(0, "visit")
    ('1 visit', '0 visits')
    """
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def say_words(words: Iterable[str], last: str = "") -> str:
    """
    Say a rulebook's words, as a list or, with *last*, as a phrase.

    >>> say_words(["photo_id_card", "qr"]), say_words(["sms", "app", "letter"], "or"), say_words([])
    ('photo id card, qr', 'sms, app or letter', '')
    """
    return _say_words(tuple(words), last)


@lru_cache(maxsize=1024)
def _say_words(words: tuple[str, ...], last: str) -> str:
    said = [word.replace("_", " ") for word in words]
    if last and len(said) > 1:
        return f"{', '.join(said[:-1])} {last} {said[-1]}"
    return ", ".join(said)
