"""Rows of what persons send the office, a page at a time and within agencies: complaints, requests, calls for help."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, delete, insert, literal, select, tuple_

from server.storage.scope_rows import either_within
from server.storage.tables import agent, case, place
from server.storage.types import AnyRow
from server.storage.voice_tables import complaint, complaint_owner, help_call, person_request

KINDS: dict[str, tuple[Table, Any]] = {
    "complaints": (complaint, complaint.c.answered_ms),
    "requests": (person_request, person_request.c.done_ms),
    "help": (help_call, help_call.c.closed_ms),
}
After = tuple[int, str]  # made_ms, id: where a page ended


def list_inbox(
    connection: Connection, kind: str, agencies: Collection[str], *, is_done: bool, after: After | None, most: int
) -> list[AnyRow]:
    """Give what is open, the oldest first, or what is done, the newest first."""
    table, ended = KINDS[kind]
    place_of = (table.c.made_ms, table.c.id)
    rows = _joined(table).where(_within(table, agencies), ended.is_not(None) if is_done else ended.is_(None))
    if after is not None:
        values = [literal(part, column.type) for column, part in zip(place_of, after, strict=True)]
        here, there = tuple_(*place_of), tuple_(*values)
        rows = rows.where(here < there if is_done else here > there)
    order = [column.desc() if is_done else column for column in place_of]
    return list(connection.execute(rows.order_by(*order).limit(most)))


def find(connection: Connection, kind: str, row_id: str, agencies: Collection[str]) -> AnyRow | None:
    """Give one of them; none where it is another agency's."""
    table, _ = KINDS[kind]
    return connection.execute(_joined(table).where(table.c.id == row_id, _within(table, agencies))).one_or_none()


def read_owner(connection: Connection, complaint_id: str) -> AnyRow | None:
    """Give who answers for a complaint."""
    return connection.execute(
        select(complaint_owner).where(complaint_owner.c.complaint_id == complaint_id)
    ).one_or_none()  # fmt: skip


def put_owner(connection: Connection, complaint_id: str, name: str, now_ms: int) -> None:
    """Say who answers for a complaint."""
    connection.execute(delete(complaint_owner).where(complaint_owner.c.complaint_id == complaint_id))
    connection.execute(insert(complaint_owner).values(complaint_id=complaint_id, name=name, since_ms=now_ms))


def _joined(table: Table) -> Select[Any]:
    rows = select(table, case.c.lender, case.c.reference, place.c.address)
    whole = table.outerjoin(case, case.c.id == table.c.case_id).outerjoin(place, place.c.id == case.c.place_id)
    if "agent_id" in table.c:
        rows, whole = rows.add_columns(agent.c.code), whole.outerjoin(agent, agent.c.id == table.c.agent_id)
    return rows.select_from(whole)


def _within(table: Table, agencies: Collection[str]) -> ColumnElement[bool]:
    return either_within(table.c.case_id, table.c.agent_id if "agent_id" in table.c else None, agencies)
