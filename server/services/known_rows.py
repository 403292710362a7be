"""
Known rows: what the tables hold of a chunk of cases, their persons and crews, and single rows as facts.

Called by `facts`, in as many statements for 250 cases as for one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from schemas.vocabulary import ContactResult, MadeBy
from server.domain.conduct.facts import AppointmentFacts, ComplaintFacts, Contact, Notice
from server.storage import facts_rows, voice_rows
from server.storage.types import AnyRow

SPOKEN_TO = frozenset({ContactResult.PERSON, ContactResult.OTHER_ADULT, ContactResult.ONLY_MINOR})


@dataclass(frozen=True, slots=True)
class Known:
    """The rows of a chunk of cases, by what they hang on."""

    cases: dict[str, AnyRow]  # of these persons, whoever the lender
    of_person: Mapping[str, list[AnyRow]]
    contacts: Mapping[str, list[Contact]]  # by person, the oldest first
    told: set[tuple[str, str]]
    words: Mapping[str, list[AnyRow]]  # by lender: of all its cases first, then of one, the newest last
    holds: Mapping[str, list[AnyRow]]  # by case or person
    preferences: Mapping[str, list[AnyRow]]
    appointments: Mapping[str, list[AnyRow]]
    payments: Mapping[str, list[AnyRow]]
    complaints: Mapping[str, list[AnyRow]]  # by person
    agents: dict[str, AnyRow]
    agent_papers: Mapping[str, list[AnyRow]]
    agency_papers: Mapping[str, list[AnyRow]]


def read_known(connection: Connection, case_ids: Collection[str], agent_ids: Collection[str]) -> Known:
    """Read what is known of a chunk of cases, and of these agents."""
    cases = {row.id: row for row in facts_rows.read_person_cases(connection, case_ids)}
    contacts: dict[str, list[Contact]] = defaultdict(list)
    logged = [_logged(row, cases[row.case_id]) for row in facts_rows.read_contacts(connection, case_ids)]
    visited = [_visited(row, cases[row.case_id]) for row in facts_rows.read_visits(connection, case_ids)]
    for contact in sorted([*logged, *visited], key=lambda each: (each.at_ms, each.id)):
        contacts[contact.person_id].append(contact)
    agents = {row.id: row for row in facts_rows.read_agents(connection, agent_ids)}
    agencies = {row.agency_id for row in agents.values()}
    return Known(
        cases=cases,
        of_person=by_member("person_id", cases.values()),
        contacts=contacts,
        told=facts_rows.read_told_lenders(connection, {row.lender for row in cases.values()}),
        words=by_member(
            "lender", facts_rows.read_lender_words(connection, {row.lender for row in cases.values()}, case_ids)
        ),
        holds=_by_hold(facts_rows.read_holds(connection, case_ids)),
        preferences=by_member("person_id", facts_rows.read_preferences(connection, case_ids)),
        appointments=by_member("case_id", facts_rows.read_appointments(connection, case_ids)),
        payments=by_member("case_id", facts_rows.read_payments(connection, case_ids)),
        complaints=by_member("person_id", voice_rows.read_complaints_of_persons(connection, case_ids)),
        agents=agents,
        agent_papers=by_member("agent_id", facts_rows.read_agent_papers(connection, agent_ids)),
        agency_papers=by_member("agency_id", facts_rows.read_agency_papers(connection, agencies)),
    )


def by_member(name: str, rows: Iterable[AnyRow]) -> Mapping[str, list[AnyRow]]:
    """Give rows by one of their members."""
    found: dict[str, list[AnyRow]] = defaultdict(list)
    for row in rows:
        found[getattr(row, name)].append(row)
    return found


def _by_hold(rows: Iterable[AnyRow]) -> Mapping[str, list[AnyRow]]:
    """Give holds by the person where all of their cases halt, else by the case."""
    found: dict[str, list[AnyRow]] = defaultdict(list)
    for row in rows:
        found[row.person_id or row.case_id].append(row)
    return found


def _logged(row: AnyRow, case: AnyRow) -> Contact:
    return Contact(
        f"{row.lender}/{row.reference}", row.at_ms, row.channel, row.result, case.id, case.person_id, row.number,
        row.source, tuple(row.content),
    )  # fmt: skip


def _visited(row: AnyRow, case: AnyRow) -> Contact:
    """Give a visit of our own: made where anybody was spoken to at the door, else an attempt."""
    result = "made" if row.contact_result in SPOKEN_TO else "attempt"
    return Contact(row.visit_id, row.started_ms, "visit", result, case.id, case.person_id, source="visit")


def complaint_of(row: AnyRow) -> ComplaintFacts:
    """Give a complaint with its clocks."""
    is_open = row.answered_ms is None
    return ComplaintFacts(row.id, row.made_ms, is_open, row.acknowledged_ms, row.answered_ms)


def notice_of(contact: Contact) -> Notice:
    """Give a contact that held something as a notice."""
    medium = contact.channel
    if medium == "message":
        medium = "email" if "@" in contact.number else "sms"
    return Notice(contact.at_ms, medium, contact.content, is_returned=contact.result == "returned")


def appointment_of(row: AnyRow) -> AppointmentFacts:
    """Give an appointment; only the person confirms one."""
    starts_ms, ends_ms = (round(datetime.fromisoformat(text).timestamp() * 1000) for text in (row.starts, row.ends))
    return AppointmentFacts(row.id, starts_ms, ends_ms, row.made_by, row.made_by == MadeBy.PERSON)
