"""Rows of what people of the office did: only ever added, each linked to the one before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, insert, select, update

from server.storage.office_tables import office_act
from server.storage.state_rows import get_state, put_state
from server.storage.tables import server_state
from server.storage.types import AnyRow

HEAD = "act_head"  # "<seq> <hash>" of the last act; its row is locked while one is added
NOTHING = "0" * 64
AT_ONCE = 1000


def lock_head(connection: Connection) -> tuple[int, str]:
    """Give number and hash of the last act; nobody else adds one before this transaction ends."""
    touched = update(server_state).where(server_state.c.name == HEAD).values(value=server_state.c.value)
    if connection.execute(touched).rowcount == 0:
        put_state(connection, HEAD, f"0 {NOTHING}", keep=True)
        connection.execute(touched)
    return read_head(connection)


def read_head(connection: Connection) -> tuple[int, str]:
    """Give number and hash of the last act."""
    seq, _, last = (get_state(connection, HEAD) or f"0 {NOTHING}").partition(" ")
    return int(seq), last


def add_act(connection: Connection, row: dict[str, Any]) -> None:
    """Add an act as the new last one."""
    connection.execute(insert(office_act).values(**row))
    head = f"{row['seq']} {row['hash']}"
    connection.execute(update(server_state).where(server_state.c.name == HEAD).values(value=head))


def read_all(connection: Connection) -> Iterator[AnyRow]:
    """Give every act, the first first, without holding them all."""
    last = 0
    while page := list(
        connection.execute(select(office_act).where(office_act.c.seq > last).order_by(office_act.c.seq).limit(AT_ONCE))
    ):
        yield from page
        last = page[-1].seq


def list_acts(
    connection: Connection, *, before: int | None = None, name: str = "", act: str = "", object_id: str = "",
    most: int = 100,
) -> list[AnyRow]:
    """Give acts, the newest first, from before a number, of one person, of one kind, or about one object."""
    wanted = select(office_act).order_by(office_act.c.seq.desc()).limit(most)
    if before is not None:
        wanted = wanted.where(office_act.c.seq < before)
    if name:
        wanted = wanted.where(office_act.c.name == name)
    if act:
        wanted = wanted.where(office_act.c.act == act)
    if object_id:
        wanted = wanted.where(office_act.c.object_id == object_id)
    return list(connection.execute(wanted))
