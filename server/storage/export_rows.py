"""Rows that leave as files: read page by page along a key, so that a million cost no more memory than a hundred."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select, func, literal, select, tuple_

from server.storage.office_tables import finding_mark, office_act
from server.storage.scope_rows import agent_within
from server.storage.tables import agency, agent, case, event, person, place
from server.storage.types import AnyRow
from server.storage.visit_file_tables import visit_file
from server.storage.visit_tables import finding, visit

PAGE = 1000
Agencies = Collection[str]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Rows:
    """Rows to be read one by one, and the names of their columns, which are known where there is none."""

    columns: tuple[str, ...]
    read: Callable[[Connection], Iterator[Row]]


def ask_visits(agencies: Agencies) -> Rows:
    """Ask for every visit with case, person, place and lead."""
    wanted = (
        select(
            visit.c.case_id, visit.c.visit_id, visit.c.state, visit.c.started_ms, visit.c.contact_result,
            visit.c.disposition, visit.c.rank, visit.c.area, case.c.lender, case.c.reference,
            person.c.name.label("person"), place.c.address, place.c.lat_e7, place.c.lon_e7, place.c.precision,
            agent.c.code.label("agent"), agency.c.name.label("agency"),
            _count_files().label("files"), _count_files(visit_file.c.state == "verified").label("files_verified"),
        )
        .outerjoin(case, case.c.id == visit.c.case_id)
        .outerjoin(person, person.c.id == case.c.person_id)
        .outerjoin(place, place.c.id == case.c.place_id)
        .outerjoin(agent, agent.c.id == visit.c.lead_agent_id)
        .outerjoin(agency, agency.c.id == visit.c.agency_id)
        .where(visit.c.state.is_not(None))
    )  # fmt: skip
    if agencies:
        wanted = wanted.where(visit.c.agency_id.in_(agencies))
    return _paged(wanted, (visit.c.case_id, visit.c.visit_id))


def _count_files(*conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    """Count the files of the visit in hand, as it was folded last."""
    mine = (visit_file.c.case_id == visit.c.case_id, visit_file.c.visit_id == visit.c.visit_id)
    return select(func.count()).select_from(visit_file).where(*mine, *conditions).correlate(visit).scalar_subquery()


def ask_events(agencies: Agencies) -> Rows:
    """Ask for every event with its content as it was received; none where that was erased."""
    columns = (
        event.c.pos, event.c.id, event.c.kind, event.c.case_id, event.c.visit_id, event.c.status, event.c.problem,
        event.c.first_received_ms, event.c.digest, event.c.content, agent.c.code.label("agent"),
    )  # fmt: skip
    wanted = select(*columns).join(agent, agent.c.id == event.c.agent_id)
    return _paged(wanted.where(agent_within(event.c.agent_id, agencies)), (event.c.pos,))


def ask_findings(agencies: Agencies) -> Rows:
    """Ask for every finding, gone ones too, with what a reviewer held of it."""
    wanted = (
        select(
            finding.c.id, finding.c.case_id, finding.c.visit_id, finding.c.code, finding.c.severity, finding.c.sentence,
            finding.c.facts, finding.c.found_ms, finding.c.gone_ms, finding.c.contested,
            agent.c.code.label("agent"), finding_mark.c.is_right,
        )
        .outerjoin(agent, agent.c.id == finding.c.agent_id)
        .outerjoin(finding_mark, finding_mark.c.finding_id == finding.c.id)
        .where(agent_within(finding.c.agent_id, agencies))
    )  # fmt: skip
    return _paged(wanted, (finding.c.id,))


def ask_acts() -> Rows:
    """Ask for every act of the office, the first first."""
    return _paged(select(office_act), (office_act.c.seq,))


def _plain(row: AnyRow) -> dict[str, Any]:
    """Give a row by plain names: SQLAlchemy's are texts of a kind of its own, which JSON writers refuse."""
    return {str(name): value for name, value in row._mapping.items()}


def _paged(wanted: Select[Any], key: tuple[Any, ...]) -> Rows:
    def read(connection: Connection) -> Iterator[Row]:
        page = wanted.order_by(*key).limit(PAGE)
        while rows := [_plain(row) for row in connection.execute(page)]:
            yield from rows
            last = tuple_(*(literal(rows[-1][column.name], column.type) for column in key))
            page = wanted.where(tuple_(*key) > last).order_by(*key).limit(PAGE)

    return Rows(tuple(str(column.name) for column in wanted.selected_columns), read)
