"""When a visit may be: hours and days on which nobody comes. What the person asked for stands in `wishes.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from server.domain.conduct.answers import use_hold
from server.domain.conduct.facts import Facts, Interval
from server.domain.conduct.openings import Open, Opening, judge_with, zones_of
from server.domain.conduct.rules import RuleType
from server.domain.conduct.spans import (
    ALWAYS,
    MIDNIGHT,
    NEVER,
    Spans,
    between,
    days_around,
    meet,
    merge,
    whole_day,
    without,
)
from server.domain.conduct.verdicts import Asked, Judge, Used
from server.domain.conduct.wishes import Preference, open_preferred
from server.domain.conduct.wording import say_weekdays

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
BY_PERSON = "appointment_by_person"


@dataclass(frozen=True, slots=True)
class ContactWindow:
    """Hours in which one may call on people. `zone`: "" the rulebook's, "place", "all_known", or an IANA name."""

    start: time
    end: time
    start_open: bool = False
    end_open: bool = False
    weekdays: tuple[int, ...] = EVERY_DAY
    zone: str = ""
    channels: tuple[str, ...] = ("visit",)
    widened_by: str | None = None
    region: str | None = None
    place_kind: str | None = None

    def __post_init__(self) -> None:
        _check_weekdays(self.weekdays)
        if self.widened_by not in {None, BY_PERSON}:
            raise ValueError(f"'widened_by' can only be '{BY_PERSON}'")
        if self.zone not in {"", "place", "all_known"}:
            _check_zone(self.zone)


@dataclass(frozen=True, slots=True)
class BlackoutDays:
    """Days on which nobody comes. `calendar`: "place" for the country of the place, a calendar's name, or "" none."""

    calendar: str = ""
    weekdays: tuple[int, ...] = ()
    channels: tuple[str, ...] = ("visit",)
    occasions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_weekdays(self.weekdays)


def open_window(params: ContactWindow, facts: Facts, asked: Asked, within: Interval) -> Opening:
    """
    Give the window of each day.

    Only a confirmed appointment that the person made widens it, and only for a visit wholly inside that appointment;
    one that is not known, or that an agent claims, does not: who leaves the hours has to show why.
    """
    limit = _say_window(params, params.zone or asked.zone)
    if "visit" not in params.channels:
        return Opening(ALWAYS, ALWAYS, f"{limit}; not for visits, only {', '.join(params.channels)}")
    concerned = [_lies_in(params.region, facts.region), _is_kind(params.place_kind, facts.place_kind)]
    if False in concerned:
        where = " ".join(each for each in (params.place_kind, params.region) if each)
        return Opening(ALWAYS, ALWAYS, f"{limit}; only for places of {where}", used=_used_place(facts))
    zones = zones_of(params.zone or asked.zone, facts)
    if zones is None:
        return Opening(NEVER, ALWAYS, limit, missing=("place_zone",))
    sure = ALWAYS
    for zone in zones:
        windows = _windows(params, zone, days_around(within, zone))
        sure = windows if sure is ALWAYS else meet(sure, windows)
    used = [Used("zone", zone) for zone in zones]
    if params.widened_by == BY_PERSON:
        made = [each for each in facts.appointments or () if each.made_by == "person" and each.is_confirmed]
        sure += tuple(Interval(each.starts_ms, each.ends_ms) for each in made)
        used += [Used("appointment", each.id, each.made_by, each.starts_ms) for each in facts.appointments or ()]
    names = ("region", "place_kind")
    missing = tuple(name for name, concerns in zip(names, concerned, strict=True) if concerns is None)
    return Opening(sure, ALWAYS if missing else sure, limit, zones[0], tuple(used), missing)


def open_days(params: BlackoutDays, facts: Facts, asked: Asked, within: Interval) -> Opening:
    """Give the days that are no rest day, no listed weekday, and no occasion on which people are left alone."""
    limit = _say_blackout(params)
    if "visit" not in params.channels:
        return Opening(ALWAYS, ALWAYS, f"{limit}; not for visits, only {', '.join(params.channels)}")
    zones = zones_of(asked.zone, facts) if params.calendar or params.weekdays else ("UTC",)
    if zones is None:
        return Opening(NEVER, ALWAYS, limit, missing=("place_zone",))
    [zone] = zones
    calendar = _calendar(params.calendar, facts)
    sure, maybe = [], []
    used, missing = [Used("zone", zone)], list[str]()
    for day in days_around(within, zone):
        whole, rests = whole_day(day, zone), _rests(params, calendar, day)
        is_touched = whole.starts_ms < within.ends_ms and within.starts_ms < whole.ends_ms
        if rests and is_touched:
            used.append(Used("rest_day", day.isoformat(), params.calendar or "weekday"))
        if rests is None and is_touched:
            missing = ["region" if params.calendar == "place" and not facts.region else "rest_days"]
        if rests is False:
            sure.append(whole)
        if not rests:
            maybe.append(whole)
    live = [each for each in facts.holds or () if each.reason in params.occasions] if params.occasions else []
    holes = [Interval(each.placed_ms, ALWAYS[0].ends_ms if each.until_ms is None else each.until_ms) for each in live]
    used += [use_hold(each) for each in live]
    spans = without(merge(sure), holes)
    if params.occasions and facts.holds is None:
        spans, missing = NEVER, [*missing, "holds"]
    other = "after the occasion is over" if any(each.until_ms is None for each in live) else ""
    return Opening(spans, without(merge(maybe), holes), limit, zone, tuple(used), tuple(missing), other)


OPENINGS: dict[RuleType, Open] = {
    RuleType.CONTACT_WINDOW: open_window,
    RuleType.BLACKOUT_DAYS: open_days,
    RuleType.PREFERENCE: open_preferred,
}


TYPES: dict[RuleType, tuple[type[Any], Judge]] = {
    RuleType.CONTACT_WINDOW: (ContactWindow, judge_with(open_window)),
    RuleType.BLACKOUT_DAYS: (BlackoutDays, judge_with(open_days)),
    RuleType.PREFERENCE: (Preference, judge_with(open_preferred)),
}


def _check_weekdays(weekdays: tuple[int, ...]) -> None:
    if any(day not in EVERY_DAY for day in weekdays):
        raise ValueError("'weekdays' are 1 (Monday) to 7 (Sunday)")


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"'zone' is '{zone}', which is no zone such as Asia/Shanghai") from None


def _lies_in(region: str | None, place: str) -> bool | None:
    """Say whether the place lies in a region; None where it is told too roughly ("CN" may be in "CN-XJ")."""
    if region is None or place == region or place.startswith(f"{region}-"):
        return True
    return None if place == "" or region.startswith(f"{place}-") else False


def _is_kind(kind: str | None, place: str | None) -> bool | None:
    return None if kind is not None and place is None else kind in {None, place}


def _used_place(facts: Facts) -> tuple[Used, ...]:
    return (Used("region", facts.region), Used("place_kind", facts.place_kind or "not known"))


@lru_cache(maxsize=4096)  # hours depend on the rule and the days only, which are the same for every case of a run
def _windows(params: ContactWindow, zone: str, days: tuple[date, ...]) -> Spans:
    return merge(_windows_of(params, zone, days))


def _windows_of(params: ContactWindow, zone: str, days: Iterable[date]) -> Iterator[Interval]:
    for day in days:
        if day.isoweekday() not in params.weekdays:
            continue
        whole = whole_day(day, zone)
        for span in between(day, params.start, params.end, zone):
            # An open end is left out to the millisecond; where a span only meets midnight's other half, it is no end.
            is_wrapped = params.end <= params.start and params.end != MIDNIGHT
            begins = params.start_open and not (is_wrapped and span.starts_ms == whole.starts_ms)
            ends = params.end_open and not (is_wrapped and span.ends_ms == whole.ends_ms)
            yield Interval(span.starts_ms + begins, span.ends_ms - ends)


def _calendar(name: str, facts: Facts) -> Mapping[date, bool]:
    """Give the days of the calendar named, as the place's own part of the country keeps it where that is known."""
    country = facts.region.partition("-")[0]
    name = country if name == "place" else name
    names = [facts.region, name] if name and name == country else [name]
    return next((facts.rest_days[each] for each in names if each in facts.rest_days), {})


def _rests(params: BlackoutDays, calendar: Mapping[date, bool], day: date) -> bool | None:
    if day.isoweekday() in params.weekdays:
        return True
    return calendar.get(day) if params.calendar else False


@lru_cache(maxsize=1024)
def _say_window(params: ContactWindow, zone: str) -> str:
    starts = f"after {params.start:%H:%M}" if params.start_open else f"{params.start:%H:%M}"
    ends = f"before {params.end:%H:%M}" if params.end_open else f"{params.end:%H:%M}"
    where = {"place": "time of the place", "all_known": "time of every place the person is known at"}.get(zone, zone)
    return f"{starts} to {ends}, {say_weekdays(params.weekdays)}, {where}"


@lru_cache(maxsize=1024)
def _say_blackout(params: BlackoutDays) -> str:
    kinds = [
        f"rest days of {'the place' if params.calendar == 'place' else params.calendar}" if params.calendar else "",
        say_weekdays(params.weekdays) if params.weekdays else "",
        ", ".join(params.occasions),
    ]
    return "no visits on: " + "; ".join(each for each in kinds if each)
