"""
What an exchange reads and writes beside its chain (`chain_rows.py`): standing of cases, marks on visits, contact.

Everything here is asked for a whole batch at once: the number of statements of an exchange does not grow with the
events in it (query-count tests).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert  # compiles for SQLite too

from server.storage.feed import upsert
from server.storage.hot import Hot
from server.storage.tables import assignment, clock_sample, device, directive, due_event, event, wanted_file
from server.storage.types import AnyRow, id_bytes, id_text
from server.storage.visit_tables import visit


def read_key(connection: Connection, device_id: str) -> tuple[str, dict[str, str]] | None:
    """Give a device's agent and public JWK, which never change; None for an unknown device."""
    row = connection.execute(select(device.c.agent_id, device.c.jwk).where(device.c.id == device_id)).one_or_none()
    return None if row is None else (row.agent_id, row.jwk)


_ASSIGNMENTS = Hot(
    select(assignment.c.case_id, assignment.c.until_ms, assignment.c.reason, assignment.c.lease_until_ms).where(
        assignment.c.agent_id == bindparam("agent_id"), assignment.c.case_id.in_(bindparam("ids", expanding=True))
    ),
    "agent_id",
    "ids",
)


def read_assignments(
    connection: Connection, agent_id: str, case_ids: Sequence[str]
) -> dict[str, list[tuple[int | None, str | None, int]]]:
    """Give this agent's assignments of these cases, past ones too: (until_ms, reason, lease_until_ms) by case."""
    found: dict[str, list[tuple[int | None, str | None, int]]] = {}
    ids = [id_bytes(case_id) for case_id in case_ids]
    for case_id, *row in _ASSIGNMENTS.spread(connection, id_bytes(agent_id), ids) if ids else ():
        found.setdefault(id_text(case_id), []).append((row[0], row[1], row[2]))
    return found


def read_joined(connection: Connection, agent_id: str, visits: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Give which of these visits (case, visit) the agent joined by the lead's QR (E11)."""
    if not visits:
        return set()
    rows = connection.execute(
        select(event.c.case_id, event.c.visit_id)
        .where(
            event.c.agent_id == agent_id,
            event.c.kind == "crew_joined",
            event.c.status == "accepted",
            or_(*(and_(event.c.case_id == case_id, event.c.visit_id == visit_id) for case_id, visit_id in visits)),
        )
        .distinct()
    )
    return {(row.case_id, row.visit_id) for row in rows}


_MARK = insert(visit).values(
    case_id=bindparam("case_id"), visit_id=bindparam("visit_id"), due=1, updated_ms=bindparam("now_ms")
)
_MARK_VISIT = Hot(
    _MARK.on_conflict_do_update(
        index_elements=["case_id", "visit_id"],
        set_={"due": visit.c.due + 1, "updated_ms": _MARK.excluded.updated_ms},
    ),
    "case_id",
    "visit_id",
    "now_ms",
)


def mark_visits(connection: Connection, visits: Iterable[tuple[str, str]], now_ms: int) -> None:
    """Note that these visits have news the fold has not seen."""
    rows = [(id_bytes(case_id), id_bytes(visit_id), now_ms) for case_id, visit_id in sorted(set(visits))]
    if rows:
        _MARK_VISIT.each(connection, rows)


_SAMPLE = ("boot", "mono_ms", "mono", "wall", "last_server_ms", "last_mono_ms", "last_rtt_ms")
_ADD_SAMPLE = Hot(
    insert(clock_sample)
    .values({name: bindparam(name) for name in ("device_id", "received_ms", *_SAMPLE)})
    .on_conflict_do_nothing(),
    *("device_id", "received_ms", *_SAMPLE),
)


def add_clock_sample(connection: Connection, device_id: str, received_ms: int, clock: Mapping[str, Any]) -> None:
    """Keep a clock sample; two of one millisecond are one."""
    _ADD_SAMPLE.run(connection, id_bytes(device_id), received_ms, *[clock[name] for name in _SAMPLE])


def note_contact(connection: Connection, device_id: str, now_ms: int) -> None:
    """Note that the device was heard from."""
    connection.execute(update(device).where(device.c.id == device_id).values(seen_ms=now_ms))


def note_due_events(connection: Connection, agent_id: str, event_ids: Sequence[str]) -> None:
    """Note events that something follows from."""
    rows = [{"agent_id": agent_id, "event_id": event_id} for event_id in event_ids]
    if rows:
        connection.execute(upsert(connection)(due_event).on_conflict_do_nothing(), rows)


def read_directives(connection: Connection, device_id: str) -> list[str]:
    """Give the signed directives this device has not acknowledged."""
    statement = select(directive.c.jws).where(directive.c.device_id == device_id, directive.c.done_ms.is_(None))
    return list(connection.execute(statement.order_by(directive.c.issued_ms)).scalars())


def finish_directive(connection: Connection, device_id: str, directive_id: str, result: str, now_ms: int) -> None:
    """Note what became of a directive; the first answer stands."""
    connection.execute(
        update(directive)
        .where(directive.c.id == directive_id, directive.c.device_id == device_id, directive.c.done_ms.is_(None))
        .values(done_ms=now_ms, result=result)
    )


def want_files(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note files that events name and the server does not hold; one already noted stays as it is."""
    if rows:
        connection.execute(upsert(connection)(wanted_file).on_conflict_do_nothing(), list(rows))


def read_wanted(connection: Connection, device_id: str, limits: Mapping[str, int], most: int = 20) -> list[AnyRow]:
    """Give (sha256, size) of files still wanted of a device, newest first; those over the limit of their kind last."""
    is_over = or_(*(and_(wanted_file.c.kind == kind, wanted_file.c.size > limit) for kind, limit in limits.items()))
    statement = (
        select(wanted_file.c.sha256, wanted_file.c.size)
        .where(wanted_file.c.device_id == device_id, wanted_file.c.state == "wanted")
        .order_by(case((is_over, 1), else_=0), wanted_file.c.named_ms.desc())
        .limit(most)
    )
    return list(connection.execute(statement))


def count_manifest(connection: Connection, device_id: str) -> None:
    """Count a repair by manifest; the office sees it (F4: expected 0)."""
    connection.execute(
        update(device).where(device.c.id == device_id).values(manifest_requests=device.c.manifest_requests + 1)
    )


def count_rows(connection: Connection) -> dict[str, int]:
    """Give how many events are stored, parked, and how many visits wait for the fold."""
    parked = select(func.count()).select_from(event).where(event.c.status == literal("parked"))
    return {
        "events": connection.execute(select(func.count()).select_from(event)).scalar_one(),
        "parked": connection.execute(parked).scalar_one(),
        "due": connection.execute(select(func.count()).select_from(visit).where(visit.c.due > 0)).scalar_one(),
    }
