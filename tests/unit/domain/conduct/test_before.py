"""What comes before a visit: steps done, attempts made, notice given, each early enough."""

from __future__ import annotations

from typing import Any

import pytest

from server.domain.conduct.facts import Contact, Interval, Notice
from server.domain.conduct.rules import Check, RuleType
from server.domain.conduct.verdicts import Answer, Finding
from tests.unit.domain.conduct.asking import DAY_MS, HOUR_MS, VISIT, a_contact, ask, at, plan, some_facts

T = VISIT.starts_ms
NOW = T - DAY_MS
STEPS = {"requires": ["digital_contact", "hardship_offer_sent"], "attempts": 3, "over": "P14D"}
OFFERED = {"hardship_offer_sent": True}
NOTICE = {"content": ["purpose", "date"], "lead": "P2D", "media": ["app", "letter"]}


def tried(*days_ago: float, result: str = "sent", channel: str = "message", **changed: Any) -> tuple[Contact, ...]:
    """Give what was tried remotely, each so many days before now."""
    return tuple(a_contact(NOW - round(days * DAY_MS), channel, result, **changed) for days in days_ago)


def step(params: dict[str, Any], check: Check = Check.GATE, **changed: Any) -> Finding:
    """Ask prior steps, where three attempts over 14 days and the offer are in order."""
    given = {"contacts": tried(14, 8, 2), "steps": OFFERED}
    return ask(RuleType.PRIOR_STEP, params, some_facts(**(given | changed)), check)


def sent(before_ms: int, medium: str = "letter", content: tuple[str, ...] = ("purpose", "date"), **more: Any) -> Notice:
    """Give a notice sent so long before the visit."""
    return Notice(T - before_ms, medium, content, **more)


def notice(params: dict[str, Any], *notices: Notice, **changed: Any) -> Finding:
    """Ask a prior notice."""
    return ask(RuleType.PRIOR_NOTICE, params, some_facts(**({"notices": notices} | changed)))


def test_steps_and_attempts_in_order_pass() -> None:
    """Three attempts, the first of them 14 days ago, and the offer the lender vouches for pass."""
    found = step(STEPS)
    assert Answer.PASS == found.answer
    assert 4 == len(found.used)


@pytest.mark.parametrize(
    ("contacts", "answer"),
    [(tried(14, 2), Answer.FAIL), (tried(14, 2, 1), Answer.PASS), (tried(14, 3, 2, 1), Answer.PASS), ((), Answer.FAIL)],
)
def test_attempts_are_counted(contacts: tuple[Contact, ...], answer: Answer) -> None:
    """Two attempts of three needed fail, and no time cures it."""
    found = step(STEPS, contacts=contacts)
    assert (answer, None) == (found.answer, found.cure_ms)


def test_attempts_that_lack_are_said() -> None:
    """The cure says how many more are needed."""
    assert step(STEPS, contacts=tried(14)).cure.startswith("after 2 more remote attempts")
    assert step(STEPS, contacts=tried(14, 2)).cure.startswith("after 1 more remote attempt,")


@pytest.mark.parametrize(("early_ms", "answer"), [(1, Answer.FAIL), (0, Answer.PASS), (-1, Answer.PASS)])
def test_the_first_attempt_is_long_enough_ago(early_ms: int, answer: Answer) -> None:
    """Fourteen days from the first attempt until now are enough, a millisecond less is not, and time cures it."""
    first = a_contact(NOW - 14 * DAY_MS + early_ms, "call", "attempt")
    found = step(STEPS, contacts=(*tried(2, 1), first))
    assert (answer, None if answer is Answer.PASS else NOW + early_ms) == (found.answer, found.cure_ms)


def test_time_alone_does_not_cure_a_step_not_done() -> None:
    """Where the attempts only need time but the offer was not sent, or nobody knows, no moment is named."""
    found = step(STEPS, contacts=tried(3, 2, 1), steps={"hardship_offer_sent": False})
    assert (Answer.FAIL, None) == (found.answer, found.cure_ms)
    assert step(STEPS, contacts=tried(3, 2, 1), steps=None).cure_ms is None
    assert "once this was done: hardship offer sent; from 09:00 on Friday 13 May 2016" == found.cure


@pytest.mark.parametrize(
    "contacts",
    [
        tried(14, 8, 2, result="returned", channel="letter"),
        tried(14, 8, 2, channel="visit", result="made"),
        tried(14, 8, 2, case_id="case-2"),
        tried(-0.5, -0.6, -0.7),
    ],
)
def test_what_is_no_remote_attempt_on_the_case(contacts: tuple[Contact, ...]) -> None:
    """Post that came back, visits, another case's messages and what lies ahead are no attempts."""
    assert Answer.FAIL == step(STEPS, contacts=contacts).answer


@pytest.mark.parametrize("channel", ["message", "app", "call", "letter"])
def test_every_remote_channel_is_digital_contact(channel: str) -> None:
    """One message, app notice, call or letter is a digital contact where no number is asked for."""
    params = {"requires": ["digital_contact"]}
    assert Answer.PASS == step(params, contacts=tried(1, channel=channel)).answer
    assert Answer.FAIL == step(params, contacts=()).answer


@pytest.mark.parametrize(
    ("changed", "missing"),
    [
        ({"steps": None}, ("hardship_offer_sent",)),
        ({"steps": {"forbearance_considered": True}}, ("hardship_offer_sent",)),
        ({"contacts": None}, ("contacts",)),
        ({"case_id": ""}, ("case_id",)),
        ({"steps": None, "contacts": None}, ("hardship_offer_sent", "contacts")),
    ],
)
def test_a_step_nobody_speaks_of_is_unknown(changed: dict[str, Any], missing: tuple[str, ...]) -> None:
    """A step that is not among the lender's, or a log that is not there, is missing; it is never taken as not done."""
    found = step(STEPS, **changed)
    assert (Answer.UNKNOWN, missing) == (found.answer, found.missing)


def test_a_step_not_done_outweighs_what_is_not_known() -> None:
    """One step known to be lacking fails, whatever else is unknown."""
    assert Answer.FAIL == step(STEPS, steps={"hardship_offer_sent": False}, contacts=None).answer
    assert Answer.FAIL == step(STEPS, steps=None, contacts=()).answer


def test_steps_alone_need_no_log() -> None:
    """Where only the lender's steps are asked for, the log is not."""
    params = {"requires": ["forbearance_considered"]}
    assert Answer.PASS == step(params, steps={"forbearance_considered": True}, contacts=None).answer
    assert Answer.FAIL == step(params, steps={"forbearance_considered": False}, contacts=None).answer


def test_months_of_attempts_go_by_the_place() -> None:
    """A month since the first attempt needs the zone, and ends on the last day of a shorter month."""
    params = {"requires": ["digital_contact"], "over": "P1M"}
    assert ("place_zone",) == step(params, place_zone=None).missing
    first = a_contact(at("2016-01-31 12:00"), "call")
    for minutes, answer in ((-1, Answer.FAIL), (0, Answer.PASS)):
        now_ms = at("2016-02-29 12:00") + minutes * 60_000
        assert answer == step(params, contacts=(first,), now_ms=now_ms).answer


def test_in_review_attempts_after_the_visit_began_do_not_count() -> None:
    """Long after a visit, only what was tried until it began is looked at."""
    late = tried(20, 19, -3)
    now_ms = T + 30 * DAY_MS
    assert Answer.FAIL == step(STEPS, Check.REVIEW, contacts=late, now_ms=now_ms).answer
    assert Answer.PASS == step(STEPS, Check.REVIEW, contacts=tried(20, 19, -0.9), now_ms=now_ms).answer


@pytest.mark.parametrize(
    ("before_ms", "answer"),
    [(2 * DAY_MS - 1, Answer.FAIL), (2 * DAY_MS, Answer.PASS), (2 * DAY_MS + 1, Answer.PASS)],
)
def test_a_notice_is_sent_its_lead_before_the_earliest_arrival(before_ms: int, answer: Answer) -> None:
    """Two days to the millisecond are enough; where they are not, the cure is sent + lead."""
    found = notice(NOTICE, sent(before_ms))
    expected = None if answer is Answer.PASS else T - before_ms + 2 * DAY_MS
    assert (answer, expected) == (found.answer, found.cure_ms)


def test_the_cure_of_a_late_notice_is_said_and_holds() -> None:
    """At the moment that is named the notice is early enough; a minute begun is rounded up in words."""
    late = sent(DAY_MS - 1)
    found = notice(NOTICE, late)
    assert found.cure_ms is not None
    assert "from 09:01 on Wednesday 4 May 2016" == found.cure
    assert Answer.PASS == notice(NOTICE, late, interval=Interval(found.cure_ms, found.cure_ms + HOUR_MS)).answer


@pytest.mark.parametrize(
    "bad",
    [
        sent(5 * DAY_MS, is_returned=True),
        sent(5 * DAY_MS, medium="sms"),
        sent(5 * DAY_MS, to="guarantor"),
        sent(5 * DAY_MS, content=("purpose",)),
        sent(-DAY_MS),
    ],
)
def test_what_is_no_notice(bad: Notice) -> None:
    """Returned post, another medium, another addressee, half the content and a notice after the visit are none."""
    found = notice(NOTICE, bad)
    assert (Answer.FAIL, None) == (found.answer, found.cure_ms)
    assert (
        found.cure
        == "once a notice with purpose and date was sent to the borrower by app or letter, 2 days after it was sent"
    )
    assert Answer.PASS == notice(NOTICE, bad, sent(4 * DAY_MS)).answer


def test_content_is_held_by_one_notice() -> None:
    """Two notices that hold half each do not make a whole one; more than what is needed does no harm."""
    halves = [sent(5 * DAY_MS, content=("purpose",)), sent(4 * DAY_MS, content=("date",))]
    assert Answer.FAIL == notice(NOTICE, *halves).answer
    assert Answer.PASS == notice(NOTICE, sent(5 * DAY_MS, content=("date", "agency", "purpose"))).answer


def test_the_newest_whole_notice_counts() -> None:
    """A notice sent anew with everything starts the lead anew; one with half of it does not."""
    assert Answer.FAIL == notice(NOTICE, sent(5 * DAY_MS), sent(DAY_MS)).answer
    assert Answer.PASS == notice(NOTICE, sent(5 * DAY_MS), sent(DAY_MS, content=("date",))).answer


@pytest.mark.parametrize(
    ("params", "changed", "missing"),
    [
        (NOTICE, {"notices": None}, ("notices",)),
        (NOTICE, {"interval": None}, ("interval",)),
        (NOTICE | {"lead": "P1M"}, {"place_zone": None}, ("place_zone",)),
    ],
)
def test_what_a_notice_is_judged_by_may_be_missing(
    params: dict[str, Any], changed: dict[str, Any], missing: tuple[str, ...]
) -> None:
    """Without notices, plan, or the zone of a month, it is unknown; no notice at all is known."""
    found = notice(params, **changed)
    assert (Answer.UNKNOWN, missing) == (found.answer, found.missing)
    assert Answer.FAIL == notice(params).answer


def test_a_notice_without_lead_only_comes_first() -> None:
    """Where no lead is asked for, a notice sent before the visit is enough, by any medium where none is named."""
    params = {"content": ["assignment"], "when": "first_contact"}
    assert Answer.PASS == notice(params, sent(1, "email", ("assignment",))).answer
    assert Answer.FAIL == notice(params, sent(-1, "email", ("assignment",))).answer


@pytest.mark.parametrize("when", ["before_assignee_collects", "before_first_debt_collection"])
def test_only_a_claim_with_a_new_owner_needs_the_notice_of_it(when: str) -> None:
    """Nothing is asked of a claim that was not transferred; whether it was may not be known, and that is said."""
    params = {"content": ["assignment"], "when": when}
    told = sent(DAY_MS, "letter", ("assignment",))

    assert Answer.PASS == notice(params, told, is_transferred=True).answer
    assert Answer.FAIL == notice(params, is_transferred=True).answer
    assert "the claim has no new owner" in notice(params, is_transferred=False, notices=None).limit
    assert Answer.PASS == notice(params, is_transferred=False).answer
    unsaid = notice(params, told)
    assert (Answer.UNKNOWN, ("is_transferred",)) == (unsaid.answer, unsaid.missing)


def test_a_lead_of_a_month_ends_with_a_short_month() -> None:
    """A month from 31 January is over on 29 February at the same local time."""
    early = Notice(at("2016-01-31 09:00"), "letter", ("purpose", "date"))
    for planned, answer in (("2016-02-29 08:59", Answer.FAIL), ("2016-02-29 09:00", Answer.PASS)):
        assert answer == notice(NOTICE | {"lead": "P1M"}, early, interval=plan(planned)).answer
