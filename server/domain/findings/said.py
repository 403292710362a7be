"""
Findings of what an agent wrote: notes, answers and objections that may speak of what should not be.

A pattern flags and decides nothing; what was written before a correction is read as well. Which words matched stands in
the facts, never in the sentence: sentences travel to devices and stay in decisions, facts are blanked by an erasure.
"""

from __future__ import annotations

from collections.abc import Iterator

from schemas.vocabulary import EventKind
from server.domain.conduct.notes import NoteCode, find_spans
from server.domain.findings.codes import Code, Finding
from server.domain.findings.context import Context

# Kind of event -> the member of its body that holds an agent's own words.
WRITTEN: dict[str, str] = {
    EventKind.VISIT_STARTED: "override_reason",
    EventKind.STEP_DONE: "note",
    EventKind.RECORDING_CHANGED: "reason",
    EventKind.APPOINTMENT_AGREED: "note",
    EventKind.OUTCOME_NOTED: "note",
    EventKind.HOLD_PLACED: "note",
    EventKind.QUESTION_ANSWERED: "answer",
    EventKind.EVENT_CORRECTED: "reason",
}
ABOUT: dict[NoteCode, str] = {
    NoteCode.THREAT: "a threat",
    NoteCode.SHAMING: "shaming",
    NoteCode.DISCLOSURE: "telling others",
    NoteCode.PAYMENT_TO_AGENT: "a payment to the agent",
    NoteCode.AGENT_THREATENED: "a threat to the agent",
}


def find_note_flagged(context: Context) -> list[Finding]:
    """Find what may speak of threats, shaming, telling others or money taken: once for each text and pattern."""
    found: dict[str, Finding] = {}
    for source, kind, text in _texts(context):
        for span in find_spans(text):
            key = f"{source}/{span.pattern}"
            facts = {
                "about": ABOUT[span.code], "written_in": kind.replace("_", " "), "pattern": span.pattern,
                "from_letter": span.start + 1, "to_letter": span.end, "matched": text[span.start : span.end],
            }  # fmt: skip
            found.setdefault(key, Finding(Code.NOTE_FLAGGED, facts, key))
    return [found[key] for key in sorted(found)]


def _texts(context: Context) -> Iterator[tuple[str, str, str]]:
    """Give each text with what it stands in: the crew's, of those beside it, and objections to findings."""
    for event in (*context.visit.events, *context.visit.beside):
        name = WRITTEN.get(event.kind)
        for body in (event.body, event.body_before):
            text = None if name is None or body is None else body.get(name)
            if isinstance(text, str):
                yield event.id, event.kind, text
    for finding_id, text in context.contests.items():
        yield finding_id, EventKind.FINDING_CONTESTED.value, text
