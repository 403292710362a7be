"""Scenes in which facts matter: rest days, wishes, appointments, occasions, leases, stays."""

from __future__ import annotations

from typing import Any

from tests.contract.vector_sources.scenes import (
    CN,
    CN_DAYS,
    FLOOR,
    HOURS,
    LONDON,
    NEW_YORK,
    SHANGHAI,
    UK,
    US,
    WISHES,
    Book,
    Scene,
    hours,
    rule,
    window,
)

CHINA: list[Book] = [(SHANGHAI, [CN, CN_DAYS])]
CHINA_AND_HOUSE: list[Book] = [*HOURS, *CHINA]
ASKING = rule("blackout_days", on_unknown="ask", calendar="CN")
PLACE_DAYS = rule("blackout_days", calendar="place", occasions=["wedding", "bereavement"])
MONDAY = ("2026-05-11T06:00+08:00", "2026-05-12T06:00+08:00")
ALL_MONDAY = [("2026-05-11T09:00+08:00", "2026-05-11T18:30+08:00")]
NOTHING = [("2026-05-11T06:00+08:00", "2026-05-11T06:00+08:00")]


def days(month: str, **kinds: str) -> dict[str, bool]:
    """Give rest days and working days of a month, by their numbers."""
    told = {f"{month}-{day}": False for day in kinds.get("works", "").split()}
    return told | {f"{month}-{day}": True for day in kinds.get("rests", "").split()}


def wish(
    kind: str, starts: str = "", ends: str = "", weekdays: tuple[int, ...] = (), value: str = ""
) -> dict[str, Any]:
    """Give a wish."""
    return {"kind": kind, "starts": starts, "ends": ends, "weekdays": list(weekdays), "value": value}


def agreed(starts: str, ends: str, made_by: str = "person", *, confirmed: bool = True) -> dict[str, Any]:
    """Give an appointment."""
    return {"starts": starts, "ends": ends, "made_by": made_by, "is_confirmed": confirmed}


def wishing(name: str, intervals: list[tuple[str, str]], *wishes: dict[str, Any], **more: Any) -> Scene:
    """Give a Monday in Shanghai on which a person has wishes."""
    moments = more.pop("moments", [])
    facts = {"preferences": list(wishes)} | more
    return Scene(name, [("place", [FLOOR, WISHES])], SHANGHAI, *MONDAY, intervals, moments, facts)


OCTOBER = days("2025-09", works="27 28 29 30") | days("2025-10", rests="01 02 03 04 05 06 07 08", works="09 10 11 12")
REST_DAYS = [
    Scene(
        "China, the golden week of 2025", CHINA, SHANGHAI, "2025-09-30T20:00+08:00", "2025-10-10T10:00+08:00",
        [
            ("2025-09-30T20:00+08:00", "2025-09-30T21:30+08:00"), ("2025-10-09T08:00+08:00", "2025-10-09T21:30+08:00"),
            ("2025-10-10T08:00+08:00", "2025-10-10T09:30+08:00"),
        ],
        [
            "2025-09-30T21:29+08:00 closing", "2025-10-01T08:00+08:00 shut", "2025-10-04T10:00+08:00 shut",
            "2025-10-08T21:00+08:00 shut", "2025-10-09T07:59:59+08:00 shut", "2025-10-09T08:00+08:00 open",
        ],
        {"rest_days": {"CN": OCTOBER}},
    ),
    Scene(
        "China, a Sunday that is worked before the holiday", CHINA, SHANGHAI,
        "2025-09-27T21:30+08:00", "2025-09-28T22:00+08:00", [("2025-09-28T08:00+08:00", "2025-09-28T21:30+08:00")],
        ["2025-09-27T21:30+08:00 shut", "2025-09-28T08:00+08:00 open", "2025-09-28T21:29+08:00 closing"],
        {"rest_days": {"CN": OCTOBER}},
    ),
    Scene(
        "a Sunday that is worked is still a Sunday to the house", CHINA_AND_HOUSE, SHANGHAI,
        "2025-09-27T18:00+08:00", "2025-09-29T10:00+08:00",
        [("2025-09-27T18:00+08:00", "2025-09-27T18:30+08:00"), ("2025-09-29T09:00+08:00", "2025-09-29T09:30+08:00")],
        ["2025-09-28T10:00+08:00 shut", "2025-09-29T09:00+08:00 open"], {"rest_days": {"CN": OCTOBER}},
    ),
    Scene(
        "a Saturday that is worked after the holiday", CHINA_AND_HOUSE, SHANGHAI,
        "2025-10-10T19:00+08:00", "2025-10-12T19:00+08:00", [("2025-10-11T09:00+08:00", "2025-10-11T18:30+08:00")],
        ["2025-10-11T09:00+08:00 open", "2025-10-12T10:00+08:00 shut"], {"rest_days": {"CN": OCTOBER}},
    ),
    Scene(
        "China, the spring festival of 2025 with both worked weekends", CHINA, SHANGHAI,
        "2025-01-26T12:00+08:00", "2025-02-05T12:00+08:00",
        [
            ("2025-01-26T12:00+08:00", "2025-01-26T21:30+08:00"), ("2025-01-27T08:00+08:00", "2025-01-27T21:30+08:00"),
            ("2025-02-05T08:00+08:00", "2025-02-05T11:30+08:00"),
        ],
        [
            "2025-01-26T12:00+08:00 open", "2025-01-28T08:00+08:00 shut", "2025-02-04T21:00+08:00 shut",
            "2025-02-05T08:00+08:00 open",
        ],
        {"rest_days": {"CN": days("2025-01", works="26 27", rests="28 29 30 31")
                       | days("2025-02", rests="01 02 03 04", works="05 06 07 08")}},
    ),
    Scene(
        "a visit does not run over midnight into a rest day", [("place", [window("00:00", "00:00"), CN_DAYS])],
        SHANGHAI, "2026-04-30T21:00+08:00", "2026-05-02T00:00+08:00",
        [("2026-04-30T21:00+08:00", "2026-04-30T23:30+08:00")],
        ["2026-04-30T23:29:59+08:00 closing", "2026-04-30T23:30+08:00 shut", "2026-05-01T00:00+08:00 shut"],
        {"rest_days": {"CN": {"2026-04-30": False, "2026-05-01": True, "2026-05-02": True}}},
    ),
    Scene(
        "a day that no calendar tells is left out", CHINA, SHANGHAI,
        "2026-12-30T12:00+08:00", "2027-01-02T12:00+08:00",
        [("2026-12-30T12:00+08:00", "2026-12-30T21:30+08:00"), ("2026-12-31T08:00+08:00", "2026-12-31T21:30+08:00")],
        ["2026-12-31T21:29+08:00 closing", "2027-01-01T10:00+08:00 shut"],
        {"rest_days": {"CN": {"2026-12-30": False, "2026-12-31": False}}},
    ),
    Scene(
        "a day that no calendar tells stays where not knowing does not stop", [(SHANGHAI, [CN, ASKING])], SHANGHAI,
        "2026-12-31T12:00+08:00", "2027-01-01T12:00+08:00",
        [("2026-12-31T12:00+08:00", "2026-12-31T21:30+08:00"), ("2027-01-01T08:00+08:00", "2027-01-01T11:30+08:00")],
        ["2027-01-01T10:00+08:00 open"], {"rest_days": {"CN": {"2026-12-31": False}}},
    ),
    Scene(
        "a part of a country keeps a day of its own", [("place", [FLOOR, PLACE_DAYS])], "Australia/Sydney",
        "2026-10-05T06:00+11:00", "2026-10-06T12:00+11:00", [("2026-10-06T09:00+11:00", "2026-10-06T11:30+11:00")],
        ["2026-10-05T10:00+11:00 shut", "2026-10-06T09:00+11:00 open"],
        {"region": "AU-NSW", "rest_days": {"AU-NSW": {"2026-10-05": True, "2026-10-06": False, "2026-10-07": False},
                                           "AU": {"2026-10-05": False, "2026-10-06": False, "2026-10-07": False}}},
    ),
    Scene(
        "a leap day that is a rest day", [("place", [FLOOR, CN_DAYS])], LONDON,
        "2028-02-28T18:00+00:00", "2028-03-01T10:00+00:00",
        [("2028-02-28T18:00+00:00", "2028-02-28T18:30+00:00"), ("2028-03-01T09:00+00:00", "2028-03-01T09:30+00:00")],
        ["2028-02-29T12:00+00:00 shut", "2028-03-01T09:00+00:00 open"],
        {"rest_days": {"CN": days("2028-02", works="28", rests="29") | days("2028-03", works="01 02")}},
    ),
    Scene(
        "a weekday on which nobody comes", [("place", [window("09:00", "19:00"), rule("blackout_days", weekdays=[7])])],
        SHANGHAI, "2026-05-09T18:00+08:00", "2026-05-11T10:00+08:00",
        [("2026-05-09T18:00+08:00", "2026-05-09T18:30+08:00"), ("2026-05-11T09:00+08:00", "2026-05-11T09:30+08:00")],
        ["2026-05-10T12:00+08:00 shut", "2026-05-11T09:00+08:00 open"],
    ),
    Scene(
        "a wedding until noon", [("place", [FLOOR, PLACE_DAYS])], SHANGHAI, *MONDAY,
        [("2026-05-11T12:00+08:00", "2026-05-11T18:30+08:00")],
        ["2026-05-11T11:59:59+08:00 shut", "2026-05-11T12:00+08:00 open"],
        {"region": "CN", "rest_days": {"CN": days("2026-05", works="11 12 13")},
         "holds": [{"reason": "wedding", "placed": "2026-05-10T08:00+08:00", "until": "2026-05-11T12:00+08:00"}]},
    ),
    Scene(
        "a bereavement without an end", [("place", [FLOOR, PLACE_DAYS])], SHANGHAI, *MONDAY, NOTHING,
        ["2026-05-11T10:00+08:00 shut"],
        {"region": "CN", "rest_days": {"CN": days("2026-05", works="11 12 13")},
         "holds": [{"reason": "bereavement", "placed": "2026-05-10T08:00+08:00"}]},
    ),
]  # fmt: skip

APPOINTMENTS = [
    Scene(
        "the person asks for a Sunday afternoon", HOURS, SHANGHAI, "2026-05-09T18:00+08:00", "2026-05-10T20:00+08:00",
        [("2026-05-09T18:00+08:00", "2026-05-09T18:30+08:00"), ("2026-05-10T15:00+08:00", "2026-05-10T16:30+08:00")],
        [
            "2026-05-10T14:59:59+08:00 shut", "2026-05-10T15:00+08:00 open", "2026-05-10T16:29+08:00 closing",
            "2026-05-10T16:30+08:00 shut",
        ],
        {"appointments": [agreed("2026-05-10T15:00+08:00", "2026-05-10T17:00+08:00")]},
    ),
    Scene(
        "an evening that begins within the hours", HOURS, SHANGHAI, *MONDAY,
        [("2026-05-11T09:00+08:00", "2026-05-11T20:00+08:00")],
        ["2026-05-11T18:45+08:00 open", "2026-05-11T19:59+08:00 closing", "2026-05-11T20:00+08:00 shut"],
        {"appointments": [agreed("2026-05-11T18:00+08:00", "2026-05-11T20:30+08:00")]},
    ),
    Scene(
        "an appointment shorter than the stay opens nothing", HOURS, SHANGHAI, *MONDAY, ALL_MONDAY,
        ["2026-05-11T20:00+08:00 shut"],
        {"appointments": [agreed("2026-05-11T20:00+08:00", "2026-05-11T20:20+08:00")]},
    ),
    Scene(
        "an appointment that an agent claims opens nothing", HOURS, SHANGHAI, *MONDAY, ALL_MONDAY,
        ["2026-05-11T20:00+08:00 shut"],
        {"appointments": [agreed("2026-05-11T20:00+08:00", "2026-05-11T21:00+08:00", "agent")]},
    ),
    Scene(
        "an appointment that is not confirmed opens nothing", HOURS, SHANGHAI, *MONDAY, ALL_MONDAY,
        ["2026-05-11T20:00+08:00 shut"],
        {"appointments": [agreed("2026-05-11T20:00+08:00", "2026-05-11T21:00+08:00", confirmed=False)]},
    ),
    Scene(
        "an appointment reaches no further than the law", [("place", [FLOOR]), ("place", [US])], NEW_YORK,
        "2026-05-10T12:00-04:00", "2026-05-11T08:00-04:00", [("2026-05-10T20:00-04:00", "2026-05-10T20:30-04:00")],
        ["2026-05-10T20:00-04:00 open", "2026-05-10T20:30-04:00 shut", "2026-05-10T21:30-04:00 shut"],
        {"appointments": [agreed("2026-05-10T20:00-04:00", "2026-05-10T22:30-04:00")]},
    ),
    Scene(
        "law that no appointment widens", [("place", [FLOOR]), ("place", [UK])], LONDON,
        "2026-05-09T18:00+01:00", "2026-05-10T20:00+01:00", [("2026-05-09T18:00+01:00", "2026-05-09T18:30+01:00")],
        ["2026-05-10T15:00+01:00 shut"],
        {"appointments": [agreed("2026-05-10T15:00+01:00", "2026-05-10T17:00+01:00")]},
    ),
]  # fmt: skip

NOON = [("2026-05-11T09:00+08:00", "2026-05-11T11:30+08:00"), ("2026-05-11T14:00+08:00", "2026-05-11T18:30+08:00")]
WISHED = [
    wishing("not at noon", NOON, wish("not_between", "12:00", "14:00"), moments=[
        "2026-05-11T11:29+08:00 closing", "2026-05-11T11:30+08:00 shut", "2026-05-11T13:59:59+08:00 shut",
        "2026-05-11T14:00+08:00 open",
    ]),
    wishing("only towards the evening", [("2026-05-11T18:00+08:00", "2026-05-11T18:30+08:00")],
            wish("only_between", "18:00", "20:00"),
            moments=["2026-05-11T17:59:59+08:00 shut", "2026-05-11T18:00+08:00 open", "2026-05-11T18:30+08:00 shut"]),
    wishing("two times that suit, on this weekday and another", [("2026-05-11T10:00+08:00", "2026-05-11T11:30+08:00")],
            wish("only_between", "10:00", "12:00", (1,)), wish("only_between", "15:00", "17:00", (3,)),
            moments=["2026-05-11T10:00+08:00 open", "2026-05-11T15:00+08:00 shut"]),
    wishing("not on this weekday", NOTHING, wish("not_on", weekdays=(1, 7)), moments=["2026-05-11T10:00+08:00 shut"]),
    wishing("not by visit", NOTHING, wish("not_by", value="visit"), moments=["2026-05-11T10:00+08:00 shut"]),
    wishing("not at work, and this is work", NOTHING, wish("not_at", value="work"), place_kind="work",
            moments=["2026-05-11T10:00+08:00 shut"]),
    wishing("not at work, and this is home", ALL_MONDAY, wish("not_at", value="work"),
            moments=["2026-05-11T10:00+08:00 open"]),
    Scene("wishes that are not known", [("place", [FLOOR, WISHES])], SHANGHAI, *MONDAY, NOTHING,
          ["2026-05-11T10:00+08:00 shut"], unknown=["preferences"]),
    Scene("not at night, over midnight", [("place", [window("00:00", "00:00"), WISHES])], SHANGHAI, *MONDAY,
          [("2026-05-11T07:00+08:00", "2026-05-11T21:30+08:00")],
          ["2026-05-11T06:59:59+08:00 shut", "2026-05-11T07:00+08:00 open", "2026-05-11T21:30+08:00 shut",
           "2026-05-12T00:00+08:00 shut"],
          {"preferences": [wish("not_between", "22:00", "07:00")]}),
    Scene("not in the half hour that the clocks show twice", [("place", [window("00:00", "06:00"), WISHES])], NEW_YORK,
          "2026-11-01T00:00-04:00", "2026-11-01T12:00-05:00",
          [("2026-11-01T00:00-04:00", "2026-11-01T00:30-04:00"), ("2026-11-01T01:30-05:00", "2026-11-01T05:30-05:00")],
          ["2026-11-01T00:29-04:00 closing", "2026-11-01T01:45-04:00 shut", "2026-11-01T01:15-05:00 shut",
           "2026-11-01T01:30-05:00 open"],
          {"preferences": [wish("not_between", "01:00", "01:30")]}),
]  # fmt: skip

LEASES = [
    Scene(
        "a lease that ends in the afternoon", HOURS, SHANGHAI, "2026-05-11T06:00+08:00", "2026-05-11T15:00+08:00",
        [("2026-05-11T09:00+08:00", "2026-05-11T14:30+08:00")],
        [
            "2026-05-11T14:14:59+08:00 open", "2026-05-11T14:15+08:00 closing", "2026-05-11T14:30+08:00 shut",
            "2026-05-11T15:00+08:00 shut",
        ],
    ),
    Scene(
        "a lease that ends before the hours begin", HOURS, SHANGHAI, "2026-05-11T06:00+08:00",
        "2026-05-11T09:00+08:00", NOTHING, ["2026-05-11T09:00+08:00 shut", "2026-05-11T06:00+08:00 shut"],
    ),
    Scene(
        "a lease that leaves less than a stay", HOURS, SHANGHAI, "2026-05-11T06:00+08:00", "2026-05-11T09:20+08:00",
        NOTHING, ["2026-05-11T09:00+08:00 shut"],
    ),
    Scene(
        "a lease that is over", HOURS, SHANGHAI, "2026-05-11T10:00+08:00", "2026-05-11T09:59+08:00",
        [("2026-05-11T10:00+08:00", "2026-05-11T10:00+08:00")], ["2026-05-11T10:00+08:00 shut"],
    ),
    Scene(
        "compiled between two minutes", HOURS, SHANGHAI, "2026-05-11T12:34:05+08:00", "2026-05-12T06:00+08:00",
        [("2026-05-11T12:34+08:00", "2026-05-11T18:30+08:00")],
        ["2026-05-11T12:33:59.999+08:00 shut", "2026-05-11T12:34+08:00 open"],
    ),
    Scene(
        "a short stay", HOURS, SHANGHAI, *MONDAY, [("2026-05-11T09:00+08:00", "2026-05-11T18:59+08:00")],
        ["2026-05-11T18:58:59+08:00 closing", "2026-05-11T18:59+08:00 shut"], stay_min=1,
    ),
    Scene(
        "a long stay", HOURS, SHANGHAI, *MONDAY, [("2026-05-11T09:00+08:00", "2026-05-11T17:00+08:00")],
        ["2026-05-11T16:44:59+08:00 open", "2026-05-11T17:00+08:00 shut"], stay_min=120,
    ),
    Scene(
        "a stay as long as the hours leaves no moment to start", hours("09:00", "10:00"), SHANGHAI, *MONDAY, NOTHING,
        ["2026-05-11T09:00+08:00 shut"], stay_min=60,
    ),
    Scene(
        "a stay longer than the hours", hours("09:00", "10:00"), SHANGHAI, *MONDAY, NOTHING,
        ["2026-05-11T09:00+08:00 shut"], stay_min=61,
    ),
]  # fmt: skip

SCENES = [*REST_DAYS, *APPOINTMENTS, *WISHED, *LEASES]
