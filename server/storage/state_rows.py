"""Facts about the server itself: its epoch, its secrets, whether it is paused."""

from __future__ import annotations

from sqlalchemy import Connection, select

from server.storage.feed import upsert
from server.storage.sealed_fields import seal, unseal
from server.storage.tables import server_state

SECRETS = frozenset({"nonce_secret", "person_secret", "webhook_secret"})  # sealed where there is a key


def get_state(connection: Connection, name: str) -> str | None:
    """Give a fact about the server itself (`epoch`, `paused` …), None if it was never set."""
    found = connection.execute(select(server_state.c.value).where(server_state.c.name == name)).scalar()
    if found is None or name not in SECRETS:
        return found
    return unseal(connection.dialect, f"server_state.{name}", found.encode()).decode()


def put_state(connection: Connection, name: str, value: str, *, keep: bool = False) -> None:
    """Set a fact about the server itself; with *keep*, only if it was never set."""
    if name in SECRETS:
        value = (seal(connection.dialect, f"server_state.{name}", value.encode()) or value.encode()).decode()
    insert = upsert(connection)(server_state).values(name=name, value=value)
    if keep:
        connection.execute(insert.on_conflict_do_nothing())
    else:
        connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
