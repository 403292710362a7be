"""Findings of records: those set aside, and news after the visit was decided."""

from __future__ import annotations

from schemas.vocabulary import Act, EventKind
from server.domain.findings.codes import Code, Finding
from server.domain.findings.context import Context


def find_events_parked(context: Context) -> list[Finding]:
    """Find records set aside or unreadable: while there are any, rules of absence say nothing (E8)."""
    visit = context.visit
    if visit.is_complete:
        return []
    facts = {"parked": len(visit.parked), "unreadable": int(visit.has_unreadable_beside)}
    return [Finding(Code.EVENTS_PARKED, facts)]


def find_late_event(context: Context) -> list[Finding]:
    """
    Find records of the crew that arrived after the last decision on the visit.

    An answer is what a question asks for, and a visit that was returned waits for more: neither is late.
    """
    if context.decided_ms is None or context.decided_act is Act.RETURNED:
        return []
    late = sum(
        event.received_ms > context.decided_ms and event.kind != EventKind.QUESTION_ANSWERED
        for event in context.visit.events
    )
    return [Finding(Code.LATE_EVENT, {"events": late})] if late else []
