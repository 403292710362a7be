"""Gathering: from rows to what the pure rules take: events with bounded times, and all that is around a visit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection

from schemas.vocabulary import Datum, MonoKind, Precision, Role
from server.domain.chain_times import order_estimates
from server.domain.clock_faults import ClockFault, TimedReading, find_clock_faults
from server.domain.clocks import Basis, ClockSample, LastAnswer, Reading, TimeBound, bound_time, parse_wall
from server.domain.conduct.periods import local_day
from server.domain.findings.context import ChainFacts, Revision, Span
from server.domain.folding import Assigned, SeenEvent, Visit
from server.domain.geo import Door, Fix
from server.domain.thresholds import Thresholds
from server.domain.travel import Sighting
from server.services.site import Site
from server.storage import visit_rows
from server.storage.types import AnyRow

AROUND = 30  # how many neighbours in the chain help to order an event's time
NEAR_MS = 18 * 3_600_000  # how far apart visits may be and still say something of each other


class ChainReader:
    """Reads the chains of a visit's devices once: their order, their samples, what was declared lost."""

    def __init__(self, connection: Connection, device_ids: Sequence[str], thresholds: Thresholds) -> None:
        self.connection, self.thresholds = connection, thresholds
        self.chains = {row.pos: row for row in visit_rows.read_chains(connection, device_ids)}
        self.number = _number_chains(list(self.chains.values()))
        self.openings = {
            pos: orjson.loads(content)["body"]
            for pos, content in visit_rows.read_openings(connection, list(self.chains)).items()
        }
        self.faults: dict[str, list[ClockFault]] = {}

    def read_events(self, rows: Sequence[AnyRow]) -> tuple[list[SeenEvent], bool]:
        """Give the accepted events of *rows* with their bounds, and whether an unreadable one stands beside them."""
        seen: list[SeenEvent] = []
        has_unreadable = False
        by_chain: dict[int, list[AnyRow]] = {}
        for row in rows:
            by_chain.setdefault(row.chain_pos, []).append(row)
        for pos, own in by_chain.items():
            low, high = min(row.seq for row in own), max(row.seq for row in own)
            around = visit_rows.read_around(self.connection, pos, low - AROUND, high + AROUND)
            has_unreadable |= any(
                row.problem in {"unreadable", "withheld"} and low - 1 <= row.seq <= high + 1 for row in around
            )
            has_unreadable |= any(row.content is None for row in own)  # withheld, or erased (E12)
            bounds = self._bound(pos, around)
            seen += [
                self._see(row, *bounds[row.id]) for row in own if row.status == "accepted" and row.id in bounds
            ]
        return seen, has_unreadable

    def _see(self, row: AnyRow, reading: Reading, bound: TimeBound) -> SeenEvent:
        members = orjson.loads(row.content)
        return SeenEvent(
            row.id, row.agent_id, row.device_id, row.chain_id, (self.number[row.chain_pos], row.seq), row.kind,
            members.get("packet_rev"), members["body"], tuple(members.get("files", ())), reading, bound,
            row.first_received_ms, tuple(row.flags.split(",")) if row.flags else (),
        )  # fmt: skip

    def _bound(self, pos: int, around: Sequence[AnyRow]) -> dict[str, tuple[Reading, TimeBound]]:
        """Bound the times of a stretch of one chain, and note what its wall clock did wrong."""
        readable = [(row, _reading(row.content)) for row in around if row.status == "accepted" and row.content]
        timed = [(row, reading) for row, reading in readable if reading is not None]
        if not timed:
            return {}
        samples = self._samples(self.chains[pos].device_id, timed)
        bounds = [
            bound_time(reading, samples, received_at_ms=row.first_received_ms, thresholds=self.thresholds)
            for row, reading in timed
        ]
        ordered = order_estimates([row.kind for row, _ in timed], bounds)
        mono = {sample.boot: sample.mono for sample in samples}
        readings = [
            TimedReading(reading, bound, row.first_received_ms, mono.get(reading.boot))
            for (row, reading), bound in zip(timed, ordered, strict=True)
        ]
        for fault in find_clock_faults(readings, self.thresholds):
            self.faults.setdefault(timed[fault.event][0].id, []).append(fault)
        return {row.id: (reading, bound) for (row, reading), bound in zip(timed, ordered, strict=True)}

    def _samples(self, device_id: str, timed: Sequence[tuple[AnyRow, Reading]]) -> list[ClockSample]:
        boots = sorted({reading.boot for _, reading in timed})
        around_ms = max(row.first_received_ms for row, _ in timed)
        rows = visit_rows.read_samples(self.connection, device_id, boots, around_ms)
        return [sample_of(row) for row in rows]

    def facts(self, visit: Visit) -> dict[str, ChainFacts]:
        """Give, for each device of the visit, what its chains say about lost and forked records."""
        own: dict[str, set[str]] = {}
        for event in visit.events:
            own.setdefault(event.device_id, set()).add(event.chain_id)
        found = {}
        for device_id, chain_ids in own.items():
            chains = [row for row in self.chains.values() if row.device_id == device_id]
            touched = [row for row in chains if row.chain_id in chain_ids]
            followers = [row for row in chains if row.previous in chain_ids]
            lost = [(first, last) for row in followers for first, last in self._body(row).get("lost", ())]
            forked = any(self._body(row).get("reason") == "forked" for row in touched)
            bad = [row.bad_from_seq for row in touched if row.bad_from_seq is not None]
            found[device_id] = ChainFacts(tuple(lost), forked, min(bad) if bad else None)
        return found

    def _body(self, row: AnyRow) -> Mapping[str, Any]:
        body: Mapping[str, Any] = self.openings.get(row.pos, {})
        return body


def _number_chains(rows: Sequence[AnyRow]) -> dict[int, int]:
    """Give each chain's number along its device's `previous` links; one that names none known is a beginning."""
    by_id = {(row.device_id, row.chain_id): row for row in rows}
    numbers: dict[int, int] = {}

    def number(row: AnyRow, seen: frozenset[int]) -> int:
        if row.pos not in numbers:
            before = by_id.get((row.device_id, row.previous)) if row.previous else None
            if before is None or before.pos in seen:
                numbers[row.pos] = 0
            else:
                numbers[row.pos] = number(before, seen | {row.pos}) + 1
        return numbers[row.pos]

    for row in rows:
        number(row, frozenset({row.pos}))
    return numbers


def _reading(content: bytes) -> Reading | None:
    at = orjson.loads(content).get("at")
    if not isinstance(at, dict):
        return None
    return Reading(parse_wall(at["wall"]), at["mono_ms"], at["boot"])


def sample_of(row: AnyRow) -> ClockSample:
    """Give a row of a device's clocks as the rules take it."""
    last = None
    if row.last_server_ms is not None:
        last = LastAnswer(row.last_server_ms, row.last_mono_ms, row.last_rtt_ms)
    return ClockSample(row.received_ms, parse_wall(row.wall), row.mono_ms, row.boot, MonoKind(row.mono), last)


def read_assigned(rows: Sequence[AnyRow]) -> list[Assigned]:
    """Give a case's assignments as the fold takes them."""
    return [
        Assigned(
            row.agent_id, Role(row.role), row.lead_agent_id, row.from_ms, row.until_ms, row.reason, row.lease_until_ms
        )
        for row in rows
    ]


def door_of(row: AnyRow | None) -> Door | None:
    """Give where a case's door is, if that is known."""
    if row is None or row.lat_e7 is None or row.lon_e7 is None:
        return None
    return Door(row.lat_e7, row.lon_e7, Precision(row.precision) if row.precision else None)


def fixes_of(event: SeenEvent) -> list[Fix]:
    """Give the fixes an event carries."""
    return [
        Fix(
            fix["lat_e7"], fix["lon_e7"], fix["radius_dm"], fix.get("mock"), Datum(fix["datum"]), fix.get("age_ms")
        )
        for fix in event.body.get("fixes", ())
    ]


def sightings_of(visit: Visit) -> list[Sighting]:
    """Give the lead's check-in and check-out fixes, one each: the most exact."""
    found = []
    for event in (visit.started, visit.ended):
        fixes = [] if event is None else fixes_of(event)
        if event is not None and fixes:
            found.append(Sighting(visit.visit_id, min(fixes, key=lambda fix: fix.radius_dm), event.bound))
    return found


def span_of(visit: Visit) -> Span | None:
    """Give from when until when the visit surely lasted, and who was there; None without any event."""
    if not visit.events:
        return None
    first, last = visit.events[0].bound, visit.events[-1].bound
    agents = frozenset(event.agent_id for event in visit.events)
    return Span(
        visit.case_id, visit.visit_id, agents, None if visit.lead is None else visit.lead.agent_id,
        first.earliest_ms, first.latest_ms, last.earliest_ms, last.latest_ms,
    )  # fmt: skip


def dump_span(span: Span, sightings: Sequence[Sighting]) -> dict[str, Any]:
    """Write a visit's span and sightings for its neighbours to read."""
    return {
        "agents": sorted(span.agent_ids),
        "times": [span.earliest_start_ms, span.latest_start_ms, span.earliest_end_ms, span.latest_end_ms],
        "sightings": [
            [
                each.fix.lat_e7, each.fix.lon_e7, each.fix.radius_dm, each.fix.mock, each.fix.datum.value,
                each.fix.age_ms, each.bound.earliest_ms, each.bound.latest_ms, each.bound.estimate_ms,
                each.bound.basis.value,
            ]
            for each in sightings
        ],
    }  # fmt: skip


def load_span(row: AnyRow) -> Span | None:
    """Read a neighbour's span back."""
    if not row.folded or "times" not in row.folded:
        return None
    return Span(
        row.case_id, row.visit_id, frozenset(row.folded["agents"]), row.lead_agent_id, *row.folded["times"]
    )


def load_sightings(row: AnyRow) -> list[Sighting]:
    """Read a neighbour's sightings back."""
    return [
        Sighting(
            row.visit_id,
            Fix(each[0], each[1], each[2], each[3], Datum(each[4]), each[5]),
            TimeBound(each[6], each[7], each[8], Basis(each[9])),
        )
        for each in (row.folded or {}).get("sightings", ())
    ]


def revisions_of(rows: Sequence[AnyRow]) -> list[Revision]:
    """Give a case's packet revisions."""
    return [Revision(row.rev, row.made_ms, row.mattered) for row in rows]


def today_of(site: Site) -> str:
    """Give the office's date."""
    return local_day(site.now(), site.settings.zone).isoformat()


