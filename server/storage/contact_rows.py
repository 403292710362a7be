"""Rows of contact proposals, appointments, answers: what follows from events, and what a person decides of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from server.storage.feed import upsert
from server.storage.tables import appointment, case, event, person
from server.storage.types import AnyRow
from server.storage.visit_tables import decision, finding, proposal


def read_person_of(connection: Connection, case_id: str) -> AnyRow | None:
    """Give the person of a case, locked so that two merges do not cross."""
    statement = select(person).join(case, case.c.person_id == person.c.id).where(case.c.id == case_id)
    if connection.dialect.name != "sqlite":
        statement = statement.with_for_update(of=person)
    return connection.execute(statement).one_or_none()


def read_person(connection: Connection, person_id: str) -> AnyRow:
    """Give a person."""
    return connection.execute(select(person).where(person.c.id == person_id)).one()


def change_person(connection: Connection, person_id: str, **values: Any) -> None:
    """Change a person's row."""
    connection.execute(update(person).where(person.c.id == person_id).values(**values))


def open_cases_of(connection: Connection, person_id: str) -> list[str]:
    """Give a person's open cases."""
    statement = select(case.c.id).where(case.c.person_id == person_id, case.c.status == "open")
    return list(connection.execute(statement.order_by(case.c.id)).scalars())


def add_proposals(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add proposed fields; one already there stays."""
    connection.execute(upsert(connection)(proposal).on_conflict_do_nothing(), list(rows))


def read_proposals(connection: Connection, person_id: str) -> list[AnyRow]:
    """Give a person's proposals that nobody has decided."""
    return list(
        connection.execute(
            select(proposal)
            .where(proposal.c.person_id == person_id, proposal.c.decided_ms.is_(None))
            .order_by(proposal.c.event_id, proposal.c.field)
        )
    )


def change_proposal(connection: Connection, event_id: str, field: str, **values: Any) -> None:
    """Change what became of one proposed field."""
    connection.execute(
        update(proposal).where(proposal.c.event_id == event_id, proposal.c.field == field).values(**values)
    )


def read_clashes(connection: Connection) -> list[AnyRow]:
    """Give every proposed field that waits for a person, with the person's present values."""
    return list(
        connection.execute(
            select(proposal, person.c.name, person.c.contacts)
            .join(person, person.c.id == proposal.c.person_id)
            .where(proposal.c.state == "clash", proposal.c.decided_ms.is_(None))
            .order_by(person.c.id, proposal.c.field, proposal.c.event_id)
        )
    )


def lock_clash(connection: Connection, event_id: str, field: str) -> AnyRow | None:
    """Give a proposed field that waits for a person, with the person's present values, which nobody else changes."""
    mine = (proposal.c.event_id == event_id) & (proposal.c.field == field)
    of_person = select(proposal.c.person_id).where(mine).scalar_subquery()
    connection.execute(select(person.c.id).where(person.c.id == of_person).with_for_update()).all()
    joined = select(proposal, person.c.contacts).join(person, person.c.id == proposal.c.person_id)
    waiting = (proposal.c.state == "clash") & proposal.c.decided_ms.is_(None)
    return connection.execute(joined.where(mine, waiting)).one_or_none()


def add_appointment(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Add an appointment; False if it is there already."""
    added = upsert(connection)(appointment).values(**row).on_conflict_do_nothing().returning(appointment.c.id)
    return connection.execute(added).scalar() is not None


def answer_decision(connection: Connection, decision_id: str, answer: str, now_ms: int) -> AnyRow | None:
    """Write the answer to a reviewer's question; give the decision, None if there is none. The first answer stays."""
    connection.execute(
        update(decision)
        .where(decision.c.id == decision_id, decision.c.answered_ms.is_(None))
        .values(answer=answer, answered_ms=now_ms)
    )
    return connection.execute(select(decision).where(decision.c.id == decision_id)).one_or_none()


def contest_finding(connection: Connection, finding_id: str, reason: str) -> AnyRow | None:
    """Write that the agent disagrees with a finding; give the finding, None if there is none."""
    connection.execute(update(finding).where(finding.c.id == finding_id).values(contested=reason))
    return connection.execute(select(finding).where(finding.c.id == finding_id)).one_or_none()


def find_event_visit(connection: Connection, agent_id: str, event_id: str) -> tuple[str, str] | None:
    """Give the visit an agent's event belongs to, if it belongs to one."""
    row = connection.execute(
        select(event.c.case_id, event.c.visit_id).where(event.c.agent_id == agent_id, event.c.id == event_id)
    ).first()
    return None if row is None or row.case_id is None or row.visit_id is None else (row.case_id, row.visit_id)
