"""The times a person may choose: two hours each, from tomorrow on, lawful throughout."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from server.domain.conduct.facts import Interval
from server.domain.offers import MOST, offer_times

ZONE, STAY_MS = "America/New_York", 1_800_000


def at(day: int, hour: float, month: int = 11) -> int:
    """Give an hour of a day of 2026 in New York."""
    moment = datetime(2026, month, day, int(hour), round(hour % 1 * 60), tzinfo=ZoneInfo(ZONE))
    return round(moment.timestamp() * 1000)


def offered(*starts: Interval, now_ms: int | None = None) -> list[tuple[int, int]]:
    """Give (day, hour) of each window."""
    offers = offer_times(starts, ZONE, STAY_MS, at(9, 18) if now_ms is None else now_ms)
    times = [datetime.fromtimestamp(each.starts_ms / 1000, ZoneInfo(ZONE)) for each in offers]
    return [(each.day, each.hour) for each in times]


def test_windows_follow_one_another_through_the_lawful_hours() -> None:
    """From 9 to 13:30 as last start: two windows; what is left is too short for a third."""
    assert [(10, 9), (10, 11)] == offered(Interval(at(10, 9), at(10, 13.5)))


def test_a_window_ends_no_later_than_a_lawful_visit_in_it() -> None:
    """A minute less of lawful starts, and the window is not offered."""
    assert [(10, 9)] == offered(Interval(at(10, 9), at(10, 10.5)))
    assert [] == offered(Interval(at(10, 9), at(10, 10.5) - 60_000))


def test_nothing_is_offered_today() -> None:
    """Somebody has to hear of it first."""
    assert [(10, 9)] == offered(Interval(at(9, 8), at(9, 20)), Interval(at(10, 9), at(10, 10.5)), now_ms=at(9, 1))


def test_the_day_the_clocks_change_has_its_own_hours() -> None:
    """On 8 March 2026 New York's clocks go forward: nine o'clock is still nine o'clock."""
    assert [(8, 9)] == offered(Interval(at(8, 9, 3), at(8, 10.5, 3)), now_ms=at(7, 18, 3))


def test_no_more_is_offered_than_can_be_read() -> None:
    """Always lawful: a page of windows, not a month of them."""
    assert MOST == len(offered(Interval(at(1, 0), at(30, 0))))
