"""Rest days against the real calendar, day by day, and zones by coordinates; what is not verified is not known."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from holidays import country_holidays

from server.services.calendars import VERIFIED, find_rest_days
from server.services.zones import find_zone

ARRANGEMENTS = Path(__file__).parent / "fixtures" / "holidays_cn"
ONE_DAY = timedelta(days=1)


def read_arrangements() -> dict[date, bool]:
    """Read the days that the published arrangements name: whether each is off."""
    files = sorted(ARRANGEMENTS.glob("*.json"))
    days = [day for file in files for day in json.loads(file.read_text(encoding="utf-8"))["days"]]
    return {date.fromisoformat(day["date"]): day["isOffDay"] for day in days}


def whole_year(year: int) -> Iterator[date]:
    """Give every day of a year."""
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += ONE_DAY


def find_breaks(year: int, is_off: Callable[[date], bool], is_named: Callable[[date], bool]) -> dict[date, bool]:
    """Say of every day whether it belongs to a run of days off that holds a named holiday."""
    found: dict[date, bool] = {}
    run: list[date] = []
    day = date(year - 1, 12, 1)
    while day < date(year + 1, 2, 1):
        if is_off(day):
            run.append(day)
        else:
            found |= dict.fromkeys(run, any(map(is_named, run))) | {day: False}
            run = []
        day += ONE_DAY
    return {day: found[day] for day in whole_year(year)}


@pytest.mark.parametrize("year", range(2007, 2025))
def test_china_agrees_with_the_published_arrangements_on_every_day(year: int) -> None:
    """Every day of 2007 to 2024 rests, or is worked, as the State Council published it."""
    named = read_arrangements()
    expected = find_breaks(year, lambda day: named.get(day, day.isoweekday() > 5), lambda day: named.get(day, False))
    assert expected == find_rest_days("CN", date(year, 1, 1), date(year, 12, 31))


@pytest.mark.parametrize("year", [2025, 2026])
def test_china_s_years_without_files_are_those_on_which_two_libraries_agree(year: int) -> None:
    """Every day of 2025 and 2026 is the same in `holidays` as in `chinesecalendar`."""
    other = country_holidays("CN", years=(year - 1, year, year + 1))
    expected = find_breaks(year, lambda day: not other.is_working_day(day), lambda day: day in other)
    assert expected == find_rest_days("CN", date(year, 1, 1), date(year, 12, 31))


@pytest.mark.parametrize(
    ("day", "rests"),
    [
        (date(2024, 10, 1), True),
        (date(2024, 10, 7), True),
        (date(2024, 10, 12), False),  # a Saturday that is worked for it
        (date(2024, 9, 29), False),  # a Sunday that is worked for it
        (date(2024, 10, 19), False),  # an ordinary Saturday: weekends are the rules' own
        (date(2025, 10, 6), True),
    ],
)
def test_a_working_weekend_is_worked_and_an_ordinary_one_is_no_rest_day(day: date, rests: bool) -> None:
    """Days off are those proclaimed."""
    assert {day: rests} == find_rest_days("CN", day, day)


@pytest.mark.parametrize(
    ("region", "day", "rests"),
    [
        ("UK", date(2026, 12, 25), True),
        ("UK", date(2026, 4, 6), None),  # Easter Monday: not in Scotland
        ("GB-ENG", date(2026, 4, 6), True),
        ("GB-SCT", date(2026, 4, 6), False),
        ("GB-XXX", date(2026, 4, 6), None),
        ("US-MA", date(2026, 4, 20), True),  # Patriots' Day
        ("US-NY", date(2026, 4, 20), False),
        ("US", date(2026, 4, 20), None),
        ("US", date(2026, 7, 4), True),
        ("AU", date(2026, 4, 25), True),
        ("JP", date(2026, 5, 6), True),  # the day in lieu of Constitution Day
        ("KR", date(2024, 10, 1), True),  # proclaimed for that year alone
        ("ID", date(2026, 5, 4), False),
        ("PH", date(2025, 12, 30), True),
        ("IN", date(2026, 1, 26), True),
        ("VN", date(2025, 9, 2), True),
        ("MY", date(2026, 8, 31), True),
    ],
)
def test_days_of_countries_and_their_parts(region: str, day: date, rests: bool | None) -> None:
    """A day that only parts of a country keep is not known until the part is."""
    assert rests == find_rest_days(region, day, day).get(day)


@pytest.mark.parametrize(
    ("region", "day"),
    [
        ("CN", date(2006, 12, 31)), ("CN", date(2027, 1, 1)), ("US", date(2023, 12, 31)), ("US", date(2027, 1, 1)),
        ("FR", date(2026, 7, 14)), ("", date(2026, 7, 14)),
    ],
)  # fmt: skip
def test_outside_the_table_no_day_is_known(region: str, day: date) -> None:
    """Years and countries that nobody compared are absent, even where a library would answer."""
    assert {} == find_rest_days(region, day, day)


@pytest.mark.parametrize("country", sorted(set(VERIFIED) - {"CN"}))
def test_no_verified_year_holds_an_estimate(country: str) -> None:
    """A holiday that hangs on the moon and is not yet proclaimed is marked as estimated: no verified year has one."""
    for year in VERIFIED[country]:
        names = country_holidays(country, years=year, language="en_US").values()
        assert [] == [name for name in names if "estimated" in name]


@pytest.mark.parametrize(
    ("lat_e7", "lon_e7", "rulebook_zone", "expected"),
    [
        (312_304_000, 1_214_737_000, "place", "Asia/Shanghai"),
        (438_256_000, 876_168_000, "place", "Asia/Urumqi"),
        (438_256_000, 876_168_000, "Asia/Shanghai", "Asia/Shanghai"),
        (377_749_000, -1_224_194_000, "place", "America/Los_Angeles"),
        (-69_175_000, 1_076_191_000, "place", "Asia/Jakarta"),
        (None, 1_214_737_000, "place", None),
        (312_304_000, None, "place", None),
        (None, None, "Asia/Kolkata", "Asia/Kolkata"),
        (0, -300_000_000, "place", None),
    ],
)
def test_a_place_s_zone(lat_e7: int | None, lon_e7: int | None, rulebook_zone: str, expected: str | None) -> None:
    """A zone the law fixes wins; else the coordinates tell, and where they are missing or at sea nobody guesses."""
    assert expected == find_zone(lat_e7, lon_e7, rulebook_zone)


def test_the_big_libraries_wait_until_they_are_asked() -> None:
    """Importing both services loads neither numpy nor a calendar."""
    asked = "import sys, server.services.zones, server.services.calendars; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.split()
    assert set() == {"numpy", "timezonefinder", "holidays", "chinese_calendar"} & set(loaded)
