"""
Rows of cases and their assignments: what packing reads, what assigning locks and writes.

Every function takes the connection first and runs one statement for at most a chunk of ids. Locks are taken in id
order, FOR NO KEY UPDATE, so that rows which merely refer to a locked one can still be written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy import case as either

from schemas.vocabulary import Role
from server.storage.board_tables import plan_stop
from server.storage.conduct_tables import judgement
from server.storage.feed import upsert
from server.storage.tables import agent, appointment, assignment, case, packet_revision, person, place

AnyRow = Row[Any]
AREA = func.coalesce(case.c.area, place.c.area).label("area")  # a case's own, else its place's
CHUNK = 250  # cases a transaction: a fifth of a second, which a device's exchange may have to wait on SQLite


def chunks(ids: Sequence[str], size: int = CHUNK) -> Iterator[Sequence[str]]:
    """Cut *ids*, sorted and without repeats, into runs of at most *size*."""
    ordered = sorted(set(ids))
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def in_area(area: str | None) -> ColumnElement[bool]:
    """Give the condition that a case is of an area, its own or its place's; of any where none is named."""
    return or_(case.c.area == area, case.c.area.is_(None) & (place.c.area == area)) if area else true()


# -- locks: agents, then cases, then persons, then (in `feed.publish`) scopes


def lock_agents(connection: Connection, ids: Sequence[str]) -> dict[str, AnyRow]:
    """Give these agents by id, held until the job ends."""
    found = select(agent).where(agent.c.id.in_(ids)).order_by(agent.c.id).with_for_update(key_share=True)
    return {row.id: row for row in connection.execute(found)}


def lock_cases(connection: Connection, ids: Sequence[str]) -> dict[str, AnyRow]:
    """Give these cases by id, held until the job ends."""
    found = select(case).where(case.c.id.in_(ids)).order_by(case.c.id).with_for_update(key_share=True)
    return {row.id: row for row in connection.execute(found)}


def lock_persons(connection: Connection, ids: Sequence[str]) -> None:
    """Hold these persons until the job ends: no hold is placed on them meanwhile."""
    found = select(person.c.id).where(person.c.id.in_(sorted(ids))).order_by(person.c.id)
    connection.execute(found.with_for_update(key_share=True)).all()


# -- what packing reads


def read_for_packing(connection: Connection, ids: Sequence[str]) -> Sequence[AnyRow]:
    """Give these cases with their person, place, and the plan they stand in."""
    return connection.execute(
        select(
            case,
            person.c.name,
            person.c.language,
            person.c.contacts,
            person.c.merged,
            place.c.address,
            place.c.area.label("place_area"),
            place.c.postal_code,
            place.c.lat_e7,
            place.c.lon_e7,
            place.c.precision,
            plan_stop.c.agent_id.label("plan_agent_id"),
            plan_stop.c.day.label("plan_day"),
            plan_stop.c.place.label("plan_place"),
            plan_stop.c.starts.label("plan_starts"),
        )
        .join(person, person.c.id == case.c.person_id)
        .join(place, place.c.id == case.c.place_id)
        .outerjoin(plan_stop, plan_stop.c.case_id == case.c.id)
        .where(case.c.id.in_(ids))
    ).all()


def read_crews(connection: Connection, ids: Sequence[str]) -> Sequence[AnyRow]:
    """Give the live assignments of these cases with their agents, lead first."""
    return connection.execute(
        select(assignment, agent.c.code, agent.c.name)
        .join(agent, agent.c.id == assignment.c.agent_id)
        .where(assignment.c.case_id.in_(ids), assignment.c.until_ms.is_(None))
        .order_by(assignment.c.case_id, assignment.c.role.desc(), agent.c.code)
    ).all()


def read_appointments(connection: Connection, ids: Sequence[str]) -> Sequence[AnyRow]:
    """Give the appointments of these cases, the earliest first."""
    return connection.execute(
        select(appointment).where(appointment.c.case_id.in_(ids)).order_by(appointment.c.starts, appointment.c.id)
    ).all()


def bump_cases(connection: Connection, ids: Sequence[str], least: int, now_ms: int, *, mattered: bool) -> None:
    """
    Raise the packet revision of these cases by one, and to *least* at least (F5: revisions never repeat).

    *mattered* says whether the change matters at the door; reconciliation looks at work done on an older revision.
    """
    following = case.c.rev + 1
    rev = either((following > least, following), else_=least)
    connection.execute(update(case).where(case.c.id.in_(ids)).values(rev=rev))
    made = select(case.c.id, case.c.rev, literal(now_ms), literal(mattered)).where(case.c.id.in_(ids))
    columns = ["case_id", "rev", "made_ms", "mattered"]
    connection.execute(upsert(connection)(packet_revision).from_select(columns, made).on_conflict_do_nothing())


# -- what assigning reads and writes


def read_assignments(connection: Connection, ids: Sequence[str]) -> Sequence[AnyRow]:
    """Give every assignment these cases ever had."""
    return connection.execute(select(assignment).where(assignment.c.case_id.in_(ids))).all()


def _read_open(connection: Connection, judgement_ids: Sequence[str]) -> Sequence[AnyRow]:
    """Give these judgements; raise LookupError unless each is there, is the gate's, and let its case through."""
    of_gate = (judgement.c.id.in_(judgement_ids), judgement.c.visit_id.is_(None), judgement.c.is_open)
    columns = (judgement.c.id, judgement.c.case_id, judgement.c.crew, judgement.c.lease_until_ms)
    found: list[AnyRow] = list(connection.execute(select(*columns).where(*of_gate)))
    shut = set(judgement_ids) - {row.id for row in found}
    if shut:
        raise LookupError(f"not let through by the gate: {', '.join(sorted(shut))}")
    return found


def add_assignments(connection: Connection, judgement_ids: Sequence[str], by: str, now_ms: int) -> None:
    """
    Hand out what the gate let through: each judgement's case to its crew, until its lease's end.

    There is no other way to hand a case out; the tables refuse an assignment without such a judgement. A second change
    within one millisecond still has a place of its own in the history.
    """
    passed = _read_open(connection, judgement_ids)
    history = (
        select(assignment.c.case_id, assignment.c.agent_id, func.max(assignment.c.from_ms).label("from_ms"))
        .where(assignment.c.case_id.in_([row.case_id for row in passed]))
        .group_by(assignment.c.case_id, assignment.c.agent_id)
    )
    last_ms = {(row.case_id, row.agent_id): row.from_ms for row in connection.execute(history)}
    rows = [
        {
            "case_id": row.case_id,
            "agent_id": agent_id,
            "from_ms": max(now_ms, last_ms.get((row.case_id, agent_id), 0) + 1),
            "role": Role.LEAD if agent_id == row.crew[0] else Role.COMPANION,
            "lead_agent_id": row.crew[0],
            "lease_until_ms": row.lease_until_ms,
            "by": by,
            "judgement_id": row.id,
        }
        for row in passed
        for agent_id in row.crew
    ]
    connection.execute(insert(assignment), rows)


def end_assignments(connection: Connection, ids: Sequence[str], reason: str, now_ms: int) -> None:
    """End every live assignment of these cases."""
    connection.execute(
        update(assignment)
        .where(assignment.c.case_id.in_(ids), assignment.c.until_ms.is_(None))
        .values(until_ms=now_ms, reason=reason)
    )


def extend_assignments(connection: Connection, judgement_ids: Sequence[str]) -> None:
    """
    Let the crews of these judgements' cases have them until the judgements' leases end.

    Raises LookupError where the gate did not let one through, or judged another crew than the one that has the case.
    """
    passed = _read_open(connection, judgement_ids)
    crews: dict[str, set[str]] = {}
    live = select(assignment.c.case_id, assignment.c.agent_id).where(
        assignment.c.case_id.in_([row.case_id for row in passed]), assignment.c.until_ms.is_(None)
    )
    for row in connection.execute(live):
        crews.setdefault(row.case_id, set()).add(row.agent_id)
    strange = sorted(row.case_id for row in passed if set(row.crew) != crews.get(row.case_id))
    if strange:
        raise LookupError(f"judged for another crew: {', '.join(strange)}")
    changed = update(assignment).where(
        assignment.c.case_id == bindparam("of_case"), assignment.c.until_ms.is_(None)
    ).values(judgement_id=bindparam("passed"), lease_until_ms=bindparam("until"))  # fmt: skip
    rows = [{"of_case": row.case_id, "passed": row.id, "until": row.lease_until_ms} for row in passed]
    connection.execute(changed, rows)


def read_lapsed(connection: Connection, now_ms: int, most: int) -> list[str]:
    """Give up to *most* cases with a live assignment whose lease has ended."""
    lapsed = select(assignment.c.case_id).where(assignment.c.until_ms.is_(None), assignment.c.lease_until_ms <= now_ms)
    return list(connection.execute(lapsed.distinct().limit(most)).scalars())


def read_held(connection: Connection, lender: str) -> list[str]:
    """Give a lender's cases that somebody has."""
    live = select(assignment.c.case_id).join(case, case.c.id == assignment.c.case_id)
    held = live.where(case.c.lender == lender, assignment.c.until_ms.is_(None))
    return list(connection.execute(held.distinct()).scalars())


def read_held_by(connection: Connection, agent_ids: Sequence[str]) -> list[str]:
    """Give the cases that any of these agents has, as lead or companion."""
    held = select(assignment.c.case_id).where(assignment.c.agent_id.in_(agent_ids), assignment.c.until_ms.is_(None))
    return list(connection.execute(held.distinct().order_by(assignment.c.case_id)).scalars())


def set_status(connection: Connection, ids: Sequence[str], status: str, now_ms: int) -> None:
    """Close these cases, for *status* paid or closed."""
    values = {"status": status, "closed_ms": now_ms, "updated_ms": now_ms}
    connection.execute(update(case).where(case.c.id.in_(ids)).values(**values))


def find_cases(connection: Connection, references: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Give the case id of each (lender, reference) that there is."""
    keys = tuple_(case.c.lender, case.c.reference)
    found = connection.execute(select(case.c.id, case.c.lender, case.c.reference).where(keys.in_(references)))
    return {(row.lender, row.reference): row.id for row in found}


def find_reference(connection: Connection, reference: str, lender: str | None = None) -> list[str]:
    """Give the ids of the cases with this reference, of one lender or of any."""
    query = select(case.c.id).where(case.c.reference == reference)
    return list(connection.execute(query if lender is None else query.where(case.c.lender == lender)).scalars())


def read_led(connection: Connection, agent_id: str) -> list[str]:
    """Give the cases an agent leads now."""
    led = (assignment.c.agent_id == agent_id) & assignment.c.until_ms.is_(None) & (assignment.c.role == "lead")
    return list(connection.execute(select(assignment.c.case_id).where(led).order_by(assignment.c.case_id)).scalars())


def read_unassigned(connection: Connection, area: str | None = None) -> Sequence[AnyRow]:
    """Give the open cases that nobody has, of one area or of all, with what a policy and a distance may look at."""
    query: Select[Any] = (
        select(
            case.c.id,
            case.c.lender,
            case.c.reference,
            case.c.product,
            case.c.grade,
            case.c.currency,
            case.c.amount,
            case.c.days_past_due,
            AREA,
            person.c.language,
            place.c.lat_e7,
            place.c.lon_e7,
        )
        .join(person, person.c.id == case.c.person_id)
        .join(place, place.c.id == case.c.place_id)
        .outerjoin(assignment, (assignment.c.case_id == case.c.id) & assignment.c.until_ms.is_(None))
        .where(case.c.status == "open", assignment.c.case_id.is_(None), in_area(area))
        .order_by(case.c.lender, case.c.reference)
    )
    return connection.execute(query).all()
