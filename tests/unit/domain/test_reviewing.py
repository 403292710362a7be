"""The states of a visit: every state × every happening against one table written by hand, and the fold over them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import permutations

import pytest

from schemas.vocabulary import Act, EventKind
from server.domain.folding import SeenEvent, Visit
from server.domain.reviewing import Decided, Happening, State, apply, fold_state, permitted_acts
from tests.unit.domain.findings.builders import ANN, BO, CLEAN, HEARD_MS, HOUR_MS, T, a_visit, an_event

# Rows: where a visit stands. Columns: what happens to it. "." changes nothing, "-" is refused.
OBSERVED = """
                 news             ended            files_missing   went_silent  answered
open             .                awaiting_review  .               abandoned    .
abandoned        open             awaiting_review  .               .            answered
awaiting_files   .                .                .               .            .
awaiting_review  .                .                awaiting_files  .            .
returned         .                .                .               .            answered
answered         .                .                .               .            .
approved         awaiting_review  awaiting_review  .               .            awaiting_review
rejected         awaiting_review  awaiting_review  .               .            awaiting_review
"""
DONE = """
                 approved  returned  rejected  amended
open             -         -         -         -
abandoned        -         returned  rejected  approved
awaiting_files   -         returned  rejected  -
awaiting_review  approved  returned  rejected  approved
returned         approved  returned  rejected  approved
answered         approved  returned  rejected  approved
approved         -         returned  rejected  -
rejected         approved  returned  -         -
"""
Table = dict[tuple[State, Happening], State | None]
ABANDON_MS = 12 * HOUR_MS
DECIDED_MS = HEARD_MS + HOUR_MS
LATE_MS = DECIDED_MS + HOUR_MS
UNENDED = [CLEAN[name] for name in ("ann_starts", "ann_notes")]


def read_table(text: str) -> Table:
    """Read a table of states by happenings."""
    head, *rows = [line.split() for line in text.strip().splitlines()]
    return {
        (State(state), Happening(happening)): State(state) if word == "." else None if word == "-" else State(word)
        for state, *words in rows
        for happening, word in zip(head, words, strict=True)
    }


EXPECTED: Table = read_table(OBSERVED) | read_table(DONE)


def visit_of(*events: SeenEvent) -> Visit:
    """Fold these events, or all of the clean visit."""
    return a_visit(events or CLEAN.values(), (ANN, BO))


def state_of(
    visit: Visit, *decided: tuple[Act, int], now_ms: int = LATE_MS + HOUR_MS, lacks_files: bool = False
) -> State:
    """Fold the state of *visit* after these decisions."""
    decisions = [Decided(f"d{number}", act, at_ms) for number, (act, at_ms) in enumerate(decided)]
    return fold_state(visit, decisions, now_ms, ABANDON_MS, lacks_files=lacks_files)


def with_late(kind: EventKind, received_ms: int = LATE_MS, agent: str = "ann") -> Visit:
    """Give the clean visit with another event of the lead's, received late."""
    late = an_event(f"{agent}_late", 300, kind, {"event_id": "x", "body": {}}, seq=30, received_ms=received_ms)
    return visit_of(*CLEAN.values(), late)


class TestTable:
    """One step."""

    def test_the_table_is_whole(self) -> None:
        """Every state meets every happening once."""
        assert {(state, happening) for state in State for happening in Happening} == set(EXPECTED)

    @pytest.mark.parametrize(("state", "happening"), list(EXPECTED), ids=lambda each: each.value)
    def test_a_happening_leads_where_the_table_says(self, state: State, happening: Happening) -> None:
        """What is observed moves a visit or leaves it; what a reviewer does moves it or is refused."""
        assert EXPECTED[state, happening] == apply(state, happening)

    @pytest.mark.parametrize("state", list(State))
    def test_permitted_acts_are_those_the_table_does_not_refuse(self, state: State) -> None:
        """What a reviewer is offered is just what will be taken."""
        expected = [act for act in Act if EXPECTED[state, Happening(act.value)] is not None]

        assert expected == permitted_acts(state)

    def test_every_act_and_every_state_can_happen(self) -> None:
        """No state is out of reach, and no act is never permitted."""
        assert set(State) - {State.OPEN} <= set(EXPECTED.values())
        assert set(Act) == {act for state in State for act in permitted_acts(state)}


class TestFold:
    """From what was received and decided to the state."""

    def test_a_visit_is_open_until_it_ends(self) -> None:
        """Check-in and outcome alone are a visit in its course."""
        assert State.OPEN == state_of(visit_of(*UNENDED))

    def test_a_visit_of_which_nothing_is_readable_is_open(self) -> None:
        """Its events are parked: nothing is known but its name."""
        assert State.OPEN == state_of(a_visit((), (), parked=["p"]), now_ms=T + 99 * ABANDON_MS)

    def test_a_companion_who_leaves_does_not_end_it(self) -> None:
        """A visit that only the companion checked out of stays open, so that its silence is noticed."""
        unended = visit_of(*(event for name, event in CLEAN.items() if name != "ann_ends"))

        assert "bo_ends" == unended.events[-1].id
        assert State.OPEN == state_of(unended)
        assert State.ABANDONED == state_of(unended, now_ms=T + 99 * ABANDON_MS)

    def test_an_ended_visit_awaits_review(self) -> None:
        """The lead checked out."""
        assert State.AWAITING_REVIEW == state_of(visit_of())

    def test_an_ended_visit_is_never_abandoned(self) -> None:
        """However long the review takes."""
        assert State.AWAITING_REVIEW == state_of(visit_of(), now_ms=T + 99 * ABANDON_MS)

    def test_an_ended_visit_awaits_its_files(self) -> None:
        """It ended, but a photograph is on its way."""
        assert State.AWAITING_FILES == state_of(visit_of(), lacks_files=True)

    def test_an_open_visit_does_not_await_files(self) -> None:
        """Files are asked for once the visit has ended."""
        assert State.OPEN == state_of(visit_of(*UNENDED), lacks_files=True)

    @pytest.mark.parametrize(("extra_ms", "expected"), [(0, State.OPEN), (1, State.ABANDONED)])
    def test_a_silent_visit_is_abandoned(self, extra_ms: int, expected: State) -> None:
        """The last record can have been made at 400 s at the latest; the setting is counted from there."""
        assert expected == state_of(visit_of(*UNENDED), now_ms=T + 400_000 + ABANDON_MS + extra_ms)

    @pytest.mark.parametrize(
        ("act", "expected"),
        [
            (Act.APPROVED, State.APPROVED), (Act.AMENDED, State.APPROVED), (Act.RETURNED, State.RETURNED),
            (Act.REJECTED, State.REJECTED),
        ],
    )  # fmt: skip
    def test_a_decision_stands(self, act: Act, expected: State) -> None:
        """What a reviewer decides about an ended visit is its state, files or not."""
        assert expected == state_of(visit_of(), (act, DECIDED_MS))
        assert expected == state_of(visit_of(), (act, DECIDED_MS), lacks_files=True)

    @pytest.mark.parametrize("act", [Act.APPROVED, Act.AMENDED, Act.REJECTED])
    @pytest.mark.parametrize("kind", [EventKind.STEP_DONE, EventKind.EVENT_CORRECTED, EventKind.FINDING_CONTESTED])
    def test_late_news_reopens_what_was_decided(self, act: Act, kind: EventKind) -> None:
        """E8: a visit that changed re-opens for review; nothing decided is overwritten."""
        assert State.AWAITING_REVIEW == state_of(with_late(kind), (act, DECIDED_MS))

    def test_a_visit_reopened_is_decided_again(self) -> None:
        """E8: the second decision stands."""
        decided = ((Act.APPROVED, DECIDED_MS), (Act.REJECTED, LATE_MS + 1))

        assert State.REJECTED == state_of(with_late(EventKind.STEP_DONE), *decided)

    def test_a_reopened_visit_awaits_its_late_files(self) -> None:
        """Late news may name a file that has yet to come."""
        late = with_late(EventKind.FILES_ATTACHED)

        assert State.AWAITING_FILES == state_of(late, (Act.APPROVED, DECIDED_MS), lacks_files=True)

    def test_what_was_received_before_the_decision_is_not_late(self) -> None:
        """Received in the very millisecond of the decision counts as before it."""
        assert State.APPROVED == state_of(with_late(EventKind.STEP_DONE, DECIDED_MS), (Act.APPROVED, DECIDED_MS))

    def test_when_it_was_recorded_does_not_matter(self) -> None:
        """Recorded during the visit, received after the decision: news all the same."""
        late = with_late(EventKind.STEP_DONE)
        recorded_ms = {event.id: event.bound.latest_ms for event in late.events}["ann_late"]

        assert recorded_ms < HEARD_MS < DECIDED_MS
        assert State.AWAITING_REVIEW == state_of(late, (Act.APPROVED, DECIDED_MS))

    def test_an_answer_brings_a_returned_visit_back(self) -> None:
        """The question was answered: the reviewer's turn."""
        assert State.ANSWERED == state_of(with_late(EventKind.QUESTION_ANSWERED), (Act.RETURNED, DECIDED_MS))

    def test_news_without_an_answer_leaves_it_returned(self) -> None:
        """The question still stands."""
        assert State.RETURNED == state_of(with_late(EventKind.STEP_DONE), (Act.RETURNED, DECIDED_MS))

    def test_what_is_beside_reopens_nothing(self) -> None:
        """E11: another agent's late events on this visit id do not disturb the decision."""
        late = with_late(EventKind.STEP_DONE, agent="cy")

        assert 1 == len(late.beside)
        assert State.APPROVED == state_of(late, (Act.APPROVED, DECIDED_MS))

    def test_a_decision_that_was_not_permitted_changes_nothing(self) -> None:
        """Approved before it ended: the end brings it to review as if nothing had been said."""
        assert State.AWAITING_REVIEW == state_of(visit_of(), (Act.APPROVED, HEARD_MS - 1))

    def test_the_state_does_not_depend_on_the_order_of_rows(self) -> None:
        """Decisions and events are folded by the server's time, however they were read."""
        decided = [(Act.RETURNED, DECIDED_MS), (Act.APPROVED, LATE_MS + 1), (Act.REJECTED, LATE_MS + 2)]
        visit = with_late(EventKind.QUESTION_ANSWERED)
        states = {state_of(reordered(visit, turn), *order) for turn in (0, 1) for order in permutations(decided)}

        assert {State.REJECTED} == states


def reordered(visit: Visit, turn: int) -> Visit:
    """Give the visit with its lead's events the other way round."""
    assert visit.lead is not None
    events: Iterable[SeenEvent] = reversed(visit.lead.events) if turn else visit.lead.events
    return replace(visit, lead=replace(visit.lead, events=tuple(events)))
