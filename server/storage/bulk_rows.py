"""Rows of approving in bulk: which visits may be, which are the sample, what became of it; and who seconded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, exists, func, insert, or_, select, tuple_, update

from server.domain.sampling import Standing
from server.storage.desk_tables import bulk, bulk_visit, second
from server.storage.office_tables import office_user
from server.storage.tables import case, event, hold
from server.storage.types import AnyRow
from server.storage.visit_tables import decision, visit, visit_crew
from server.storage.voice_tables import complaint


def read_standings(connection: Connection, visits: Sequence[tuple[str, str]]) -> list[Standing]:
    """Give what is known of these visits, (case, visit), as far as approving them in bulk cares."""
    before = visit_crew.alias("before")
    earlier = (
        select(func.count())
        .select_from(before)
        .where(before.c.agent_id == visit.c.lead_agent_id, before.c.started_ms < visit.c.started_ms)
        .scalar_subquery()
    )
    of_hold = or_(hold.c.case_id == visit.c.case_id, hold.c.person_id == case.c.person_id)
    other = (bulk_visit.c.bulk_id == bulk.c.id) & (bulk_visit.c.visit_id == visit.c.visit_id)
    columns = (
        visit.c.visit_id, visit.c.lead_agent_id, visit.c.state, visit.c.rank, visit.c.disposition,
        earlier.label("earlier"), exists(select(hold.c.id).where(of_hold)).label("is_halted"),
        exists(select(complaint.c.id).where(complaint.c.case_id == visit.c.case_id)).label("is_complained_of"),
        exists(select(bulk.c.id).where(other, bulk.c.state == "open")).label("is_in_bulk"),
    )  # fmt: skip
    key = tuple_(visit.c.case_id, visit.c.visit_id)
    rows = connection.execute(select(*columns).join(case, case.c.id == visit.c.case_id).where(key.in_(visits)))
    overridden = find_overridden(connection, visits)
    return [Standing(**row._mapping, is_overridden=row.visit_id in overridden) for row in rows]


def find_overridden(connection: Connection, visits: Sequence[tuple[str, str]]) -> set[str]:
    """Give those of these visits whose crew went on against a warning: an event of theirs says why."""
    key = tuple_(event.c.case_id, event.c.visit_id)
    rows = connection.execute(select(event.c.visit_id, event.c.content).where(key.in_(visits)))
    return {row.visit_id for row in rows if row.content and b'"override_reason"' in row.content}


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


def read_acts_since(connection: Connection, visit_ids: Sequence[str], since_ms: int) -> list[AnyRow]:
    """Give (visit, act, who) of what was decided of these visits since a moment."""
    columns = (decision.c.visit_id, decision.c.act, decision.c.by)
    mine = decision.c.visit_id.in_(visit_ids) & (decision.c.at_ms >= since_ms)
    return list(connection.execute(select(*columns).where(mine)))


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


def read_seconds(connection: Connection, visit_ids: Sequence[str]) -> list[AnyRow]:
    """Give who approved which of these visits first of two."""
    return list(connection.execute(select(second).where(second.c.visit_id.in_(visit_ids))))


def add_second(connection: Connection, row: Mapping[str, Any]) -> None:
    """Keep who approved first of two."""
    connection.execute(insert(second).values(**row))


def drop_second(connection: Connection, case_id: str, visit_id: str) -> None:
    """Forget it: the visit was decided otherwise."""
    connection.execute(second.delete().where(second.c.case_id == case_id, second.c.visit_id == visit_id))
