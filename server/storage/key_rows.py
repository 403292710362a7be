"""
Rows of keys: data keys, wrapped, and the names of the master keys they lie under.

Whoever adds a data key holds its master's row, whoever retires a master locks it: so none is ever left behind.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from schemas.errors import FieldError
from server.storage.feed import upsert
from server.storage.key_tables import data_key, master_key
from server.storage.master_keys import Wrapped
from server.storage.types import AnyRow

FIELDS = "fields"  # the name of the one data key that columns are sealed with


def find_data_key(connection: Connection, name: str) -> AnyRow | None:
    """Give the data key of a file, or of the columns."""
    return connection.execute(select(data_key).where(data_key.c.name == name)).one_or_none()


def read_kept(connection: Connection, kept_as: Collection[str]) -> dict[str, AnyRow]:
    """Give the data keys of those of these sealed files that have one, by what they are kept as."""
    rows = connection.execute(select(data_key).where(data_key.c.kept_as.in_(kept_as)))
    return {row.kept_as: row for row in rows}


def add_data_key(connection: Connection, row: Mapping[str, Any]) -> bool:
    """
    Add a data key, and say whether it is the first of its name; another one stays.

    Raises `conflict` where its master key was retired meanwhile: it is to be wrapped anew.
    """
    _hold_master(connection, row["master"], row["made_ms"])
    added = upsert(connection)(data_key).values(**row).on_conflict_do_nothing(index_elements=["name"])
    return connection.execute(added.returning(data_key.c.name)).scalar() is not None


def _hold_master(connection: Connection, name: str, now_ms: int) -> None:
    """Know a master key, and keep it from being retired before this transaction ends."""
    row = {"name": name, "made_ms": now_ms}
    connection.execute(upsert(connection)(master_key).values(**row).on_conflict_do_nothing())
    held = select(master_key.c.retired_ms).where(master_key.c.name == name).with_for_update(read=True)
    if connection.execute(held).scalar_one() is not None:
        raise FieldError("conflict", detail=f"Master key {name} was retired; nothing is sealed under it.")


def drop_data_key(connection: Connection, name: str) -> None:
    """Delete a data key for good: what it sealed can never be read again."""
    connection.execute(delete(data_key).where(data_key.c.name == name))


# -- master keys


def list_masters(connection: Connection) -> Sequence[AnyRow]:
    """Give every master key that was ever used, each with how many data keys lie under it."""
    under = func.count(data_key.c.name).label("under")
    query = select(master_key, under).outerjoin(data_key, data_key.c.master == master_key.c.name)
    return connection.execute(query.group_by(*master_key.c).order_by(master_key.c.made_ms, master_key.c.name)).all()


def read_under_others(connection: Connection, master: str, most: int) -> Sequence[AnyRow]:
    """Give data keys that lie under another master key than this one."""
    query = select(data_key).where(data_key.c.master != master)
    return connection.execute(query.order_by(data_key.c.name).limit(most)).all()


def put_under(connection: Connection, row: AnyRow, wrapped: Wrapped, now_ms: int) -> None:
    """Put a data key under another master key; one that was moved or erased meanwhile is left alone."""
    _hold_master(connection, wrapped.master, now_ms)
    same = (data_key.c.name == row.name) & (data_key.c.id == row.id) & (data_key.c.master == row.master)
    connection.execute(update(data_key).where(same).values(master=wrapped.master, wrapped=wrapped.key))


def retire_master(connection: Connection, name: str, now_ms: int) -> int:
    """Retire a master key under which nothing lies; give how many data keys stand in the way."""
    locked = select(master_key.c.retired_ms).where(master_key.c.name == name).with_for_update()
    connection.execute(locked)
    count = select(func.count()).select_from(data_key).where(data_key.c.master == name)
    left = int(connection.execute(count).scalar_one())
    if not left:
        mine = (master_key.c.name == name) & master_key.c.retired_ms.is_(None)
        connection.execute(update(master_key).where(mine).values(retired_ms=now_ms))
    return left
