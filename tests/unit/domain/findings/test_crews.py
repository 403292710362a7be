"""Findings of crews: a crew together is none; who is elsewhere, missing, early or strange is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.vocabulary import EventKind, Role
from server.domain.clocks import Basis
from server.domain.findings.codes import Code
from server.domain.findings.context import Context
from server.domain.findings.find import find_all
from server.domain.folding import Assigned, SeenEvent
from tests.unit.domain.findings.builders import (
    ANN,
    BO,
    CASE,
    CLEAN,
    VISIT,
    T,
    a_scene,
    a_span,
    an_event,
    at_time,
)
from tests.unit.domain.findings.examples_done import CY_JOINS, NO_BO, SILENT_MS

LONG_AFTER_MS = T + 2 * SILENT_MS
MIDST = (T + 100_000, T + 200_000)
CY_ENDS = an_event("cy_ends", 590, EventKind.VISIT_ENDED, {"fixes": [], "reason": "completed"}, seq=3)


def with_slack(event: SeenEvent, slack_ms: int) -> SeenEvent:
    """Give *event* with its time known only give or take *slack_ms*."""
    bound = event.bound
    return replace(
        event,
        bound=replace(bound, earliest_ms=bound.earliest_ms - slack_ms, latest_ms=bound.latest_ms + slack_ms),
    )


def codes_of(context: Context) -> list[Code]:
    """Give the codes found."""
    return [finding.code for finding in find_all(context)]


class TestTogether:
    """A lead and companions at the door at once: what the software is for, and no finding."""

    @pytest.mark.parametrize("agent", ["ann", "bo"])
    def test_their_other_sheet_is_not_another_crew(self, agent: str) -> None:
        """A companion who recorded under a visit of their own is not a second crew, but is in two visits."""
        scene = a_scene(others=[a_span(*MIDST, agent=agent, case=CASE)])

        assert [Code.AGENT_IN_TWO_VISITS] == codes_of(scene)

    def test_an_assigned_companion_with_a_sheet_of_their_own_is_no_second_crew(self) -> None:
        """The companion recorded nothing here and everything there: one crew, one door."""
        scene = a_scene(NO_BO, others=[a_span(*MIDST, agent="bo", case=CASE)])

        assert [] == codes_of(scene)

    def test_a_guest_with_a_sheet_of_their_own_is_no_second_crew(self) -> None:
        """Joined by the lead's code here, leading a sheet of their own: one crew, and an agent in two visits."""
        scene = a_scene({"cy_joins": CY_JOINS, "cy_ends": CY_ENDS}, joined=["cy"], others=[a_span(*MIDST, agent="cy")])
        same_case = replace(scene, others=[a_span(*MIDST, agent="cy", case=CASE)])

        assert codes_of(scene) == codes_of(same_case) == [Code.AGENT_IN_TWO_VISITS, Code.COMPANION_UNASSIGNED]

    def test_the_lead_on_someone_elses_sheet_is_no_second_crew(self) -> None:
        """This lead took part in the other visit of the case: one crew, two sheets."""
        other = replace(a_span(*MIDST, agent="di", case=CASE), agent_ids=frozenset({"di", "ann"}))

        assert [Code.AGENT_IN_TWO_VISITS] == codes_of(a_scene(others=[other]))

    def test_the_same_visit_is_not_another(self) -> None:
        """A visit is never compared with itself."""
        own = replace(a_span(*MIDST, case=CASE), visit_id=VISIT)

        assert [] == codes_of(a_scene(others=[own]))


class TestAtOnce:
    """The same agent in two visits, two crews at one door."""

    def test_only_the_agent_who_was_in_both_is_told(self) -> None:
        """The companion went to another door while the lead stayed."""
        (finding,) = find_all(a_scene(others=[a_span(*MIDST, agent="bo")]))

        assert (Code.AGENT_IN_TWO_VISITS, ["bo"], 100_000) == (
            finding.code, finding.facts["agent_ids"], finding.facts["least_overlap_ms"]
        )  # fmt: skip

    def test_the_longest_stay_in_both_is_told(self) -> None:
        """The companion came 10 s after the lead; both were at the other door from the beginning to 200 s."""
        other = replace(a_span(T, T + 200_000), agent_ids=frozenset({"ann", "bo"}))
        (finding,) = find_all(a_scene(others=[other]))

        assert (["ann", "bo"], 200_000) == (finding.facts["agent_ids"], finding.facts["least_overlap_ms"])

    def test_a_companion_who_left_early_may_be_elsewhere(self) -> None:
        """The companion checked out at 100 s and was at the next door at 150 s, the lead still here."""
        ends = at_time(CLEAN["bo_ends"], 301)
        scene = a_scene({"bo_ends": ends}, others=[a_span(T + 350_000, T + 500_000, agent="bo")])

        assert [] == codes_of(scene)

    def test_who_had_left_there_may_be_here(self) -> None:
        """The other visit lasts on, but this agent is known to have left it in time."""
        other = a_span(T - 600_000, T + 300_000, present={"bo": (T - 600_000, T), "di": (T - 600_000, T + 300_000)})

        assert [] == codes_of(a_scene(others=[replace(other, agent_ids=frozenset({"bo", "di"}))]))

    def test_what_may_have_been_one_after_the_other_is_no_finding(self) -> None:
        """The other visit began at 599 s give or take 2 s; this one ended at 600 s."""
        other = replace(a_span(T + 599_000, T + 900_000), earliest_start_ms=T + 597_000, latest_start_ms=T + 601_000)

        assert [] == codes_of(a_scene(others=[other]))

    def test_files_sent_in_the_evening_show_nobody_at_the_door(self) -> None:
        """Files and corrections name the visit, but are sent from anywhere, at any time."""
        evening = {
            name: an_event(name, 30_000, kind, {"event_id": "x", "body": {}}, seq=40)
            for name, kind in (("ann_files", EventKind.FILES_ATTACHED), ("bo_mends", EventKind.EVENT_CORRECTED))
        }

        assert [] == codes_of(a_scene(evening, others=[a_span(T + 1_000_000, T + 1_500_000)]))

    def test_two_crews_on_two_cases_are_no_matter(self) -> None:
        """Another crew is always somewhere."""
        assert [] == codes_of(a_scene(others=[a_span(*MIDST, agent="di")]))

    def test_two_crews_one_after_the_other_are_no_finding(self) -> None:
        """The other crew came when this one had left."""
        assert [] == codes_of(a_scene(others=[a_span(T + 600_000, T + 900_000, agent="di", case=CASE)]))

    def test_each_other_visit_is_told_by_itself(self) -> None:
        """Findings are kept apart by the visit they name, and come in a fixed order."""
        others = [replace(a_span(*MIDST), visit_id=name) for name in ("visit-9", "visit-3")]
        found = [finding.key for finding in find_all(a_scene(others=others))]

        assert ["visit-3", "visit-9"] == found


class TestCompanions:
    """Missing, early, unassigned."""

    def test_a_companion_not_heard_of_yet_is_waited_for(self) -> None:
        """A companion's phone may be out of reach for hours."""
        assert [] == codes_of(a_scene(NO_BO))

    def test_a_companions_later_visit_shows_that_they_were_missing(self) -> None:
        """A chain has no gaps: what they recorded here would be here."""
        later = a_span(T + 1_000_000, T + 1_500_000, agent="bo")

        assert [Code.COMPANION_MISSING] == codes_of(a_scene(NO_BO, others=[later]))

    @pytest.mark.parametrize(
        "assigned",
        [
            replace(BO, from_ms=T + 1), replace(BO, until_ms=T + 599_999), replace(BO, lease_until_ms=T + 599_999),
            replace(BO, lead_agent_id="di"), replace(BO, role=Role.LEAD),
        ],
        ids=["from later", "until earlier", "with a shorter lease", "to another lead", "as lead"],
    )  # fmt: skip
    def test_who_was_not_a_companion_throughout_is_not_missed(self, assigned: Assigned) -> None:
        """Only who surely was this lead's companion from check-in to check-out is expected."""
        assert [] == codes_of(a_scene(NO_BO, assigned=(ANN, assigned), now_ms=LONG_AFTER_MS))

    def test_a_companion_assigned_for_just_the_visit_is_missed(self) -> None:
        """From the very millisecond of the check-in to that of the check-out, no longer."""
        just = replace(BO, from_ms=T, until_ms=T + 600_000, lease_until_ms=T + 600_000)

        assert [Code.COMPANION_MISSING] == codes_of(a_scene(NO_BO, assigned=(ANN, just), now_ms=LONG_AFTER_MS))

    @pytest.mark.parametrize("assigned", [replace(BO, from_ms=T), replace(BO, until_ms=T + 600_000)])
    def test_a_companion_who_may_not_have_been_one_is_not_missed(self, assigned: Assigned) -> None:
        """The visit's times are known give or take a second: it may have begun before, or ended after."""
        vague = {name: with_slack(CLEAN[name], 1_000) for name in ("ann_starts", "ann_ends")}

        assert [] == codes_of(a_scene(NO_BO | vague, assigned=(ANN, assigned), now_ms=LONG_AFTER_MS))

    @pytest.mark.parametrize("late", ["ann_ends", "bo_ends"])
    def test_who_may_have_left_in_time_has_not_left_early(self, late: str) -> None:
        """At 299 s, but known only give or take a second, the companion may have left at 300 s."""
        events = {"bo_ends": at_time(CLEAN["bo_ends"], 299.5)}
        events[late] = with_slack(events.get(late, CLEAN[late]), 1_000)

        assert [] == codes_of(a_scene(events))

    def test_a_companion_assigned_twice_is_missed_once(self) -> None:
        """Assignments overlap; people do not."""
        scene = a_scene(NO_BO, assigned=(ANN, BO, replace(BO, from_ms=T - 5)), now_ms=LONG_AFTER_MS)

        assert [Code.COMPANION_MISSING] == codes_of(scene)

    def test_a_companion_who_joined_again_has_not_left(self) -> None:
        """Out at 100 s and in again at 200 s is not leaving."""
        events = {
            "bo_ends": at_time(CLEAN["bo_ends"], 100),
            "bo_again": an_event("bo_again", 200, EventKind.CREW_JOINED, {"fixes": []}, seq=4),
        }

        assert [] == codes_of(a_scene(events))

    @pytest.mark.parametrize("late", ["ann_ends", "bo_ends"])
    def test_what_is_not_certain_is_not_early(self, late: str) -> None:
        """A time by a wall clock alone is no ground to call anyone early."""
        events = {"bo_ends": at_time(CLEAN["bo_ends"], 60)}
        doubted = events.get(late, CLEAN[late])
        events[late] = replace(doubted, bound=replace(doubted.bound, basis=Basis.WALL))

        assert [] == codes_of(a_scene(events))

    def test_who_has_no_code_is_kept_beside_with_a_finding(self) -> None:
        """E11: an agent neither assigned nor with the lead's QR is kept beside the visit, and told of."""
        (finding,) = find_all(a_scene({"cy_joins": CY_JOINS}))

        assert "An agent who was not assigned took part (kept beside the visit)." == finding.sentence

    def test_a_file_sent_by_someone_else_is_nobody_at_the_door(self) -> None:
        """Only who recorded something of the visit itself took part."""
        sent = an_event("cy_files", 30, EventKind.FILES_ATTACHED, {}, seq=2)

        assert [] == codes_of(a_scene({"cy_files": sent}))
