"""Whose what is: the conditions that keep people who are limited to agencies to what is those agencies'."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select, true

from server.storage.tables import agent, assignment, device


def case_within(case_id: Any, agencies: Collection[str]) -> ColumnElement[bool]:
    """Say whether a case is, or ever was, with an agent of these agencies; with none named, every case is."""
    if not agencies:
        return true()
    joined = assignment.join(agent, agent.c.id == assignment.c.agent_id)
    mine = select(assignment.c.case_id).select_from(joined)
    return exists(mine.where(assignment.c.case_id == case_id, agent.c.agency_id.in_(agencies)))


def agent_within(agent_id: Any, agencies: Collection[str]) -> ColumnElement[bool]:
    """Say whether an agent is of these agencies."""
    if not agencies:
        return true()
    return exists(select(agent.c.id).where(agent.c.id == agent_id, agent.c.agency_id.in_(agencies)))


def device_within(device_id: Any, agencies: Collection[str]) -> ColumnElement[bool]:
    """Say whether a device is carried by an agent of these agencies."""
    if not agencies:
        return true()
    mine = select(device.c.id).select_from(device.join(agent, agent.c.id == device.c.agent_id))
    return exists(mine.where(device.c.id == device_id, agent.c.agency_id.in_(agencies)))


def either_within(case_id: Any, agent_id: Any, agencies: Collection[str]) -> ColumnElement[bool]:
    """Say whether what names a case, an agent or both is of these agencies by either."""
    if not agencies:
        return true()
    of_case = case_within(case_id, agencies)
    return of_case if agent_id is None else or_(of_case, agent_within(agent_id, agencies))
