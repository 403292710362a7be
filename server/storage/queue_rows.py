"""
Rows of the reviewers' queue: visits in the order they need a person, page by page, and who has which one open.

One lane is one state of one agency, read along an index; lanes are merged here. A page costs the same however many
visits there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, exists, func, literal, select, true, tuple_

from server.storage.feed import upsert
from server.storage.office_tables import office_user, visit_claim
from server.storage.tables import agent, case, place
from server.storage.types import AnyRow
from server.storage.visit_tables import decision, finding, visit

Place = tuple[int, int, str]  # rank, started_ms, visit_id: where a page ended
MOST_COUNTED = 1000


@dataclass(frozen=True)
class Wanted:
    """Which visits are wanted; an empty part asks for all."""

    states: tuple[str, ...]
    agencies: tuple[str, ...] = ()
    agent_code: str = ""
    finding_code: str = ""
    outcome: str = ""  # a contact result or a disposition
    area: str = ""
    since_ms: int | None = None
    until_ms: int | None = None
    is_flagged: bool | None = None
    unanswered_since_ms: int | None = None


_SHOWN = (
    select(
        visit.c.case_id, visit.c.visit_id, visit.c.state, visit.c.rank, visit.c.started_ms, visit.c.updated_ms,
        visit.c.contact_result, visit.c.disposition, visit.c.lead_agent_id, visit.c.agency_id, visit.c.area,
        case.c.reference, place.c.address, agent.c.code,
    )
    .outerjoin(case, case.c.id == visit.c.case_id)
    .outerjoin(place, place.c.id == case.c.place_id)
    .outerjoin(agent, agent.c.id == visit.c.lead_agent_id)
)  # fmt: skip
_ORDER = (visit.c.rank, visit.c.started_ms, visit.c.visit_id)


def list_queue(connection: Connection, wanted: Wanted, after: Place | None, most: int) -> list[AnyRow]:
    """Give the visits wanted from *after* on: the gravest finding first, then the longest waiting."""
    lanes = (
        list(connection.execute(_narrow(_SHOWN, wanted, lane & part).order_by(*_ORDER).limit(most)))
        for lane in _lanes(connection, wanted)
        for part in _parts(after)
    )
    return list(islice(merge(*lanes, key=place_of), most))


def _parts(after: Place | None) -> list[ColumnElement[bool]]:
    """
    Give what follows a place, part by part: the rest of its rank, and the ranks behind.

    In one comparison PostgreSQL would go by the rank alone, expect hardly any row, and sort all there are.
    """
    if after is None:
        return [true()]
    rank, started_ms, visit_id = after
    rest = tuple_(visit.c.started_ms, visit.c.visit_id) > tuple_(
        literal(started_ms, visit.c.started_ms.type), literal(visit_id, visit.c.visit_id.type)
    )
    return [(visit.c.rank == rank) & rest, visit.c.rank > rank]


def place_of(row: AnyRow) -> Place:
    """Give where a row stands in the order."""
    return row.rank, row.started_ms or 0, row.visit_id


def count_queue(connection: Connection, wanted: Wanted) -> int:
    """Count the visits wanted, up to `MOST_COUNTED`."""
    found = 0
    for lane in _lanes(connection, wanted):
        rows = _narrow(select(visit.c.visit_id), wanted, lane).limit(MOST_COUNTED - found)
        found += connection.execute(select(func.count()).select_from(rows.subquery())).scalar_one()
    return found


def _lanes(connection: Connection, wanted: Wanted) -> list[ColumnElement[bool]]:
    """
    Give what each lane holds: one state of one agency, or all visits of a finding that few have.

    A lane is read along its index; where a finding is rare that would look at every visit, so its visits are named
    and the states are hidden from the planner.
    """
    rare = _find_rare(connection, wanted.finding_code)
    if rare is None:
        lanes = [visit.c.state == state for state in wanted.states]
        return [lane & (visit.c.agency_id == each) for lane in lanes for each in wanted.agencies] or lanes
    lane = visit.c.visit_id.in_(rare) & func.coalesce(visit.c.state, "").in_(wanted.states)
    return [lane & visit.c.agency_id.in_(wanted.agencies) if wanted.agencies else lane]


def _find_rare(connection: Connection, code: str) -> list[str] | None:
    """Give the visits on which a finding stands that few have; None for one that many have, or for no finding."""
    if not code:
        return None
    standing = (finding.c.code == code) & finding.c.gone_ms.is_(None) & finding.c.visit_id.is_not(None)
    ids = connection.execute(select(finding.c.visit_id).where(standing).limit(MOST_COUNTED)).scalars().all()
    return list(ids) if len(ids) < MOST_COUNTED else None


def _narrow(rows: Select[Any], wanted: Wanted, lane: ColumnElement[bool]) -> Select[Any]:
    rows = rows.where(lane)
    if wanted.agent_code:
        lead = select(agent.c.id).where(agent.c.code == wanted.agent_code).correlate(None).scalar_subquery()
        rows = rows.where(visit.c.lead_agent_id == lead)
    if wanted.area:
        rows = rows.where(visit.c.area == wanted.area)
    if wanted.outcome:
        rows = rows.where((visit.c.disposition == wanted.outcome) | (visit.c.contact_result == wanted.outcome))
    if wanted.since_ms is not None:
        rows = rows.where(visit.c.started_ms >= wanted.since_ms)
    if wanted.until_ms is not None:
        rows = rows.where(visit.c.started_ms < wanted.until_ms)
    if wanted.is_flagged is not None:
        rows = rows.where(visit.c.rank < 2 if wanted.is_flagged else visit.c.rank >= 2)
    if wanted.unanswered_since_ms is not None:
        rows = rows.where(_unanswered(wanted.unanswered_since_ms))
    if wanted.finding_code:
        mine = (finding.c.case_id == visit.c.case_id) & (finding.c.visit_id == visit.c.visit_id)
        rows = rows.where(exists().where(mine, finding.c.code == wanted.finding_code, finding.c.gone_ms.is_(None)))
    return rows


def _unanswered(since_ms: int) -> ColumnElement[bool]:
    """Give the condition that a visit's question was asked before a moment and is not answered."""
    mine = (decision.c.case_id == visit.c.case_id) & (decision.c.visit_id == visit.c.visit_id)
    asked = select(decision.c.id).where(mine, decision.c.act == "returned", decision.c.answered_ms.is_(None))
    return exists(asked.where(decision.c.at_ms < since_ms))


def read_findings_of(connection: Connection, visit_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Give the standing findings of these visits, by visit."""
    columns = (finding.c.visit_id, finding.c.code, finding.c.severity, finding.c.facts)
    found: dict[str, list[dict[str, Any]]] = {}
    mine = finding.c.visit_id.in_(visit_ids) & finding.c.gone_ms.is_(None)
    for row in connection.execute(select(*columns).where(mine)):
        found.setdefault(row.visit_id, []).append(dict(row._mapping))
    return found


def read_claims_of(connection: Connection, visit_ids: Sequence[str], now_ms: int) -> dict[str, AnyRow]:
    """Give who has which of these visits open."""
    wanted = (
        select(visit_claim, office_user.c.name)
        .join(office_user, office_user.c.id == visit_claim.c.user_id)
        .where(visit_claim.c.visit_id.in_(visit_ids), visit_claim.c.until_ms > now_ms)
    )
    return {row.visit_id: row for row in connection.execute(wanted)}


def put_claim(connection: Connection, case_id: str, visit_id: str, user_id: str, now_ms: int, until_ms: int) -> bool:
    """Claim a visit where nobody else has it open; say whether it is theirs now."""
    row = {"case_id": case_id, "visit_id": visit_id, "user_id": user_id, "until_ms": until_ms}
    free = (visit_claim.c.until_ms <= now_ms) | (visit_claim.c.user_id == user_id)
    statement = upsert(connection)(visit_claim).values(**row).on_conflict_do_update(
        index_elements=["case_id", "visit_id"], set_={"user_id": user_id, "until_ms": until_ms}, where=free
    )  # fmt: skip
    return connection.execute(statement.returning(visit_claim.c.user_id)).first() is not None


def drop_claim(connection: Connection, case_id: str, visit_id: str) -> None:
    """Let go of a visit."""
    connection.execute(delete(visit_claim).where(visit_claim.c.case_id == case_id, visit_claim.c.visit_id == visit_id))
