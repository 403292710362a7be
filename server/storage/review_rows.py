"""Rows that reviewers read and write: the list of visits, one visit's story, decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select
from sqlalchemy import case as either

from server.storage.feed import upsert
from server.storage.office_tables import finding_mark
from server.storage.review_tables import conduct_seen
from server.storage.tables import agency, agent, case, person, place
from server.storage.types import AnyRow
from server.storage.visit_tables import decision, finding, visit, visit_crew
from server.storage.voice_tables import complaint


def add_decision(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add a decision; decisions are only ever added."""
    connection.execute(insert(decision).values(**row))


def add_conduct_seen(connection: Connection, row: Mapping[str, Any]) -> None:
    """Keep what conduct a reviewer saw; only ever added to."""
    connection.execute(insert(conduct_seen).values(**row))


def read_conduct_seen(connection: Connection, case_id: str, visit_id: str) -> list[AnyRow]:
    """Give what reviewers answered of a visit's conduct, the first first."""
    mine = select(conduct_seen).where(conduct_seen.c.case_id == case_id, conduct_seen.c.visit_id == visit_id)
    return list(connection.execute(mine.order_by(conduct_seen.c.at_ms, conduct_seen.c.id)))


def read_claims(connection: Connection, case_id: str, since_ms: int) -> list[AnyRow]:
    """Give the complaints on a case made since a moment: when, by which codes, when answered; never their words."""
    columns = (complaint.c.id, complaint.c.codes, complaint.c.made_ms, complaint.c.answered_ms)
    mine = select(*columns).where(complaint.c.case_id == case_id, complaint.c.made_ms >= since_ms)
    return list(connection.execute(mine.order_by(complaint.c.made_ms, complaint.c.id)))


def crew_of(connection: Connection, case_id: str, visit_id: str) -> list[str]:
    """Give the agents who were at a visit."""
    statement = select(visit_crew.c.agent_id).where(visit_crew.c.case_id == case_id, visit_crew.c.visit_id == visit_id)
    return sorted(connection.execute(statement).scalars())


def read_visits_with(connection: Connection, agent_id: str, visit_ids: Sequence[str]) -> set[str]:
    """Give those of these visits at which an agent was."""
    mine = (visit_crew.c.agent_id == agent_id) & visit_crew.c.visit_id.in_(visit_ids)
    return set(connection.execute(select(visit_crew.c.visit_id).where(mine)).scalars())


def list_visits(
    connection: Connection, state: str | None = None, agent_code: str | None = None, most: int = 500
) -> list[AnyRow]:
    """Give visits, the newest first, with case reference, address and lead."""
    statement = (
        select(visit, case.c.lender, case.c.reference, place.c.address, agent.c.code)
        .outerjoin(case, case.c.id == visit.c.case_id)
        .outerjoin(place, place.c.id == case.c.place_id)
        .outerjoin(agent, agent.c.id == visit.c.lead_agent_id)
        .order_by(visit.c.started_ms.desc(), visit.c.visit_id)
        .limit(most)
    )
    if state is not None:
        statement = statement.where(visit.c.state == state)
    if agent_code is not None:
        statement = statement.where(agent.c.code == agent_code)
    return list(connection.execute(statement))


def find_visit(connection: Connection, visit_id: str) -> list[AnyRow]:
    """Give the visits (one, or none) with this id, with their case and person."""
    return list(
        connection.execute(
            select(visit, case.c.lender, case.c.reference, place.c.address, person.c.name, agent.c.code)
            .outerjoin(case, case.c.id == visit.c.case_id)
            .outerjoin(place, place.c.id == case.c.place_id)
            .outerjoin(person, person.c.id == case.c.person_id)
            .outerjoin(agent, agent.c.id == visit.c.lead_agent_id)
            .where(visit.c.visit_id == visit_id)
        )
    )


def put_mark(connection: Connection, row: Mapping[str, Any]) -> None:
    """Keep whether a reviewer held a finding to be right; the last word counts."""
    statement = upsert(connection)(finding_mark).values(**row)
    changed = {name: row[name] for name in ("is_right", "by", "at_ms")}
    connection.execute(statement.on_conflict_do_update(index_elements=["finding_id"], set_=changed))


def read_marks(connection: Connection, case_id: str, visit_id: str) -> dict[str, bool]:
    """Give what reviewers held of a visit's findings, by finding."""
    joined = select(finding_mark.c.finding_id, finding_mark.c.is_right).join(
        finding, finding.c.id == finding_mark.c.finding_id
    )
    mine = joined.where(finding.c.case_id == case_id, finding.c.visit_id == visit_id)
    return {row.finding_id: row.is_right for row in connection.execute(mine)}


def count_marks(connection: Connection, agencies: Sequence[str]) -> list[AnyRow]:
    """Give (code, agency, marked, right): how often reviewers held findings to be right."""
    right = func.sum(either((finding_mark.c.is_right, 1), else_=0))
    counted = (
        select(finding.c.code, agency.c.name, func.count().label("marked"), right.label("right"))
        .select_from(finding_mark)
        .join(finding, finding.c.id == finding_mark.c.finding_id)
        .join(agent, agent.c.id == finding.c.agent_id)
        .join(agency, agency.c.id == agent.c.agency_id)
        .group_by(finding.c.code, agency.c.name)
        .order_by(finding.c.code, agency.c.name)
    )
    return list(connection.execute(counted.where(agency.c.id.in_(agencies)) if agencies else counted))


def list_findings(
    connection: Connection, codes: Sequence[str] = (), severities: Sequence[str] = (), most: int = 1000
) -> list[AnyRow]:
    """Give live findings, the weightiest codes as the caller sorts them; newest first."""
    statement = (
        select(finding, agent.c.code.label("agent_code"), case.c.reference)
        .outerjoin(agent, agent.c.id == finding.c.agent_id)
        .outerjoin(case, case.c.id == finding.c.case_id)
        .where(finding.c.gone_ms.is_(None))
        .order_by(finding.c.found_ms.desc(), finding.c.id)
        .limit(most)
    )
    if codes:
        statement = statement.where(or_(*(finding.c.code == code for code in codes)))
    if severities:
        statement = statement.where(finding.c.severity.in_(severities))
    return list(connection.execute(statement))
