"""Findings of feedback: what the person says against what was recorded, question by question."""

from __future__ import annotations

import pytest

from schemas.vocabulary import EventKind
from server.domain.conduct.voices import ANSWERS, QUESTIONS
from server.domain.findings.codes import Code
from server.domain.findings.context import Context
from server.domain.findings.find import find_all
from server.domain.folding import SeenEvent
from tests.unit.domain.findings.builders import CLEAN, a_scene, an_event, with_body

GIVEN = an_event("ann_gives", 200, EventKind.STEP_DONE, {"step": "options_given", "response": "given"}, seq=9)
SENT_AWAY = with_body(CLEAN["ann_ends"], reason="asked_to_leave")
NOT_SHOWN = with_body(CLEAN["ann_shows"], response="refused")


def met(result: str) -> SeenEvent:
    """Give the outcome with somebody else met, or nobody."""
    return with_body(CLEAN["ann_notes"], contact_result=result, disposition="none")


def contradicted(context: Context) -> list[str]:
    """Give the questions whose answers contradict the record."""
    return [finding.key for finding in find_all(context) if finding.code is Code.FEEDBACK_CONTRADICTS]


@pytest.mark.parametrize(
    ("question", "answer", "against", "not_against"),
    [
        ("came", "no", {}, {"ann_notes": met("nobody")}),
        ("came", "no", {"ann_notes": met("other_adult")}, {"ann_notes": None}),
        ("card", "no", {}, {"ann_shows": NOT_SHOWN}),
        ("told", "no", {"ann_gives": GIVEN}, {}),
        ("left", "no", {"ann_ends": SENT_AWAY}, {}),
        ("others", "yes", {}, {"ann_notes": met("other_adult")}),
        ("others", "yes", {"ann_notes": met("nobody")}, {"ann_notes": met("only_minor")}),
    ],
)
def test_an_answer_contradicts_only_what_was_recorded(
    question: str, answer: str, against: dict[str, SeenEvent | None], not_against: dict[str, SeenEvent | None]
) -> None:
    """Against a record that says otherwise it is found; against one that does not, or says nothing, it is not."""
    assert [question] == contradicted(a_scene(against, feedback={question: answer}))
    assert [] == contradicted(a_scene(not_against, feedback={question: answer}))


@pytest.mark.parametrize("answers", [None, {}, dict.fromkeys(QUESTIONS, "unsure")])
def test_who_is_unsure_or_silent_contradicts_nobody(answers: dict[str, str] | None) -> None:
    """No answer and an unsure one are never held against anybody."""
    assert [] == contradicted(a_scene({"ann_gives": GIVEN, "ann_ends": SENT_AWAY}, feedback=answers))


def test_answers_that_agree_are_no_finding() -> None:
    """A person who says what was recorded is believed without a word."""
    agreeing = {"came": "yes", "card": "yes", "told": "yes", "left": "yes", "others": "no"}

    assert set(agreeing) == set(QUESTIONS)
    assert set(agreeing.values()) <= set(ANSWERS)
    assert [] == contradicted(a_scene({"ann_gives": GIVEN, "ann_ends": SENT_AWAY}, feedback=agreeing))
