"""Rows of door positions: visits that tell of a door, their check-ins, what people said of it before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, exists, insert, literal_column, or_, select, tuple_, update

from server.storage.board_tables import door_word
from server.storage.scope_rows import case_within
from server.storage.tables import case, event, place
from server.storage.types import AnyRow
from server.storage.visit_tables import finding, visit

EXACT = ("door", "building")


def read_telling(
    connection: Connection, agencies: Collection[str], doubts: Sequence[str], most: int, place_id: str | None = None
) -> list[AnyRow]:
    """
    Give, of the newest *most* visits at which the person was met, those at coarsely known places, with the place.

    Left out are those that were rejected, and those of which one of the findings *doubts* stands.
    """
    doubted = exists(select(finding.c.id).where(
        finding.c.case_id == visit.c.case_id, finding.c.visit_id == visit.c.visit_id, finding.c.code.in_(doubts),
        finding.c.gone_ms.is_(None),
    ))  # fmt: skip
    columns = (
        visit.c.case_id, visit.c.visit_id, visit.c.lead_agent_id, visit.c.started_ms, place.c.id.label("place_id"),
        place.c.address, place.c.lat_e7, place.c.lon_e7, place.c.precision, place.c.source, case.c.reference,
    )  # fmt: skip
    met = select(visit.c.case_id, visit.c.visit_id).where(visit.c.contact_result == literal_column("'person'"))
    met = met.where(visit.c.agency_id.in_(agencies)) if agencies else met
    newest = met.order_by(visit.c.started_ms.desc(), visit.c.visit_id.desc()).limit(most).subquery()
    mine = (newest.c.case_id == visit.c.case_id) & (newest.c.visit_id == visit.c.visit_id)
    joined = newest.join(visit, mine).join(case, case.c.id == visit.c.case_id)
    wanted = select(*columns).select_from(joined.join(place, place.c.id == case.c.place_id)).where(
        visit.c.state.is_not(None), visit.c.state != "rejected", ~doubted,
        or_(place.c.precision.is_(None), place.c.lat_e7.is_(None), place.c.precision.not_in(EXACT)),
        case_within(case.c.id, agencies),
    )  # fmt: skip
    if place_id is not None:
        wanted = wanted.where(place.c.id == place_id)
    return list(connection.execute(wanted.order_by(visit.c.started_ms.desc(), visit.c.visit_id)))


def read_check_ins(connection: Connection, visits: Collection[tuple[str, str]]) -> list[AnyRow]:
    """Give the accepted check-ins of these visits (case, visit) by their agents, as they were recorded."""
    named = tuple_(event.c.case_id, event.c.visit_id).in_(visits)
    columns = (event.c.visit_id, event.c.agent_id, event.c.content)
    mine = select(*columns).where(
        named, event.c.kind == "visit_started", event.c.status == "accepted", event.c.content.is_not(None)
    )
    return list(connection.execute(mine.order_by(event.c.pos)))


def read_words(connection: Connection, place_ids: Collection[str]) -> set[tuple[str, str]]:
    """Give (place, evidence) of all that people decided on."""
    mine = select(door_word.c.place_id, door_word.c.evidence).where(door_word.c.place_id.in_(place_ids))
    return {(row.place_id, row.evidence) for row in connection.execute(mine)}


def add_word(connection: Connection, row: Mapping[str, Any]) -> None:
    """Keep what somebody decided."""
    connection.execute(insert(door_word).values(**row))


def move_place(connection: Connection, place_id: str, **values: Any) -> None:
    """Give a place another position."""
    connection.execute(update(place).where(place.c.id == place_id).values(**values))
