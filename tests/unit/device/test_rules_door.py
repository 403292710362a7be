"""The order at the door: what was left out is warned about, what must not be done is blocked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from agent_sync.rules import CaseNow, VisitSoFar
from agent_sync.rules_door import AFTER_IDENTITY, MOST_TRIES, check_door, scope_of, tries_left
from schemas.vocabulary import ENTERING_HOME, HoldReason, Step

STEPS = [step.value for step in Step]
Event = tuple[str, Mapping[str, Any]]


def done(*steps: str, response: str = "given") -> list[Event]:
    """Give steps as they were recorded."""
    return [("step_done", {"step": step, "response": response}) for step in steps]


def checked(identity: str, method: str) -> Event:
    """Give an identity check."""
    return ("identity_checked", {"identity": identity, "method": method})


def codes(
    kind: str, body: Mapping[str, Any], events: list[Event] | None = None, media: tuple[str, ...] = (), **limits: Any
) -> list[tuple[str, str]]:
    """Give (level, code) of what speaks against it."""
    visit = VisitSoFar((("visit_started", {}), *(events or ())))
    return [(each.level, each.code) for each in check_door(kind, body, visit, CaseNow(limits=limits), media)]


def recorded(medium: str = "audio", state: str = "started") -> dict[str, str]:
    """Give the body of `recording_changed`."""
    return {"medium": medium, "state": state}


def test_a_visit_in_order_is_never_remarked_on() -> None:
    """Card, notice, identity, then each step as the list has them: nothing is said."""
    events: list[Event] = []
    for step in STEPS:
        if step == AFTER_IDENTITY[0]:
            assert [] == codes("identity_checked", {"identity": "confirmed"}, events, steps=STEPS)
        assert [] == codes("step_done", {"step": step}, events, steps=STEPS)
        events += done(step)


@pytest.mark.parametrize("step", STEPS[1:])
def test_a_step_that_comes_before_its_own_is_warned_about(step: str) -> None:
    """Each step that was left out is named; one that nobody asks for is not."""
    earlier = STEPS[: STEPS.index(step)]
    visit = VisitSoFar()
    [remark] = check_door("step_done", {"step": step}, visit, CaseNow(limits={"steps": STEPS}))

    assert ("warn", "out-of-order") == (remark.level, remark.code)
    assert all(name in remark.sentence for name in earlier)
    assert [] == codes("step_done", {"step": step}, steps=[step])


def test_identity_comes_after_the_card() -> None:
    """Asking who somebody is without having shown the card is warned about."""
    assert [("warn", "out-of-order")] == codes("identity_checked", {"identity": "declined"}, steps=STEPS)
    assert [] == codes("identity_checked", {"identity": "declined"}, done("card_shown"), steps=["card_shown"])


@pytest.mark.parametrize("method", ["letter_code", "two_facts"])
def test_a_way_that_can_be_guessed_has_three_tries(method: str) -> None:
    """After three failed ones neither failing nor fitting is recorded; another way and declining still are."""
    failed = [checked("failed", method)] * MOST_TRIES
    blocked = [("block", "tries-used-up")]

    assert [] == codes("identity_checked", {"identity": "confirmed", "method": method}, failed[1:])
    assert blocked == codes("identity_checked", {"identity": "confirmed", "method": method}, failed)
    assert blocked == codes("identity_checked", {"identity": "failed", "method": method}, failed)
    assert [] == codes("identity_checked", {"identity": "confirmed", "method": "document_seen"}, failed)
    assert [] == codes("identity_checked", {"identity": "declined"}, failed)
    assert [1, 0] == [tries_left(VisitSoFar(tuple(some)), method) for some in (failed[1:], failed)]


def test_recording_where_it_is_forbidden_is_blocked() -> None:
    """The medium named is the one forbidden; stopping is always recorded."""
    held: Any = {"recording": {"audio": "forbidden"}}

    assert [("block", "recording-forbidden")] == codes("recording_changed", recorded(), done(*STEPS[:2]), **held)
    assert [] == codes("recording_changed", recorded("video"), done(*STEPS[:2]), **held)
    assert [] == codes("recording_changed", recorded(state="stopped"), **held)


def test_recording_with_consent_waits_for_the_answer() -> None:
    """Neither silence nor a refusal is consent; the last answer counts."""
    held: Any = {"recording": {"audio": "only_with_consent"}}
    yes, no = done("recording_notice"), done("recording_notice", response="refused")
    blocked = [("block", "recording-consent")]

    assert [blocked, blocked, [], blocked] == [
        codes("recording_changed", recorded(), events, **held) for events in ([], no, yes, yes + no)
    ]


def test_a_duty_to_record_is_announced_and_asked_after() -> None:
    """Starting without notice, and leaving without a recording, are warned about."""
    held: Any = {"recording": {"audio": "duty"}}
    notice = done("recording_notice")
    running: list[Event] = [("recording_changed", recorded())]

    assert [("warn", "recording-notice")] == codes("recording_changed", recorded(), **held)
    assert [] == codes("recording_changed", recorded(), notice, **held)
    assert [("warn", "not-recorded")] == codes("visit_ended", {}, notice, **held)
    assert [] == codes("visit_ended", {}, notice + running, **held)


@pytest.mark.parametrize("duty", ["duty", "only_with_consent", ""])
def test_inside_a_home_recording_waits_for_a_yes_that_was_given_there(duty: str) -> None:
    """Stopped for `entering home`, no medium begins again before it; what was recorded before is attached as ever."""
    held: Any = {"recording": {"audio": duty, "video": duty}} if duty else {}
    yes, no = done("recording_notice"), done("recording_notice", response="refused")
    ran: list[Event] = [*yes, ("recording_changed", recorded())]
    inside: list[Event] = [*ran, ("recording_changed", recorded(state="stopped") | {"reason": ENTERING_HOME})]
    paused: list[Event] = [*ran, ("recording_changed", recorded(state="stopped") | {"reason": "rain"})]
    blocked = [("block", "recording-consent")]

    for medium in ("audio", "video"):
        assert [blocked, blocked, [], blocked, blocked] == [
            codes("recording_changed", recorded(medium), events, **held)
            for events in (inside, inside + no, inside + yes, inside + yes + no, inside + yes + inside)
        ]
        assert [] == codes("recording_changed", recorded(medium), paused, **held)
    assert [] == codes("files_attached", {}, inside, media=("audio",), **held)
    assert [] == codes("visit_ended", {}, inside, recording={"audio": "duty"})


@pytest.mark.parametrize("reason", list(HoldReason))
def test_a_hold_halts_the_person_unless_it_concerns_one_case(reason: HoldReason) -> None:
    """A dispute and a wrong person are of one case; all else follows the person."""
    assert ("case" if reason in {"dispute", "wrong_person"} else "person") == scope_of(reason)
