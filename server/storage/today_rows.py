"""Rows of the office's day: how many of each thing wait, counted up to a limit so that it never costs more."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Select, exists, func, select

from server.storage.scope_rows import agent_within, case_within, either_within
from server.storage.tables import device, event
from server.storage.types import AnyRow
from server.storage.visit_tables import decision, finding, visit
from server.storage.voice_tables import complaint, help_call, person_request

MOST = 1000
Agencies = Collection[str]


def _count(connection: Connection, wanted: Select[Any]) -> int:
    return connection.execute(select(func.count()).select_from(wanted.limit(MOST).subquery())).scalar_one()


def _of(agencies: Agencies, wanted: Select[Any]) -> Select[Any]:
    return wanted.where(visit.c.agency_id.in_(agencies)) if agencies else wanted


def find_oldest(connection: Connection, states: Collection[str], agencies: Agencies) -> int | None:
    """Give when the visit in one of these states that waits longest began."""
    first = select(visit.c.started_ms).order_by(visit.c.started_ms).limit(1)
    found = [connection.execute(_of(agencies, first.where(visit.c.state == state))).scalar() for state in states]
    return min((each for each in found if each is not None), default=None)


def count_parked(connection: Connection, agencies: Agencies) -> int:
    """Count the events that were set aside."""
    mine = select(event.c.pos).where(event.c.status == "parked", agent_within(event.c.agent_id, agencies))
    return _count(connection, mine)


def count_findings(connection: Connection, code: str, agencies: Agencies) -> int:
    """Count the visits on which something stands found."""
    joined = finding.join(visit, (visit.c.case_id == finding.c.case_id) & (visit.c.visit_id == finding.c.visit_id))
    mine = select(finding.c.id).select_from(joined).where(finding.c.code == code, finding.c.gone_ms.is_(None))
    return _count(connection, _of(agencies, mine))


def count_silent(connection: Connection, seen_before_ms: int, agencies: Agencies) -> int:
    """Count the devices that are let in and were not heard from since."""
    quiet = (device.c.state == "active") & (device.c.seen_ms < seen_before_ms)
    return _count(connection, select(device.c.id).where(quiet, agent_within(device.c.agent_id, agencies)))


def count_diverged(connection: Connection, agencies: Agencies) -> int:
    """Count the devices that once held something else than the server thought, and fetched everything anew."""
    mine = select(device.c.id).where(device.c.manifest_requests > 0, agent_within(device.c.agent_id, agencies))
    return _count(connection, mine)


def count_not_ended(connection: Connection, before_ms: int, agencies: Agencies) -> int:
    """Count the visits that began before a moment and that nothing is heard of since."""
    mine = select(visit.c.visit_id).where(visit.c.state == "open", visit.c.started_ms < before_ms)
    return _count(connection, _of(agencies, mine))


def unanswered(before_ms: int) -> Any:
    """Give the condition that a visit was returned before a moment and its question was not answered."""
    mine = (decision.c.case_id == visit.c.case_id) & (decision.c.visit_id == visit.c.visit_id)
    asked = select(decision.c.id).where(mine, decision.c.act == "returned", decision.c.answered_ms.is_(None))
    return (visit.c.state == "returned") & exists(asked.where(decision.c.at_ms < before_ms))


def count_unanswered(connection: Connection, before_ms: int, agencies: Agencies) -> int:
    """Count the visits whose question has waited since before a moment."""
    return _count(connection, _of(agencies, select(visit.c.visit_id).where(unanswered(before_ms))))


def read_calls_open(connection: Connection, agencies: Agencies) -> AnyRow:
    """Give (count, first made) of the calls for help that nobody has closed."""
    mine = help_call.c.closed_ms.is_(None) & either_within(help_call.c.case_id, help_call.c.agent_id, agencies)
    return connection.execute(select(func.count(help_call.c.id), func.min(help_call.c.made_ms)).where(mine)).one()


def read_complaints_open(connection: Connection, agencies: Agencies) -> AnyRow:
    """Give (count, nearest clock) of the complaints that are not answered."""
    mine = complaint.c.answered_ms.is_(None) & either_within(complaint.c.case_id, complaint.c.agent_id, agencies)
    nearest = func.min(func.coalesce(complaint.c.triage_by_ms, complaint.c.answer_by_ms))
    return connection.execute(select(func.count(complaint.c.id), nearest).where(mine)).one()


def read_requests_open(connection: Connection, agencies: Agencies) -> AnyRow:
    """Give (count, first made) of what persons asked for and is not done."""
    mine = person_request.c.done_ms.is_(None) & case_within(person_request.c.case_id, agencies)
    counted = select(func.count(person_request.c.id), func.min(person_request.c.made_ms))
    return connection.execute(counted.where(mine)).one()
