"""
Rows of what persons tell us: complaints, calls for help, feedback, requests.

Every function takes the connection first and runs one statement.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert, or_, select, update

from server.storage.feed import upsert
from server.storage.tables import agency, agent, appointment, assignment, case, feed, hold, place
from server.storage.types import AnyRow
from server.storage.visit_tables import visit
from server.storage.voice_tables import complaint, feedback, help_call, person_request

Values = Mapping[str, Any]
_TABLES: dict[str, Table] = {"complaint": complaint, "help_call": help_call, "person_request": person_request}


def add(connection: Connection, kind: str, row: Values) -> None:
    """Add a complaint, a call for help or a request."""
    connection.execute(insert(_TABLES[kind]).values(**row))


def change(connection: Connection, kind: str, row_id: str, **values: Any) -> None:
    """Change one of them."""
    table = _TABLES[kind]
    connection.execute(update(table).where(table.c.id == row_id).values(**values))


def read(connection: Connection, kind: str, row_id: str) -> AnyRow | None:
    """Give one of them."""
    table = _TABLES[kind]
    return connection.execute(select(table).where(table.c.id == row_id)).one_or_none()


def lock(connection: Connection, kind: str, row_id: str) -> AnyRow | None:
    """Give one of them, locked until the transaction ends."""
    table = _TABLES[kind]
    return connection.execute(select(table).where(table.c.id == row_id).with_for_update()).one_or_none()


def read_complaints(connection: Connection, *, with_closed: bool) -> Sequence[AnyRow]:
    """Give complaints with their case, those to be triaged first, then the oldest."""
    joined = select(complaint, case.c.lender, case.c.reference).outerjoin(case, case.c.id == complaint.c.case_id)
    ordered = joined.order_by(complaint.c.case_id.is_not(None), complaint.c.made_ms, complaint.c.id)
    return connection.execute(
        ordered if with_closed else ordered.where(complaint.c.answered_ms.is_(None))
    ).all()  # fmt: skip


def read_complaints_of_persons(connection: Connection, case_ids: Collection[str]) -> list[AnyRow]:
    """Give the complaints on any case of the persons of these cases."""
    persons = select(case.c.person_id).where(case.c.id.in_(case_ids))
    joined = select(complaint, case.c.person_id).join(case, case.c.id == complaint.c.case_id)
    return list(connection.execute(joined.where(case.c.person_id.in_(persons)).order_by(complaint.c.made_ms)))


def read_calls(connection: Connection, *, with_closed: bool) -> Sequence[AnyRow]:
    """Give calls for help: those that a supervisor was told of first, then the oldest."""
    joined = (
        select(help_call, case.c.lender, case.c.reference, place.c.address, agent.c.code)
        .outerjoin(case, case.c.id == help_call.c.case_id)
        .outerjoin(place, place.c.id == case.c.place_id)
        .outerjoin(agent, agent.c.id == help_call.c.agent_id)
        .order_by(
            help_call.c.closed_ms.is_not(None), help_call.c.taken_ms.is_not(None), help_call.c.alerted_ms.is_(None),
            help_call.c.made_ms, help_call.c.id,
        )
    )  # fmt: skip
    return connection.execute(joined if with_closed else joined.where(help_call.c.closed_ms.is_(None))).all()


def find_open_call(connection: Connection, case_id: str) -> str | None:
    """Give the call for help on a case that nobody has taken yet."""
    waiting = (help_call.c.closed_ms.is_(None), help_call.c.taken_ms.is_(None))
    mine = select(help_call.c.id).where(help_call.c.case_id == case_id, *waiting)
    return connection.execute(mine.order_by(help_call.c.made_ms).limit(1)).scalar()


def read_told(connection: Connection, call_id: str) -> Sequence[AnyRow]:
    """Give (scope_id, rev) of what lies in feeds for the crew of a call."""
    mine = (feed.c.type == "notice", feed.c.op == "put", feed.c.object_id == call_id)
    return connection.execute(select(feed.c.scope_id, feed.c.rev).where(*mine)).all()


_WAITING = (help_call.c.taken_ms.is_(None), help_call.c.closed_ms.is_(None), help_call.c.alerted_ms.is_(None))


def is_any_waiting(connection: Connection, made_before_ms: int) -> bool:
    """Say whether a call that nobody took is older than this, and no supervisor was told."""
    found = select(help_call.c.id).where(*_WAITING, help_call.c.made_ms <= made_before_ms).limit(1)
    return connection.execute(found).scalar() is not None


def alert_calls(connection: Connection, made_before_ms: int, now_ms: int) -> list[str]:
    """Note that a supervisor is told of every call that nobody took since; give them."""
    told = update(help_call).where(*_WAITING, help_call.c.made_ms <= made_before_ms).values(alerted_ms=now_ms)
    return list(connection.execute(told.returning(help_call.c.id)).scalars())


def read_requests(connection: Connection, *, with_done: bool) -> Sequence[AnyRow]:
    """Give what persons asked of us, the oldest first."""
    joined = select(person_request, case.c.lender, case.c.reference).join(case, case.c.id == person_request.c.case_id)
    ordered = joined.order_by(person_request.c.made_ms, person_request.c.id)
    return connection.execute(ordered if with_done else ordered.where(person_request.c.done_ms.is_(None))).all()


def find_open_request(connection: Connection, person_id: str, kind: str) -> str | None:
    """Give the request of this kind that a person made and that is not done yet."""
    mine = (person_request.c.person_id == person_id, person_request.c.kind == kind, person_request.c.done_ms.is_(None))
    return connection.execute(select(person_request.c.id).where(*mine).limit(1)).scalar()


def put_feedback(connection: Connection, row: Values) -> None:
    """Write a person's answers on a visit, in place of those before."""
    written = upsert(connection)(feedback).values(**row)
    changed = {name: written.excluded[name] for name in ("answers", "made_ms")}
    connection.execute(written.on_conflict_do_update(index_elements=["case_id", "visit_id"], set_=changed))


def read_feedback(connection: Connection, case_id: str) -> dict[str, Mapping[str, str]]:
    """Give a person's answers by visit."""
    rows = connection.execute(select(feedback).where(feedback.c.case_id == case_id))
    return {row.visit_id: row.answers for row in rows}


# -- what the pages show of a case


def read_case(connection: Connection, case_id: str) -> AnyRow | None:
    """Give a case with what says where it is."""
    joined = select(case.c.id, case.c.person_id, case.c.status, place.c.lat_e7, place.c.lon_e7)
    joined = joined.join(place, place.c.id == case.c.place_id)
    return connection.execute(joined.where(case.c.id == case_id)).one_or_none()


def read_live_holds(connection: Connection, case_id: str, person_id: str) -> list[AnyRow]:
    """Give the halts in force on a case and on its person."""
    mine = or_(hold.c.case_id == case_id, hold.c.person_id == person_id)
    return list(connection.execute(select(hold).where(mine, hold.c.lifted_ms.is_(None)).order_by(hold.c.placed_ms)))


def read_visits(connection: Connection, case_id: str) -> list[str]:
    """Give the visits of a case that were begun, the newest first."""
    begun = select(visit.c.visit_id).where(visit.c.case_id == case_id, visit.c.state.is_not(None))
    return list(connection.execute(begun.order_by(visit.c.started_ms.desc(), visit.c.visit_id)).scalars())


def read_agents(connection: Connection, agent_ids: Collection[str]) -> dict[str, AnyRow]:
    """Give agents by id, with their agency's name."""
    joined = select(agent.c.id, agent.c.code, agent.c.name, agency.c.name.label("agency_name"))
    joined = joined.join(agency, agency.c.id == agent.c.agency_id)
    return {row.id: row for row in connection.execute(joined.where(agent.c.id.in_(agent_ids)))}


def read_assigned_agents(connection: Connection, case_id: str, *, only_now: bool) -> list[AnyRow]:
    """Give the agents who have a case, or ever had it."""
    joined = select(agent.c.id, agent.c.code, agent.c.name).join(assignment, assignment.c.agent_id == agent.c.id)
    mine = joined.where(assignment.c.case_id == case_id).distinct().order_by(agent.c.code)
    return list(connection.execute(mine.where(assignment.c.until_ms.is_(None)) if only_now else mine))


def drop_own_appointments(connection: Connection, case_id: str) -> None:
    """Drop the appointments that the person made here: another time takes their place."""
    mine = (appointment.c.case_id == case_id, appointment.c.made_by == "person", appointment.c.event_id.is_(None))
    connection.execute(appointment.delete().where(*mine))
