"""What a device gets. That compiled and judged agree, minute for minute: `tests/property/test_limits.py`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest

from schemas.packet import LimitsSchema
from schemas.vocabulary import CountUnit, Step
from server.domain.conduct.facts import AppointmentFacts, Contact, Preference
from server.domain.conduct.hours import OPENINGS
from server.domain.conduct.limits import compile_limits
from server.domain.conduct.rules import Check, OnUnknown, Rule, RuleType
from server.domain.packing import HOUSE, Count
from tests.unit.domain.conduct.when import NEW_YORK, a_rule, a_rulebook, at, facts_of

WINDOW, BLACKOUT, WISH = RuleType.CONTACT_WINDOW, RuleType.BLACKOUT_DAYS, RuleType.PREFERENCE
MINUTE, DAY = 60_000, 86_400_000
FLOOR = a_rule(WINDOW, {"start": "09:00", "end": "19:00", "weekdays": [1, 2, 3, 4, 5, 6]})
OPEN = a_rule(WINDOW, {"start": "08:00", "end": "18:00", "start_open": True, "end_open": True})
HOLIDAYS = a_rule(BLACKOUT, {"calendar": "CN"})
NOW = at("2026-04-30 12:34") + 5_000  # a Thursday


def starts_of(*rules: Rule, until: str = "2026-05-06 12:00", **more: Any) -> list[tuple[str, str]]:
    """Compile rules for a place in Shanghai, as (day and time, time) without seconds and offset."""
    facts = replace(facts_of(None), now_ms=NOW, **more)
    limits = compile_limits([a_rulebook(rule) for rule in rules], facts, at(until))
    assert limits.intervals is not None
    return [(starts[5:16].replace("T", " "), ends[11:16]) for starts, ends in limits.intervals]


def test_a_visit_started_inside_is_over_before_the_window_closes() -> None:
    """An interval ends the longest stay, half an hour, before its window; the first begins now, Sunday has none."""
    expected = [("04-30 12:34", "18:30"), ("05-01 09:00", "18:30"), ("05-02 09:00", "18:30"), ("05-04 09:00", "18:30")]
    assert expected == starts_of(FLOOR, until="2026-05-05 09:00")


def test_the_strictest_of_all_rulebooks_holds() -> None:
    """Windows are intersected: the later opening and the earlier closing, open ends to the minute."""
    assert [("05-01 09:00", "17:30")] == starts_of(FLOOR, OPEN, until="2026-05-02 09:00")[1:]
    assert [("05-01 08:01", "17:30")] == starts_of(OPEN, until="2026-05-02 08:00")[1:]


def test_holidays_and_days_not_known_are_cut_out() -> None:
    """A day absent from the calendar is cut where not knowing stops, and stays where it does not."""
    days = {date(2026, 4, 29) + timedelta(days=n): n == 2 for n in range(5)}  # until 3 May; 1 May rests
    asking = a_rule(BLACKOUT, {"calendar": "CN"}, OnUnknown.ASK)
    known = [("04-30 12:34", "18:30"), ("05-02 09:00", "18:30")]
    assert known == starts_of(FLOOR, HOLIDAYS, rest_days={"CN": days})
    later = [("05-04 09:00", "18:30"), ("05-05 09:00", "18:30"), ("05-06 09:00", "11:30")]
    assert known + later == starts_of(FLOOR, asking, rest_days={"CN": days})


def test_wishes_and_appointments_are_compiled_too() -> None:
    """A wish cuts the day in two; an appointment by the person opens its own time."""
    wishes = (Preference("not_between", "12:00", "14:00"),)
    halves = starts_of(FLOOR, a_rule(WISH, {"honours": ["time"]}), until="2026-05-02 09:00", preferences=wishes)
    assert [("04-30 14:00", "18:30"), ("05-01 09:00", "11:30"), ("05-01 14:00", "18:30")] == halves
    evening = AppointmentFacts("a", at("2026-04-30 19:00"), at("2026-04-30 21:00"), "person", True)
    widened = a_rule(WINDOW, {"start": "09:00", "end": "19:00", "widened_by": "appointment_by_person"})
    opened = starts_of(widened, until="2026-05-01 09:00", appointments=(evening,))
    assert [("04-30 12:34", "18:30"), ("04-30 19:00", "20:30")] == opened


@pytest.mark.parametrize(
    "more", [{"place_zone": None}, {"preferences": (Preference("not_by", value="visit"),)}, {"preferences": None}]
)
def test_where_nothing_is_lawful_one_empty_interval_says_so(more: dict[str, Any]) -> None:
    """A device reads an empty list as "no limit", so nothing lawful is one interval in which no moment lies."""
    [(starts, ends)] = starts_of(FLOOR, a_rule(WISH, {"honours": ["time", "medium"]}), **more)
    assert starts.endswith(ends)


def test_there_are_at_most_forty_intervals() -> None:
    """A long lease gets its first forty."""
    found = starts_of(FLOOR, until="2026-12-31 12:00")
    assert (40, "06-15 09:00") == (len(found), found[-1][0])


def test_times_are_local_with_their_offset_and_fit_the_wire() -> None:
    """Across a change of clocks each end has its own offset, and the schema takes the whole."""
    facts = replace(facts_of(None), now_ms=at("2026-03-07 12:00", NEW_YORK), place_zone=NEW_YORK)
    limits = compile_limits([a_rulebook(FLOOR)], facts, at("2026-03-10 00:00", NEW_YORK))
    assert limits.intervals == (
        ("2026-03-07T12:00:00.000-05:00", "2026-03-07T18:30:00.000-05:00"),
        ("2026-03-09T09:00:00.000-04:00", "2026-03-09T18:30:00.000-04:00"),
    )
    assert {} == LimitsSchema().validate(limits.to_wire())


@dataclass(frozen=True)
class Params:
    """Parameters of the types that neighbours own, as far as compiling reads them."""

    least: int = 0
    names: tuple[str, ...] = ()


def test_crew_and_steps_are_the_largest_and_the_union() -> None:
    """The largest crew asked for, and every step of the house and of rules at the door, in the order of the visit."""
    bare = replace(HOUSE, steps=(Step.OPTIONS_GIVEN,))
    rules = [
        a_rule(RuleType.CREW_SIZE, Params(least=1)),
        a_rule(RuleType.CREW_SIZE, Params(least=2)),
        a_rule(RuleType.CREDENTIAL_DISPLAY, Params(names=("agency", "principal"))),
        a_rule(RuleType.RECORDING, {"notice": True}),
    ]
    facts = facts_of(None)
    limits = compile_limits([a_rulebook(rule) for rule in rules], facts, facts.now_ms + DAY, bare)
    expected = (Step.CARD_SHOWN, Step.RECORDING_NOTICE, Step.PRINCIPAL_NAMED, Step.OPTIONS_GIVEN)
    assert (2, expected, HOUSE.longest_stay_ms) == (limits.crew_min, limits.steps, limits.longest_stay_ms)
    gate = a_rule(RuleType.RECORDING, {"notice": True}, checks=frozenset({Check.GATE}))
    plain = compile_limits([a_rulebook(gate)], facts, facts.now_ms + DAY, bare)
    assert (None, (Step.OPTIONS_GIVEN,)) == (plain.crew_min, plain.steps)


def test_what_is_only_reviewed_is_not_counted_at_the_door() -> None:
    """A cap that is looked at afterwards stops nobody before; one checked at the gate does."""
    params = {"channel": "visit", "most": 2, "period": "P7D", "per": "person"}
    rules = [a_rule(RuleType.FREQUENCY_CAP, params, checks=frozenset({check})) for check in (Check.GATE, Check.REVIEW)]
    counted = [compile_limits([a_rulebook(rule)], facts_of(None), NOW + DAY).counts for rule in rules]

    assert [(Count(CountUnit.ATTEMPT, 2, 7 * DAY),), ()] == counted


def test_every_rule_of_when_is_compiled() -> None:
    """Hours, days and wishes are the types that compile into intervals."""
    assert {WINDOW, BLACKOUT, WISH} == set(OPENINGS)


def test_each_packet_counts_its_own_persons_visits() -> None:
    """Two cases of one place and moment share their hours, never what is left of their visits."""
    cap = a_rule(RuleType.FREQUENCY_CAP, {"channel": "visit", "most": 2, "period": "P30D", "unit": "attempt"})
    books = [a_rulebook(FLOOR), a_rulebook(cap)]
    fresh = replace(facts_of(None), now_ms=NOW, case_id="c", person_id="p", contacts=())
    tried = replace(fresh, contacts=(Contact("v1", NOW - DAY, "visit", "attempt", fresh.case_id, fresh.person_id),))
    first, second = (compile_limits(books, facts, at("2026-05-06 12:00")) for facts in (tried, fresh))

    assert first.intervals == second.intervals
    assert (1, 2) == (first.counts[0].most, second.counts[0].most)
