"""Rows of the search: what is to be indexed, what is, and which cases a word's pairs lead to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, exists, func, insert, select

from server.storage.feed import upsert
from server.storage.scope_rows import case_within
from server.storage.search_tables import search_due, search_pair, search_text
from server.storage.tables import case, person, place
from server.storage.types import AnyRow

CHUNK = 500
MOST_COUNTED = 200


def mark_cases(connection: Connection, case_ids: Collection[str]) -> None:
    """Have these cases indexed anew."""
    rows = [{"case_id": each} for each in sorted(set(case_ids))]
    if rows:
        connection.execute(upsert(connection)(search_due).on_conflict_do_nothing(), rows)


def mark_person(connection: Connection, person_id: str) -> None:
    """Have a person's cases indexed anew."""
    mark_cases(connection, list(connection.execute(select(case.c.id).where(case.c.person_id == person_id)).scalars()))


def mark_all(connection: Connection) -> None:
    """Have every case indexed anew."""
    connection.execute(delete(search_due))
    connection.execute(insert(search_due).from_select(["case_id"], select(case.c.id)))


def forget_cases(connection: Connection, case_ids: Collection[str]) -> None:
    """Take these cases out of the index."""
    for table in (search_text, search_pair):
        connection.execute(delete(table).where(table.c.case_id.in_(case_ids)))


def read_due(connection: Connection, most: int) -> list[AnyRow]:
    """Give cases to be indexed, with what they are found by."""
    columns = (case.c.id, case.c.reference, person.c.name, person.c.contacts, person.c.merged, place.c.address)
    joined = search_due.join(case, case.c.id == search_due.c.case_id)
    joined = joined.join(person, person.c.id == case.c.person_id).join(place, place.c.id == case.c.place_id)
    return list(connection.execute(select(*columns).select_from(joined).order_by(case.c.id).limit(most)))


def put_texts(connection: Connection, texts: Mapping[str, str], pairs: Mapping[str, Collection[str]]) -> None:
    """Index these cases anew, and take them off what is to be done."""
    ids = list(texts)
    forget_cases(connection, ids)
    connection.execute(insert(search_text), [{"case_id": each, "text": text} for each, text in texts.items()])
    rows = [{"pair": pair, "case_id": each} for each in ids for pair in sorted(pairs[each])]
    if rows:
        connection.execute(insert(search_pair), sorted(rows, key=lambda row: (row["pair"], row["case_id"])))
    connection.execute(delete(search_due).where(search_due.c.case_id.in_(ids)))


def count_pair(connection: Connection, pair: str) -> int:
    """Count the cases under a pair, up to a limit."""
    some = select(search_pair.c.case_id).where(search_pair.c.pair == pair).limit(MOST_COUNTED)
    return connection.execute(select(func.count()).select_from(some.subquery())).scalar_one()


def find_by_pairs(
    connection: Connection, pairs: Sequence[str], agencies: Collection[str], before: str | None, most: int
) -> list[AnyRow]:
    """Give (case, text) of the cases that have all these pairs, the rarest named first; the newest case first."""
    rarest, *others = pairs
    wanted = _texts().where(search_pair.c.pair == rarest, case_within(search_pair.c.case_id, agencies))
    for number, pair in enumerate(others):
        other = search_pair.alias(f"pair_{number}")
        wanted = wanted.where(exists().where(other.c.pair == pair, other.c.case_id == search_pair.c.case_id))
    if before is not None:
        wanted = wanted.where(search_pair.c.case_id < before)
    return list(connection.execute(wanted.order_by(search_pair.c.case_id.desc()).limit(most)))


def find_by_letter(connection: Connection, letter: str, agencies: Collection[str], most: int) -> list[AnyRow]:
    """Give (case, text) of some cases that have a character."""
    within = (search_pair.c.pair >= letter) & (search_pair.c.pair < letter + chr(0x10FFFF))
    wanted = _texts().where(within, case_within(search_pair.c.case_id, agencies)).limit(most)
    return list(connection.execute(wanted))


def _texts() -> Any:
    joined = search_pair.join(search_text, search_text.c.case_id == search_pair.c.case_id)
    return select(search_text.c.case_id, search_text.c.text).select_from(joined)
