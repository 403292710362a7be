"""Random rules of hours, days and wishes, and facts over which they may know too little, for Hypothesis."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from server.domain.conduct.facts import AppointmentFacts, Facts, HoldFacts, Interval, Preference
from server.domain.conduct.judging import judge
from server.domain.conduct.rules import Check, OnUnknown, Rulebook, RuleType
from server.domain.conduct.verdicts import Answer
from tests.unit.domain.conduct.when import NEW_YORK, SHANGHAI, a_rule, a_rulebook, at

WINDOW, BLACKOUT, WISH = RuleType.CONTACT_WINDOW, RuleType.BLACKOUT_DAYS, RuleType.PREFERENCE
MINUTE = 60_000
CLOCKS = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.sampled_from([0, 1, 30, 59]))
WEEKDAYS = st.lists(st.integers(1, 7), min_size=1, unique=True)
ZONES = st.sampled_from(["place", "all_known", SHANGHAI, "America/Los_Angeles"])
WINDOWS = st.fixed_dictionaries(
    {"start": CLOCKS, "end": CLOCKS},
    optional={
        "zone": ZONES,
        "start_open": st.booleans(), "end_open": st.booleans(), "weekdays": WEEKDAYS,
        "widened_by": st.just("appointment_by_person"), "region": st.sampled_from(["US-MA", "US-NY"]),
        "place_kind": st.sampled_from(["home", "work"]), "channels": st.sampled_from([["call"], ["visit", "call"]]),
    },
)  # fmt: skip
BLACKOUTS = st.fixed_dictionaries(
    {}, optional={"calendar": st.sampled_from(["place", "ID"]), "weekdays": WEEKDAYS, "occasions": st.just(["wedding"])}
)
ON_UNKNOWN = st.sampled_from([OnUnknown.BLOCK, OnUnknown.BLOCK, OnUnknown.ASK])
RULES = st.one_of(
    st.builds(a_rule, st.just(WINDOW), WINDOWS, ON_UNKNOWN),
    st.builds(a_rule, st.just(BLACKOUT), BLACKOUTS, ON_UNKNOWN),
    st.builds(a_rule, st.just(WISH), st.just({"honours": ["time", "day", "place"]}), ON_UNKNOWN),
)
BOOKS = st.lists(
    st.builds(
        lambda rules, zone: a_rulebook(*rules, zone=zone),
        st.lists(RULES, min_size=1, max_size=2),
        st.sampled_from(["place", NEW_YORK]),
    ),
    min_size=1,
    max_size=2,
)
PREFERENCES = st.builds(
    Preference,
    st.sampled_from(["not_between", "only_between", "not_on", "not_at"]),
    CLOCKS,
    CLOCKS,
    st.lists(st.integers(1, 7), max_size=3).map(tuple),
    st.sampled_from(["", "home", "work"]),
)
# A week over either change of clocks in New York, a leap day, and the turn of a year.
BEGINNINGS = st.sampled_from(["2026-03-05", "2026-10-29", "2028-02-26", "2026-12-29"])


def mostly(known: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw what is known, and now and then that it is not."""
    return st.one_of(known, known, known, known, st.none())


@st.composite
def cases(draw: st.DrawFn) -> Facts:
    """Draw facts in which much may be unknown."""
    first = draw(BEGINNINGS)
    now_ms = at(f"{first} 00:00", NEW_YORK) + draw(st.integers(0, 1440)) * MINUTE
    day = datetime.fromisoformat(first).date()
    rests = draw(st.lists(st.sampled_from([False, False, True, None]), min_size=10, max_size=10))
    moment = st.integers(0, 7 * 1440).map(lambda minutes: now_ms + minutes * MINUTE)
    length = st.integers(30, 300).map(lambda minutes: minutes * MINUTE)
    appointments = st.builds(
        lambda starts, for_ms, by, sure: AppointmentFacts("a", starts, starts + for_ms, by, sure),
        moment, length, st.sampled_from(["person", "person", "agent"]), st.booleans(),
    )  # fmt: skip
    holds = st.builds(
        lambda starts, until: HoldFacts("h", "wedding", "visit", starts, until, "visit"), moment, st.none() | moment
    )
    return Facts(
        now_ms=now_ms,
        place_zone=draw(mostly(st.just(NEW_YORK))),
        other_zones=draw(st.sampled_from([(), ("America/Los_Angeles",)])),
        region=draw(st.sampled_from(["US-MA", "US-MA", "US", ""])),
        place_kind=draw(st.sampled_from(["home", "home", None])),
        rest_days={"US": {day + timedelta(days=n - 1): rest for n, rest in enumerate(rests) if rest is not None}},
        holds=draw(mostly(st.lists(holds, max_size=1).map(tuple))),
        preferences=draw(mostly(st.lists(PREFERENCES, max_size=2).map(tuple))),
        appointments=draw(mostly(st.lists(appointments, max_size=2).map(tuple))),
    )


def lets_start(rulebooks: list[Rulebook], facts: Facts, at_ms: int, stay_ms: int) -> bool:
    """Judge a visit of the longest stay: every rule passes, or does not know and says that this does not stop."""
    verdicts = judge(rulebooks, replace(facts, interval=Interval(at_ms, at_ms + stay_ms)), Check.DOOR)
    return all(
        each.answer is Answer.PASS or (each.answer is Answer.UNKNOWN and each.on_unknown is not OnUnknown.BLOCK)
        for each in verdicts
    )
