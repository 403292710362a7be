"""
Findings of crews: who was where at once, and who of the crew was missing, left early, or came unasked.

A crew together at one door is no finding. Only what the bounds of the times leave no doubt about is told.
"""

from __future__ import annotations

from schemas.vocabulary import VISIT_KINDS, EventKind, Role
from server.domain.findings.codes import Code, Finding
from server.domain.findings.context import Context, Span
from server.domain.findings.presence import (
    Interval,
    crew_events,
    is_silent,
    measure_overlap,
    measure_presence,
    parts_of,
)
from server.domain.folding import SeenEvent


def find_agent_in_two_visits(context: Context) -> list[Finding]:
    """Find other visits at which an agent of this crew surely was at the same time."""
    found = []
    for other in _others(context):
        at_once = {
            part.agent_id: measure_overlap(measure_presence(part.events), _presence_at(other, part.agent_id))
            for part in parts_of(context.visit)
            if part.agent_id in other.agent_ids
        }
        agent_ids = sorted(agent_id for agent_id, overlap_ms in at_once.items() if overlap_ms > 0)
        if agent_ids:
            facts = {
                "agent_ids": agent_ids,
                "other_case_id": other.case_id,
                "other_visit_id": other.visit_id,
                "least_overlap_ms": max(at_once.values()),
            }
            found.append(Finding(Code.AGENT_IN_TWO_VISITS, facts, key=other.visit_id))
    return found


def find_two_crews(context: Context) -> list[Finding]:
    """
    Find other crews that surely visited this case at the same time.

    Whose companions share a lead, or whose lead is a companion here, is this crew on another sheet, not another crew.
    """
    lead = context.visit.lead
    if lead is None:
        return []
    found = []
    for other in _others(context):
        if other.case_id != context.visit.case_id or other.lead_agent_id is None:
            continue
        if _is_one_crew(context, lead.agent_id, other):
            continue
        overlap_ms = measure_overlap(measure_presence(lead.events), _presence_at(other, other.lead_agent_id))
        if overlap_ms > 0:
            facts = {
                "other_visit_id": other.visit_id,
                "other_lead_agent_id": other.lead_agent_id,
                "least_overlap_ms": overlap_ms,
            }
            found.append(Finding(Code.TWO_CREWS, facts, key=other.visit_id))
    return found


def find_companion_missing(context: Context) -> list[Finding]:
    """
    Find companions who were assigned throughout the visit and recorded nothing; unknown while events are parked.

    Told once nothing more can be expected of them: a companion's phone may be heard hours after the lead's.
    """
    return [
        Finding(Code.COMPANION_MISSING, {"agent_id": agent_id}, key=agent_id)
        for agent_id in _absent(context)
        if is_silent(context, agent_id)
    ]


def is_crew_heard(context: Context) -> bool:
    """Say whether every companion who was assigned throughout has told of the visit, or is not expected to any more."""
    return all(is_silent(context, agent_id) for agent_id in _absent(context))


def find_next_look(context: Context) -> int | None:
    """Give when (ms) time alone may change what is found here: nobody is awaited any more. None if nobody is now."""
    events = crew_events(context.visit)
    if not events:
        return None
    silent_ms = max(event.bound.estimate_ms for event in events) + context.thresholds.abandon_ms + 1
    is_awaited = context.visit.ended is None or not is_crew_heard(context)
    return silent_ms if is_awaited and context.now_ms < silent_ms else None


def _absent(context: Context) -> list[str]:
    """Give the companions who were assigned throughout the visit and recorded nothing; none while events are parked."""
    visit = context.visit
    started = visit.started
    if started is None or not visit.is_complete:
        return []
    until_ms = max(event.bound.latest_ms for event in crew_events(visit))
    expected = {
        each.agent_id
        for each in context.assigned
        if each.role == Role.COMPANION
        and each.lead_agent_id == started.agent_id
        and each.from_ms <= started.bound.earliest_ms
        and (each.until_ms is None or each.until_ms >= until_ms)
        and each.lease_until_ms >= until_ms
    }
    return sorted(expected - {part.agent_id for part in visit.companions})


def find_companion_left_early(context: Context) -> list[Finding]:
    """Find companions who surely left long before the lead ended the visit, and did not join again."""
    ended = context.visit.ended
    if ended is None or not ended.bound.is_certain:
        return []
    found = []
    for part in context.visit.companions:
        left = _last_leaving(part.events)
        if left is None or not left.bound.is_certain:
            continue
        early_ms = ended.bound.earliest_ms - left.bound.latest_ms
        if early_ms > context.thresholds.companion_early_ms:
            facts = {"agent_id": part.agent_id, "least_early_ms": early_ms}
            found.append(Finding(Code.COMPANION_LEFT_EARLY, facts, key=part.agent_id))
    return found


def find_companion_unassigned(context: Context) -> list[Finding]:
    """Find agents who took part without being assigned: by the lead's code, or without it, kept beside (E11)."""
    visit = context.visit
    if visit.lead is None:
        return []
    how = {part.agent_id: "joined by the lead's code" for part in visit.companions if not part.is_assigned}
    how |= {event.agent_id: "kept beside the visit" for event in visit.beside if event.kind in VISIT_KINDS}
    return [
        Finding(Code.COMPANION_UNASSIGNED, {"agent_id": agent_id, "how": how[agent_id]}, key=agent_id)
        for agent_id in sorted(how)
    ]


def _others(context: Context) -> list[Span]:
    """Give the other visits, in a fixed order."""
    own = (context.visit.case_id, context.visit.visit_id)
    others = [other for other in context.others if (other.case_id, other.visit_id) != own]
    return sorted(others, key=lambda other: (other.case_id, other.visit_id))


def _presence_at(other: Span, agent_id: str) -> Interval | None:
    """Give when an agent surely was at another visit; where only the whole visit's time is known, that."""
    if other.present:
        return other.present.get(agent_id)
    return (other.latest_start_ms, other.earliest_end_ms)


def _is_one_crew(context: Context, lead_id: str, other: Span) -> bool:
    crew = {part.agent_id for part in parts_of(context.visit)}
    if other.lead_agent_id in crew or lead_id in other.agent_ids:
        return True
    pair = {lead_id, other.lead_agent_id}
    return any(
        each.role == Role.COMPANION and {each.agent_id, each.lead_agent_id} == pair for each in context.assigned
    )


def _last_leaving(events: tuple[SeenEvent, ...]) -> SeenEvent | None:
    """Give a companion's last check-out, unless they joined again after it."""
    moves = [event for event in events if event.kind in (EventKind.CREW_JOINED, EventKind.VISIT_ENDED)]
    return moves[-1] if moves and moves[-1].kind == EventKind.VISIT_ENDED else None
