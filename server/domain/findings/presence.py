"""
Who was at the door, and surely from when until when: what the rules share about a folded visit.

Comes in: a visit. Goes out: its crew's events at the door, and spans of time. Files, corrections and answers also name
the visit, but are sent from anywhere: they show nobody at the door.
"""

from __future__ import annotations

from schemas.vocabulary import VISIT_KINDS, EventKind
from server.domain.findings.context import Context
from server.domain.folding import Part, SeenEvent, Visit

Interval = tuple[int, int]


def parts_of(visit: Visit) -> tuple[Part, ...]:
    """Give the parts of the whole crew, the lead's first."""
    return visit.companions if visit.lead is None else (visit.lead, *visit.companions)


def crew_events(visit: Visit) -> list[SeenEvent]:
    """Give the crew's events at the door in time order; where nobody checked in, all there are: the fold kept them."""
    events = visit.events if visit.lead is not None else (*visit.events, *visit.beside)
    at_door = [event for event in events if event.kind in VISIT_KINDS]
    return sorted(at_door, key=lambda event: (event.bound.estimate_ms, event.order, event.id))


def last_of(visit: Visit, kind: EventKind) -> SeenEvent | None:
    """Give the crew's last event of *kind*; where nobody checked in, the last there is."""
    return next((event for event in reversed(crew_events(visit)) if event.kind == kind), None)


def measure_presence(events: list[SeenEvent] | tuple[SeenEvent, ...]) -> Interval | None:
    """
    Give from when until when (ms) whoever recorded *events* surely was at the door; None where nothing is sure.

    Someone was there at the latest when the first of them can have happened last, and still there when the last of
    them can have happened first.
    """
    bounds = [event.bound for event in events if event.kind in VISIT_KINDS and event.bound.is_certain]
    if not bounds:
        return None
    since, until = min(bound.latest_ms for bound in bounds), max(bound.earliest_ms for bound in bounds)
    return (since, until) if since < until else None


def measure_overlap(mine: Interval | None, theirs: Interval | None) -> int:
    """
    Give for how long (ms) two intervals surely overlap, 0 where they do not or one is not known.

    >>> measure_overlap((0, 90), (60, 120)), measure_overlap((0, 60), (60, 120)), measure_overlap(None, (0, 1))
    (30, 0, 0)
    """
    if mine is None or theirs is None:
        return 0
    return max(0, min(mine[1], theirs[1]) - max(mine[0], theirs[0]))


def is_silent(context: Context, agent_id: str) -> bool:
    """
    Say whether nothing more is to be expected of an agent: later work of theirs is here, or they had time enough.

    A chain has no gaps: whose later visit is known has sent what they recorded at this one.
    """
    events = crew_events(context.visit)
    if not events:
        return False
    last_ms = max(event.bound.estimate_ms for event in events)
    is_later = any(agent_id in other.agent_ids and other.earliest_start_ms > last_ms for other in context.others)
    return is_later or context.now_ms - last_ms > context.thresholds.abandon_ms
