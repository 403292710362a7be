"""
Rows of agencies, teams and agents: read by code or name, written by import and commands.

Every function takes the connection first and runs one statement.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from schemas.errors import FieldError
from server.storage.feed import upsert
from server.storage.tables import agency, agent, assignment, device, team

AnyRow = Row[Any]


def find_agent(connection: Connection, code: str) -> AnyRow:
    """Give the agent of this code; raise `not-found` if there is none."""
    found = connection.execute(select(agent).where(agent.c.code == code)).one_or_none()
    if found is None:
        raise FieldError("not-found", detail=f"There is no agent {code!r}; `fairvisit agents list` shows them.")
    return found


def read_agents_by_code(connection: Connection, codes: Sequence[str]) -> dict[str, AnyRow]:
    """Give the agents of these codes."""
    return {row.code: row for row in connection.execute(select(agent).where(agent.c.code.in_(codes)))}


def read_idle(connection: Connection, agent_ids: Collection[str]) -> dict[str, str]:
    """Give the codes of those of these agents who are not active, by id."""
    query = select(agent.c.id, agent.c.code).where(agent.c.id.in_(agent_ids), agent.c.status != "active")
    return {row.id: row.code for row in connection.execute(query)}


def read_teams(connection: Connection) -> dict[str, AnyRow]:
    """Give every team by name, with its agency's name."""
    joined = select(team, agency.c.name.label("agency_name")).join(agency, agency.c.id == team.c.agency_id)
    return {row.name: row for row in connection.execute(joined.order_by(team.c.name))}


def read_agencies(connection: Connection) -> dict[str, AnyRow]:
    """Give every agency by name."""
    return {row.name: row for row in connection.execute(select(agency).order_by(agency.c.name))}


def list_agents(connection: Connection) -> Sequence[AnyRow]:
    """Give every agent with agency, team, live cases as lead, and devices that are let in."""
    cases = (
        select(assignment.c.agent_id, func.count().label("cases"))
        .where(assignment.c.until_ms.is_(None), assignment.c.role == "lead")
        .group_by(assignment.c.agent_id)
        .subquery()
    )
    devices = (
        select(device.c.agent_id, func.count().label("devices"))
        .where(device.c.state == "active")
        .group_by(device.c.agent_id)
        .subquery()
    )
    return connection.execute(
        select(
            agent,
            agency.c.name.label("agency_name"),
            team.c.name.label("team_name"),
            team.c.capacity,
            team.c.certificates.label("team_certificates"),
            team.c.languages.label("team_languages"),
            func.coalesce(cases.c.cases, 0).label("cases"),
            func.coalesce(devices.c.devices, 0).label("devices"),
        )
        .join(agency, agency.c.id == agent.c.agency_id)
        .outerjoin(team, team.c.id == agent.c.team_id)
        .outerjoin(cases, cases.c.agent_id == agent.c.id)
        .outerjoin(devices, devices.c.agent_id == agent.c.id)
        .order_by(agent.c.code)
    ).all()


def add_agency(connection: Connection, row: dict[str, Any]) -> None:
    """Add an agency."""
    connection.execute(insert(agency), row)


def put_team(connection: Connection, row: dict[str, Any]) -> None:
    """Add a team, or change the one of this name."""
    written = upsert(connection)(team).values(**row)
    changed = {name: written.excluded[name] for name in ("agency_id", "certificates", "languages", "capacity")}
    connection.execute(written.on_conflict_do_update(index_elements=["name"], set_=changed))


def put_agents(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Add agents, or change those of the same code; their ids stay."""
    written = upsert(connection)(agent)
    names = ("name", "agency_id", "team_id", "certificates", "languages", "lat_e7", "lon_e7", "status")
    changed = {name: written.excluded[name] for name in names}
    connection.execute(written.on_conflict_do_update(index_elements=["code"], set_=changed), rows)
