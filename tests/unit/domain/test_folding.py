"""The fold of a visit (E8, E11): any order of events gives the same one; who leads, who belongs, who is beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.vocabulary import EventKind, Role, Step
from server.domain.folding import Assigned, SeenEvent, Visit, first_places, fold_visit
from tests.unit.domain.findings.builders import ANN, BO, CASE, CLEAN, VISIT, a_visit, an_event

STARTED, JOINED, NOTED, ENDED = (
    EventKind.VISIT_STARTED, EventKind.CREW_JOINED, EventKind.OUTCOME_NOTED, EventKind.VISIT_ENDED,
)  # fmt: skip
CORRECTED = EventKind.EVENT_CORRECTED
RIGHT = {"contact_result": "moved", "disposition": "none"}


def start(agent: str, second: float) -> SeenEvent:
    """Build an agent's check-in."""
    return an_event(f"{agent}_starts", second, STARTED, {"fixes": []}, seq=2)


def join(agent: str, second: float = 10) -> SeenEvent:
    """Build an agent's joining."""
    return an_event(f"{agent}_joins", second, JOINED, {"fixes": []}, seq=2)


def correct(event_id: str, body: dict[str, Any], *, agent: str = "ann", seq: int = 50) -> SeenEvent:
    """Build a correction by *agent*."""
    return an_event(f"{agent}_corrects_{seq}", 900, CORRECTED, {"event_id": event_id, "body": body}, seq=seq)


def companion(agent: str, lead: str = "ann") -> Assigned:
    """Build a companion's assignment to *lead*."""
    return replace(BO, agent_id=agent, lead_agent_id=lead)


def fold(*events: SeenEvent, assigned: Sequence[Assigned] = (ANN, BO), joined: Sequence[str] = ()) -> Visit:
    """Fold these events."""
    return a_visit(events, assigned, joined=joined)


def crew_of(visit: Visit) -> tuple[str | None, list[str], list[str]]:
    """Give lead, companions, and who stands beside."""
    lead = None if visit.lead is None else visit.lead.agent_id
    return lead, [part.agent_id for part in visit.companions], sorted({event.agent_id for event in visit.beside})


@st.composite
def piles(draw: st.DrawFn) -> list[SeenEvent]:
    """Draw events of three agents on up to two devices and three chains each, some sent twice, some corrected."""
    places = draw(
        st.lists(
            st.tuples(st.sampled_from(["ann", "bo", "cy"]), st.integers(0, 1), st.integers(0, 2), st.integers(2, 9)),
            unique=True, max_size=14,
        )
    )  # fmt: skip
    pile = []
    for agent, device, number, seq in places:
        kind = draw(st.sampled_from([STARTED, JOINED, NOTED, ENDED, CORRECTED]))
        named = draw(st.integers(0, 5))
        body = {"event_id": f"{agent}_{named}", "body": {"by": seq}} if kind is CORRECTED else {"seq": seq}
        event = an_event(f"{agent}_{draw(st.integers(0, 5))}", draw(st.integers(0, 3)), kind, body, seq=seq)
        chain = f"{agent}-{device}-{number}"
        pile.append(replace(event, device_id=f"{agent}-{device}", chain_id=chain, order=(number, seq)))
    return pile


@given(piles(), st.randoms(use_true_random=False))
def test_any_order_of_events_gives_the_same_visit(pile: list[SeenEvent], random: Any) -> None:
    """E8: in whatever order devices were heard, with whatever sent twice, the fold is the same."""
    assigned, joined = (ANN, BO), frozenset({"cy"})
    expected = fold_visit(CASE, VISIT, pile, assigned, joined)
    heard = pile + random.sample(pile, len(pile) // 2)
    random.shuffle(heard)
    crew = list(assigned)
    random.shuffle(crew)
    visit = fold_visit(CASE, VISIT, heard, crew, joined)

    assert expected == visit
    assert expected.events == visit.events
    assert len({(event.agent_id, event.id) for event in pile}) == len(visit.events) + len(visit.beside)


class TestPlaces:
    """An event at its first place."""

    def test_an_event_sent_again_on_a_later_chain_stays_at_its_first_place(self) -> None:
        """E8: after a fork unreceipted events are sent again; the first place counts, whichever is heard first."""
        first = CLEAN["ann_notes"]
        again = replace(first, chain_id="ann-chain-1", order=(1, 2))

        assert [first] == first_places([again, first])
        assert [first] == first_places([first, again])

    def test_a_device_is_read_along_its_chains(self) -> None:
        """E8: chain after chain along `previous`, each by seq."""
        events = [replace(CLEAN["ann_notes"], id=str(order), order=order) for order in [(1, 2), (0, 9), (1, 1), (0, 2)]]

        assert [(0, 2), (0, 9), (1, 1), (1, 2)] == [event.order for event in first_places(events)]

    def test_two_agents_may_use_one_id(self) -> None:
        """An id is unique within its agent only."""
        theirs = replace(CLEAN["bo_ends"], id="ann_ends")

        assert 2 == len(first_places([CLEAN["ann_ends"], theirs]))


class TestCrew:
    """E11: who leads, who belongs to the crew, who is kept beside."""

    def test_who_checked_in_first_leads(self) -> None:
        """E11: of two who are not assigned, the first chain with `visit_started` leads."""
        assert "cy" == crew_of(fold(start("di", 20), start("cy", 10), assigned=()))[0]

    def test_the_assigned_lead_goes_before_an_earlier_check_in(self) -> None:
        """E11: an agent assigned as lead leads, whoever else pressed the button first."""
        visit = fold(start("cy", 0), start("bo", 5), start("ann", 20))

        assert ("ann", ["bo"], ["cy"]) == crew_of(visit)

    def test_an_assigned_companion_goes_before_a_stranger(self) -> None:
        """E11: where the lead never checked in, one of the crew leads rather than a stranger."""
        assert "bo" == crew_of(fold(start("cy", 0), start("bo", 20)))[0]

    def test_who_did_not_check_in_does_not_lead(self) -> None:
        """E11: only `visit_started` makes a lead."""
        assert (None, [], ["ann"]) == crew_of(fold(CLEAN["ann_notes"]))

    def test_a_companion_assigned_to_this_lead_joins(self) -> None:
        """E11: the assignment names the agent as companion, so no QR is needed."""
        visit = fold(start("ann", 0), join("bo"))

        assert ("ann", ["bo"], []) == crew_of(visit)
        assert visit.companions[0].is_assigned

    @pytest.mark.parametrize(
        "row", [companion("bo", lead="di"), replace(BO, role=Role.LEAD), companion("cy")],
        ids=["of another lead", "as lead", "someone else"],
    )  # fmt: skip
    def test_another_assignment_is_no_ticket(self, row: Assigned) -> None:
        """E11: who is not this lead's companion, and brings no QR, is kept beside."""
        assert ("ann", [], ["bo"]) == crew_of(fold(start("ann", 0), join("bo"), assigned=(ANN, row)))

    def test_the_leads_code_lets_anyone_in(self) -> None:
        """E11: `crew_joined` with the lead's QR joins the fold, and says that it was not by assignment."""
        visit = fold(start("ann", 0), join("cy"), joined=["cy"])

        assert ("ann", ["cy"], []) == crew_of(visit)
        assert not visit.companions[0].is_assigned

    def test_companions_come_in_a_fixed_order(self) -> None:
        """E8: whoever was heard first."""
        visit = fold(join("di"), join("cy"), start("ann", 0), joined=["cy", "di"])

        assert ["cy", "di"] == [part.agent_id for part in visit.companions]

    def test_an_assignment_that_has_ended_still_says_who_belonged(self) -> None:
        """E11: work of a crew whose case was moved meanwhile is still one visit."""
        rows = [replace(each, until_ms=1, reason="unassigned") for each in (ANN, BO)]

        assert ("ann", ["bo"], []) == crew_of(fold(start("ann", 0), join("bo"), assigned=rows))

    @pytest.mark.parametrize(("assigned", "expected"), [((ANN,), True), ((), False)])
    def test_a_lead_knows_whether_they_were_assigned(self, assigned: Sequence[Assigned], expected: bool) -> None:
        """A stranger may lead; the visit says so."""
        visit = fold(start("ann", 0), assigned=assigned)

        assert visit.lead is not None
        assert expected == visit.lead.is_assigned

    def test_what_is_beside_is_no_part_of_the_visit(self) -> None:
        """E11: an outcome noted by a stranger is not the visit's."""
        noted = an_event("cy_notes", 500, NOTED, {"contact_result": "nobody", "disposition": "none"}, seq=2)
        visit = a_visit([*CLEAN.values(), noted], (ANN, BO))

        assert (noted,) == visit.beside
        assert CLEAN["ann_notes"].body == visit.outcome
        assert len(CLEAN) == len(visit.events)


class TestCorrections:
    """A mistake is corrected by a later event; nothing is overwritten."""

    def test_a_correction_gives_the_event_its_body(self) -> None:
        """The corrected body counts, and the correction itself stays to be seen."""
        visit = fold(*CLEAN.values(), correct("ann_notes", RIGHT))

        assert RIGHT == visit.outcome
        assert 1 == sum(event.kind == CORRECTED for event in visit.events)

    def test_the_last_correction_counts(self) -> None:
        """Corrected again: the later one in the chain."""
        first, last = correct("ann_notes", {"a": 1}, seq=50), correct("ann_notes", RIGHT, seq=51)

        assert RIGHT == fold(*CLEAN.values(), last, first).outcome

    def test_nobody_corrects_for_another(self) -> None:
        """A companion's correction of the lead's record changes nothing."""
        assert CLEAN["ann_notes"].body == fold(*CLEAN.values(), correct("ann_notes", RIGHT, agent="bo")).outcome

    def test_a_correction_keeps_time_and_place(self) -> None:
        """Only the body is corrected: when and where it was recorded stays, and what it said before."""
        visit = fold(*CLEAN.values(), correct("ann_notes", RIGHT))
        noted = visit.last(NOTED)

        before = CLEAN["ann_notes"]
        assert replace(before, body=RIGHT, body_before=before.body) == noted

    def test_a_correction_of_something_unknown_changes_nothing(self) -> None:
        """What it names may be parked, or another visit's."""
        visit = fold(*CLEAN.values(), correct("elsewhere", RIGHT))

        assert CLEAN["ann_notes"].body == visit.outcome


class TestVisit:
    """What a folded visit says."""

    def test_the_leads_check_in_and_check_out_are_the_visits(self) -> None:
        """A companion who came first and left last does not make the visit longer."""
        early, late = join("bo", -60), replace(CLEAN["bo_ends"], id="bo_late")
        visit = fold(*CLEAN.values(), replace(early, id="bo_early", order=(0, 1)), late)

        assert (CLEAN["ann_starts"], CLEAN["ann_ends"]) == (visit.started, visit.ended)

    def test_a_visit_without_a_lead_neither_began_nor_ended(self) -> None:
        """Nothing is made up."""
        visit = fold(CLEAN["ann_ends"])

        assert (None, None, {}, {}) == (visit.started, visit.ended, visit.outcome, visit.steps)

    def test_events_of_the_crew_come_in_the_order_of_their_true_time(self) -> None:
        """Two phones, one visit."""
        names = [event.id for event in fold(*reversed(CLEAN.values())).events]

        assert [
            "ann_starts", "bo_joins", "ann_shows", "ann_checks", "ann_opens", "ann_notes", "ann_ends", "bo_ends",
        ] == names  # fmt: skip

    def test_first_and_last_of_a_kind_are_the_crews(self) -> None:
        """Whoever of the crew recorded it."""
        visit = fold(*CLEAN.values())

        assert (CLEAN["ann_ends"], CLEAN["bo_ends"]) == (visit.first(ENDED), visit.last(ENDED))
        assert visit.first(EventKind.HOLD_PLACED) is None
        assert visit.last(EventKind.HOLD_PLACED) is None

    def test_a_step_done_again_has_its_last_response(self) -> None:
        """First refused, then given."""
        first = an_event("ann_a", 50, EventKind.STEP_DONE, {"step": "card_shown", "response": "refused"}, seq=30)
        other = an_event("ann_b", 70, EventKind.STEP_DONE, {"step": "purpose_stated", "response": "refused"}, seq=31)

        assert {Step.CARD_SHOWN: "given", Step.PURPOSE_STATED: "refused"} == fold(*CLEAN.values(), first, other).steps

    @pytest.mark.parametrize(
        ("parked", "unreadable", "expected"), [((), False, True), (("p",), False, False), ((), True, False)]
    )
    def test_a_visit_is_complete_if_nothing_is_set_aside(
        self, parked: Sequence[str], unreadable: bool, expected: bool
    ) -> None:
        """E8: a parked event, or an unreadable one beside it, makes absence mean nothing."""
        assert expected == a_visit(CLEAN.values(), (ANN, BO), parked=parked, unreadable=unreadable).is_complete

    def test_parked_events_are_named_in_a_fixed_order(self) -> None:
        """E8: whichever was heard first."""
        assert ("a", "b") == a_visit((), (), parked=["b", "a"]).parked
