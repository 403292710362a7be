"""
Folding: the events of one visit, from one or more chains, become the visit.

Comes in: every event that names (case_id, visit_id), in any order, and who was assigned. Goes out: a `Visit`. The
fold reads a device's chains along their `previous` links, each by seq, an event at its first place; nothing depends
on the order in which devices were heard (E8). Companions join by assignment or by the lead's QR, others are kept
beside the visit (E11).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from schemas.vocabulary import EventKind, Role, Step
from server.domain.clocks import Reading, TimeBound


@dataclass(frozen=True, slots=True)
class SeenEvent:
    """
    One accepted event with what the server knows of it: its place, its clocks, and the bound of its true time.

    `order` is its place in its device's history: (chain's number along `previous`, seq).
    """

    id: str
    agent_id: str
    device_id: str
    chain_id: str
    order: tuple[int, int]
    kind: str
    packet_rev: int | None
    body: Mapping[str, Any]
    files: tuple[Mapping[str, Any], ...]
    reading: Reading
    bound: TimeBound
    received_ms: int
    flags: tuple[str, ...] = ()
    body_before: Mapping[str, Any] | None = None  # as it was recorded, where it was corrected


def may_precede(event: SeenEvent, other: SeenEvent) -> bool:
    """Say whether *event* can have happened before *other*: on one device its order tells, else the bounds."""
    if event.device_id == other.device_id:
        return event.order < other.order
    return event.bound.earliest_ms < other.bound.latest_ms


@dataclass(frozen=True, slots=True)
class Assigned:
    """An agent's assignment of the case: role, and from when until when (ms; None while it lasts)."""

    agent_id: str
    role: Role
    lead_agent_id: str
    from_ms: int
    until_ms: int | None
    reason: str | None
    lease_until_ms: int


@dataclass(frozen=True, slots=True)
class Part:
    """What one agent of the crew did on the visit, in order."""

    agent_id: str
    is_assigned: bool
    events: tuple[SeenEvent, ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """One attempt at a door. `lead` is None where nobody recorded a check-in."""

    case_id: str
    visit_id: str
    lead: Part | None
    companions: tuple[Part, ...] = ()
    beside: tuple[SeenEvent, ...] = ()
    parked: tuple[str, ...] = ()  # ids of parked events that name this visit
    has_unreadable_beside: bool = False  # an unreadable event stands next to the visit's events in their chain

    @property
    def events(self) -> tuple[SeenEvent, ...]:
        """Every event of the crew, in time order."""
        parts = [*self.companions] if self.lead is None else [self.lead, *self.companions]
        found = [event for part in parts for event in part.events]
        return tuple(sorted(found, key=lambda event: (event.bound.estimate_ms, event.order, event.id)))

    @property
    def is_complete(self) -> bool:
        """Say whether absence means anything: nothing parked, nothing unreadable beside (E8)."""
        return not self.parked and not self.has_unreadable_beside

    def last(self, kind: EventKind) -> SeenEvent | None:
        """Give the crew's last event of *kind*."""
        return next((event for event in reversed(self.events) if event.kind == kind), None)

    def first(self, kind: EventKind) -> SeenEvent | None:
        """Give the crew's first event of *kind*."""
        return next((event for event in self.events if event.kind == kind), None)

    @property
    def started(self) -> SeenEvent | None:
        """Give the lead's check-in."""
        return _first_of(self.lead, EventKind.VISIT_STARTED)

    @property
    def ended(self) -> SeenEvent | None:
        """Give the lead's check-out."""
        return _first_of(self.lead, EventKind.VISIT_ENDED)

    @property
    def outcome(self) -> Mapping[str, Any]:
        """Give the body of the last outcome noted; empty where there is none."""
        noted = self.last(EventKind.OUTCOME_NOTED)
        return {} if noted is None else noted.body

    @property
    def steps(self) -> dict[Step, str]:
        """Give the last response to each step done."""
        done = [event.body for event in self.events if event.kind == EventKind.STEP_DONE]
        return {Step(body["step"]): str(body["response"]) for body in done}


def _first_of(part: Part | None, kind: EventKind) -> SeenEvent | None:
    return None if part is None else next((event for event in part.events if event.kind == kind), None)


def fold_visit(
    case_id: str,
    visit_id: str,
    events: Sequence[SeenEvent],
    assigned: Sequence[Assigned],
    joined_by_qr: frozenset[str] = frozenset(),
    parked: Sequence[str] = (),
    *,
    has_unreadable_beside: bool = False,
) -> Visit:
    """
    Fold *events* into one visit (E11).

    The first chain with `visit_started` leads; an agent assigned as lead goes before one who is not. *joined_by_qr*
    names the agents whose `crew_joined` carries the lead's good QR.
    """
    by_agent: dict[str, list[SeenEvent]] = {}
    for event in correct_events(first_places(events)):
        by_agent.setdefault(event.agent_id, []).append(event)
    lead_id = _find_lead(by_agent, assigned)
    companions, beside = [], []
    for agent_id, own in sorted(by_agent.items()):
        if agent_id == lead_id:
            continue
        is_assigned = any(
            each.agent_id == agent_id and each.role == Role.COMPANION and each.lead_agent_id == lead_id
            for each in assigned
        )
        if is_assigned or agent_id in joined_by_qr:
            companions.append(Part(agent_id, is_assigned, tuple(own)))
        else:
            beside += own
    lead = None
    if lead_id is not None:
        is_assigned = any(each.agent_id == lead_id for each in assigned)
        lead = Part(lead_id, is_assigned, tuple(by_agent[lead_id]))
    return Visit(
        case_id, visit_id, lead, tuple(companions), tuple(beside), tuple(sorted(parked)), has_unreadable_beside
    )


def first_places(events: Sequence[SeenEvent]) -> list[SeenEvent]:
    """Give each event once, at its first place in its device's history, in that order (E8)."""
    first: dict[tuple[str, str], SeenEvent] = {}
    for event in sorted(events, key=lambda each: (each.agent_id, each.device_id, each.order)):
        first.setdefault((event.agent_id, event.id), event)
    return list(first.values())


def correct_events(events: Sequence[SeenEvent]) -> list[SeenEvent]:
    """Apply each `event_corrected` to the event of the same agent it names; the correction itself stays."""
    corrections = {
        (event.agent_id, str(event.body["event_id"])): event.body["body"]
        for event in events
        if event.kind == EventKind.EVENT_CORRECTED
    }
    return [
        replace(event, body=corrections[event.agent_id, event.id], body_before=event.body)
        if (event.agent_id, event.id) in corrections
        else event
        for event in events
    ]


def _find_lead(by_agent: Mapping[str, Sequence[SeenEvent]], assigned: Sequence[Assigned]) -> str | None:
    starts = [
        (_rank(agent_id, assigned), event.bound.estimate_ms, event.id, agent_id)
        for agent_id, own in by_agent.items()
        for event in own
        if event.kind == EventKind.VISIT_STARTED
    ]
    return min(starts)[3] if starts else None


def _rank(agent_id: str, assigned: Sequence[Assigned]) -> int:
    roles = {each.role for each in assigned if each.agent_id == agent_id}
    return 0 if Role.LEAD in roles else 1 if roles else 2
