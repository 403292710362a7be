"""Builders for findings: a clean visit of a crew of two, and the scene around it, to be changed by one fact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from schemas.vocabulary import EventKind, MonoKind, Precision, Role
from server.domain.clock_faults import ClockFault, TimedReading, find_clock_faults
from server.domain.clocks import Basis, Reading, TimeBound
from server.domain.findings.codes import Code
from server.domain.findings.context import ChainFacts, Context, Revision, Span
from server.domain.folding import Assigned, SeenEvent, Visit, fold_visit
from server.domain.geo import Door
from server.domain.travel import Sighting, find_repeats, judge_travel
from server.domain.visit_files import VisitFile

T = 1_476_201_600_000  # 2016-10-11T09:00-07:00, when the visit begins
DAY_MS, HOUR_MS = 86_400_000, 3_600_000
HEARD_MS = T + 700_000  # when both phones are heard
CASE, VISIT = "case-1", "visit-1"
DOOR = Door(0, 0, Precision.DOOR)  # counted with 10 m
E7_PER_M = 1e7 / 111_319.490_8  # along the equator

Bodies = Mapping[str, Any]


@dataclass(frozen=True)
class Example:
    """A code with a scene where it is found, the nearest one where it is not, and one where its fact is not known."""

    found: Context
    facts: Mapping[str, Any]
    near: Context
    near_is: str
    unknown: Context
    unknown_is: str
    key: str = ""


Examples = dict[Code, Example]


def a_fix(metres: float = 0, radius_m: float = 10, **members: Any) -> dict[str, Any]:
    """Build a fix *metres* east of the door, as an event's body holds it; a member that is None is left out."""
    fix = {
        "lat_e7": 0, "lon_e7": round(metres * E7_PER_M), "radius_dm": round(radius_m * 10), "datum": "wgs84",
        "mock": False, "age_ms": 0,
    } | members  # fmt: skip
    return {name: value for name, value in fix.items() if value is not None}


def an_event(
    name: str, second: float, kind: EventKind, body: Bodies, *, seq: int, slack_ms: int = 0,
    basis: Basis = Basis.EXCHANGE, received_ms: int = HEARD_MS, wall_off_ms: int | None = 0, number: int = 0,
) -> SeenEvent:  # fmt: skip
    """Build an event; its name begins with its agent's. Its time is known to the ms, or give or take *slack_ms*."""
    agent = name.split("_")[0]
    at_ms = T + round(second * 1000)
    wall_ms = None if wall_off_ms is None else at_ms + wall_off_ms
    return SeenEvent(
        name, agent, f"{agent}-phone", f"{agent}-chain-{number}", (number, seq), kind.value, 3, body, (),
        Reading(wall_ms, 1_000_000 + round(second * 1000), "boot"),
        TimeBound(at_ms - slack_ms, at_ms + slack_ms, at_ms, basis), received_ms,
    )  # fmt: skip


def at_time(event: SeenEvent, second: float, **changes: Any) -> SeenEvent:
    """Give *event* at another moment."""
    moved = an_event(event.id, second, EventKind(event.kind), event.body, seq=event.order[1], number=event.order[0])
    return replace(moved, received_ms=event.received_ms, **changes)


def with_body(event: SeenEvent, **members: Any) -> SeenEvent:
    """Give *event* with other members in its body."""
    return replace(event, body={**event.body, **members})


CLEAN: dict[str, SeenEvent] = {
    event.id: event
    for event in (
        an_event("ann_starts", 0, EventKind.VISIT_STARTED, {"fixes": [a_fix()]}, seq=2),
        an_event("ann_shows", 60, EventKind.STEP_DONE, {"step": "card_shown", "response": "given"}, seq=3),
        an_event(
            "ann_checks", 90, EventKind.IDENTITY_CHECKED, {"identity": "confirmed", "method": "document_seen"}, seq=4
        ),
        an_event("ann_opens", 100, EventKind.SEALED_PART_OPENED, {"method": "document_seen"}, seq=5),
        an_event(
            "ann_notes", 400, EventKind.OUTCOME_NOTED, {"contact_result": "person", "disposition": "hardship"}, seq=6
        ),
        an_event("ann_ends", 600, EventKind.VISIT_ENDED, {"fixes": [a_fix()], "reason": "completed"}, seq=7),
        an_event("bo_joins", 10, EventKind.CREW_JOINED, {"fixes": [a_fix()]}, seq=2),
        an_event("bo_ends", 610, EventKind.VISIT_ENDED, {"fixes": [a_fix()], "reason": "completed"}, seq=3),
    )
}
ANN = Assigned("ann", Role.LEAD, "ann", T - DAY_MS, None, None, T + DAY_MS)
BO = Assigned("bo", Role.COMPANION, "ann", T - DAY_MS, None, None, T + DAY_MS)


def a_file(name: str = "sha-1", second: float = 10, **members: Any) -> VisitFile:
    """Build a picture that the lead named so many seconds after the visit began, and that has not come yet."""
    at_ms = T + round(second * 1000)
    times = {"named_early_ms": at_ms, "named_late_ms": at_ms, "heard_ms": HEARD_MS}
    given = {"size": 9, "role": "photo", "media_type": "image/jpeg", "agent_id": "ann", "event_id": "ann_files"}
    return VisitFile(name, **(given | times | members))


def promised(event: SeenEvent = CLEAN["ann_notes"], **members: Any) -> SeenEvent:
    """Give an outcome with a promise of 50.00 for the day after the visit."""
    promise = {"amount": 5_000, "currency": "USD", "due": "2016-10-12"} | members
    return with_body(event, disposition="promise", promise=promise)


def a_visit(
    events: Iterable[SeenEvent], assigned: Sequence[Assigned], *, joined: Sequence[str] = (),
    parked: Sequence[str] = (), unreadable: bool = False,
) -> Visit:  # fmt: skip
    """Fold *events* into the visit."""
    return fold_visit(
        CASE, VISIT, list(events), assigned, frozenset(joined), parked, has_unreadable_beside=unreadable
    )


def a_scene(
    events: Mapping[str, SeenEvent | None] | None = None, *, assigned: Sequence[Assigned] = (ANN, BO),
    joined: Sequence[str] = (), parked: Sequence[str] = (), unreadable: bool = False, **around: Any,
) -> Context:  # fmt: skip
    """Build the clean visit with some events changed (None: left out) or added, and what is known around it."""
    told = {name: event for name, event in (CLEAN | dict(events or {})).items() if event is not None}
    known = {
        "now_ms": T + HOUR_MS,
        "door": DOOR,
        "chains": {"ann-phone": ChainFacts(), "bo-phone": ChainFacts()},
        "revisions": (Revision(3, T - DAY_MS, mattered=True),),
        "payments": (),
        "today": "2016-10-11",
        "visited_on": "2016-10-11",
    } | around
    visit = a_visit(told.values(), assigned, joined=joined, parked=parked, unreadable=unreadable)
    return Context(visit, assigned=assigned, **known)


def nothing_known() -> Context:
    """Build a scene in which nothing is known of a visit but its name."""
    return Context(a_visit((), ()), T)


def check_in_with(*fixes: Mapping[str, Any], **around: Any) -> Context:
    """Build the scene of a check-in with these fixes."""
    return a_scene({"ann_starts": with_body(CLEAN["ann_starts"], fixes=list(fixes))}, **around)


def a_span(since_ms: int, until_ms: int, *, agent: str = "ann", case: str = "case-2", **members: Any) -> Span:
    """Build another visit, led by *agent*, its time known to the ms."""
    given = {"lead_agent_id": agent, "agent_ids": frozenset({agent})} | members
    return Span(
        case, "visit-2", earliest_start_ms=since_ms, latest_start_ms=since_ms, earliest_end_ms=until_ms,
        latest_end_ms=until_ms, **given,
    )  # fmt: skip


def with_sightings(context: Context, *sightings: Sighting) -> Context:
    """Give the scene with these sightings of the lead, and what `travel` makes of them for this visit."""
    mine = {place for place, sighting in enumerate(sightings) if sighting.visit_id == VISIT}
    return replace(
        context,
        sightings=sightings,
        leaps=[leap for leap in judge_travel(sightings) if leap.later in mine],
        repeats=[repeat for repeat in find_repeats(sightings) if repeat.again in mine],
    )


def with_clocks(context: Context) -> Context:
    """Give the scene with what `clock_faults` makes of each phone's clocks."""
    faults: dict[str, list[ClockFault]] = {}
    for device in ("ann-phone", "bo-phone"):
        chain = sorted((each for each in context.visit.events if each.device_id == device), key=lambda each: each.order)
        timed = [TimedReading(each.reading, each.bound, each.received_ms, MonoKind.BOOTTIME) for each in chain]
        for fault in find_clock_faults(timed):
            faults.setdefault(chain[fault.event].id, []).append(fault)
    return replace(context, clock_faults=faults)


def with_walls(off_ms: int | None, *names: str, received_ms: int = HEARD_MS) -> dict[str, SeenEvent]:
    """Give the named events with a wall clock that is off, or cannot be read."""
    changed = {}
    for name in names:
        event = CLEAN[name]
        wall_ms = None if off_ms is None else event.bound.estimate_ms + off_ms
        changed[name] = replace(event, reading=replace(event.reading, wall_ms=wall_ms), received_ms=received_ms)
    return changed
