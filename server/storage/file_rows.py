"""Rows of files that events name, and of withheld contents that arrive as files."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, func, select, union, update

from server.storage.retention_tables import is_erased
from server.storage.tables import chain, device, event, link, wanted_file
from server.storage.types import AnyRow
from server.storage.visit_file_tables import office_file


def read_file(connection: Connection, device_id: str, sha256: str) -> AnyRow | None:
    """Give what is known of a file a device named: size, role, agent, case, visit, state."""
    return connection.execute(
        select(wanted_file).where(wanted_file.c.device_id == device_id, wanted_file.c.sha256 == sha256)
    ).one_or_none()


def set_state(connection: Connection, device_id: str, sha256: str, state: str, now_ms: int) -> None:
    """Move a file to `discarded`, or back to `wanted`."""
    connection.execute(
        update(wanted_file)
        .where(wanted_file.c.device_id == device_id, wanted_file.c.sha256 == sha256)
        .values(state=state, state_ms=now_ms)
    )


def set_verified(connection: Connection, device_id: str, sha256: str, media_type: str, now_ms: int) -> None:
    """Note that a file is kept whole, and what it is."""
    connection.execute(
        update(wanted_file)
        .where(wanted_file.c.device_id == device_id, wanted_file.c.sha256 == sha256)
        .values(state="verified", state_ms=now_ms, media_type=media_type)
    )


def read_open_file(connection: Connection, device_id: str, sha256: str) -> AnyRow | None:
    """Give a file that its device may still send: wanted, by a device that is not gone."""
    return connection.execute(
        select(wanted_file)
        .join(device, device.c.id == wanted_file.c.device_id)
        .where(wanted_file.c.device_id == device_id, wanted_file.c.sha256 == sha256)
        .where(wanted_file.c.state == "wanted", device.c.state != "gone")
    ).one_or_none()


def count_sent(connection: Connection, device_id: str, since_ms: int) -> int:
    """Give how many bytes of files a device has sent whole since a time."""
    mine = (wanted_file.c.device_id == device_id, wanted_file.c.state == "verified", wanted_file.c.state_ms >= since_ms)
    return int(connection.execute(select(func.coalesce(func.sum(wanted_file.c.size), 0)).where(*mine)).scalar_one())


def which_are_named(connection: Connection, hashes: Collection[str]) -> set[str]:
    """Give those of some hashes that an event names or the office added, and that no retention erased."""
    names = [
        select(table.c.sha256).where(table.c.sha256.in_(hashes), ~is_erased(table))
        for table in (wanted_file, office_file)
    ]
    return set(connection.execute(union(*names)).scalars())


def is_named(connection: Connection, sha256: str) -> bool:
    """Say whether any event names a file, or the office added it."""
    return bool(which_are_named(connection, [sha256]))


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
