"""Rows of the office's day: what waits longest, and how many persons asked for something."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Select, func, select

from server.storage.scope_rows import case_within, either_within
from server.storage.types import AnyRow
from server.storage.visit_tables import visit
from server.storage.voice_tables import complaint, help_call, person_request

Agencies = Collection[str]


def _of(agencies: Agencies, wanted: Select[Any]) -> Select[Any]:
    return wanted.where(visit.c.agency_id.in_(agencies)) if agencies else wanted


def find_oldest(connection: Connection, states: Collection[str], agencies: Agencies) -> int | None:
    """Give when the visit in one of these states that waits longest began."""
    first = select(visit.c.started_ms).order_by(visit.c.started_ms).limit(1)
    found = [connection.execute(_of(agencies, first.where(visit.c.state == state))).scalar() for state in states]
    return min((each for each in found if each is not None), default=None)


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
