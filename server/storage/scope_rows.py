"""Whose what is: the conditions that keep people who are limited to agencies to what is those agencies'."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select, true

from server.storage.tables import agent, assignment

# Under names of their own: whoever asks may have joined the same tables.
_OWNER = agent.alias("owner")
_HELD = assignment.alias("held")


def case_within(case_id: Any, agencies: Collection[str]) -> ColumnElement[bool]:
    """Say whether a case is, or ever was, with an agent of these agencies; with none named, every case is."""
    if not agencies:
        return true()
    mine = select(_HELD.c.case_id).select_from(_HELD.join(_OWNER, _OWNER.c.id == _HELD.c.agent_id))
    return exists(mine.where(_HELD.c.case_id == case_id, _OWNER.c.agency_id.in_(agencies)))


def agent_within(agent_id: Any, agencies: Collection[str]) -> ColumnElement[bool]:
    """Say whether an agent is of these agencies."""
    if not agencies:
        return true()
    return exists(select(_OWNER.c.id).where(_OWNER.c.id == agent_id, _OWNER.c.agency_id.in_(agencies)))


def either_within(case_id: Any, agent_id: Any, agencies: Collection[str]) -> ColumnElement[bool]:
    """Say whether what names a case, an agent or both is of these agencies by either; none: it names none."""
    of_case = case_within(case_id, agencies)
    return of_case if agent_id is None else or_(of_case, agent_within(agent_id, agencies))
