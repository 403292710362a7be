"""
Questions: what a visit's verdicts leave open, as a reviewer reads it: each thing not known, and the rules that ask.

Comes in: the verdicts that did not pass. Goes out: one question for each missing fact, with the rules it would answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from server.domain.conduct.verdicts import Answer, Verdict

# A missing fact -> how a reviewer is asked; another one is asked by its own name.
ASKED = {
    "conduct_codes": "Was any forbidden conduct seen?",
    "what the reviewer found": "Was it kept? Software cannot tell.",
    "the exact times of the visit": "When exactly was the visit? Its clocks leave it open.",
    "contact_result": "Who was met?",
    "steps_done": "Which steps were taken at the door?",
    "consents": "What had the person agreed to?",
    "crew_size": "How many went?",
    "recordings": "What was recorded?",
    "leave_took_ms": "How long did leaving take?",
}


class Question(NamedTuple):
    """One thing that is not known, and what it would answer: (rule, its limit)."""

    missing: str
    asks: str
    rules: tuple[tuple[str, str], ...]


def find_questions(verdicts: Iterable[Verdict]) -> list[Question]:
    """Give a question for each fact that unknown verdicts lack, the one that answers most first."""
    rules: dict[str, list[tuple[str, str]]] = {}
    for verdict in verdicts:
        if verdict.answer is Answer.UNKNOWN:
            for missing in verdict.missing or ("",):
                rules.setdefault(missing, []).append((verdict.rule_id, verdict.limit))
    return [
        Question(missing, ASKED.get(missing, f"Not known: {missing.replace('_', ' ') or 'why'}."), tuple(sorted(found)))
        for missing, found in sorted(rules.items(), key=lambda each: (-len(each[1]), each[0]))
    ]
