"""Rows a report is made of: an agency's visits in a period, what was found on them, refusals, complaints, feedback."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, and_, or_, select

from server.storage.case_rows import chunks
from server.storage.conduct_tables import judgement
from server.storage.tables import agency, agent, assignment, case, hold
from server.storage.types import AnyRow
from server.storage.visit_tables import finding, visit
from server.storage.voice_tables import complaint, feedback


def find_agency(connection: Connection, name: str) -> str | None:
    """Give the id of the agency of this name."""
    return connection.execute(select(agency.c.id).where(agency.c.name == name)).scalar()


def list_agencies(connection: Connection) -> list[str]:
    """Give the names of all agencies."""
    return list(connection.execute(select(agency.c.name).order_by(agency.c.name)).scalars())


def read_visits(connection: Connection, agency_id: str, from_ms: int, to_ms: int) -> Sequence[AnyRow]:
    """Give the visits that an agency's agents led and that began in a period, in that order."""
    query = (
        select(visit.c.case_id, visit.c.visit_id, visit.c.started_ms)
        .join(agent, agent.c.id == visit.c.lead_agent_id)
        .where(agent.c.agency_id == agency_id, visit.c.started_ms >= from_ms, visit.c.started_ms < to_ms)
    )
    return connection.execute(query.order_by(visit.c.started_ms, visit.c.visit_id)).all()


def read_findings(connection: Connection, visit_ids: Sequence[str], codes: Collection[str]) -> list[AnyRow]:
    """Give the live findings of these codes on these visits."""
    return [
        row
        for chunk in chunks(visit_ids)
        for row in connection.execute(
            select(finding).where(
                finding.c.visit_id.in_(chunk), finding.c.code.in_(codes), finding.c.gone_ms.is_(None)
            )
        )
    ]


def read_judged(connection: Connection, visit_ids: Sequence[str]) -> set[str]:
    """Give which of these visits were judged by rulebooks."""
    return {
        visit_id
        for chunk in chunks(visit_ids)
        for visit_id in connection.execute(
            select(judgement.c.visit_id).where(judgement.c.visit_id.in_(chunk))
        ).scalars()
    }  # fmt: skip


def read_feedback(connection: Connection, visit_ids: Sequence[str]) -> dict[str, AnyRow]:
    """Give what persons told of these visits."""
    return {
        row.visit_id: row
        for chunk in chunks(visit_ids)
        for row in connection.execute(select(feedback).where(feedback.c.visit_id.in_(chunk)))
    }


def read_refusals(
    connection: Connection, agency_id: str, reasons: Collection[str], from_ms: int, to_ms: int
) -> Sequence[AnyRow]:
    """Give the halts for these reasons, placed in a period on cases that the agency had by then."""
    had = (
        select(assignment.c.case_id)
        .join(agent, agent.c.id == assignment.c.agent_id)
        .where(
            agent.c.agency_id == agency_id, assignment.c.case_id == hold.c.case_id,
            assignment.c.from_ms <= hold.c.placed_ms,
        )
    )  # fmt: skip
    query = select(hold).where(
        hold.c.reason.in_(reasons), hold.c.placed_ms >= from_ms, hold.c.placed_ms < to_ms, had.exists()
    )
    return connection.execute(query.order_by(hold.c.placed_ms, hold.c.id)).all()


def read_visits_after(connection: Connection, agency_id: str, halt: AnyRow) -> list[str]:
    """Give the visits of the agency that began while a halt stood, to its case or to any case of its person."""
    halted = visit.c.case_id == halt.case_id
    if halt.person_id is not None:
        halted = or_(halted, visit.c.case_id.in_(select(case.c.id).where(case.c.person_id == halt.person_id)))
    began = [visit.c.started_ms > halt.placed_ms]
    began += [visit.c.started_ms < end for end in (halt.until_ms, halt.lifted_ms) if end is not None]
    query = (
        select(visit.c.visit_id)
        .join(agent, agent.c.id == visit.c.lead_agent_id)
        .where(agent.c.agency_id == agency_id, halted, *began)
    )
    return list(connection.execute(query).scalars())


def read_complaints(connection: Connection, from_ms: int, to_ms: int) -> Sequence[AnyRow]:
    """Give the complaints of a period: case, visit, and the agency of the agent who is complained of, if one is."""
    query = (
        select(complaint.c.case_id, complaint.c.visit_id, complaint.c.made_ms, agent.c.agency_id)
        .outerjoin(agent, agent.c.id == complaint.c.agent_id)
        .where(complaint.c.made_ms >= from_ms, complaint.c.made_ms < to_ms)
    )
    return connection.execute(query.order_by(complaint.c.made_ms, complaint.c.id)).all()


def read_agency_at(connection: Connection, case_id: str, at_ms: int) -> str | None:
    """Give the agency that last had a case at a moment."""
    query = (
        select(agent.c.agency_id)
        .join(assignment, assignment.c.agent_id == agent.c.id)
        .where(and_(assignment.c.case_id == case_id, assignment.c.from_ms <= at_ms, assignment.c.role == "lead"))
    )
    return connection.execute(query.order_by(assignment.c.from_ms.desc()).limit(1)).scalar()
