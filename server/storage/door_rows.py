"""Rows of the facts a person is asked at the door. Every function takes the connection and runs one statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, exists, select

from schemas.sealing import WrapKey
from schemas.vocabulary import WrapKind
from server.storage.door_tables import fact_pair, fact_told
from server.storage.feed import upsert
from server.storage.tables import assignment, case
from server.storage.types import AnyRow


def put_told(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Keep the answers that a lender's file told of these cases, until their keys are derived."""
    if rows:
        statement = upsert(connection)(fact_told)
        replaced = statement.on_conflict_do_update(
            index_elements=["case_id"], set_={"answers": statement.excluded["answers"]}
        )
        connection.execute(replaced, list(rows))


def read_told(connection: Connection, most: int) -> Sequence[AnyRow]:
    """Give (case_id, person_id, answers) of cases whose key waits to be derived, those in somebody's hands first."""
    is_held = exists().where(assignment.c.case_id == fact_told.c.case_id, assignment.c.until_ms.is_(None))
    return connection.execute(
        select(fact_told.c.case_id, case.c.person_id, fact_told.c.answers)
        .join(case, case.c.id == fact_told.c.case_id)
        .order_by(is_held.desc(), fact_told.c.case_id)
        .limit(most)
    ).all()


def take_told(connection: Connection, case_id: str) -> Any:
    """Take the answers of a case away, and give them; None where there are none (any more)."""
    taken = delete(fact_told).where(fact_told.c.case_id == case_id).returning(fact_told.c.answers)
    return connection.execute(taken).scalar_one_or_none()


def put_pair(connection: Connection, case_id: str, key: WrapKey, now_ms: int) -> None:
    """Keep the key of a case's pair of facts, and what is asked."""
    asks = [dict(each) for each in key.asks]
    row = {"salt": key.salt, "iterations": key.iterations, "key": key.key, "asks": asks, "made_ms": now_ms}
    statement = upsert(connection)(fact_pair).values(case_id=case_id, **row)
    connection.execute(statement.on_conflict_do_update(index_elements=["case_id"], set_=row))


def read_pairs(connection: Connection, case_ids: Sequence[str]) -> dict[str, WrapKey]:
    """Give the keys of the pairs of facts of these cases."""
    rows = connection.execute(select(fact_pair).where(fact_pair.c.case_id.in_(case_ids)))
    return {row.case_id: WrapKey(WrapKind.TWO_FACTS, row.salt, row.iterations, row.key, row.asks) for row in rows}


def forget_pairs(connection: Connection, case_ids: Sequence[str]) -> None:
    """Forget what could be asked of these cases."""
    connection.execute(delete(fact_pair).where(fact_pair.c.case_id.in_(case_ids)))


def forget_told(connection: Connection, case_ids: Sequence[str]) -> None:
    """Forget the answers of these cases that still wait."""
    connection.execute(delete(fact_told).where(fact_told.c.case_id.in_(case_ids)))
