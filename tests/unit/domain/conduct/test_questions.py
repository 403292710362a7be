"""Questions to the reviewer: one for each thing that is not known, with every rule it would answer."""

from __future__ import annotations

from dataclasses import replace

from server.domain.conduct.questions import find_questions
from server.domain.conduct.rules import Confidence, OnUnknown, Severity
from server.domain.conduct.verdicts import Answer, Verdict

OPEN = Verdict(
    "R-1", "BOOK", Answer.UNKNOWN, Severity.BLOCK, OnUnknown.ASK, "never threat", (), ("conduct_codes",), "", None,
    "law", Confidence.PRIMARY, False, "Do not.", "Nobody does.",
)  # fmt: skip


def test_rules_that_lack_the_same_fact_are_one_question() -> None:
    """What answers most is asked first; a rule that lacks two things stands under both."""
    verdicts = [
        replace(OPEN, rule_id="R-3", missing=("consents", "conduct_codes"), limit="no filming"),
        OPEN,
        replace(OPEN, rule_id="R-2", answer=Answer.FAIL),
        replace(OPEN, rule_id="R-4", answer=Answer.PASS),
    ]
    first, second = find_questions(verdicts)

    assert ("conduct_codes", (("R-1", "never threat"), ("R-3", "no filming"))) == (first.missing, first.rules)
    assert "Was any forbidden conduct seen?" == first.asks
    assert ("consents", (("R-3", "no filming"),)) == (second.missing, second.rules)


def test_what_has_no_words_is_asked_by_its_name() -> None:
    """A fact nobody worded a question for is named; a verdict that names none still is a question."""
    [named] = find_questions([replace(OPEN, missing=("place_kind",))])
    [nameless] = find_questions([replace(OPEN, missing=())])

    assert ("Not known: place kind.", "Not known: why.") == (named.asks, nameless.asks)


def test_what_was_answered_asks_nothing() -> None:
    """No verdict is open: no question."""
    assert [] == find_questions([replace(OPEN, answer=Answer.PASS)])
