"""
Rest days: on which days of a country, or of a part of it, nobody works.

They come from two libraries, and are given only for years in which a library was compared with the real calendar
(`VERIFIED`). Every other day is absent, which means that it is not known. An ordinary weekend is no rest day: rules
name weekdays themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

ONE_DAY = timedelta(days=1)
COUNTRIES_BY_NAME = {"UK": "GB"}  # as rulebooks call it -> as ISO 3166 does
# China: every day of 2007 to 2024 agrees with the published arrangements, and in 2025 and 2026, which those files do
# not reach, two libraries agree. Elsewhere: the years in which no holiday of the library is an estimate.
# 2016, the demo's year: the United States' by the list of the Office of Personnel Management, Taiwan's by its
# government's working calendar, both from memory.
RECENT = frozenset(range(2024, 2027))
VERIFIED: dict[str, frozenset[int]] = {
    **dict.fromkeys(("AU", "GB", "ID", "IN", "JP", "KR", "MY", "PH", "VN"), RECENT),
    "CN": frozenset(range(2007, 2027)),
    "TW": frozenset({2016}),
    "US": RECENT | {2016},
}


def find_rest_days(region: str, starts: date, ends: date) -> dict[date, bool]:
    """
    Say of each day from *starts* to *ends*, both in, whether nobody works in *region* ("CN", "UK", "AU-NSW").

    In China a rest day is a holiday together with the days off it is joined to; a weekend that is worked instead is
    none. Elsewhere it is a public holiday. Where only the country is told, a day that some of its parts keep is not
    known. The holidays that Xinjiang, Ningxia, Guangxi and Tibet keep besides are not in any library.
    """
    name, _, part = region.partition("-")
    country = COUNTRIES_BY_NAME.get(name, name)
    years = VERIFIED.get(country, frozenset())
    found = {}
    for day in _days(starts, ends):
        if day.year in years:
            rests = _rests_in_china(day) if country == "CN" else _rests(country, part, day)
            if rests is not None:
                found[day] = rests
    return found


def _days(starts: date, ends: date) -> Iterator[date]:
    while starts <= ends:
        yield starts
        starts += ONE_DAY


def _rests(country: str, part: str, day: date) -> bool | None:
    nation, parts = _holidays(country, day.year)
    if day in nation:
        return True
    if part:
        return day in parts[part] if part in parts else None
    return None if any(day in kept for kept in parts.values()) else False


@lru_cache(maxsize=64)
def _holidays(country: str, year: int) -> tuple[frozenset[date], dict[str, frozenset[date]]]:
    """Give a year's holidays of the whole country, and of each of its parts. The library is big: loaded when asked."""
    from holidays import country_holidays

    nation = country_holidays(country, years=year)
    parts = {part: frozenset(country_holidays(country, subdiv=part, years=year)) for part in nation.subdivisions}
    return frozenset(nation), parts


def _rests_in_china(day: date) -> bool:
    """Say whether a day is off, and its run of days off holds a holiday."""
    return _is_off(day) and any(_is_holiday(each) for step in (ONE_DAY, -ONE_DAY) for each in _run(day, step))


def _run(day: date, step: timedelta) -> Iterator[date]:
    while _is_off(day):
        yield day
        day += step


def _is_off(day: date) -> bool:
    from chinese_calendar import constants

    return day in constants.holidays or (day.isoweekday() > 5 and day not in constants.workdays)


def _is_holiday(day: date) -> bool:
    from chinese_calendar import constants

    return day in constants.holidays
