"""Rows of sealed columns that still lie in plain, since they were written before there was a key."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, LargeBinary, Text, func, select, type_coerce, update

from server.storage.door_tables import fact_pair, fact_told
from server.storage.notice_tables import notice
from server.storage.office_tables import office_user
from server.storage.proof_rows import secure_deletes
from server.storage.sealed_fields import MARK, SealedBytes
from server.storage.state_rows import SECRETS, get_state, put_state
from server.storage.tables import case, server_key

# Every sealed column by its table and name. What a queue sorts by, a search finds or a rule reads in SQL is not here.
COLUMNS: tuple[Column[Any], ...] = (
    server_key.c.private_pem, office_user.c.totp_secret, case.c.sealed, fact_told.c.answers, fact_pair.c.key,
    notice.c.code_key,
)  # fmt: skip
PLACES = {f"{column.table.name}.{column.name}": column for column in COLUMNS}


class Sealed(NamedTuple):
    """How many rows were sealed, and the last key looked at; None: there are no more."""

    sealed: int
    last: Any


def _is_plain(column: Column[Any]) -> ColumnElement[bool]:
    """Say, of the row as it lies there, whether a value is not sealed."""
    is_bytes = isinstance(column.type, SealedBytes)
    begins = func.substr(type_coerce(column, LargeBinary if is_bytes else Text), 1, len(MARK))
    mark = type_coerce(MARK.encode(), LargeBinary) if is_bytes else MARK
    return column.is_not(None) & (type_coerce(begins, LargeBinary if is_bytes else Text) != mark)


def count_plain(connection: Connection) -> dict[str, int]:
    """Give how many rows of each sealed column lie in plain; columns of which none does are left out."""
    found: dict[str, int] = {}
    for place, column in PLACES.items():
        query = select(func.count()).select_from(column.table).where(_is_plain(column))
        count = int(connection.execute(query).scalar_one())
        found |= {place: count} if count else {}
    return found


def seal_some(connection: Connection, place: str, after: Any, most: int) -> Sealed:
    """Seal the next rows of a column whose key is later than *after*, and leave nothing of what they were."""
    column = PLACES[place]
    [key] = column.table.primary_key.columns
    query = select(key, column).where(_is_plain(column)).order_by(key).limit(most).with_for_update()
    rows = connection.execute(query if after is None else query.where(key > after)).all()
    secure_deletes(connection, on=True)
    try:
        for found, value in rows:
            connection.execute(update(column.table).where(key == found).values({column: value}))
    finally:
        secure_deletes(connection, on=False)
    return Sealed(len(rows), rows[-1][0] if len(rows) == most else None)


def seal_secrets(connection: Connection) -> None:
    """Write the server's own secrets again, sealed."""
    for name in sorted(SECRETS):
        value = get_state(connection, name)
        if value is not None:
            put_state(connection, name, value)
