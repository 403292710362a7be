"""Rows of approving in bulk: which visits may be, which are the sample, what became of it; and who seconded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, exists, func, insert, or_, select, update

from server.storage.desk_tables import bulk, bulk_visit, second
from server.storage.office_tables import office_user
from server.storage.tables import case, event, hold
from server.storage.types import AnyRow
from server.storage.visit_tables import visit, visit_crew
from server.storage.voice_tables import complaint


def read_barred(connection: Connection, visits: Sequence[tuple[str, str]], first: int) -> set[str]:
    """
    Give those of these visits, (case, visit), that nobody approves in bulk.

    Those whose lead had made fewer than *first* before, with a halt ever placed on case or person, told hardship, with
    a complaint on the case, or gone on with against a warning.
    """
    ids = [visit_id for _, visit_id in visits]
    before = visit_crew.alias("before")
    earlier = (
        select(func.count())
        .select_from(before)
        .where(before.c.agent_id == visit.c.lead_agent_id, before.c.started_ms < visit.c.started_ms)
        .scalar_subquery()
    )
    halted = exists(
        select(hold.c.id).where(or_(hold.c.case_id == visit.c.case_id, hold.c.person_id == case.c.person_id))
    )
    complained = exists(select(complaint.c.id).where(complaint.c.case_id == visit.c.case_id))
    barred = or_(earlier < first, halted, complained, visit.c.disposition == "hardship", visit.c.rank < 3)
    wanted = select(visit.c.visit_id).join(case, case.c.id == visit.c.case_id).where(visit.c.visit_id.in_(ids), barred)
    found = set(connection.execute(wanted).scalars())
    return found | {visit_id for case_id, visit_id in visits if has_override(connection, case_id, visit_id)}


def has_override(connection: Connection, case_id: str, visit_id: str) -> bool:
    """Say whether a crew went on against a warning: an event of the visit says why."""
    mine = select(event.c.content).where(event.c.case_id == case_id, event.c.visit_id == visit_id)
    return any(b'"override_reason"' in content for content in connection.execute(mine).scalars() if content)


def add_bulk(connection: Connection, row: Mapping[str, Any], visits: Mapping[str, bool]) -> None:
    """Keep a bulk with its visits: id -> whether it is of the sample."""
    connection.execute(insert(bulk).values(**row))
    rows = [{"bulk_id": row["id"], "visit_id": each, "is_sample": is_sample} for each, is_sample in visits.items()]
    connection.execute(insert(bulk_visit), rows)


def find_bulk(connection: Connection, bulk_id: str) -> AnyRow | None:
    """Give a bulk with the name of whoever began it."""
    joined = select(bulk, office_user.c.name).join(office_user, office_user.c.id == bulk.c.user_id)
    return connection.execute(joined.where(bulk.c.id == bulk_id)).one_or_none()


def read_visits(connection: Connection, bulk_id: str) -> list[AnyRow]:
    """Give a bulk's visits as they stand now, the sample first."""
    wanted = (
        select(bulk_visit.c.is_sample, visit.c.visit_id, visit.c.case_id, visit.c.state, visit.c.rank)
        .join(visit, visit.c.visit_id == bulk_visit.c.visit_id)
        .where(bulk_visit.c.bulk_id == bulk_id)
        .order_by(bulk_visit.c.is_sample.desc(), visit.c.visit_id)
    )
    return list(connection.execute(wanted))


def list_open(connection: Connection, user_id: str) -> list[AnyRow]:
    """Give the bulks that somebody began and did not end."""
    return list(connection.execute(select(bulk).where(bulk.c.user_id == user_id, bulk.c.state == "open")))


def end_bulk(connection: Connection, bulk_id: str, state: str, now_ms: int) -> bool:
    """End a bulk; False where it was ended already."""
    mine = (bulk.c.id == bulk_id) & (bulk.c.state == "open")
    return connection.execute(update(bulk).where(mine).values(state=state, ended_ms=now_ms)).rowcount == 1


def read_second(connection: Connection, case_id: str, visit_id: str) -> AnyRow | None:
    """Give who approved first of two."""
    mine = (second.c.case_id == case_id) & (second.c.visit_id == visit_id)
    return connection.execute(select(second).where(mine)).one_or_none()


def add_second(connection: Connection, row: Mapping[str, Any]) -> None:
    """Keep who approved first of two."""
    connection.execute(insert(second).values(**row))


def drop_second(connection: Connection, case_id: str, visit_id: str) -> None:
    """Forget it: the visit was decided otherwise."""
    connection.execute(second.delete().where(second.c.case_id == case_id, second.c.visit_id == visit_id))
