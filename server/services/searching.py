"""Searching cases by any word of name, reference, address or a phone's last digits, in any script."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from server.domain.pairs import fold_text, keys_of, last_digits, pairs_sought, whole, words_of
from server.services.site import Site
from server.storage import search_rows
from server.storage.types import AnyRow

MOST_WORDS = 8
CANDIDATES = 200  # that are looked at at once
LOOKS = 25  # times, for one page of results


def index_due(site: Site, most: int = search_rows.CHUNK) -> int:
    """Index cases whose text changed; give how many."""

    def job(connection: Connection) -> int:
        due = search_rows.take_due(connection, most)
        texts = {row.id: text_of(row) for row in search_rows.read_named(connection, due)}
        if texts:
            search_rows.put_texts(connection, texts, {each: keys_of(text) for each, text in texts.items()})
        return len(due)

    with site.store.read() as connection:
        if not search_rows.is_due(connection):
            return 0
    return site.store.write(job)


def text_of(row: AnyRow) -> str:
    """Give what a case is found by, folded, a line each."""
    phone = (row.merged or row.contacts).get("phone", "")
    return "\n".join(fold_text(each) for each in (row.name, row.reference, row.address, last_digits(phone)) if each)


def find_cases(
    connection: Connection, text: str, agencies: Collection[str], before: str | None, most: int
) -> list[str]:
    """
    Give the cases that have every word of *text*, the newest first, from before a case on.

    Those that have each word whole go before all others: where there are any, they are the answer. Else a word may be
    a part of one; a single character is the beginning of pairs.
    """
    words = words_of(text)[:MOST_WORDS]
    if not words:
        return []
    if found := _find(connection, [whole(word) for word in words], words, agencies, before, most):
        return found
    pairs = list(dict.fromkeys(pair for word in words for pair in pairs_sought(word)))
    letters = [word for word in words if len(word) == 1]  # behind the pairs: of two as common, a pair leads
    return _find(connection, pairs + letters, words, agencies, before, most)


def _find(
    connection: Connection, keys: list[str], words: Collection[str], agencies: Collection[str], before: str | None,
    most: int,
) -> list[str]:
    """Give the cases that are kept under all of these keys and have the words themselves."""
    rarest_first = sorted(keys, key=lambda key: search_rows.count_pair(connection, key))
    found: list[str] = []
    for _ in range(LOOKS):
        rows = search_rows.find_by_pairs(connection, rarest_first, agencies, before, CANDIDATES)
        found += [row.case_id for row in rows if _has(row.text, words)]
        if len(found) >= most or len(rows) < CANDIDATES:
            break
        before = rows[-1].case_id
    return found[:most]


def _has(text: str, words: Collection[str]) -> bool:
    return all(word in text for word in words)
