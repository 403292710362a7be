"""
Rows of what lets a device in: the server's keys, enrolment codes, devices and the directives for them.

Every function takes the connection first and runs one statement. Locks are FOR NO KEY UPDATE, so that rows which
merely refer to a locked one can still be written; SQLite has one writer and needs none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, or_, select, update

from server.storage.feed import upsert
from server.storage.tables import agent, chain, device, directive, enrol_code, server_key, server_state, wanted_file

AnyRow = Row[Any]

# -- the server itself


def lock_state(connection: Connection, name: str) -> None:
    """Hold a fact about the server until the job ends: one job at a time makes or changes keys."""
    connection.execute(select(server_state.c.name).where(server_state.c.name == name).with_for_update(key_share=True))


def read_keys(connection: Connection) -> Sequence[AnyRow]:
    """Give every key the server ever had, in the order they were published."""
    return connection.execute(select(server_key).order_by(server_key.c.published_ms, server_key.c.active_from_ms)).all()


def add_key(connection: Connection, row: dict[str, Any]) -> None:
    """Add a key pair."""
    connection.execute(insert(server_key), row)


def retire_keys(connection: Connection, kids: Sequence[str], now_ms: int) -> None:
    """Forget the private part of these keys; the public part stays (A6)."""
    connection.execute(update(server_key).where(server_key.c.kid.in_(kids)).values(private_pem=None, retired_ms=now_ms))


# -- enrolment codes


def add_code(connection: Connection, row: dict[str, Any]) -> None:
    """Add an enrolment code, as its hash."""
    connection.execute(insert(enrol_code), row)


def read_code(connection: Connection, code_hash: str) -> AnyRow | None:
    """Give the code of this hash."""
    return connection.execute(select(enrol_code).where(enrol_code.c.code_hash == code_hash)).one_or_none()


def change_code(connection: Connection, code_hash: str, **values: Any) -> None:
    """Change what is known of a code."""
    connection.execute(update(enrol_code).where(enrol_code.c.code_hash == code_hash).values(**values))


def decide_codes(connection: Connection, device_id: str, now_ms: int, *, refused: bool) -> None:
    """Decide every code that waits for approval of this device."""
    connection.execute(
        update(enrol_code)
        .where(enrol_code.c.device_id == device_id, enrol_code.c.decided_ms.is_(None))
        .values(decided_ms=now_ms, refused=refused)
    )


def read_replaced(connection: Connection, device_id: str) -> Sequence[str]:
    """Give the devices which codes presented by this one name as replaced."""
    named = select(enrol_code.c.replaces).where(enrol_code.c.device_id == device_id, enrol_code.c.replaces.is_not(None))
    return connection.execute(named).scalars().all()


# -- devices


def lock_agent(connection: Connection, agent_id: str) -> AnyRow | None:
    """Give an agent's row, held until the job ends."""
    return connection.execute(select(agent).where(agent.c.id == agent_id).with_for_update(key_share=True)).one_or_none()


def read_device_by_key(connection: Connection, jkt: str) -> AnyRow | None:
    """Give the device that has this key."""
    return connection.execute(select(device).where(device.c.jkt == jkt)).one_or_none()


def read_device(connection: Connection, device_id: str) -> AnyRow | None:
    """Give a device with its agent's code and name."""
    joined = select(device, agent.c.code.label("agent_code"), agent.c.name.label("agent_name"))
    return connection.execute(
        joined.join(agent, agent.c.id == device.c.agent_id).where(device.c.id == device_id)
    ).one_or_none()


def add_device(connection: Connection, row: dict[str, Any]) -> bool:
    """Add a device; False if its key is known already."""
    added = upsert(connection)(device).values(**row).on_conflict_do_nothing(index_elements=["jkt"])
    return connection.execute(added.returning(device.c.id)).scalar() is not None


def change_device(connection: Connection, device_id: str, **values: Any) -> None:
    """Change a device's state, last contact or description."""
    connection.execute(update(device).where(device.c.id == device_id).values(**values))


def withdraw_devices(connection: Connection, agent_ids: Sequence[str]) -> int:
    """Let the active devices of these agents only send from now on; give how many there were."""
    theirs = (device.c.agent_id.in_(agent_ids), device.c.state == "active")
    return connection.execute(update(device).where(*theirs).values(state="upload_only")).rowcount


def drop_device(connection: Connection, device_id: str) -> None:
    """Remove a device that was never let in."""
    connection.execute(device.delete().where(device.c.id == device_id, device.c.state == "awaiting"))


def list_devices(connection: Connection, agent_code: str | None = None, state: str | None = None) -> Sequence[AnyRow]:
    """Give devices with their agents, each with how many events it sent and files it still owes."""
    events = (
        select(chain.c.device_id, func.sum(chain.c.next_seq - 1).label("events")).group_by(chain.c.device_id).subquery()
    )
    files = (
        select(wanted_file.c.device_id, func.count().label("files"))
        .where(wanted_file.c.state == "wanted")
        .group_by(wanted_file.c.device_id)
        .subquery()
    )
    query = (
        select(
            device,
            agent.c.code.label("agent_code"),
            agent.c.name.label("agent_name"),
            func.coalesce(events.c.events, 0).label("events"),
            func.coalesce(files.c.files, 0).label("files"),
        )
        .join(agent, agent.c.id == device.c.agent_id)
        .outerjoin(events, events.c.device_id == device.c.id)
        .outerjoin(files, files.c.device_id == device.c.id)
        .order_by(agent.c.code, device.c.enrolled_ms)
    )
    if agent_code is not None:
        query = query.where(agent.c.code == agent_code)
    if state is not None:
        query = query.where(device.c.state == state)
    return connection.execute(query).all()


def newest_chain(connection: Connection, device_id: str) -> AnyRow | None:
    """Give the chain a device opened last, as far as the server has heard."""
    own = select(chain).where(chain.c.device_id == device_id)
    return connection.execute(own.order_by(chain.c.opened_ms.desc(), chain.c.pos.desc()).limit(1)).one_or_none()


# -- directives


def add_directive(connection: Connection, row: dict[str, Any]) -> None:
    """Add a signed directive; it is sent with every answer until the device has done it."""
    connection.execute(insert(directive), row)


def read_open_directives(connection: Connection, device_id: str, *, wipes_only: bool = False) -> Sequence[AnyRow]:
    """Give what a device was ordered to do and has not confirmed."""
    is_open = and_(directive.c.device_id == device_id, directive.c.done_ms.is_(None))
    query = select(directive).where(is_open).order_by(directive.c.issued_ms)
    if wipes_only:
        query = query.where(or_(directive.c.kind == "wipe_now", directive.c.kind == "wipe_after_upload"))
    return connection.execute(query).all()
