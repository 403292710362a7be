"""
Rows of holds, and the live assignments that say whose devices must hear of them.

Every function takes the connection first and runs one statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update
from sqlalchemy import case as either

from server.storage.tables import agent, assignment, case, hold

AnyRow = Row[Any]


_WITH_AGENT = (hold, agent.c.code.label("agent_code"), agent.c.name.label("agent_name"))


def read_hold(connection: Connection, hold_id: str) -> AnyRow | None:
    """Give a hold, lifted or not, with the agent who placed it."""
    query = select(*_WITH_AGENT).outerjoin(agent, agent.c.id == hold.c.agent_id).where(hold.c.id == hold_id)
    return connection.execute(query).one_or_none()


def add_hold(connection: Connection, row: dict[str, Any]) -> None:
    """Add a hold."""
    connection.execute(insert(hold), row)


def change_hold(connection: Connection, hold_id: str, **values: Any) -> None:
    """Change what is known of a hold."""
    connection.execute(update(hold).where(hold.c.id == hold_id).values(**values))


def bump_holds(connection: Connection, hold_ids: Sequence[str], least: int) -> None:
    """Raise the revision of these holds by one, and to *least* at least (F5)."""
    following = hold.c.rev + 1
    rev = either((following > least, following), else_=least)
    connection.execute(update(hold).where(hold.c.id.in_(hold_ids)).values(rev=rev))


def read_live_on(connection: Connection, case_ids: Sequence[str]) -> Sequence[AnyRow]:
    """Give the live holds that halt any of these cases, by the case itself or by its person."""
    persons = select(case.c.person_id).where(case.c.id.in_(case_ids))
    return connection.execute(
        select(hold)
        .where(hold.c.lifted_ms.is_(None), or_(hold.c.case_id.in_(case_ids), hold.c.person_id.in_(persons)))
        .order_by(hold.c.id)
    ).all()


def read_live(connection: Connection) -> Sequence[AnyRow]:
    """Give every live hold with its agent and its case's lender and reference, the next to be looked at first."""
    return connection.execute(
        select(*_WITH_AGENT, case.c.lender, case.c.reference)
        .outerjoin(case, case.c.id == hold.c.case_id)
        .outerjoin(agent, agent.c.id == hold.c.agent_id)
        .where(hold.c.lifted_ms.is_(None))
        .order_by(hold.c.review_ms, hold.c.id)
    ).all()


def read_ended(connection: Connection, now_ms: int) -> list[str]:
    """Give the live holds whose time has passed."""
    ended = select(hold.c.id).where(hold.c.lifted_ms.is_(None), hold.c.until_ms <= now_ms).order_by(hold.c.id)
    return list(connection.execute(ended).scalars())


def read_halted(
    connection: Connection, case_ids: Sequence[str], person_ids: Sequence[str], agent_ids: Sequence[str] | None
) -> Sequence[Any]:
    """Give (agent_id, case_id, person_id) of live assignments on these cases or persons, of some agents or of all."""
    query = (
        select(assignment.c.agent_id, assignment.c.case_id, case.c.person_id)
        .join(case, case.c.id == assignment.c.case_id)
        .where(assignment.c.until_ms.is_(None), or_(case.c.id.in_(case_ids), case.c.person_id.in_(person_ids)))
    )
    return connection.execute(query if agent_ids is None else query.where(assignment.c.agent_id.in_(agent_ids))).all()


def read_person_of(connection: Connection, case_id: str) -> str | None:
    """Give the person of a case, None if there is no such case."""
    return connection.execute(select(case.c.person_id).where(case.c.id == case_id)).scalar()


def read_cases_of(connection: Connection, person_id: str) -> list[str]:
    """Give every case of a person."""
    return list(connection.execute(select(case.c.id).where(case.c.person_id == person_id)).scalars())
