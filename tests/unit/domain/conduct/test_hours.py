"""Hours, days and wishes: every type's pass, fail and unknown, at the ends, at midnight and when clocks change."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from server.domain.conduct.facts import AppointmentFacts, Facts, HoldFacts, Interval, Preference
from server.domain.conduct.judging import earliest, read_params
from server.domain.conduct.rules import RuleType
from server.domain.conduct.verdicts import Answer, Verdict
from tests.unit.domain.conduct.when import NEW_YORK, SHANGHAI, at, facts_of, verdict, visit

WINDOW, BLACKOUT, WISH = RuleType.CONTACT_WINDOW, RuleType.BLACKOUT_DAYS, RuleType.PREFERENCE
FLOOR = {"start": "09:00", "end": "19:00", "weekdays": [1, 2, 3, 4, 5, 6], "widened_by": "appointment_by_person"}
US = {"start": "08:00", "end": "21:00", "start_open": True, "end_open": True}
PASS, FAIL, UNKNOWN = Answer.PASS, Answer.FAIL, Answer.UNKNOWN
MINUTE = 60_000


def windowed(params: dict[str, Any], interval: Interval | None, **more: Any) -> Verdict:
    """Judge a window."""
    return verdict(WINDOW, params, facts_of(interval, **more))


@pytest.mark.parametrize(
    ("params", "starts", "ends", "expected"),
    [
        (FLOOR, "2026-05-04 09:00", "19:00", PASS),
        (FLOOR, "2026-05-04 08:59", "10:00", FAIL),
        (FLOOR, "2026-05-04 18:00", "19:01", FAIL),
        (FLOOR, "2026-05-03 10:00", "11:00", FAIL),
        (FLOOR, "2026-05-04 10:00", "2026-05-05 10:00", FAIL),
        (US, "2026-05-04 08:00", "09:00", FAIL),
        (US, "2026-05-04 08:01", "20:59", PASS),
        (US, "2026-05-04 20:00", "21:00", FAIL),
        (US | {"end_open": False}, "2026-05-04 20:00", "21:00", PASS),
        ({"start": "00:00", "end": "00:00"}, "2026-05-04 23:30", "2026-05-05 00:30", PASS),
        ({"start": "18:00", "end": "00:00"}, "2026-05-04 23:30", "2026-05-05 00:00", PASS),
        ({"start": "18:00", "end": "00:00"}, "2026-05-04 23:30", "2026-05-05 00:01", FAIL),
        ({"start": "18:00", "end": "00:00", "end_open": True}, "2026-05-04 23:30", "2026-05-05 00:00", FAIL),
        ({"start": "22:00", "end": "02:00"}, "2026-05-04 23:30", "2026-05-05 00:30", PASS),
        ({"start": "22:00", "end": "02:00"}, "2026-05-04 01:30", "02:01", FAIL),
        (FLOOR, "2028-02-29 09:00", "10:00", PASS),
    ],
)
def test_the_whole_visit_lies_in_the_window(params: dict[str, Any], starts: str, ends: str, expected: Answer) -> None:
    """A visit passes exactly if it keeps to the window from arrival to leaving, open ends to the minute."""
    assert expected == windowed(params, visit(starts, ends)).answer


def test_a_window_for_calls_does_not_concern_a_visit() -> None:
    """A rule of another channel passes, and says so."""
    found = windowed(FLOOR | {"channels": ["call"]}, visit("2026-05-04 03:00", "03:30"))
    assert (PASS, True) == (found.answer, "not for visits" in found.limit)


@pytest.mark.parametrize(
    ("region", "starts", "expected"),
    [
        ("CN-XJ", "2026-05-04 09:00", FAIL), ("CN-XJ-URC", "2026-05-04 09:00", FAIL),
        ("CN-SH", "2026-05-04 09:00", PASS), ("CN", "2026-05-04 09:00", UNKNOWN), ("", "2026-05-04 09:00", UNKNOWN),
        ("CN", "2026-05-04 10:00", PASS),
    ],
)  # fmt: skip
def test_a_region_s_window_holds_there_only(region: str, starts: str, expected: Answer) -> None:
    """A region told too roughly is unknown, unless the visit keeps the window anyway."""
    found = windowed({"start": "10:00", "end": "22:00", "region": "CN-XJ"}, visit(starts, "12:00"), region=region)
    assert expected == found.answer


@pytest.mark.parametrize(("kind", "expected"), [("work", FAIL), ("home", PASS), (None, UNKNOWN)])
def test_a_window_of_a_kind_of_place(kind: str | None, expected: Answer) -> None:
    """Hours for places of work concern no home, and a place of unknown kind is not guessed at."""
    params = {"start": "09:00", "end": "17:00", "place_kind": "work"}
    assert expected == windowed(params, visit("2026-05-04 17:00", "18:00"), place_kind=kind).answer


def test_what_is_not_known_is_named() -> None:
    """Without a zone or an interval the answer is unknown, and says what is missing."""
    assert ("place_zone",) == windowed(FLOOR, visit("2026-05-04 10:00", "11:00"), place_zone=None).missing
    assert ("interval",) == windowed(FLOOR, None).missing
    assert UNKNOWN == windowed(FLOOR, None).answer


def test_the_zone_is_the_rule_s_the_rulebook_s_or_the_place_s() -> None:
    """09:00 in Urumqi is 11:00 in Shanghai: each zone gives its own answer."""
    early = facts_of(visit("2026-05-04 10:00", "10:30"), place_zone="Asia/Urumqi")
    assert FAIL == verdict(WINDOW, FLOOR, early).answer
    assert PASS == verdict(WINDOW, FLOOR, early, zone=SHANGHAI).answer
    assert PASS == verdict(WINDOW, FLOOR | {"zone": SHANGHAI}, early).answer
    assert FAIL == verdict(WINDOW, FLOOR | {"zone": "place"}, early, zone=SHANGHAI).answer


def test_all_known_zones_must_allow_it() -> None:
    """Where the person is known at two coasts, a visit keeps the hours of both."""
    params = {"start": "08:00", "end": "21:00", "zone": "all_known"}
    for starts, ends, expected in (("10:59", "11:30", FAIL), ("11:00", "21:00", PASS), ("20:59", "21:01", FAIL)):
        interval = visit(f"2026-05-04 {starts}", ends, NEW_YORK)
        facts = facts_of(interval, place_zone=NEW_YORK, other_zones=("America/Los_Angeles",))
        assert expected == verdict(WINDOW, params, facts).answer


def test_the_weekday_is_the_place_s() -> None:
    """Monday morning in Auckland is Sunday in UTC, and Sunday evening there still Sunday."""
    zone = "Pacific/Auckland"
    assert PASS == windowed(FLOOR, visit("2026-05-04 09:00", "09:30", zone), place_zone=zone).answer
    assert FAIL == windowed(FLOOR, visit("2026-05-03 18:00", "18:30", zone), place_zone=zone).answer


@pytest.mark.parametrize(
    ("start", "end", "starts", "fold", "length", "expected"),
    [
        # 8 March 2026: 02:00 to 03:00 is missing.
        ("01:00", "04:00", "2026-03-08 01:30", 0, 60, PASS),
        ("01:00", "04:00", "2026-03-08 01:30", 0, 91, FAIL),  # 91 minutes after 01:30 it is 04:01
        ("02:30", "04:00", "2026-03-08 03:00", 0, 20, FAIL),  # read as 03:30: the shorter of both readings
        ("02:30", "04:00", "2026-03-08 03:30", 0, 30, PASS),
        ("00:00", "02:30", "2026-03-08 01:00", 0, 30, PASS),
        ("00:00", "02:30", "2026-03-08 01:00", 0, 31, FAIL),
        # 1 November 2026: 01:00 to 02:00 comes twice.
        ("00:00", "04:00", "2026-11-01 00:30", 0, 240, PASS),
        ("01:30", "04:00", "2026-11-01 01:30", 0, 20, FAIL),
        ("01:30", "04:00", "2026-11-01 01:30", 1, 20, PASS),
        ("00:00", "01:30", "2026-11-01 01:00", 0, 30, PASS),
        ("00:00", "01:30", "2026-11-01 01:00", 1, 20, FAIL),
    ],
)
def test_hours_when_the_clocks_change(
    start: str, end: str, starts: str, fold: int, length: int, expected: Answer
) -> None:
    """A time that is missing or comes twice is read so that less is allowed; lengths are real minutes."""
    begins = at(starts, NEW_YORK, fold)
    interval = Interval(begins, begins + length * MINUTE)
    assert expected == windowed({"start": start, "end": end}, interval, place_zone=NEW_YORK).answer


def test_a_day_whose_midnight_is_missing_begins_at_one() -> None:
    """In Santiago, 6 September 2026 begins at 01:00: a rest day ends for it then, and not an hour before."""
    zone = "America/Santiago"
    days = {date(2026, 9, 4) + timedelta(days=n): n == 1 for n in range(5)}  # Saturday the 5th rests
    for starts, expected in ((at("2026-09-06 01:00", zone) - MINUTE, FAIL), (at("2026-09-06 01:00", zone), PASS)):
        facts = facts_of(Interval(starts, starts + MINUTE), place_zone=zone, rest_days={"CL": days})
        assert expected == verdict(BLACKOUT, {"calendar": "CL"}, facts).answer


def appointment(made_by: str, is_confirmed: bool = True) -> tuple[AppointmentFacts, ...]:
    """Make an appointment on Sunday 3 May 2026 from 19:00 to 21:00."""
    day = visit("2026-05-03 19:00", "21:00")
    return (AppointmentFacts("a1", day.starts_ms, day.ends_ms, made_by, is_confirmed),)


@pytest.mark.parametrize(
    ("appointments", "params", "starts", "ends", "expected"),
    [
        (appointment("person"), FLOOR, "19:00", "21:00", PASS),
        (appointment("person"), FLOOR, "20:00", "21:01", FAIL),
        (appointment("person", is_confirmed=False), FLOOR, "19:00", "20:00", FAIL),
        (appointment("agent"), FLOOR, "19:00", "20:00", FAIL),
        (appointment("office"), FLOOR, "19:00", "20:00", FAIL),
        (None, FLOOR, "19:00", "20:00", FAIL),
        (appointment("person"), {"start": "09:00", "end": "19:00"}, "19:00", "20:00", FAIL),
        # Neither the hours nor the appointment hold it alone: together they do not either.
        (appointment("person"), FLOOR | {"weekdays": [7]}, "18:30", "19:30", FAIL),
    ],
)
def test_only_an_appointment_by_the_person_widens(
    appointments: tuple[AppointmentFacts, ...] | None,
    params: dict[str, Any],
    starts: str,
    ends: str,
    expected: Answer,
) -> None:
    """A confirmed appointment made by the person opens its own time, where the rule says so; no other does."""
    found = windowed(params, visit(f"2026-05-03 {starts}", ends), appointments=appointments)
    assert expected == found.answer


@pytest.mark.parametrize(
    ("params", "starts", "ends", "words", "cured"),
    [
        (FLOOR, "2026-05-02 18:30", "19:30", "from 09:00 on Monday 4 May 2026", "2026-05-04 09:00"),
        (FLOOR, "2026-05-04 07:00", "08:00", "from 09:00 on Monday 4 May 2026", "2026-05-04 09:00"),
        (US, "2026-05-04 21:30", "22:00", "from 08:01 on Tuesday 5 May 2026", "2026-05-05 08:01"),
        (FLOOR, "2028-02-28 20:00", "20:30", "from 09:00 on Tuesday 29 February 2028", "2028-02-29 09:00"),
    ],
)
def test_a_cure_is_the_next_lawful_start(
    params: dict[str, Any], starts: str, ends: str, words: str, cured: str
) -> None:
    """A failing visit is told when it could start, in words and ms, and passes there."""
    interval = visit(starts, ends)
    found = windowed(params, interval)
    assert (words, at(cured)) == (found.cure, found.cure_ms)
    moved = Interval(at(cured), at(cured) + interval.ends_ms - interval.starts_ms)
    assert PASS == windowed(params, moved).answer
    assert at(cured) == earliest([found])


def test_a_visit_longer_than_the_window_has_no_cure() -> None:
    """What waiting does not cure says so."""
    found = windowed(FLOOR, visit("2026-05-04 08:00", "19:00"))
    assert (None, "no lawful start is known in the next 60 days") == (found.cure_ms, found.cure)


def test_a_cure_is_told_in_the_place_s_time_and_lies_ahead() -> None:
    """Hours of two coasts are told by the clock of the place; a visit long past is told the next start from now."""
    params = {"start": "08:00", "end": "21:00", "zone": "all_known"}
    late = facts_of(visit("2026-05-04 20:45", "21:15", NEW_YORK), place_zone=NEW_YORK)
    found = verdict(WINDOW, params, replace(late, other_zones=("America/Los_Angeles",)))
    assert "from 11:00 on Tuesday 5 May 2026" == found.cure
    past = replace(late, now_ms=at("2026-06-01 22:00", NEW_YORK))
    assert at("2026-06-02 08:00", NEW_YORK) == verdict(WINDOW, params, past).cure_ms


# --- days

HOLIDAYS = {date(2026, 4, 29) + timedelta(days=n): n in (2, 3, 4) for n in range(10)}  # 1 to 3 May
RESTS: dict[str, Any] = {"rest_days": {"CN": HOLIDAYS}}


def on_days(params: dict[str, Any], starts: str, ends: str, **more: Any) -> Verdict:
    """Judge days on which nobody comes."""
    return verdict(BLACKOUT, params, facts_of(visit(starts, ends), **RESTS | more))


@pytest.mark.parametrize(
    ("starts", "ends", "expected"),
    [
        ("2026-04-30 10:00", "11:00", PASS),
        ("2026-05-02 10:00", "11:00", FAIL),
        ("2026-04-30 23:30", "2026-05-01 00:00", PASS),
        ("2026-04-30 23:30", "2026-05-01 00:01", FAIL),
        ("2026-05-04 00:00", "00:30", PASS),
        ("2026-05-03 23:59", "2026-05-04 00:30", FAIL),
        ("2026-04-29 23:30", "2026-04-30 00:30", PASS),
        ("2026-05-09 10:00", "11:00", UNKNOWN),
        ("2026-05-08 23:30", "2026-05-09 00:30", UNKNOWN),
    ],
)
def test_rest_days_to_the_minute(starts: str, ends: str, expected: Answer) -> None:
    """A visit that touches a rest day fails, one that touches a day not in the calendar is unknown."""
    for calendar in ("CN", "place"):
        assert expected == on_days({"calendar": calendar}, starts, ends).answer


def test_the_cure_lies_behind_the_holiday_bridge() -> None:
    """A holiday of three days and the Monday rule after it are passed over; days not known are no cure."""
    found = on_days({"calendar": "CN", "weekdays": [1]}, "2026-05-01 10:00", "11:00")
    assert "from 00:00 on Tuesday 5 May 2026" == found.cure
    assert [("rest_day", "2026-05-01")] == [(used.name, used.value) for used in found.used if used.name == "rest_day"]
    short = {"CN": {day: rests for day, rests in HOLIDAYS.items() if day < date(2026, 5, 4)}}
    assert (FAIL, None) == (
        (found := on_days({"calendar": "CN"}, "2026-05-01 10:00", "11:00", rest_days=short)).answer,
        found.cure_ms,
    )


def test_an_absent_calendar_is_unknown() -> None:
    """Without a calendar, a region or a zone nobody says that a day is a working day; weekdays need no calendar."""
    day = ("2026-04-30 10:00", "11:00")
    assert ("rest_days",) == on_days({"calendar": "ID"}, *day).missing
    assert ("region",) == on_days({"calendar": "place"}, *day, region="").missing
    assert ("place_zone",) == on_days({"calendar": "CN"}, *day, place_zone=None).missing
    assert PASS == on_days({"weekdays": [7]}, *day, rest_days={}).answer
    assert FAIL == on_days({"weekdays": [4]}, *day, rest_days={}).answer


def test_a_part_s_own_calendar_wins_over_its_country_s() -> None:
    """Where the days of the place's part are known, they are the ones asked."""
    rests = {"CN": {}, "CN-SH": HOLIDAYS}
    assert PASS == on_days({"calendar": "place"}, "2026-04-30 10:00", "11:00", rest_days=rests).answer
    assert PASS == on_days({"calendar": "CN"}, "2026-04-30 10:00", "11:00", rest_days=rests).answer


@pytest.mark.parametrize(
    ("until", "starts", "expected"),
    [
        ("2026-05-06 00:00", "2026-05-05 10:00", FAIL),
        ("2026-05-06 00:00", "2026-05-06 10:00", PASS),
        ("2026-05-06 00:00", "2026-04-30 10:00", PASS),
        (None, "2026-05-07 10:00", FAIL),
    ],
)
def test_an_occasion_keeps_visits_away_while_it_lasts(until: str | None, starts: str, expected: Answer) -> None:
    """A hold for bereavement bars from when it was placed until its end."""
    hold = HoldFacts("h", "bereavement", "visit", at("2026-05-04 12:00"), at(until) if until else None, "visit")
    params = {"calendar": "CN", "occasions": ["bereavement", "wedding"]}
    assert expected == on_days(params, starts, f"{starts[:10]} 11:00", holds=(hold,)).answer


def test_holds_that_are_not_known_leave_occasions_unknown() -> None:
    """None is not "no hold"; another hold is no occasion."""
    params = {"occasions": ["wedding"]}
    assert ("holds",) == on_days(params, "2026-05-04 10:00", "11:00", holds=None).missing
    other = HoldFacts("h", "dispute", "visit", at("2026-05-01 12:00"), None, "visit")
    assert PASS == on_days(params, "2026-05-04 10:00", "11:00", holds=(other,)).answer


# --- wishes

ALL_WISHES = {"honours": ["time", "day", "place", "medium"]}
NO_NOON = Preference("not_between", "12:00", "14:00")
MORNING, MONDAY_EVENING = (
    Preference("only_between", "09:00", "11:00"),
    Preference("only_between", "17:00", "19:00", (1,)),
)


def wished(wishes: tuple[Preference, ...] | None, starts: str, ends: str, **more: Any) -> Verdict:
    """Judge what the person asked for, on Monday 4 May 2026 unless a day is given."""
    starts = starts if "-" in starts else f"2026-05-04 {starts}"
    params = more.pop("params", ALL_WISHES)
    return verdict(WISH, params, facts_of(visit(starts, ends), preferences=wishes, **more))


@pytest.mark.parametrize(
    ("wishes", "starts", "ends", "expected"),
    [
        ((), "03:00", "04:00", PASS),
        (None, "10:00", "11:00", UNKNOWN),
        ((NO_NOON,), "11:00", "12:00", PASS),
        ((NO_NOON,), "11:00", "12:01", FAIL),
        ((NO_NOON,), "14:00", "15:00", PASS),
        ((NO_NOON,), "11:00", "15:00", FAIL),
        ((Preference("not_between", "20:00", "08:00"),), "07:59", "08:30", FAIL),
        ((Preference("not_between", "20:00", "08:00"),), "19:30", "20:01", FAIL),
        ((Preference("not_between", "20:00", "08:00"),), "08:00", "20:00", PASS),
        ((MORNING,), "09:00", "11:00", PASS),
        ((MORNING,), "10:30", "11:30", FAIL),
        ((MORNING, MONDAY_EVENING), "17:00", "18:00", PASS),
        ((MORNING, MONDAY_EVENING), "2026-05-05 17:00", "18:00", FAIL),
        ((MORNING, Preference("not_on", weekdays=(1,))), "09:00", "10:00", FAIL),
        ((Preference("not_at", value="home"),), "10:00", "11:00", FAIL),
        ((Preference("not_at", value="work"),), "10:00", "11:00", PASS),
        ((Preference("not_by", value="visit"),), "10:00", "11:00", FAIL),
        ((Preference("not_by", value="call"),), "10:00", "11:00", PASS),
        ((Preference("not_between", "noon", "14:00"),), "10:00", "11:00", UNKNOWN),
        ((Preference("only_in_spring"),), "10:00", "11:00", UNKNOWN),
        ((Preference("not_on"),), "10:00", "11:00", UNKNOWN),
    ],
)
def test_wishes_narrow(wishes: tuple[Preference, ...] | None, starts: str, ends: str, expected: Answer) -> None:
    """A visit keeps out of what the person does not want, and inside what they want; a wish not read is unknown."""
    assert expected == wished(wishes, starts, ends).answer


def test_a_place_not_known_may_be_the_one_not_wanted() -> None:
    """A wish about places is unknown for a place of unknown kind."""
    found = wished((Preference("not_at", value="work"),), "10:00", "11:00", place_kind=None)
    assert (UNKNOWN, ("place_kind",)) == (found.answer, found.missing)


def test_only_what_the_rule_honours_counts() -> None:
    """A rule that honours places passes over a wish about time."""
    assert PASS == wished((NO_NOON,), "12:00", "13:00", params={"honours": ["place"]}).answer


def test_wishes_never_widen() -> None:
    """A wish for 20:00 leaves the window's own rule as it was."""
    evening = (Preference("only_between", "20:00", "21:00"),)
    assert PASS == wished(evening, "20:00", "21:00").answer
    assert FAIL == windowed(FLOOR, visit("2026-05-04 20:00", "21:00"), preferences=evening).answer


def test_wishes_have_cures() -> None:
    """Waiting cures a wish about time; another place or medium cures the others."""
    assert "from 14:00 on Monday 4 May 2026" == wished((NO_NOON,), "12:00", "13:00").cure
    assert "at another place than home" == wished((Preference("not_at", value="home"),), "10:00", "11:00").cure
    assert "by another medium than a visit" == wished((Preference("not_by", value="visit"),), "10:00", "11:00").cure


def test_hours_not_wanted_are_read_wide_when_the_clocks_change() -> None:
    """Hours not wanted, 01:30 to 01:45, are not wanted at either half past one of a long night."""
    wishes = (Preference("not_between", "01:30", "01:45"),)
    for fold in (0, 1):
        starts = at("2026-11-01 01:30", NEW_YORK, fold)
        facts: Facts = facts_of(Interval(starts, starts + MINUTE), place_zone=NEW_YORK, preferences=wishes)
        assert FAIL == verdict(WISH, ALL_WISHES, facts).answer


@pytest.mark.parametrize(
    ("type_", "params", "sentence"),
    [
        (WINDOW, FLOOR | {"zone": "Asia/Shangai"}, "'zone' is 'Asia/Shangai'"),
        (WINDOW, FLOOR | {"weekdays": [0, 1]}, "'weekdays' are 1"),
        (WINDOW, FLOOR | {"widened_by": "appointment"}, "'widened_by' can only be"),
        (BLACKOUT, {"weekdays": [8]}, "'weekdays' are 1"),
        (WISH, {"honours": ["hour"]}, "'honours' knows"),
    ],
)
def test_a_rulebook_s_slips_are_refused(type_: RuleType, params: dict[str, Any], sentence: str) -> None:
    """A zone, weekday or word that does not exist is a fault of the rulebook."""
    with pytest.raises(ValueError, match=sentence):
        read_params(type_, params)


def test_who_asked_for_no_visit_at_all_gets_none_whatever_its_hours() -> None:
    """A wish that no time cures fails also where it is not known when the visit would be."""
    facts = facts_of(None, preferences=(Preference("not_by", value="visit"),))

    assert FAIL == verdict(WISH, ALL_WISHES, facts).answer
