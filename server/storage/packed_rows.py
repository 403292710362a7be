"""Rows of what stood in packets: kept with each revision, gone with the person, or with words that an erasure takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, select

from server.storage.feed import upsert
from server.storage.packed_tables import packed
from server.storage.tables import case
from server.storage.types import AnyRow


def put_packed(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep the open parts of revisions; of one that is packed again, the last."""
    if rows:
        statement = upsert(connection)(packed)
        again = statement.on_conflict_do_update(
            index_elements=["case_id", "rev"], set_={"open": statement.excluded.open}
        )  # fmt: skip
        connection.execute(again, list(rows))


def read_then_and_now(connection: Connection, case_id: str, rev: int) -> tuple[AnyRow, AnyRow] | None:
    """Give (rev, open) of a revision and of the newest that is kept; None where that revision is not."""
    mine = select(packed.c.rev, packed.c.open).where(packed.c.case_id == case_id)
    newest = connection.execute(mine.order_by(packed.c.rev.desc()).limit(1)).one_or_none()
    then = connection.execute(mine.where(packed.c.rev == rev)).one_or_none()
    return None if then is None or newest is None else (then, newest)


def read_open(connection: Connection, case_id: str, rev: int) -> Mapping[str, Any] | None:
    """Give the open part of one revision; None where it is not kept."""
    mine = select(packed.c.open).where(packed.c.case_id == case_id, packed.c.rev == rev)
    found: Mapping[str, Any] | None = connection.execute(mine).scalar()
    return found


def drop_packed(connection: Connection, person_id: str) -> None:
    """Forget what stood in every packet about a person."""
    cases = select(case.c.id).where(case.c.person_id == person_id)
    connection.execute(delete(packed).where(packed.c.case_id.in_(cases)))
