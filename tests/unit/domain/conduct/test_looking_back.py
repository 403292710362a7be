"""What a visit tells of itself: its facts as it was, and nothing that it does not tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import Any

import pytest

from schemas.vocabulary import EventKind
from server.domain.clocks import Basis
from server.domain.conduct.facts import Contact, Facts, HoldFacts, Interval
from server.domain.conduct.hours import ContactWindow
from server.domain.conduct.looking_back import interval_of, judge_visit, look_back
from server.domain.conduct.rules import Check, Confidence, Kind, OnUnknown, Rule, Rulebook, RuleType, Severity, Status
from server.domain.conduct.verdicts import Answer
from server.domain.findings.context import Context
from server.domain.folding import SeenEvent
from tests.unit.domain.findings.builders import CASE, CLEAN, HOUR_MS, VISIT, T, a_scene, an_event, at_time, with_body

KNOWN = Facts(T + HOUR_MS, CASE, "person-1", contacts=(), notices=(), holds=(), is_paid=False)
REFUSAL = {"reason": "refusal", "scope": "case"}


def facts_of(scene: Context, known: Facts = KNOWN, others_before: int = 0, *, is_crew_heard: bool = True) -> Facts:
    """Look back at the scene's visit."""
    return look_back(scene.visit, known, others_before, is_crew_heard=is_crew_heard)


def asked_at(second: float, agent: str = "ann") -> dict[str, SeenEvent | None]:
    """Build the record that they were asked to leave; Ann leaves at 600 s."""
    seq = 6 if second < 600 else 9
    name = f"{agent}_asked"
    return {
        name: an_event(name, second, EventKind.HOLD_PLACED, REFUSAL, seq=seq),
        "ann_notes": replace(CLEAN["ann_notes"], order=(0, 5)),
    }


def test_a_whole_visit_tells_everything() -> None:
    """Interval, steps, who was met, how many came, what was opened after which check, what was recorded."""
    recording = an_event("ann_rec", 20, EventKind.RECORDING_CHANGED, {"state": "started", "medium": "audio"}, seq=3)
    facts = facts_of(a_scene({"ann_rec": recording}))

    assert (Interval(T, T + 600_000), T) == (facts.interval, facts.now_ms)
    assert ({"card_shown": "given"}, "person", 2) == (facts.steps_done, facts.contact_result, facts.crew_size)
    assert (True, True, frozenset({"audio"})) == (
        facts.was_sealed_opened, facts.was_identity_confirmed, facts.recordings
    )  # fmt: skip
    assert (0, None) == (facts.others_met, facts.leave_took_ms)


@pytest.mark.parametrize("hidden", [{"parked": ("p",)}, {"unreadable": True}])
def test_while_records_are_parked_absence_is_unknown(hidden: dict[str, Any]) -> None:
    """What may lie among records that cannot be read is not taken as absent."""
    facts = facts_of(a_scene({"ann_opens": None, "ann_checks": None}, **hidden))

    unknown = (facts.steps_done, facts.crew_size, facts.recordings, facts.was_sealed_opened)
    assert (None,) * 5 == (*unknown, facts.was_identity_confirmed)


@pytest.mark.parametrize("changes", [{"basis": Basis.WALL}, {"slack_ms": 300_001}])
def test_where_times_are_guesses_nothing_in_time_is_known(changes: dict[str, Any]) -> None:
    """A guessed start, or one that cannot be told from the end, leaves hours and what came before unknown."""
    ends = an_event("ann_ends", 600, EventKind.VISIT_ENDED, CLEAN["ann_ends"].body, seq=7, **changes)
    starts = an_event("ann_starts", 0, EventKind.VISIT_STARTED, CLEAN["ann_starts"].body, seq=2, **changes)
    facts = facts_of(a_scene({"ann_starts": starts, "ann_ends": ends}))

    assert (None, None, None, None) == (facts.interval, facts.surely, facts.contacts, facts.notices)


def test_a_visit_that_did_not_end_has_no_interval() -> None:
    """Before the lead checks out there is nothing to look back at."""
    assert interval_of(a_scene({"ann_ends": None}).visit) is None


def test_identity_confirmed_after_opening_came_too_late() -> None:
    """The sealed part opened at 80 s, identity confirmed at 90 s: it was not confirmed in time."""
    opens = replace(at_time(CLEAN["ann_opens"], 80), order=(0, 4))
    checks = replace(CLEAN["ann_checks"], order=(0, 5))
    facts = facts_of(a_scene({"ann_opens": opens, "ann_checks": checks, "ann_notes": None}))

    assert (True, False) == (facts.was_sealed_opened, facts.was_identity_confirmed)


@pytest.mark.parametrize(("second", "agent", "took_ms"), [(480, "ann", 120_000), (601, "ann", None), (480, "bo", None)])
def test_leaving_is_timed_on_one_clock(second: float, agent: str, took_ms: int | None) -> None:
    """From the request to the check-out on the same phone; a later request, or another phone's, tells no time."""
    assert took_ms == facts_of(a_scene(asked_at(second, agent))).leave_took_ms


def test_a_hold_placed_at_the_visit_has_its_own_time() -> None:
    """The office dates a hold by when it heard of it, the visit by when it was placed."""
    heard = HoldFacts("ann_asked", "refusal", "case", T + HOUR_MS, None, "device")
    other = HoldFacts("h2", "illness", "case", T - HOUR_MS, None, "office")
    facts = facts_of(a_scene(asked_at(480)), replace(KNOWN, holds=(heard, other)))

    assert facts.holds is not None
    assert [("h2", T - HOUR_MS), ("ann_asked", T + 480_000)] == [(each.id, each.placed_ms) for each in facts.holds]


def test_who_ends_by_being_asked_to_leave_tells_not_since_when() -> None:
    """The reason at check-out alone says that it was so: a cause without a time."""
    facts = facts_of(a_scene({"ann_ends": with_body(CLEAN["ann_ends"], reason="asked_to_leave")}))

    assert (["asked_to_leave"], None) == ([each.reason for each in facts.holds or ()], facts.leave_took_ms)


def test_whoever_is_not_heard_or_not_let_in_leaves_the_crew_open() -> None:
    """A companion still to be heard, or somebody kept beside the visit, may have been there."""
    cy = {"cy_joins": an_event("cy_joins", 30, EventKind.CREW_JOINED, {}, seq=2)}

    assert (None, None) == (facts_of(a_scene(), is_crew_heard=False).crew_size, facts_of(a_scene(cy)).crew_size)


def test_the_visit_is_no_contact_before_itself() -> None:
    """The log up to the start counts, the visit's own row in it does not."""
    rows = [Contact(name, at_ms, "visit", "made", CASE, "p", source="visit") for name, at_ms in
            ((VISIT, T - 1), ("v0", T - 1), ("v1", T))]  # fmt: skip
    facts = facts_of(a_scene(), replace(KNOWN, contacts=tuple(rows)))

    assert ["v0"] == [each.id for each in facts.contacts or ()]


def test_what_became_known_later_does_not_count_against_it() -> None:
    """Paid by now says nothing of then; a dispute raised at the visit was no bar to it, one from before was."""
    raised = (HoldFacts("h", "dispute", "case", T + 1, None, "device"),)
    before = (HoldFacts("h", "dispute", "case", T - 1, None, "office"),)
    later, earlier = (facts_of(a_scene(), replace(KNOWN, holds=holds, is_paid=True)) for holds in (raised, before))

    assert (None, False, True) == (later.is_paid, later.is_disputed, earlier.is_disputed)


@pytest.mark.parametrize(("result", "count"), [("other_adult", 3), ("person", 2), (None, None)])
def test_others_met_count_this_visit(result: str | None, count: int | None) -> None:
    """Somebody else met at this visit is one more; who was met here must be known."""
    notes = None if result is None else with_body(CLEAN["ann_notes"], contact_result=result, disposition="none")

    assert count == facts_of(a_scene({"ann_notes": notes}), others_before=2).others_met


@pytest.mark.parametrize(
    ("slack_ms", "start", "answer"),
    [
        (0, time(9), Answer.PASS), (1000, time(9), Answer.UNKNOWN), (1000, time(9, 1), Answer.FAIL),
    ],
)  # fmt: skip
def test_only_what_is_surely_broken_fails(slack_ms: int, start: time, answer: Answer) -> None:
    """A visit that began at nine give or take a second may have kept a window from nine: that is a question."""
    starts = an_event(
        "ann_starts", 0, EventKind.VISIT_STARTED, CLEAN["ann_starts"].body, seq=2, slack_ms=slack_ms
    )
    rule = Rule(
        "H", RuleType.CONTACT_WINDOW, ContactWindow(start, time(19)), frozenset({Check.DOOR}), Severity.BLOCK,
        OnUnknown.BLOCK, "policy", Confidence.POLICY, Status.POLICY, {"en": "so"}, {"en": "so"},
    )  # fmt: skip
    book = Rulebook("HOUSE", "1", Kind.HOUSE, "America/Los_Angeles", "A house", (rule,), "0" * 64)

    [verdict] = judge_visit([book], facts_of(a_scene({"ann_starts": starts})))

    assert answer is verdict.answer
