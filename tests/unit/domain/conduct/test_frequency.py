"""How often: what counts, for how long, for whom, and when it may be again."""

from __future__ import annotations

from typing import Any

import pytest

from server.domain.conduct.facts import Contact, Interval
from server.domain.conduct.rules import Check, RuleType
from server.domain.conduct.verdicts import Answer, Finding
from tests.unit.domain.conduct.asking import DAY_MS, HOUR_MS, MINUTE_MS, VISIT, a_contact, ask, at, plan, some_facts

T = VISIT.starts_ms
MONTH = {"channel": "visit", "most": 1, "period": "P30D", "unit": "contact", "per": "debt"}
CALLS = {"channel": "call", "most": 3, "period": "P1D", "period_kind": "calendar", "unit": "answered", "per": "person"}
NEW_YORK = "America/New_York"


def cap(params: dict[str, Any], *contacts: Contact, check: Check = Check.GATE, **changed: Any) -> Finding:
    """Ask a cap over a log."""
    return ask(RuleType.FREQUENCY_CAP, params, some_facts(**({"contacts": contacts} | changed)), check)


def apart(params: dict[str, Any], *contacts: Contact, check: Check = Check.GATE, **changed: Any) -> Finding:
    """Ask an interval over a log."""
    return ask(RuleType.MIN_INTERVAL, params, some_facts(**({"contacts": contacts} | changed)), check)


@pytest.mark.parametrize(
    ("ago_ms", "answer"),
    [(30 * DAY_MS - 1, Answer.FAIL), (30 * DAY_MS, Answer.PASS), (30 * DAY_MS + 1, Answer.PASS)],
)
def test_a_rolling_period_ends_to_the_millisecond(ago_ms: int, answer: Answer) -> None:
    """A visit 30 days before the earliest arrival has left a rolling period of 30 days; a moment later it has not."""
    assert answer == cap(MONTH, a_contact(T - ago_ms)).answer


def test_the_planned_visit_is_one_more() -> None:
    """Two visits in the log pass a cap of three and fail one of two: the planned one is counted in."""
    log = [a_contact(T - days * DAY_MS) for days in (5, 10)]
    assert Answer.PASS == cap(MONTH | {"most": 3}, *log).answer
    assert Answer.FAIL == cap(MONTH | {"most": 2}, *log).answer


def test_nothing_done_is_known_and_no_log_is_not() -> None:
    """An empty log passes; no log, no plan or no case is a missing fact, named."""
    assert Answer.PASS == cap(MONTH).answer
    assert (Answer.UNKNOWN, ("contacts",)) == _missing(cap(MONTH, contacts=None))
    assert (Answer.UNKNOWN, ("interval",)) == _missing(cap(MONTH, interval=None))
    assert (Answer.UNKNOWN, ("case_id",)) == _missing(cap(MONTH, case_id=""))
    assert (Answer.UNKNOWN, ("person_id",)) == _missing(cap(MONTH | {"per": "person"}, person_id=""))


def _missing(found: Finding) -> tuple[Answer, tuple[str, ...]]:
    return found.answer, found.missing


@pytest.mark.parametrize("changed", [{"period": "P1M"}, {"period": "P1D", "period_kind": "calendar"}])
def test_local_periods_need_the_zone(changed: dict[str, Any]) -> None:
    """Months and calendar days of an unknown place are unknown; days of 24 hours need no zone."""
    assert (Answer.UNKNOWN, ("place_zone",)) == _missing(cap(MONTH | changed, place_zone=None))
    assert Answer.PASS == cap(MONTH, place_zone=None).answer


@pytest.mark.parametrize(
    ("unit", "counted"), [("attempt", "made attempt returned sent"), ("contact", "made sent"), ("answered", "made"),
                          ("unanswered", "attempt")],
)  # fmt: skip
def test_each_unit_counts_its_own_results(unit: str, counted: str) -> None:
    """Attempts are all tries, contacts what reached somebody, so returned post is none; answered and not are apart."""
    found = {
        result
        for result in ("made", "attempt", "sent", "returned")
        if cap(MONTH | {"channel": "any", "unit": unit}, a_contact(T - DAY_MS, "letter", result)).answer is Answer.FAIL
    }
    assert counted == " ".join(sorted(found, key="made attempt returned sent".split().index))


@pytest.mark.parametrize(
    ("channel", "counted"), [("visit", ["visit"]), ("call", ["call"]), ("remote", ["app", "call", "letter", "message"]),
                             ("any", ["app", "call", "letter", "message", "visit"])],
)  # fmt: skip
def test_each_channel_counts_its_own_contacts(channel: str, counted: list[str]) -> None:
    """Remote is all but visits, and any is all."""
    params = MONTH | {"channel": channel, "most": 1 if channel in {"visit", "any"} else 0}
    found = [
        each
        for each in ("app", "call", "letter", "message", "visit")
        if cap(params, a_contact(T - DAY_MS, each)).answer is Answer.FAIL
    ]
    assert counted == found


def test_a_visit_is_no_call() -> None:
    """A cap on calls is judged by the log alone, says so, and fails only when the calls are already too many."""
    log = [a_contact(T - hours * HOUR_MS, "call") for hours in (1, 2, 3, 4)]
    kept = cap(CALLS, *log[:3])
    assert Answer.PASS == kept.answer
    assert "a visit is not counted" in kept.limit
    assert Answer.FAIL == cap(CALLS, *log).answer


def test_a_debt_is_one_case_and_a_person_has_several() -> None:
    """A visit of another agency on another case of the person counts for the person, not for the debt."""
    elsewhere = a_contact(T - DAY_MS, case_id="case-2", source="office")
    assert Answer.PASS == cap(MONTH, elsewhere).answer
    assert Answer.FAIL == cap(MONTH | {"per": "person"}, elsewhere).answer
    stranger = a_contact(T - DAY_MS, case_id="case-2", person_id="person-2")
    assert Answer.PASS == cap(MONTH | {"per": "person"}, stranger).answer


def test_a_number_is_counted_by_itself() -> None:
    """Three calls to each of two numbers are six for the person and three to a number."""
    log = [a_contact(T - hours * HOUR_MS, "call", number="+1" if hours % 2 else "+2") for hours in range(1, 7)]
    assert Answer.FAIL == cap(CALLS, *log).answer
    assert Answer.PASS == cap(CALLS | {"per": "number"}, *log).answer
    assert Answer.FAIL == cap(CALLS | {"per": "number", "most": 2}, *log).answer


def test_a_contact_without_a_number_may_be_to_any() -> None:
    """What lacks its number decides nothing: over the cap only with it is unknown, over it without is not."""
    log = [a_contact(T - hours * HOUR_MS, "call", number="+1") for hours in (1, 2, 3)]
    found = cap(CALLS | {"per": "number"}, *log, a_contact(T - 5 * HOUR_MS, "call"))
    assert (Answer.UNKNOWN, ("number of each contact",)) == _missing(found)
    assert Answer.FAIL == cap(CALLS | {"per": "number", "most": 2}, *log, a_contact(T - 5 * HOUR_MS, "call")).answer


def test_a_presumption_says_so() -> None:
    """A cap that is a presumption fails like any other, and its limit says "presumed"."""
    log = [a_contact(T - hours * HOUR_MS, "call") for hours in (1, 2, 3, 4)]
    found = cap(CALLS | {"presumption": True}, *log)
    assert (Answer.FAIL, True) == (found.answer, "presumed" in found.limit)
    assert "presumed" not in cap(CALLS, *log).limit


def test_the_cure_is_when_the_oldest_that_counts_leaves() -> None:
    """Under a cap of one the newer of two has to leave, under a cap of two the older; a moment before still fails."""
    old, new = T - 20 * DAY_MS, T - 10 * DAY_MS
    found = cap(MONTH, a_contact(old), a_contact(new))
    assert (new + 30 * DAY_MS, "from 09:00 on Monday 23 May 2016") == (found.cure_ms, found.cure)
    room_for_two = cap(MONTH | {"most": 2}, a_contact(old), a_contact(new))
    assert old + 30 * DAY_MS == room_for_two.cure_ms
    for early_ms, answer in ((1, Answer.FAIL), (0, Answer.PASS)):
        starts_ms = new + 30 * DAY_MS - early_ms
        then = cap(MONTH, a_contact(old), a_contact(new), interval=Interval(starts_ms, starts_ms + HOUR_MS))
        assert answer == then.answer


def test_the_cure_waits_for_every_number() -> None:
    """Where two numbers were called too often, it is over when the calls to both have left."""
    late = [a_contact(T - hours * HOUR_MS, "call", number="+1") for hours in (1, 2)]
    params = CALLS | {"per": "number", "most": 1, "period": "P7D", "period_kind": "rolling"}
    found = cap(params, *late, *[a_contact(T - days * DAY_MS, "call", number="+2") for days in (3, 4)])
    assert T - 2 * HOUR_MS + 7 * DAY_MS == found.cure_ms


def test_the_cure_counts_what_lacks_its_number() -> None:
    """The moment named is one when the cap is kept for sure: a call without a number may have been to this one."""
    log = [a_contact(T - hours * HOUR_MS, "call", number="" if hours == 1 else "+1") for hours in (1, 2, 3)]
    params = CALLS | {"per": "number", "most": 1, "period": "P7D", "period_kind": "rolling"}
    assert T - 2 * HOUR_MS + 7 * DAY_MS == cap(params, *log).cure_ms


def test_no_time_cures_a_ban() -> None:
    """Where none is allowed at all, there is no earliest moment."""
    found = cap(MONTH | {"most": 0})
    assert (Answer.FAIL, None) == (found.answer, found.cure_ms)


@pytest.mark.parametrize(
    ("made", "planned", "answer"),
    [
        ("2016-05-02 23:59", "2016-05-03 00:00", Answer.PASS),
        ("2016-05-03 00:00", "2016-05-03 23:00", Answer.FAIL),
        ("2016-03-12 23:59", "2016-03-13 08:00", Answer.PASS),  # 23 hours long: the clocks go forward at 02:00
        ("2016-03-13 00:00", "2016-03-13 23:00", Answer.FAIL),
        ("2016-11-06 00:00", "2016-11-06 22:59", Answer.FAIL),  # 25 hours long
        ("2016-11-05 23:59", "2016-11-06 08:00", Answer.PASS),
    ],
)
def test_a_calendar_day_is_that_of_the_place(made: str, planned: str, answer: Answer) -> None:
    """A calendar day runs from one local midnight to the next, be it 23, 24 or 25 hours long."""
    params = MONTH | {"period": "P1D", "period_kind": "calendar"}
    log = a_contact(at(made, NEW_YORK))
    assert answer == cap(params, log, place_zone=NEW_YORK, interval=plan(planned, NEW_YORK, minutes=10)).answer


def test_the_rulebooks_own_zone_goes_before_the_places() -> None:
    """What is the same day in Shanghai and another one in Urumqi goes by the zone the rulebook fixes."""
    params = MONTH | {"period": "P1D", "period_kind": "calendar"}
    facts = some_facts(
        contacts=(a_contact(at("2016-05-03 00:30", "Asia/Shanghai")),),
        interval=plan("2016-05-03 12:00", "Asia/Shanghai"),
        place_zone="Asia/Urumqi",
    )
    assert Answer.FAIL == ask(RuleType.FREQUENCY_CAP, params, facts, zone="Asia/Shanghai").answer
    assert Answer.PASS == ask(RuleType.FREQUENCY_CAP, params, facts, zone="place").answer


@pytest.mark.parametrize(
    ("made", "cure"),
    [
        ("2016-03-13 01:00", "2016-03-14 00:00"),
        ("2016-11-06 01:00", "2016-11-07 00:00"),
        ("2016-12-31 12:00", "2017-01-01 00:00"),
    ],
)
def test_a_calendar_day_is_over_at_midnight(made: str, cure: str) -> None:
    """The cure of a calendar day is the next local midnight, also over a change of the clocks and of the year."""
    params = MONTH | {"period": "P1D", "period_kind": "calendar"}
    planned = Interval(at(made, NEW_YORK) + HOUR_MS, at(made, NEW_YORK) + 2 * HOUR_MS)
    found = cap(params, a_contact(at(made, NEW_YORK)), place_zone=NEW_YORK, interval=planned)
    assert at(cure, NEW_YORK) == found.cure_ms


@pytest.mark.parametrize(
    ("kind", "made", "cure"),
    [
        ("rolling", "2016-01-31 12:00", "2016-02-29 12:00"),
        ("rolling", "2015-01-31 12:00", "2015-02-28 12:00"),
        ("rolling", "2016-04-30 12:00", "2016-05-30 12:00"),
        ("rolling", "2016-12-15 12:00", "2017-01-15 12:00"),
        ("calendar", "2016-02-01 00:00", "2016-03-01 00:00"),
        ("calendar", "2016-02-29 23:59", "2016-03-01 00:00"),
        ("calendar", "2016-04-30 12:00", "2016-05-01 00:00"),
        ("calendar", "2016-12-31 12:00", "2017-01-01 00:00"),
    ],
)
def test_a_month_is_as_long_as_it_is(kind: str, made: str, cure: str) -> None:
    """A rolling month ends at the same local time, on the last day of a shorter month; a calendar month with it."""
    params = MONTH | {"period": "P1M", "period_kind": kind}
    for early_ms, answer in ((MINUTE_MS, Answer.FAIL), (0, Answer.PASS)):
        starts_ms = at(cure) - early_ms
        found = cap(params, a_contact(at(made)), interval=Interval(starts_ms, starts_ms + HOUR_MS))
        assert (answer, None if answer is Answer.PASS else at(cure)) == (found.answer, found.cure_ms)


def test_several_calendar_days_are_the_planned_one_and_those_before() -> None:
    """Of seven calendar days the planned one is the last: what was done on the first of them still counts."""
    params = MONTH | {"period": "P7D", "period_kind": "calendar"}
    assert Answer.FAIL == cap(params, a_contact(at("2016-04-27 00:00"))).answer
    assert Answer.PASS == cap(params, a_contact(at("2016-04-26 23:59"))).answer


def test_rolling_days_are_hours_over_a_change_of_the_clocks() -> None:
    """Seven rolling days over the change of clocks are 168 hours: an hour later on the clock in spring."""
    params = MONTH | {"period": "P7D"}
    found = cap(params, a_contact(at("2016-03-24 12:00")), interval=plan("2016-03-31 12:59"))
    assert at("2016-03-31 13:00") == found.cure_ms


@pytest.mark.parametrize(
    ("result", "unit", "answer"),
    [
        ("person", "contact", Answer.FAIL),
        ("other_adult", "contact", Answer.FAIL),
        ("nobody", "contact", Answer.PASS),
        ("nobody", "attempt", Answer.FAIL),
        ("nobody", "unanswered", Answer.FAIL),
        (None, "contact", Answer.UNKNOWN),
        (None, "attempt", Answer.FAIL),
    ],
)
def test_in_review_a_visit_counts_as_what_it_was(result: str | None, unit: str, answer: Answer) -> None:
    """A visit at which nobody was met is an attempt and no contact; not knowing who was met is unknown."""
    before = a_contact(T - DAY_MS, result="attempt" if unit == "unanswered" else "made")
    found = cap(MONTH | {"unit": unit}, before, check=Check.REVIEW, contact_result=result)
    assert answer == found.answer


def test_in_review_the_visit_is_not_counted_twice() -> None:
    """A visit that stands in the log is the visit reviewed, at the gate the same would be another; later ones wait."""
    own, later = a_contact(T + MINUTE_MS), a_contact(VISIT.ends_ms + DAY_MS)
    assert Answer.PASS == cap(MONTH, own, later, check=Check.REVIEW).answer
    assert Answer.FAIL == cap(MONTH, own, later, a_contact(T - DAY_MS), check=Check.REVIEW).answer
    assert Answer.FAIL == cap(MONTH, own).answer


def test_what_was_counted_is_named() -> None:
    """An answer names every contact it counted with its source and time, and none that it did not."""
    counted, gone = a_contact(T - DAY_MS, source="visit"), a_contact(T - 31 * DAY_MS)
    [number, contact] = cap(MONTH, counted, gone).used
    assert ("counted", "1") == (number.name, number.value)
    assert (f"contact {counted.id}", "visit", T - DAY_MS) == (contact.name, contact.source, contact.at_ms)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"channel": "pigeon"}, "'channel' should be one of visit, call, remote, any"),
        ({"unit": "try"}, "'unit' should be one of attempt, contact, answered, unanswered"),
        ({"per": "borrower"}, "'per' should be one of debt, person, number"),
        ({"period_kind": "fixed"}, "'period_kind' should be one of rolling, calendar"),
        ({"period_kind": "calendar", "period": "PT36H"}, "whole days or whole months"),
        ({"period_kind": "calendar", "period": "P1M1D"}, "whole days or whole months"),
    ],
)
def test_words_nobody_knows_are_refused(changed: dict[str, Any], sentence: str) -> None:
    """A cap in words that no code judges cannot be read, rather than never counting."""
    with pytest.raises(ValueError, match=sentence):
        cap(MONTH | changed)


WEEK_APART = {"channel": "visit", "period": "P7D", "after": "contact"}


@pytest.mark.parametrize(
    ("ago_ms", "answer"), [(7 * DAY_MS - 1, Answer.FAIL), (7 * DAY_MS, Answer.PASS), (7 * DAY_MS + 1, Answer.PASS)]
)
def test_the_next_visit_waits_until_the_interval_is_over(ago_ms: int, answer: Answer) -> None:
    """Seven days after a contact a visit may begin, a moment earlier it may not."""
    found = apart(WEEK_APART, a_contact(T - ago_ms), a_contact(T - 20 * DAY_MS))
    assert (answer, None if answer is Answer.PASS else T - ago_ms + 7 * DAY_MS) == (found.answer, found.cure_ms)


def test_an_interval_is_asked_of_its_own_channel() -> None:
    """Time between calls does not concern a visit, says so, and needs no log for it."""
    found = apart(WEEK_APART | {"channel": "call"}, contacts=None)
    assert Answer.PASS == found.answer
    assert found.limit.endswith("this is about each call, not about a visit")


def test_an_interval_follows_what_it_is_after_and_for_whom() -> None:
    """A try is no contact, and a visit on another case is only the person's."""
    tried, elsewhere = a_contact(T - DAY_MS, result="attempt"), a_contact(T - DAY_MS, case_id="case-2")
    assert Answer.PASS == apart(WEEK_APART, tried, elsewhere).answer
    assert Answer.FAIL == apart(WEEK_APART | {"after": "attempt"}, tried).answer
    assert Answer.FAIL == apart(WEEK_APART | {"per": "person"}, elsewhere).answer


def test_an_interval_without_a_log_is_unknown() -> None:
    """No log is unknown, an empty one passes."""
    assert (Answer.UNKNOWN, ("contacts",)) == _missing(apart(WEEK_APART, contacts=None))
    assert (Answer.UNKNOWN, ("place_zone",)) == _missing(apart(WEEK_APART | {"period": "P1M"}, place_zone=None))
    assert Answer.PASS == apart(WEEK_APART).answer


def test_in_review_a_visit_is_not_too_soon_after_itself() -> None:
    """The visit reviewed stands in the log and is not what it is measured against."""
    assert Answer.PASS == apart(WEEK_APART, a_contact(T + MINUTE_MS), check=Check.REVIEW).answer
    assert Answer.FAIL == apart(WEEK_APART, a_contact(T - MINUTE_MS), check=Check.REVIEW).answer
