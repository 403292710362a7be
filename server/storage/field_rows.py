"""Rows of the pages about devices and their days: lists within agencies, what was set aside, sign-offs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, select

from schemas.vocabulary import DirectiveKind
from server.storage.desk_tables import statement_sign_off
from server.storage.feed import upsert
from server.storage.scope_rows import agent_within
from server.storage.tables import (
    agency,
    agent,
    assignment,
    chain,
    clock_sample,
    device,
    directive,
    enrol_code,
    event,
    link,
)
from server.storage.types import AnyRow
from server.storage.visit_tables import finding, visit

Agencies = Collection[str]
WIPES = (DirectiveKind.WIPE_NOW, DirectiveKind.WIPE_AFTER_UPLOAD)
_PLACED = event.join(link, link.c.event_pos == event.c.pos).join(chain, chain.c.pos == link.c.chain_pos)
_HAS_PARKED = exists(
    select(event.c.pos).select_from(_PLACED).where(chain.c.device_id == device.c.id, event.c.status == "parked")
)
_OPEN_WIPE = exists().where(
    directive.c.device_id == device.c.id, directive.c.done_ms.is_(None), directive.c.kind.in_(WIPES)
)
_LISTED = (
    select(
        device,
        agent.c.code,
        agent.c.name.label("agent_name"),
        agency.c.name.label("agency_name"),
        _OPEN_WIPE.label("has_open_wipe"),
    )
    .join(agent, agent.c.id == device.c.agent_id)
    .join(agency, agency.c.id == agent.c.agency_id)
)


def list_devices(
    connection: Connection, agencies: Agencies, only: str, seen_before_ms: int, after: tuple[int, str] | None, most: int
) -> list[AnyRow]:
    """Give devices, the longest silent first; *only* silent, parked, diverged, awaiting, withdrawn, or all in use."""
    wanted = _LISTED.where(_chosen(agencies, only, seen_before_ms))
    if after is not None:
        at_ms, row_id = after
        wanted = wanted.where(
            (device.c.seen_ms > at_ms) | ((device.c.seen_ms == at_ms) & (device.c.id > row_id))
        )  # fmt: skip
    return list(connection.execute(wanted.order_by(device.c.seen_ms, device.c.id).limit(most)))


def count_devices(connection: Connection, agencies: Agencies, only: str, seen_before_ms: int, most: int) -> int:
    """Count the devices that `list_devices` would give, up to *most*."""
    chosen = select(device.c.id).where(_chosen(agencies, only, seen_before_ms)).limit(most)
    return connection.execute(select(func.count()).select_from(chosen.subquery())).scalar_one()


def _chosen(agencies: Agencies, only: str, seen_before_ms: int) -> ColumnElement[bool]:
    only_those = {
        "silent": (device.c.state == "active") & (device.c.seen_ms < seen_before_ms),
        "parked": _HAS_PARKED,
        "diverged": device.c.manifest_requests > 0,
        "awaiting": device.c.state == "awaiting",
        "withdrawn": device.c.state.in_(("upload_only", "gone")),
    }.get(only, device.c.state.in_(("active", "awaiting")))
    return agent_within(device.c.agent_id, agencies) & only_those


def page_devices(connection: Connection, agencies: Agencies, after: str, most: int) -> list[AnyRow]:
    """Give devices by id, from after one on; all of them, whatever state they are in."""
    wanted = _LISTED.where(agent_within(device.c.agent_id, agencies), device.c.id > after)
    return list(connection.execute(wanted.order_by(device.c.id).limit(most)))


def find_device(connection: Connection, device_id: str, agencies: Agencies) -> AnyRow | None:
    """Give a device with agent and agency; none where it is another agency's."""
    wanted = _LISTED.where(device.c.id == device_id, agent_within(device.c.agent_id, agencies))
    return connection.execute(wanted).one_or_none()


def read_chains(connection: Connection, device_id: str) -> list[AnyRow]:
    """Give a device's chains, the newest first."""
    return list(connection.execute(select(chain).where(chain.c.device_id == device_id).order_by(chain.c.pos.desc())))


def read_newest_sample(connection: Connection, device_id: str) -> AnyRow | None:
    """Give what the device's clock showed when it was last heard."""
    mine = select(clock_sample).where(clock_sample.c.device_id == device_id)
    return connection.execute(mine.order_by(clock_sample.c.received_ms.desc()).limit(1)).one_or_none()


def read_parked(connection: Connection, device_id: str, most: int) -> list[AnyRow]:
    """Give the events of a device that were set aside, the newest first."""
    columns = (event.c.id, event.c.kind, event.c.problem, event.c.visit_id, event.c.first_received_ms)
    mine = (chain.c.device_id == device_id) & (event.c.status == "parked")
    wanted = select(*columns).select_from(_PLACED).where(mine)
    return list(connection.execute(wanted.order_by(event.c.pos.desc()).limit(most)))


def read_directives(connection: Connection, device_id: str) -> list[AnyRow]:
    """Give what a device was ordered to do, the newest first."""
    mine = select(directive).where(directive.c.device_id == device_id)
    return list(connection.execute(mine.order_by(directive.c.issued_ms.desc())))


def read_last_lease(connection: Connection, agent_id: str, seen_ms: int) -> int | None:
    """Give when the last packet ends that an agent's device can have had when it was last seen; None: it had none."""
    theirs = (assignment.c.agent_id == agent_id, assignment.c.from_ms <= seen_ms)
    return connection.execute(select(func.max(assignment.c.lease_until_ms)).where(*theirs)).scalar()


def list_agents(connection: Connection, agencies: Agencies) -> list[AnyRow]:
    """Give the active agents, by code."""
    wanted = select(agent.c.id, agent.c.code, agent.c.name).where(agent.c.status == "active")
    return list(connection.execute(wanted.where(agent_within(agent.c.id, agencies)).order_by(agent.c.code)))


def list_codes(connection: Connection, agencies: Agencies, most: int) -> list[AnyRow]:
    """Give the enrolment codes made last; never the codes themselves, which are not kept."""
    wanted = select(enrol_code, agent.c.code).join(agent, agent.c.id == enrol_code.c.agent_id)
    wanted = wanted.where(agent_within(enrol_code.c.agent_id, agencies))
    return list(connection.execute(wanted.order_by(enrol_code.c.made_ms.desc()).limit(most)))


def read_sign_offs(connection: Connection, day: str) -> dict[str, AnyRow]:
    """Give who signed off which device's day."""
    wanted = select(statement_sign_off).where(statement_sign_off.c.day == day)
    return {row.device_id: row for row in connection.execute(wanted)}


def put_sign_off(connection: Connection, row: Mapping[str, Any]) -> None:
    """Sign a device's day off, in place of an earlier sign-off of it."""
    statement = upsert(connection)(statement_sign_off).values(**row)
    changed = {name: row[name] for name in ("sha256", "by", "at_ms")}
    connection.execute(statement.on_conflict_do_update(index_elements=["device_id", "day"], set_=changed))


def list_heard_since(connection: Connection, agencies: Agencies, since_ms: int) -> list[AnyRow]:
    """Give the devices from which anything was received since a moment, by agent."""
    return list(connection.execute(list_heard(agencies, since_ms)))


def list_heard(agencies: Agencies, since_ms: int) -> Select[Any]:
    """Ask for the devices from which anything was received since a moment, by agent."""
    heard = (link.c.received_ms >= since_ms) & (chain.c.device_id == device.c.id)
    some = exists(select(link.c.seq).select_from(link.join(chain, chain.c.pos == link.c.chain_pos)).where(heard))
    wanted = _LISTED.where(some, agent_within(device.c.agent_id, agencies))
    return wanted.order_by(agent.c.code, device.c.id)


def read_month(connection: Connection, agencies: Agencies, since_ms: int, until_ms: int) -> list[AnyRow]:
    """Give the visits that began between two moments, with agency and lead, and whether the agent contests anything."""
    mine = (finding.c.case_id == visit.c.case_id) & (finding.c.visit_id == visit.c.visit_id)
    contested = exists(select(finding.c.id).where(mine, finding.c.contested.is_not(None), finding.c.gone_ms.is_(None)))
    wanted = (
        select(
            visit.c.case_id, visit.c.visit_id, visit.c.state, agent.c.code, agency.c.name.label("agency_name"),
            contested.label("is_contested"),
        )
        .join(agent, agent.c.id == visit.c.lead_agent_id)
        .join(agency, agency.c.id == visit.c.agency_id)
        .where(visit.c.started_ms >= since_ms, visit.c.started_ms < until_ms)
    )  # fmt: skip
    if agencies:
        wanted = wanted.where(visit.c.agency_id.in_(agencies))
    return list(connection.execute(wanted.order_by(agency.c.name, agent.c.code, visit.c.visit_id)))
