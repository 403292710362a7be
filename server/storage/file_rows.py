"""Rows of files that events name, and of withheld contents that arrive as files."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select, update

from server.storage.tables import chain, device, event, link, wanted_file
from server.storage.types import AnyRow


def read_file(connection: Connection, device_id: str, sha256: str) -> AnyRow | None:
    """Give what is known of a file a device named: size, role, agent, case, visit, state."""
    return connection.execute(
        select(wanted_file).where(wanted_file.c.device_id == device_id, wanted_file.c.sha256 == sha256)
    ).one_or_none()


def set_state(connection: Connection, device_id: str, sha256: str, state: str, now_ms: int) -> None:
    """Move a file to `verified`, `discarded`, or back to `wanted`."""
    connection.execute(
        update(wanted_file)
        .where(wanted_file.c.device_id == device_id, wanted_file.c.sha256 == sha256)
        .values(state=state, state_ms=now_ms)
    )


def read_withheld(connection: Connection, agent_id: str, digest: str) -> list[AnyRow]:
    """Give the events of an agent that were sent without this content."""
    return list(
        connection.execute(
            select(event).where(event.c.agent_id == agent_id, event.c.digest == digest, event.c.problem == "withheld")
        )
    )


def read_parked(connection: Connection, problems: tuple[str, ...], after_pos: int, most: int = 500) -> list[AnyRow]:
    """Give parked events with one of these problems, in the order they came."""
    return list(
        connection.execute(
            select(event)
            .where(event.c.status == "parked", event.c.problem.in_(problems), event.c.pos > after_pos)
            .order_by(event.c.pos)
            .limit(most)
        )
    )


def keep_judgement(connection: Connection, pos: int, values: dict[str, Any]) -> None:
    """Write what a parked event was judged to be, and its content where that has come."""
    connection.execute(update(event).where(event.c.pos == pos).values(**values))


def read_device_of(connection: Connection, event_pos: int) -> str | None:
    """Give the device whose chain first brought an event."""
    return connection.execute(
        select(device.c.id)
        .join(chain, chain.c.device_id == device.c.id)
        .join(link, link.c.chain_pos == chain.c.pos)
        .where(link.c.event_pos == event_pos)
        .order_by(link.c.received_ms)
        .limit(1)
    ).scalar()
