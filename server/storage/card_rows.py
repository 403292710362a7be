"""
Rows of the cards that agents show: who holds one, and which code was opened from where.

Every function takes the connection first and runs one statement. One that finds nothing ran the same statement.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, case, delete, select

from server.storage.feed import upsert
from server.storage.tables import agency, agent, clock_sample, device
from server.storage.types import AnyRow
from server.storage.voice_tables import agent_card, card_opening

_HOLDER = (
    agent.c.id.label("agent_id"), agent.c.code, agent.c.name, agent.c.status, agency.c.name.label("agency_name"),
    agency.c.status.label("agency_status"), agent_card.c.number, agent_card.c.photo, agent_card.c.media_type,
)  # fmt: skip


def read_holder(connection: Connection, device_id: str) -> AnyRow | None:
    """Give whose device this is, with its key, its state and the agent's card where one was made."""
    found = (
        select(*_HOLDER, device.c.jwk, device.c.state, device.c.seen_ms)
        .select_from(device)
        .join(agent, agent.c.id == device.c.agent_id)
        .join(agency, agency.c.id == agent.c.agency_id)
        .outerjoin(agent_card, agent_card.c.agent_id == agent.c.id)
    )
    return connection.execute(found.where(device.c.id == device_id)).one_or_none()


def find_number(connection: Connection, number: str) -> AnyRow | None:
    """Give the agent whose card has this number."""
    found = (
        select(*_HOLDER)
        .select_from(agent_card)
        .join(agent, agent.c.id == agent_card.c.agent_id)
        .join(agency, agency.c.id == agent.c.agency_id)
    )
    return connection.execute(found.where(agent_card.c.number == number)).one_or_none()


def read_card(connection: Connection, agent_id: str) -> AnyRow | None:
    """Give an agent's card, None where none was made."""
    return connection.execute(select(agent_card).where(agent_card.c.agent_id == agent_id)).one_or_none()


def put_card(connection: Connection, row: Mapping[str, Any]) -> None:
    """Write a card; one that stands keeps its number."""
    written = upsert(connection)(agent_card).values(**row)
    changed = {name: written.excluded[name] for name in ("photo", "media_type", "made_ms")}
    connection.execute(written.on_conflict_do_update(index_elements=["agent_id"], set_=changed))


def read_sample(connection: Connection, device_id: str, boot: str) -> AnyRow | None:
    """Give the newest clock sample of a device in this boot; where it has none, its newest of all."""
    is_other = case((clock_sample.c.boot == boot, 0), else_=1)
    newest = select(clock_sample).where(clock_sample.c.device_id == device_id)
    return connection.execute(newest.order_by(is_other, clock_sample.c.received_ms.desc()).limit(1)).one_or_none()


def open_code(connection: Connection, row: Mapping[str, Any]) -> AnyRow:
    """Note that a code was opened, and give its first opening: this one, or one before."""
    written = upsert(connection)(card_opening).values(**row)
    connection.execute(written.on_conflict_do_nothing())
    return connection.execute(select(card_opening).where(card_opening.c.code == row["code"])).one()


def forget_openings(connection: Connection, before_ms: int) -> None:
    """Drop the openings of codes that nobody can use any more."""
    connection.execute(delete(card_opening).where(card_opening.c.opened_ms < before_ms))
