"""
Rows that geocoding reads and writes: places without coordinates, what geocoders answered, what was found.

Every function takes the connection first and runs one statement.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from server.storage.feed import upsert
from server.storage.portfolio_tables import geocode
from server.storage.tables import case, place


def count_unplaced(connection: Connection) -> int:
    """Give how many places have no coordinates."""
    unplaced = select(func.count()).select_from(place).where(place.c.lat_e7.is_(None))
    return int(connection.execute(unplaced).scalar_one())


def read_unplaced(connection: Connection, after: str, most: int) -> Sequence[Any]:
    """Give up to *most* places without coordinates whose id comes after *after*, in order of ids."""
    found: Sequence[Any] = connection.execute(
        select(place.c.id, place.c.address, place.c.area, place.c.postal_code)
        .where(place.c.lat_e7.is_(None), place.c.id > after)
        .order_by(place.c.id)
        .limit(most)
    ).all()
    return found


def read_answers(connection: Connection, source: str, queries: Collection[str]) -> dict[str, Any]:
    """Give what *source* answered to these queries, by query; without coordinates: it found nothing."""
    answers: Sequence[Any] = connection.execute(
        select(geocode).where(geocode.c.source == source, geocode.c.query.in_(queries))
    ).all()
    return {row.query: row for row in answers}


def put_answer(connection: Connection, row: Mapping[str, Any]) -> None:
    """Keep an answer, in place of an earlier one."""
    statement = upsert(connection)(geocode).values(**row)
    replaced = {name: statement.excluded[name] for name in ("lat_e7", "lon_e7", "precision", "asked_ms")}
    connection.execute(statement.on_conflict_do_update(index_elements=["source", "query"], set_=replaced))


def set_places(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Give these places their coordinates, unless they have got some meanwhile."""
    names = ("lat_e7", "lon_e7", "precision", "source", "updated_ms")
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    statement = update(place).where(place.c.id == bindparam("old_id"), place.c.lat_e7.is_(None)).values(**values)
    bound = [{"old_id": row["id"], **{f"new_{name}": row[name] for name in names}} for row in rows]
    connection.execute(statement, bound)


def read_cases_at(connection: Connection, place_ids: Collection[str]) -> list[str]:
    """Give the ids of the cases at these places."""
    return list(connection.execute(select(case.c.id).where(case.c.place_id.in_(place_ids))).scalars())
