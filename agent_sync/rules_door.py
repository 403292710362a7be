"""
The order at the door: card, recording notice, identity, principal, purpose, options and help, outcome, payment, leave.

Comes in: an event about to be recorded, the visit so far, the case's limits. Goes out: remarks. Pure comparisons. What
was left out is warned about; what must not be done, such as recording where it is forbidden, is blocked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from agent_sync.rules import CaseNow, VisitSoFar
from agent_sync.rules_limits import Remark
from schemas.vocabulary import (
    ENTERING_HOME,
    EventKind,
    HoldReason,
    HoldScope,
    Identity,
    IdentityMethod,
    RecordingDuty,
    RecordingMedium,
    RecordingState,
    Step,
    StepResponse,
)

MOST_TRIES = 3  # of each way that can be guessed, in one visit; then only a document, or the end
GUESSED = frozenset({IdentityMethod.LETTER_CODE, IdentityMethod.TWO_FACTS})
BEFORE_IDENTITY = (Step.CARD_SHOWN, Step.RECORDING_NOTICE)
AFTER_IDENTITY = tuple(step for step in Step if step not in BEFORE_IDENTITY)
# What concerns one matter, one address or one telling of it; everything else is about the person, whatever the case.
OF_CASE = frozenset({HoldReason.WRONG_PERSON, HoldReason.DISPUTE})


def check_door(
    kind: str, body: Mapping[str, Any], visit: VisitSoFar, case: CaseNow, media: Collection[str] = ()
) -> Iterator[Remark]:
    """
    Say what speaks against recording an event of *kind* now, by the order at the door. *media*: what its files are.

    >>> [each.code for each in check_door("identity_checked", {"identity": "confirmed"}, VisitSoFar(),
    ...     CaseNow(limits={"steps": ["card_shown"]}))]
    ['out-of-order']
    """
    if kind == EventKind.IDENTITY_CHECKED:
        yield from _check_missing(BEFORE_IDENTITY, visit, case)
        yield from _check_tries(body, visit)
    elif kind == EventKind.STEP_DONE and body.get("step") in set(Step):
        earlier = tuple(Step)[: tuple(Step).index(Step(body["step"]))]
        yield from _check_missing(earlier, visit, case)
    elif kind == EventKind.RECORDING_CHANGED and body.get("state") == RecordingState.STARTED:
        yield from _check_recording(str(body.get("medium")), visit, case)
    elif kind == EventKind.VISIT_ENDED:
        yield from _check_recorded(visit, case)
    for medium in RecordingMedium:
        if medium in media:
            yield from _check_attached(medium, visit, case)


def tries_left(visit: VisitSoFar, method: str) -> int:
    """Give how often identity may still be tried this way in this visit; what cannot be guessed has no end."""
    failed = sum(
        1
        for kind, body in visit.events
        if kind == EventKind.IDENTITY_CHECKED
        and body.get("method") == method
        and body.get("identity") == Identity.FAILED
    )
    return max(0, MOST_TRIES - failed) if method in GUESSED else MOST_TRIES


def scope_of(reason: str) -> HoldScope:
    """
    Say whom a hold of *reason* halts, where nobody says otherwise.

    >>> scope_of("bereavement").value, scope_of("dispute").value
    ('person', 'case')
    """
    return HoldScope.CASE if reason in OF_CASE else HoldScope.PERSON


def must_ask_inside(visit: VisitSoFar) -> bool:
    """Say whether recording stopped before the crew went inside, and the person has not agreed to it since."""
    stops = [
        at
        for at, (kind, body) in enumerate(visit.events)
        if kind == EventKind.RECORDING_CHANGED
        and body.get("state") == RecordingState.STOPPED
        and body.get("reason") == ENTERING_HOME
    ]
    return bool(stops) and _notice_answer(VisitSoFar(visit.events[stops[-1] :])) != StepResponse.GIVEN


def _check_missing(earlier: tuple[Step, ...], visit: VisitSoFar, case: CaseNow) -> Iterator[Remark]:
    asked = (case.limits or {}).get("steps", ())
    missing = [step.value for step in earlier if step in asked and step not in visit.steps_done]
    if missing:
        yield Remark("warn", "out-of-order", f"Not done yet, and comes first: {', '.join(missing)}.")


def _check_tries(body: Mapping[str, Any], visit: VisitSoFar) -> Iterator[Remark]:
    method = str(body.get("method"))
    if body.get("identity") in {Identity.CONFIRMED, Identity.FAILED} and not tries_left(visit, method):
        sentence = f"This way was tried {MOST_TRIES} times in this visit. Look at a document, or end the visit."
        yield Remark("block", "tries-used-up", sentence)


def _check_recording(medium: str, visit: VisitSoFar, case: CaseNow) -> Iterator[Remark]:
    duty = _duties(case).get(medium)
    answer = _notice_answer(visit)
    if duty == RecordingDuty.FORBIDDEN:
        yield Remark("block", "recording-forbidden", f"Recording {medium} is forbidden here. If it runs, stop it.")
    elif duty == RecordingDuty.ONLY_WITH_CONSENT and answer != StepResponse.GIVEN:
        yield Remark("block", "recording-consent", f"Ask before recording {medium}; the person has not agreed to it.")
    elif must_ask_inside(visit):
        sentence = f"Recording stopped before you went inside. Ask before recording {medium} there."
        yield Remark("block", "recording-consent", sentence)
    elif answer is None:
        yield Remark("warn", "recording-notice", "Say that you record before you do.")


def _check_attached(medium: str, visit: VisitSoFar, case: CaseNow) -> Iterator[Remark]:
    duty = _duties(case).get(medium)
    if duty == RecordingDuty.FORBIDDEN:
        sentence = f"Recording {medium} is forbidden here, so no such file is taken. Delete the recording."
        yield Remark("block", "recording-forbidden", sentence)
    elif duty == RecordingDuty.ONLY_WITH_CONSENT and _notice_answer(visit) != StepResponse.GIVEN:
        sentence = f"The person did not agree to be recorded, so no {medium} is taken. Delete the recording."
        yield Remark("block", "recording-consent", sentence)
    elif medium not in _media_started(visit):
        yield Remark("warn", "recording-unannounced", f"No start of {medium} was recorded at this visit.")


def _check_recorded(visit: VisitSoFar, case: CaseNow) -> Iterator[Remark]:
    started = _media_started(visit)
    due = sorted(medium for medium, duty in _duties(case).items() if duty == RecordingDuty.DUTY)
    missing = [medium for medium in due if medium not in started]
    if missing:
        yield Remark("warn", "not-recorded", f"Recording was a duty at this visit: {', '.join(missing)}.")


def _media_started(visit: VisitSoFar) -> set[str]:
    return {
        str(body.get("medium"))
        for kind, body in visit.events
        if kind == EventKind.RECORDING_CHANGED and body.get("state") == RecordingState.STARTED
    }


def _duties(case: CaseNow) -> Mapping[str, str]:
    duties: Mapping[str, str] = (case.limits or {}).get("recording", {})
    return duties


def _notice_answer(visit: VisitSoFar) -> str | None:
    answers = [
        str(body.get("response"))
        for kind, body in visit.events
        if kind == EventKind.STEP_DONE and body.get("step") == Step.RECORDING_NOTICE
    ]
    return answers[-1] if answers else None
