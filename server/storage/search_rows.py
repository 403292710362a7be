"""Rows of the search: what is to be indexed, what is, and which cases a word's pairs lead to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, select

from server.storage.feed import upsert
from server.storage.scope_rows import case_within
from server.storage.search_tables import search_due, search_pair, search_text
from server.storage.tables import case, person, place
from server.storage.types import AnyRow

CHUNK = 500
MOST_COUNTED = 5_000  # a pair that fewer cases have leads the search
LAST_CHARACTER = chr(0x10FFFF)


def mark_cases(connection: Connection, case_ids: Collection[str]) -> None:
    """
    Have these cases indexed anew.

    A mark that is there already is written again, so that this waits for whoever indexes the case at the moment, with
    what it was called before: their mark is gone then, and this one stays.
    """
    rows = [{"case_id": each} for each in sorted(set(case_ids))]
    if rows:
        marked = upsert(connection)(search_due)
        again = {"case_id": marked.excluded.case_id}
        connection.execute(marked.on_conflict_do_update(index_elements=[search_due.c.case_id], set_=again), rows)


def mark_person(connection: Connection, person_id: str) -> None:
    """Have a person's cases indexed anew."""
    mark_cases(connection, list(connection.execute(select(case.c.id).where(case.c.person_id == person_id)).scalars()))


def mark_all(connection: Connection) -> None:
    """Have every case indexed anew."""
    connection.execute(delete(search_due))
    connection.execute(insert(search_due).from_select(["case_id"], select(case.c.id)))


def forget_cases(connection: Connection, case_ids: Collection[str]) -> None:
    """Take these cases out of the index at once, whoever indexes them at the moment; what is left is indexed anew."""
    mark_cases(connection, case_ids)  # first: it waits for rows that nobody else sees yet
    _drop(connection, case_ids)


def forget_person(connection: Connection, person_id: str) -> None:
    """Take a person's cases out of the index at once; what is left of them is indexed anew."""
    mine = select(case.c.id).where(case.c.person_id == person_id)
    forget_cases(connection, list(connection.execute(mine).scalars()))


def _drop(connection: Connection, case_ids: Collection[str]) -> None:
    for table in (search_text, search_pair):
        connection.execute(delete(table).where(table.c.case_id.in_(case_ids)))


def is_due(connection: Connection) -> bool:
    """Say whether any case is to be indexed."""
    return connection.execute(select(search_due.c.case_id).limit(1)).first() is not None


def take_due(connection: Connection, most: int) -> list[str]:
    """Take cases off what is to be indexed, but those that somebody is changing; only then is their text read."""
    free = select(search_due.c.case_id).order_by(search_due.c.case_id).limit(most).with_for_update(skip_locked=True)
    ids = list(connection.execute(free).scalars())
    connection.execute(delete(search_due).where(search_due.c.case_id.in_(ids)))
    return ids


def read_named(connection: Connection, case_ids: Collection[str]) -> list[AnyRow]:
    """Give what these cases are found by."""
    columns = (case.c.id, case.c.reference, person.c.name, person.c.contacts, person.c.merged, place.c.address)
    joined = case.join(person, person.c.id == case.c.person_id).join(place, place.c.id == case.c.place_id)
    return list(connection.execute(select(*columns).select_from(joined).where(case.c.id.in_(case_ids))))


def put_texts(connection: Connection, texts: Mapping[str, str], pairs: Mapping[str, Collection[str]]) -> None:
    """Index these cases anew."""
    ids = list(texts)
    _drop(connection, ids)
    connection.execute(insert(search_text), [{"case_id": each, "text": text} for each, text in texts.items()])
    rows = [{"pair": pair, "case_id": each} for each in ids for pair in sorted(pairs[each])]
    if rows:
        connection.execute(insert(search_pair), sorted(rows, key=lambda row: (row["pair"], row["case_id"])))


def count_pair(connection: Connection, pair: str) -> int:
    """Count the cases under a pair, or a pair's beginning, up to a limit."""
    some = select(search_pair.c.case_id).where(_under(search_pair, pair)).limit(MOST_COUNTED)
    return connection.execute(select(func.count()).select_from(some.subquery())).scalar_one()


def find_by_pairs(
    connection: Connection, pairs: Sequence[str], agencies: Collection[str], before: str | None, most: int
) -> list[AnyRow]:
    """
    Give (case, text) of the cases that have all these pairs, the rarest named first; the newest case first.

    A single character stands for every pair that begins with it.
    """
    rarest, *others = pairs
    wanted = _texts().where(_under(search_pair, rarest), case_within(search_pair.c.case_id, agencies))
    if len(rarest) == 1:
        wanted = wanted.distinct()
    for number, pair in enumerate(others):
        other = search_pair.alias(f"pair_{number}")
        wanted = wanted.where(exists().where(_under(other, pair), other.c.case_id == search_pair.c.case_id))
    if before is not None:
        wanted = wanted.where(search_pair.c.case_id < before)
    return list(connection.execute(wanted.order_by(search_pair.c.case_id.desc()).limit(most)))


def _under(pairs: Any, key: str) -> ColumnElement[bool]:
    """Say whether a row's pair is this one, or begins with this character."""
    if len(key) > 1:
        return cast(ColumnElement[bool], pairs.c.pair == key)
    return and_(pairs.c.pair >= key, pairs.c.pair < key + LAST_CHARACTER)


def _texts() -> Any:
    joined = search_pair.join(search_text, search_text.c.case_id == search_pair.c.case_id)
    return select(search_pair.c.case_id, search_text.c.text).select_from(joined)
