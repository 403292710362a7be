"""
Copying: everything that is held here of a person, in one piece, for that person.

Agents stand with their names, as on their cards; people of the office stand as the office; what concerns others is left
out. "looked" says who could see it: who held the case, who opened its sealed part, who decided on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from schemas.messages import format_time
from schemas.vocabulary import EventKind
from server.services.reconciling import fold_rows
from server.services.recorded import Recorded, tell_visits
from server.services.site import Site
from server.storage import copy_rows, voice_rows
from server.storage.types import AnyRow

MOST_VISITS = 10_000
OFFICE = "office"


def copy_person(site: Site, person_id: str) -> dict[str, Any]:
    """Give the copy, as plain JSON values with times as texts."""
    with site.store.read() as connection:
        person = copy_rows.read_person(connection, person_id)
        cases = copy_rows.read_cases(connection, person_id)
        return {
            "made": format_time(site.now()),
            "person": {
                "name": person.name, "language": person.language, "contacts": person.merged or person.contacts,
            },
            "preferences": _rows(copy_rows.read_preferences(connection, person_id)),
            "requests": _rows(copy_rows.read_requests(connection, person_id)),
            "cases": [_copy_case(connection, site, row) for row in cases],
        }  # fmt: skip


def _copy_case(connection: Connection, site: Site, row: AnyRow) -> dict[str, Any]:
    case_id = row.id
    return {
        "matter": _plain(row, without={"id", "person_id", "place_id", "digest", "rev"}),
        "visits": [_visit(each) for each in tell_visits(connection, site, case_id, MOST_VISITS)],
        "findings": _rows(copy_rows.read_findings(connection, case_id)),
        "decisions": _rows(copy_rows.read_decisions(connection, case_id)),
        "contacts": _rows(copy_rows.read_contacts(connection, case_id)),
        "payments": _rows(copy_rows.read_payments(connection, case_id)),
        "appointments": _rows(copy_rows.read_appointments(connection, case_id)),
        "halts": _rows(copy_rows.read_holds(connection, case_id, row.person_id)),
        "verdicts": _rows(copy_rows.read_judgements(connection, case_id)),
        "complaints": _rows(copy_rows.read_complaints(connection, case_id)),
        "calls": _rows(copy_rows.read_calls(connection, case_id)),
        "notices": _rows(copy_rows.read_notices(connection, case_id)),
        "lender_words": _rows(copy_rows.read_lender_words(connection, case_id)),
        "priority": _rows(copy_rows.read_priority_words(connection, case_id)),
        "looked": _looked(connection, site, case_id),
    }


def _visit(visit: Recorded) -> dict[str, Any]:
    times = {"starts": visit.starts_ms, "ends": visit.ends_ms}
    told = {name: format_time(at_ms) for name, at_ms in times.items() if at_ms is not None}
    return told | {
        "crew": [{"name": name, "agency": agency} for name, agency in visit.crew],
        "steps": [{"step": step, "response": response} for step, response in visit.steps],
        "met": visit.contact_result, "came_of_it": visit.disposition, "ended": visit.end_reason, "note": visit.note,
        "feedback": dict(visit.answers),
    }  # fmt: skip


def _looked(connection: Connection, site: Site, case_id: str) -> list[dict[str, Any]]:
    """Give who could see the case: agents from when until when, each opening of the sealed part, each decision."""
    held = copy_rows.read_held(connection, case_id)
    openings: list[tuple[str, int]] = []
    for visit_id in voice_rows.read_visits(connection, case_id):
        visit, _, _ = fold_rows(connection, site, case_id, visit_id)
        openings += [
            (each.agent_id, each.bound.estimate_ms)
            for each in visit.events
            if each.kind == EventKind.SEALED_PART_OPENED
        ]
    agents = voice_rows.read_agents(connection, {each for each, _ in openings})
    found = [
        {"who": row.name, "what": "held the case", "from": format_time(row.from_ms)}
        | ({} if row.until_ms is None else {"until": format_time(row.until_ms)})
        for row in held
    ]
    found += [
        {"who": agents[each].name, "what": "opened the sealed part", "at": format_time(at_ms)}
        for each, at_ms in openings
        if each in agents
    ]
    return found + [
        {"who": OFFICE, "what": f"decided: {row.act}", "at": format_time(row.at_ms)}
        for row in copy_rows.read_decisions(connection, case_id)
    ]


def _rows(rows: Iterable[AnyRow]) -> list[dict[str, Any]]:
    return [_plain(row) for row in rows]


def _plain(row: AnyRow, without: Iterable[str] = ()) -> dict[str, Any]:
    """Give a row's values as JSON has them: times as texts, what is empty left out."""
    return {
        name.removesuffix("_ms"): format_time(value) if name.endswith("_ms") else value
        for name, value in row._mapping.items()
        if value not in (None, "", [], {}) and name not in without
    }
