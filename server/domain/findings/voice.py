"""
Findings of feedback: where what the person says of a visit and what was recorded of it cannot both be so.

An answer is no proof and a record is none: the reviewer asks both. Who is unsure, or says nothing, contradicts nobody;
and what was not recorded contradicts no answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from schemas.vocabulary import ContactResult, EndReason, EventKind, Step, StepResponse
from server.domain.findings.codes import Code, Finding
from server.domain.findings.context import Context
from server.domain.findings.presence import crew_events, last_of
from server.domain.folding import Visit

MET = (ContactResult.PERSON, ContactResult.OTHER_ADULT, ContactResult.ONLY_MINOR)
NOBODY_ELSE = (ContactResult.PERSON, ContactResult.NOBODY)


def find_feedback_contradicts(context: Context) -> list[Finding]:
    """Find each question whose answer contradicts the record; its key is the question."""
    answers = context.feedback or {}
    return [
        Finding(
            Code.FEEDBACK_CONTRADICTS, {"question": question, "answer": answer, "recorded": recorded}, key=question
        )
        for question, answer, recorded in _recorded_otherwise(context.visit)
        if answers.get(question) == answer
    ]


def _recorded_otherwise(visit: Visit) -> Iterator[tuple[str, str, str]]:
    """Give (question, the answer that the record contradicts, what the record says)."""
    noted = last_of(visit, EventKind.OUTCOME_NOTED)
    result = None if noted is None else noted.body.get("contact_result")
    if result in MET:
        yield "came", "no", f"somebody was met ({result})"
    if _was_given(visit, Step.CARD_SHOWN):
        yield "card", "no", "the card was shown"
    if _was_given(visit, Step.OPTIONS_GIVEN):
        yield "told", "no", "the options were given"
    if visit.ended is not None and visit.ended.body.get("reason") == EndReason.ASKED_TO_LEAVE:
        yield "left", "no", "the visit was ended because they were asked to leave"
    if result in NOBODY_ELSE:
        yield "others", "yes", f"nobody else was met ({result})"


def _was_given(visit: Visit, step: Step) -> bool:
    return any(
        event.kind == EventKind.STEP_DONE
        and event.body.get("step") == step
        and event.body.get("response") == StepResponse.GIVEN
        for event in crew_events(visit)
    )
