"""Rows of priority: what is due of a case, and what people said of its place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from server.storage.priority_tables import priority_word
from server.storage.tables import case
from server.storage.types import AnyRow


def read_due(connection: Connection, case_ids: Collection[str]) -> Sequence[AnyRow]:
    """Give what is due of these cases."""
    columns = (
        case.c.id, case.c.lender, case.c.reference, case.c.currency, case.c.amount, case.c.overdue,
        case.c.days_past_due, case.c.status,
    )  # fmt: skip
    return connection.execute(select(*columns).where(case.c.id.in_(case_ids))).all()


def add_word(connection: Connection, row: Mapping[str, Any]) -> None:
    """Keep what somebody said of a case's priority."""
    connection.execute(insert(priority_word).values(**row))


def read_words(connection: Connection, case_ids: Collection[str]) -> Sequence[AnyRow]:
    """Give all that was said of the priority of these cases, the newest first."""
    statement = select(priority_word).where(priority_word.c.case_id.in_(case_ids))
    return connection.execute(statement.order_by(priority_word.c.made_ms.desc(), priority_word.c.id.desc())).all()
