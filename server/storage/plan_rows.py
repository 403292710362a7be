"""Rows of plans that were sent to crews: which cases of an agent stand in one, and when."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from server.storage.board_tables import plan_stop
from server.storage.types import AnyRow


def read_stops(connection: Connection, agent_id: str, day: str) -> list[AnyRow]:
    """Give the stops of an agent's day as they were sent, in order."""
    mine = select(plan_stop).where(plan_stop.c.agent_id == agent_id, plan_stop.c.day == day)
    return list(connection.execute(mine.order_by(plan_stop.c.place)))


def drop_stops(connection: Connection, case_ids: Collection[str]) -> None:
    """Forget the plans that these cases stand in."""
    connection.execute(delete(plan_stop).where(plan_stop.c.case_id.in_(case_ids)))


def add_stops(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep stops; what these cases stood in before was dropped."""
    if rows:
        connection.execute(insert(plan_stop), list(rows))
