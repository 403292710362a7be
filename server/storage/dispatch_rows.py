"""Rows of the dispatch board: open cases with who has them, the crews with their load, and what the gate refused."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Select, exists, func, or_, select

from server.storage.case_rows import AREA, in_area
from server.storage.conduct_tables import judgement
from server.storage.scope_rows import agent_within, case_within
from server.storage.tables import agency, agent, assignment, case, person, place, team
from server.storage.types import AnyRow

Agencies = Collection[str]
_LIVE = (assignment.c.case_id == case.c.id) & assignment.c.until_ms.is_(None) & (assignment.c.role == "lead")


class Way(StrEnum):
    """Which open cases are wanted, by who has them."""

    FREE = "free"  # nobody
    GIVEN = "given"
    REFUSED = "refused"  # nobody, since the gate last refused them
    ALL = "all"


def list_open(
    connection: Connection, agencies: Agencies, area: str, way: Way, before: str | None, most: int
) -> list[AnyRow]:
    """Give open cases, the newest first."""
    has_lead = exists(select(assignment.c.case_id).where(_LIVE))
    wanted = _listed().where(case.c.status == "open")
    wanted = {
        Way.FREE: wanted.where(~has_lead),
        Way.GIVEN: wanted.where(has_lead),
        Way.REFUSED: wanted.where(~has_lead, _last_refused()),
        Way.ALL: wanted,
    }[way]
    if agencies:  # what nobody has is anybody's to hand out; what somebody has is that agency's
        wanted = wanted.where(or_(~has_lead, case_within(case.c.id, agencies)))
    if before is not None:
        wanted = wanted.where(case.c.id < before)
    return list(connection.execute(wanted.where(in_area(area)).order_by(case.c.id.desc()).limit(most)))


def read_free(connection: Connection, area: str, most: int) -> list[str]:
    """Give up to *most* open cases that nobody has, of an area or of all."""
    has_lead = exists(select(assignment.c.case_id).where(_LIVE))
    free = select(case.c.id).join(place, place.c.id == case.c.place_id).where(case.c.status == "open", ~has_lead)
    return list(connection.execute(free.where(in_area(area)).limit(most)).scalars())


def read_refused(connection: Connection, area: str, most: int) -> list[AnyRow]:
    """Give the free cases that the gate last refused, the newest case first, with what was in the way and when."""
    own = (judgement.c.case_id == case.c.id) & judgement.c.visit_id.is_(None)
    newest = (judgement.c.made_ms.desc(), judgement.c.id.desc())
    last = judgement.alias("last")
    of_last = last.c.id == select(judgement.c.id).where(own).order_by(*newest).limit(1).scalar_subquery()
    free = ~exists(select(assignment.c.case_id).where(_LIVE))
    wanted = _listed().add_columns(last.c.troubles, last.c.made_ms.label("asked_ms")).join(last, of_last)
    ever = select(judgement.c.case_id).where(~judgement.c.is_open, judgement.c.visit_id.is_(None))
    wanted = wanted.where(case.c.status == "open", case.c.id.in_(ever), free, ~last.c.is_open, in_area(area))
    return list(connection.execute(wanted.order_by(case.c.id.desc()).limit(most)))


def read_open(connection: Connection, case_ids: Collection[str], agencies: Agencies) -> list[AnyRow]:
    """Give those of these cases that are open, and that may be handed out within these agencies."""
    has_lead = exists(select(assignment.c.case_id).where(_LIVE))
    wanted = _listed().where(case.c.id.in_(case_ids), case.c.status == "open")
    if agencies:
        wanted = wanted.where(or_(~has_lead, case_within(case.c.id, agencies)))
    return list(connection.execute(wanted.order_by(case.c.id)))


def _listed() -> Select[Any]:
    lead = select(agent.c.code).join(assignment, assignment.c.agent_id == agent.c.id).where(_LIVE).limit(1)
    until = select(func.max(assignment.c.lease_until_ms)).where(_LIVE)
    columns = (
        case.c.id, case.c.lender, case.c.reference, person.c.name, place.c.address, place.c.lat_e7, place.c.lon_e7,
        AREA, lead.scalar_subquery().label("lead"),
        until.scalar_subquery().label("lease_until_ms"),
    )  # fmt: skip
    joined = case.join(person, person.c.id == case.c.person_id).join(place, place.c.id == case.c.place_id)
    return select(*columns).select_from(joined)


def _last_refused() -> Any:
    """Give the condition that the gate's last answer for a case was no."""
    own = (judgement.c.case_id == case.c.id) & judgement.c.visit_id.is_(None)
    last = select(judgement.c.is_open).where(own).order_by(judgement.c.made_ms.desc(), judgement.c.id.desc()).limit(1)
    return last.scalar_subquery().is_(False)


def list_crews(connection: Connection, agencies: Agencies) -> list[AnyRow]:
    """Give the active agents with agency, open cases they lead, and how many they can carry."""
    live = (assignment.c.agent_id == agent.c.id) & assignment.c.until_ms.is_(None) & (assignment.c.role == "lead")
    load = select(func.count()).select_from(assignment).where(live).scalar_subquery()
    columns = (agent.c.id, agent.c.code, agent.c.name, agency.c.name.label("agency_name"), team.c.capacity)
    wanted = (
        select(*columns, load.label("load"))
        .join(agency, agency.c.id == agent.c.agency_id)
        .outerjoin(team, team.c.id == agent.c.team_id)
        .where(agent.c.status == "active", agent_within(agent.c.id, agencies))
    )
    return list(connection.execute(wanted.order_by(agency.c.name, agent.c.code)))


def read_led(connection: Connection, agent_id: str) -> list[AnyRow]:
    """Give the open cases an agent leads now, with their places and what the gate let them through with."""
    own = assignment.alias("own")
    mine = _listed().add_columns(judgement.c.limits, place.c.precision).join(own, own.c.case_id == case.c.id)
    joined = mine.join(judgement, judgement.c.id == own.c.judgement_id)
    led = (own.c.agent_id == agent_id) & (own.c.role == "lead") & own.c.until_ms.is_(None) & (case.c.status == "open")
    return list(connection.execute(joined.where(led).order_by(case.c.id)))
