"""What may be recorded, and what a packet's limits say: pure comparisons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from agent_sync import rules
from agent_sync.rules import CaseNow, VisitSoFar
from schemas.vocabulary import ContactResult, Disposition, is_possible

STARTED = ("visit_started", {})
CONFIRMED = ("identity_checked", {"identity": "confirmed"})
ENDED = ("visit_ended", {"reason": "completed"})
HOUR = {"starts": "2026-11-16T08:00:00.000+08:00", "ends": "2026-11-16T20:00:00.000+08:00"}
NOON_MS = 1_794_801_600_000  # 2026-11-16T12:00+08:00


def judge(kind: str, body: Mapping[str, Any] | None = None, *events: Any, **case: Any) -> rules.Verdict:
    """Judge one event of a small size at noon."""
    return rules.may_record(kind, body or {}, 900, VisitSoFar(tuple(events), NOON_MS), CaseNow(**case), NOON_MS, 1000)


def codes(verdict: rules.Verdict) -> list[tuple[str, str]]:
    """Give (level, code) of each remark."""
    return [(remark.level, remark.code) for remark in verdict.remarks]


class TestOrder:
    """What comes before what."""

    def test_nothing_is_recorded_in_a_visit_that_was_not_started(self) -> None:
        """A step before the start is blocked."""
        assert [("block", "not-started")] == codes(judge("step_done", {"step": "card_shown"}))

    def test_a_visit_starts_once(self) -> None:
        """A second start is blocked."""
        assert [("block", "started-twice")] == codes(judge("visit_started", {}, STARTED))

    def test_a_companion_joins_a_visit_started_elsewhere(self) -> None:
        """`crew_joined` opens a visit on the companion's device."""
        assert judge("crew_joined").is_allowed
        assert judge("visit_ended", {"reason": "completed"}, ("crew_joined", {})).is_allowed

    def test_an_ended_visit_takes_no_more_steps(self) -> None:
        """A step after the end is blocked."""
        assert [("block", "ended")] == codes(judge("step_done", {"step": "card_shown"}, STARTED, ENDED))

    @pytest.mark.parametrize("kind", ["outcome_noted", "hold_placed", "appointment_agreed"])
    def test_what_is_often_written_afterwards_is_only_warned_about(self, kind: str) -> None:
        """Outcome, hold and appointment may follow the end, with a word."""
        body = {"contact_result": "nobody", "disposition": "none"}

        assert [("warn", "after-the-end")] == codes(judge(kind, body, STARTED, ENDED))

    def test_files_may_follow_the_end(self) -> None:
        """A body recorder's files are attached once their hash is known."""
        assert [] == codes(judge("files_attached", {}, STARTED, ENDED))

    def test_a_proposal_needs_no_visit(self) -> None:
        """A contact correction stands outside visits."""
        assert [] == codes(judge("contact_proposed", {"changes": []}))


class TestContent:
    """What can be true."""

    @pytest.mark.parametrize("contact", list(ContactResult))
    @pytest.mark.parametrize("disposition", list(Disposition))
    def test_an_impossible_pair_is_blocked_and_a_possible_one_is_not(
        self, contact: ContactResult, disposition: Disposition
    ) -> None:
        """Every pair of the table is judged as the table says."""
        body: dict[str, Any] = {"contact_result": contact.value, "disposition": disposition.value}
        if disposition is Disposition.PROMISE:
            body["promise"] = {"amount": 100, "currency": "USD", "due": "2026-12-01"}
        verdict = judge("outcome_noted", body, STARTED, CONFIRMED)

        assert is_possible(contact, disposition) == verdict.is_allowed

    @pytest.mark.parametrize("promise", [None, {"amount": 0, "due": "2026-12-01"}, {"amount": 5}])
    def test_a_promise_needs_amount_and_date(self, promise: dict[str, Any] | None) -> None:
        """An incomplete promise is blocked."""
        body = {"contact_result": "person", "disposition": "promise"} | ({"promise": promise} if promise else {})

        assert [("block", "promise-incomplete")] == codes(judge("outcome_noted", body, STARTED, CONFIRMED))

    def test_a_promise_is_not_hidden_under_another_outcome(self) -> None:
        """A promise beside `refuses` is blocked."""
        body = {"contact_result": "person", "disposition": "refuses", "promise": {"amount": 5, "due": "2026-12-01"}}

        assert ("block", "promise-without-outcome") in codes(judge("outcome_noted", body, STARTED, CONFIRMED))

    def test_the_sealed_part_waits_for_identity(self) -> None:
        """Opening is blocked before confirmation, and after a later failed check."""
        failed = ("identity_checked", {"identity": "failed"})

        assert not judge("sealed_part_opened", {}, STARTED).is_allowed
        assert not judge("sealed_part_opened", {}, STARTED, CONFIRMED, failed).is_allowed
        assert judge("sealed_part_opened", {}, STARTED, failed, CONFIRMED).is_allowed

    def test_under_a_halt_the_sealed_part_stays_closed(self) -> None:
        """A halt placed in the middle of a visit keeps it closed; what happens is still noted, with a warning."""
        held = ("wrong_person",)

        assert [("block", "on-hold")] == codes(judge("sealed_part_opened", {}, STARTED, CONFIRMED, hold_reasons=held))
        assert [("warn", "on-hold")] == codes(judge("step_done", {"step": "card_shown"}, STARTED, hold_reasons=held))

    def test_the_matter_is_not_spoken_of_before_identity(self) -> None:
        """Naming the principal to someone unconfirmed is stopped; what was said nevertheless bears its reason."""
        told = {"step": "principal_named", "override_reason": "She had opened the letter already."}

        assert [("block", "identity-first")] == codes(judge("step_done", {"step": "principal_named"}, STARTED))
        assert [("warn", "identity-first")] == codes(judge("step_done", told, STARTED))
        assert [] == codes(judge("step_done", {"step": "principal_named"}, STARTED, CONFIRMED))
        assert [] == codes(judge("step_done", {"step": "card_shown"}, STARTED))

    def test_x3_a_larger_event_than_the_server_takes_is_refused(self) -> None:
        """X3: `record` refuses an event above max_event_bytes, and one of exactly that size passes."""
        visit, case = VisitSoFar((STARTED,)), CaseNow()

        assert not rules.may_record("files_attached", {}, 1001, visit, case, 0, 1000).is_allowed
        assert rules.may_record("files_attached", {}, 1000, visit, case, 0, 1000).is_allowed


class TestStarting:
    """When a visit may begin."""

    def test_a_case_that_is_not_here_is_not_visited(self) -> None:
        """Without a packet the start is blocked."""
        assert [("block", "withdrawn")] == codes(judge("visit_started", is_held=False))

    def test_a_hold_stops_the_start(self) -> None:
        """E9: a hold acts: no visit starts on its case."""
        assert [("block", "on-hold")] == codes(judge("visit_started", hold_reasons=("illness",)))

    def test_outside_the_allowed_hours_the_start_is_blocked(self) -> None:
        """Before and after every interval; the sentence says when it opens."""
        early = rules.check_limits({"intervals": [HOUR]}, NOON_MS - 5 * 3_600_000)
        late = rules.check_limits({"intervals": [HOUR]}, NOON_MS + 8 * 3_600_000)

        assert "2026-11-16 08:00" in early[0].sentence
        assert ["outside-hours"] == [remark.code for remark in late]
        assert [] == rules.check_limits({"intervals": [HOUR]}, NOON_MS)

    def test_l3_the_device_warns_before_it_blocks(self) -> None:
        """L3: in the last quarter of an hour a visit may start, and is told so; after it, it may not."""
        limits = {"intervals": [HOUR]}
        at = {minutes: rules.check_limits(limits, NOON_MS + 8 * 3_600_000 - minutes * 60_000) for minutes in (16, 7, 0)}

        assert [[], ["warn"], ["block"]] == [[remark.level for remark in remarks] for remarks in at.values()]
        assert "A visit may start for 7 min more, before 2026-11-16 20:00." == at[7][0].sentence

    def test_l3_what_is_only_warned_of_needs_no_reason(self) -> None:
        """L3: close to closing the start is allowed, with a reason it is not made a block either."""
        soon = {"starts": HOUR["starts"], "ends": "2026-11-16T12:05:00.000+08:00"}
        plain = judge("visit_started", limits={"intervals": [soon]})
        nevertheless = judge("visit_started", {"override_reason": "asked"}, limits={"intervals": [soon]})

        assert [("warn", "closing-soon")] == codes(plain) == codes(nevertheless)

    def test_l2_a_count_blocks_and_a_reason_goes_on(self) -> None:
        """L2: the visits of the case that were started here are compared with the packet's counts."""
        limits = {"counts": [{"unit": "attempt", "most": 1, "period_ms": 86_400_000}]}
        made = (rules.PastVisit("v1", NOON_MS - 3_600_000),)

        assert [("block", "too-often")] == codes(judge("visit_started", limits=limits, visits=made))
        assert judge("visit_started", limits=limits).is_allowed
        assert judge("visit_started", {"override_reason": "asked"}, limits=limits, visits=made).is_allowed

    def test_no_intervals_limit_nothing(self) -> None:
        """An absent limit limits nothing."""
        assert [] == rules.check_limits({}, 0)

    def test_a_crew_too_small_is_blocked(self) -> None:
        """`crew_min` is compared with the packet's crew."""
        assert [("block", "crew-too-small")] == codes(judge("visit_started", limits={"crew_min": 2}))
        assert judge("visit_started", limits={"crew_min": 2}, crew_size=2).is_allowed

    def test_a_reason_turns_every_block_of_the_start_into_a_warning(self) -> None:
        """Who starts nevertheless says why, and the office sees it."""
        verdict = judge(
            "visit_started", {"override_reason": "asked by phone"}, hold_reasons=("illness",), is_held=False
        )

        assert verdict.is_allowed
        assert 2 == len(verdict.warnings)


class TestDuring:
    """What is said while a visit is open."""

    def test_a_withdrawn_case_says_so_at_every_record_but_the_end(self) -> None:
        """F3: the device says that the case was withdrawn and the visit should end."""
        assert [("warn", "withdrawn")] == codes(judge("step_done", {"step": "card_shown"}, STARTED, gone="closed"))
        assert ("warn", "withdrawn") not in codes(judge("visit_ended", {}, STARTED, gone="closed"))

    def test_staying_too_long_is_said(self) -> None:
        """After the longest stay every record carries the word to leave."""
        visit = VisitSoFar((STARTED,), NOON_MS - 1_800_001)
        case = CaseNow(limits={"longest_stay_ms": 1_800_000})
        verdict = rules.may_record("step_done", {"step": "card_shown"}, 1, visit, case, NOON_MS, 10)

        assert [("warn", "stay-too-long")] == codes(verdict)

    @pytest.mark.parametrize(("minutes", "expected"), [(24, []), (25, ["leave-soon"]), (30, ["leave-soon"])])
    def test_that_it_is_nearly_time_to_leave_is_said_first(self, minutes: int, expected: list[str]) -> None:
        """In the last five minutes of the longest stay, before it is over."""
        visit = VisitSoFar((STARTED,), NOON_MS - minutes * 60_000)
        case = CaseNow(limits={"longest_stay_ms": 1_800_000})
        verdict = rules.may_record("step_done", {"step": "card_shown"}, 1, visit, case, NOON_MS, 10)

        assert expected == verdict.codes

    def test_ending_says_what_was_left_out(self) -> None:
        """No outcome, and steps a packet asks for when the person was met."""
        outcome = ("outcome_noted", {"contact_result": "person", "disposition": "none"})
        limits = {"steps": ["card_shown", "recording_notice"]}
        shown = ("step_done", {"step": "card_shown"})

        assert [("warn", "no-outcome")] == codes(judge("visit_ended", {}, STARTED))
        verdict = judge("visit_ended", {}, STARTED, shown, outcome, limits=limits)
        assert ["Not done at the door: recording_notice."] == verdict.warnings


class TestTimes:
    """Which time is gone by."""

    def test_f3_a_clock_set_back_lengthens_no_lease(self) -> None:
        """F3: leases use the larger of wall time and last server time plus monotonic advance."""
        assert 5_500 == rules.now_for_leases(1_000, 600, "b", (5_000, 100, "b"))
        assert 9_000 == rules.now_for_leases(9_000, 600, "b", (5_000, 100, "b"))

    def test_f3_after_a_restart_the_last_server_time_still_holds(self) -> None:
        """F3: in another boot the counter says nothing, the last server time still bounds from below."""
        assert 5_000 == rules.now_for_leases(1_000, 600, "c", (5_000, 100, "b"))

    def test_the_best_guess_prefers_the_server(self) -> None:
        """Within one boot the server's time goes on by the counter, whatever the wall clock says."""
        assert 5_500 == rules.best_now(99_000, 600, "b", (5_000, 100, "b"))
        assert 99_000 == rules.best_now(99_000, 600, "c", (5_000, 100, "b"))
        assert 7 == rules.best_now(7, 600, "b", None)
