"""Rows that reconciling reads and writes: a visit's events with their places, its neighbours, its findings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from server.storage.tables import (
    agent,
    assignment,
    case,
    chain,
    clock_sample,
    due_event,
    event,
    link,
    packet_revision,
    payment,
    place,
)
from server.storage.types import AnyRow
from server.storage.visit_tables import decision, finding, visit, visit_crew

_PLACED = (
    select(
        event.c.pos, event.c.id, event.c.agent_id, event.c.content, event.c.kind, event.c.case_id, event.c.visit_id,
        event.c.status, event.c.problem, event.c.first_received_ms, link.c.seq, link.c.hash, link.c.flags,
        link.c.chain_pos, chain.c.device_id, chain.c.chain_id,
    )
    .join(link, link.c.event_pos == event.c.pos)
    .join(chain, chain.c.pos == link.c.chain_pos)
)  # fmt: skip


def read_due(connection: Connection, most: int) -> list[tuple[str, str, int]]:
    """Give visits with news the fold has not seen: (case, visit, how many marks)."""
    rows = connection.execute(
        select(visit.c.case_id, visit.c.visit_id, visit.c.due)
        .where(visit.c.due > 0)
        .order_by(visit.c.updated_ms)
        .limit(most)
    )
    return [(row.case_id, row.visit_id, row.due) for row in rows]


def lock_visit(connection: Connection, case_id: str, visit_id: str) -> AnyRow | None:
    """Take a visit's row, so that two reconcilers do not fold it at once."""
    statement = select(visit).where(visit.c.case_id == case_id, visit.c.visit_id == visit_id)
    if connection.dialect.name != "sqlite":
        statement = statement.with_for_update()
    return connection.execute(statement).one_or_none()


def read_visit_events(connection: Connection, case_id: str, visit_id: str) -> list[AnyRow]:
    """Give the events that name this visit, with every place they took."""
    statement = _PLACED.where(event.c.case_id == case_id, event.c.visit_id == visit_id)
    return list(connection.execute(statement.order_by(link.c.chain_pos, link.c.seq)))


def read_corrections(connection: Connection, agent_ids: Sequence[str], event_ids: set[str]) -> list[AnyRow]:
    """Give the `event_corrected` events of these agents; the caller looks which of *event_ids* they name."""
    if not event_ids:
        return []
    statement = _PLACED.where(
        event.c.agent_id.in_(agent_ids), event.c.kind == "event_corrected", event.c.status == "accepted"
    )
    return list(connection.execute(statement))


def read_around(connection: Connection, chain_pos: int, low: int, high: int) -> list[AnyRow]:
    """Give what stands in one chain from *low* to *high*: seq, kind, content, first receipt, why parked."""
    return list(
        connection.execute(
            _PLACED.where(link.c.chain_pos == chain_pos, link.c.seq >= low, link.c.seq <= high).order_by(link.c.seq)
        )
    )


def read_chains(connection: Connection, device_ids: Sequence[str]) -> list[AnyRow]:
    """Give every chain of these devices, in the order they were first heard of."""
    return list(connection.execute(select(chain).where(chain.c.device_id.in_(device_ids)).order_by(chain.c.pos)))


def read_openings(connection: Connection, chain_positions: Sequence[int]) -> dict[int, bytes]:
    """Give the content of each chain's `chain_opened`, where there is one that could be read."""
    rows = connection.execute(
        select(link.c.chain_pos, event.c.content)
        .join(event, event.c.pos == link.c.event_pos)
        .where(
            link.c.chain_pos.in_(chain_positions),
            link.c.seq == 1,
            event.c.kind == "chain_opened",
            event.c.status == "accepted",
        )
    )
    return {row.chain_pos: bytes(row.content) for row in rows}


def read_samples(connection: Connection, device_id: str, boots: Sequence[str], around_ms: int) -> list[AnyRow]:
    """Give clock samples of a device: those of these boots, and the neighbours before and after a time."""
    own = clock_sample.c.device_id == device_id
    before = select(clock_sample).where(own, clock_sample.c.received_ms <= around_ms)
    after = select(clock_sample).where(own, clock_sample.c.received_ms > around_ms)
    rows = [
        *connection.execute(select(clock_sample).where(own, clock_sample.c.boot.in_(boots)).limit(400)),
        *connection.execute(before.order_by(clock_sample.c.received_ms.desc()).limit(3)),
        *connection.execute(after.order_by(clock_sample.c.received_ms).limit(3)),
    ]
    return list({row.received_ms: row for row in rows}.values())


def read_assigned(connection: Connection, case_id: str) -> list[AnyRow]:
    """Give every assignment the case ever had."""
    return list(connection.execute(select(assignment).where(assignment.c.case_id == case_id)))


def read_case(connection: Connection, case_id: str) -> AnyRow | None:
    """Give a case with its place."""
    return connection.execute(
        select(
            case,
            place.c.lat_e7,
            place.c.lon_e7,
            place.c.precision,
            place.c.address,
        )
        .join(place, place.c.id == case.c.place_id)
        .where(case.c.id == case_id)
    ).one_or_none()


def read_revisions(connection: Connection, case_id: str) -> list[AnyRow]:
    """Give the packet revisions of a case, the oldest first."""
    mine = select(packet_revision).where(packet_revision.c.case_id == case_id)
    return list(connection.execute(mine.order_by(packet_revision.c.rev)))


def read_payments(connection: Connection, case_id: str, lender: str) -> list[tuple[str, str, int]] | None:
    """Give (paid_on, currency, amount) of a case; None where the lender never sent a ledger."""
    has_ledger = connection.execute(select(payment.c.receipt).where(payment.c.lender == lender).limit(1)).scalar()
    if has_ledger is None:
        return None
    rows = connection.execute(select(payment).where(payment.c.case_id == case_id).order_by(payment.c.paid_on))
    return [(row.paid_on, row.currency, row.amount) for row in rows]


def read_payment_rows(connection: Connection, case_id: str) -> list[AnyRow]:
    """Give the payments on a case, with when each was imported."""
    return list(connection.execute(select(payment).where(payment.c.case_id == case_id).order_by(payment.c.receipt)))


def read_last_exchange(connection: Connection, device_id: str, until_ms: int) -> int | None:
    """Give when a device was last heard, up to a time."""
    heard = select(func.max(clock_sample.c.received_ms)).where(
        clock_sample.c.device_id == device_id, clock_sample.c.received_ms <= until_ms
    )
    return connection.execute(heard).scalar()


def count_results(
    connection: Connection, case_id: str, visit_id: str, results: Collection[str], before_ms: int
) -> int:
    """Count the other visits to a case that began before a time and had one of these results."""
    others = and_(visit.c.case_id == case_id, visit.c.visit_id != visit_id)
    mine = and_(others, visit.c.started_ms < before_ms, visit.c.contact_result.in_(results))
    return connection.execute(select(func.count()).select_from(visit).where(mine)).scalar_one()


def read_near(
    connection: Connection, case_id: str, visit_id: str, agent_ids: Sequence[str], low_ms: int, high_ms: int
) -> list[AnyRow]:
    """Give the folded visits of these agents, or of this case, that began between two times; not this one."""
    mine = and_(visit.c.case_id == case_id, visit.c.visit_id == visit_id)
    by_agent = (
        select(visit_crew.c.case_id, visit_crew.c.visit_id)
        .where(
            visit_crew.c.agent_id.in_(agent_ids), visit_crew.c.started_ms >= low_ms, visit_crew.c.started_ms <= high_ms
        )
        .distinct()
        .subquery()
    )
    near = and_(visit.c.started_ms >= low_ms, visit.c.started_ms <= high_ms)
    found = connection.execute(
        select(visit)
        .outerjoin(by_agent, and_(by_agent.c.case_id == visit.c.case_id, by_agent.c.visit_id == visit.c.visit_id))
        .where(near, or_(visit.c.case_id == case_id, by_agent.c.visit_id.is_not(None)), ~mine)
        .order_by(visit.c.started_ms)
        .limit(200)
    )
    return list(found)


def read_decisions(connection: Connection, case_id: str, visit_id: str) -> list[AnyRow]:
    """Give the decisions on a visit, the first first."""
    return list(
        connection.execute(
            select(decision)
            .where(decision.c.case_id == case_id, decision.c.visit_id == visit_id)
            .order_by(decision.c.at_ms, decision.c.id)
        )
    )


def keep_visit(connection: Connection, case_id: str, visit_id: str, seen_due: int, values: Mapping[str, Any]) -> None:
    """Write what a visit was folded to; marks made meanwhile stay."""
    connection.execute(
        update(visit)
        .where(visit.c.case_id == case_id, visit.c.visit_id == visit_id)
        .values(due=visit.c.due - seen_due, **values)
    )


def read_queued_by(connection: Connection, case_id: str, lead_agent_id: str | None) -> dict[str, Any]:
    """Give what a visit is queued by beside its findings: the lead's agency and the case's area."""
    of_lead = select(agent.c.agency_id).where(agent.c.id == lead_agent_id).scalar_subquery()
    of_case = select(case.c.area).where(case.c.id == case_id).scalar_subquery()
    agency_id, area = connection.execute(select(of_lead, of_case)).one()
    return {"agency_id": agency_id, "area": area}


def keep_crew(connection: Connection, case_id: str, visit_id: str, agent_ids: Sequence[str], started_ms: int) -> None:
    """Write who was at a visit."""
    connection.execute(delete(visit_crew).where(visit_crew.c.case_id == case_id, visit_crew.c.visit_id == visit_id))
    rows = [
        {"agent_id": agent_id, "case_id": case_id, "visit_id": visit_id, "started_ms": started_ms}
        for agent_id in agent_ids
    ]
    if rows:
        connection.execute(insert(visit_crew), rows)


def read_findings(connection: Connection, case_id: str, visit_id: str) -> list[AnyRow]:
    """Give a visit's findings, also those no longer found."""
    return list(connection.execute(select(finding).where(finding.c.case_id == case_id, finding.c.visit_id == visit_id)))


def add_findings(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add findings."""
    if rows:
        connection.execute(insert(finding), list(rows))


def change_finding(connection: Connection, finding_id: str, **values: Any) -> int:
    """Change a finding; give how many there were."""
    return connection.execute(update(finding).where(finding.c.id == finding_id).values(**values)).rowcount


def read_due_events(connection: Connection, most: int) -> list[AnyRow]:
    """Give events that something follows from, in the order they came."""
    return list(
        connection.execute(
            select(event, link.c.received_ms, chain.c.device_id, link.c.seq, link.c.chain_pos)
            .join(due_event, and_(due_event.c.agent_id == event.c.agent_id, due_event.c.event_id == event.c.id))
            .join(link, link.c.event_pos == event.c.pos)
            .join(chain, chain.c.pos == link.c.chain_pos)
            .where(event.c.status == "accepted")
            .order_by(event.c.pos)
            .limit(most)
        )
    )


def drop_due_event(connection: Connection, agent_id: str, event_id: str) -> bool:
    """Note that what follows from an event is being done; False if nothing was to follow any more."""
    statement = delete(due_event).where(due_event.c.agent_id == agent_id, due_event.c.event_id == event_id)
    return connection.execute(statement).rowcount == 1


def count_states(connection: Connection) -> dict[str, int]:
    """Give how many visits stand in each state."""
    rows = connection.execute(select(visit.c.state, func.count()).group_by(visit.c.state))
    return {row[0] or "not folded": row[1] for row in rows}


def read_lapsed_promises(connection: Connection, today: str, most: int) -> list[tuple[str, str]]:
    """Give visits whose open promise (its finding's key is its last day) was to be kept before *today*."""
    rows = connection.execute(
        select(finding.c.case_id, finding.c.visit_id)
        .where(finding.c.code == "promise_open", finding.c.gone_ms.is_(None), finding.c.key < today)
        .limit(most)
    )
    return [(row.case_id, row.visit_id) for row in rows]


def read_silent(connection: Connection, now_ms: int, most: int) -> list[tuple[str, str]]:
    """Give visits of which, by now, nothing more is expected: what was unknown about them may be found."""
    rows = connection.execute(
        select(visit.c.case_id, visit.c.visit_id).where(visit.c.look_again_ms <= now_ms, visit.c.due == 0).limit(most)
    )
    return [(row.case_id, row.visit_id) for row in rows]
