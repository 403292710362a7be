"""Rows of the rulebooks: the changes the house made to its own rules, and what the gate answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from server.storage.conduct_tables import judgement, rule_change
from server.storage.tables import assignment, case
from server.storage.types import AnyRow


def add_rule_change(connection: Connection, row: Mapping[str, Any]) -> None:
    """Keep a change of a house rule."""
    connection.execute(insert(rule_change).values(**row))


def read_rule_changes(connection: Connection, rulebook: str) -> Sequence[AnyRow]:
    """Give every change of a rulebook's rules, the oldest first."""
    statement = select(rule_change).where(rule_change.c.rulebook == rulebook)
    return connection.execute(statement.order_by(rule_change.c.made_ms, rule_change.c.id)).all()


def add_judgements(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what the gate answered."""
    if rows:
        connection.execute(insert(judgement), list(rows))


def nothing_in_force(
    judgement_id: str, case_id: str, crew: Sequence[str], now_ms: int, lease_ms: int
) -> dict[str, Any]:  # fmt: skip
    """Give the judgement of a case that is handed out while no rulebook is in force: that, and for whom, is kept."""
    return {
        "id": judgement_id, "case_id": case_id, "agent_id": crew[0], "crew": list(crew), "made_ms": now_ms,
        "lease_until_ms": now_ms + lease_ms, "is_open": True, "override": None, "rulebooks": [], "facts": {},
        "answers": {}, "troubles": [], "limits": {},
    }  # fmt: skip


def put_visit_judgement(connection: Connection, row: Mapping[str, Any]) -> None:
    """Keep what a visit was judged to be, in place of what it was judged before."""
    drop_visit_judgement(connection, row["case_id"], row["visit_id"])
    connection.execute(insert(judgement).values(**row))


def drop_visit_judgement(connection: Connection, case_id: str, visit_id: str) -> None:
    """Forget what a visit was judged to be."""
    connection.execute(delete(judgement).where(*_of_visit(case_id, visit_id)))


def read_visit_judgement(connection: Connection, case_id: str, visit_id: str) -> AnyRow | None:
    """Give what a visit was last judged to be."""
    return connection.execute(select(judgement).where(*_of_visit(case_id, visit_id))).one_or_none()


def _of_visit(case_id: str, visit_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return judgement.c.case_id == case_id, judgement.c.visit_id == visit_id


def read_limits(connection: Connection, case_ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Give the limits with which each case that somebody has was let through; none where no rulebook was in force."""
    statement = (
        select(judgement.c.case_id, judgement.c.limits)
        .join(assignment, assignment.c.judgement_id == judgement.c.id)
        .where(assignment.c.case_id.in_(case_ids), assignment.c.until_ms.is_(None), assignment.c.role == "lead")
    )
    return {row.case_id: row.limits for row in connection.execute(statement) if row.limits}


def read_judgement(connection: Connection, case_id: str) -> AnyRow | None:
    """Give what the gate last answered for a case."""
    statement = select(judgement).where(judgement.c.case_id == case_id, judgement.c.visit_id.is_(None))
    return connection.execute(statement.order_by(judgement.c.made_ms.desc(), judgement.c.id.desc()).limit(1)).first()


def read_gate_before(connection: Connection, case_id: str, at_ms: int) -> AnyRow | None:
    """Give what the gate answered when a case last went through it before a moment."""
    mine = (judgement.c.case_id == case_id, judgement.c.visit_id.is_(None), judgement.c.is_open)
    statement = select(judgement).where(*mine, judgement.c.made_ms <= at_ms)
    return connection.execute(statement.order_by(judgement.c.made_ms.desc(), judgement.c.id.desc()).limit(1)).first()


def read_refused(connection: Connection) -> Sequence[AnyRow]:
    """Give the open cases that the gate last refused, with what was in the way, by lender and reference."""
    newest = (judgement.c.made_ms.desc(), judgement.c.id.desc())  # two may be of one millisecond
    place = func.row_number().over(partition_by=judgement.c.case_id, order_by=newest).label("place")
    last = select(judgement.c.id, place).where(judgement.c.visit_id.is_(None)).subquery()
    statement = (
        select(judgement, case.c.lender, case.c.reference)
        .join(last, (last.c.id == judgement.c.id) & (last.c.place == 1))
        .join(case, case.c.id == judgement.c.case_id)
        .where(judgement.c.is_open.is_(False), case.c.status == "open")
    )
    return connection.execute(statement.order_by(case.c.lender, case.c.reference)).all()
