"""
Preferring: what a person asked for is kept, follows them across their cases, and is ended when they ask otherwise.

Nothing is ever deleted: a wish that was ended still explains what was judged while it lasted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import Connection

from schemas.errors import FieldError
from server.domain.conduct.facts import Preference
from server.services.choosing import find_one
from server.services.site import Site
from server.storage import facts_rows, hold_rows
from server.storage.types import AnyRow

PLACES = ("home", "work", "agreed", "other")
MEDIA = ("visit", "call", "message", "letter", "app")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d|24:00)")


def read_wish(kind: str, text: str) -> Preference:
    """
    Read a wish: hours for not_between and only_between, days for not_on, a place for not_at, a medium for not_by.

    Raises `invalid` with how to write it.

    >>> read_wish("not_on", "sun, sat").weekdays, read_wish("only_between", "18:00-24:00").ends
    ((6, 7), '00:00')
    """
    if kind in {"not_between", "only_between"}:
        found = _HOURS.fullmatch(text.strip())
        starts, ends = found.groups() if found else ("", "")
        ends = "00:00" if ends == "24:00" else ends
        if starts == ends:
            raise _wrong(kind, f"'{text}' is no part of a day, such as 12:00-14:00")
        return Preference(kind, starts, ends)
    words = [word.strip().lower() for word in text.split(",")]
    if kind == "not_on":
        if not set(words) <= set(WEEKDAYS):
            raise _wrong(kind, f"'{text}' names no days such as sat,sun; there is {', '.join(WEEKDAYS)}")
        return Preference(kind, weekdays=tuple(sorted({WEEKDAYS.index(word) + 1 for word in words})))
    known = PLACES if kind == "not_at" else MEDIA
    if text not in known:
        raise _wrong(kind, f"'{text}' is none of {', '.join(known)}")
    return Preference(kind, value=text)


def _wrong(kind: str, sentence: str) -> FieldError:
    return FieldError("invalid", {f"--{kind.replace('_', '-')}": [sentence]})


def keep_wish(site: Site, case_id: str, wish: Preference, by: str = "person") -> str:
    """Keep what the person of a case asked for, as told by *by*; give its id. The same wish again is kept once."""

    def job(connection: Connection) -> str:
        person_id = _person_of(connection, case_id)
        for known in facts_rows.read_live_preferences(connection, person_id):
            if (known.kind, known.starts, known.ends, tuple(known.weekdays), known.value) == _asked(wish):
                return str(known.id)
        wish_id = site.new_id()
        row = {
            "id": wish_id, "person_id": person_id, "kind": wish.kind, "starts": wish.starts, "ends": wish.ends,
            "weekdays": list(wish.weekdays), "value": wish.value, "given_ms": site.now(), "source": by.strip(),
        }  # fmt: skip
        facts_rows.add_preference(connection, row)
        return wish_id

    if not by.strip():
        raise FieldError("invalid", {"by": ["is empty; it is kept with the wish"]})
    return site.store.write(job)


def _asked(wish: Preference) -> tuple[str, str, str, tuple[int, ...], str]:
    return wish.kind, wish.starts, wish.ends, wish.weekdays, wish.value


def list_wishes(site: Site, case_id: str) -> Sequence[AnyRow]:
    """Give what the person of a case asks for now, the oldest first."""
    with site.store.read() as connection:
        return facts_rows.read_live_preferences(connection, _person_of(connection, case_id))


def end_wish(site: Site, case_id: str, text: str) -> str:
    """End the wish of the case's person that *text* is, or the ending of; raise `not-found` if it names not one."""

    def job(connection: Connection) -> str:
        ids = [str(row.id) for row in facts_rows.read_live_preferences(connection, _person_of(connection, case_id))]
        wish_id = find_one(ids, text, "wish of this person", "fairvisit prefer REFERENCE --list")
        facts_rows.end_preference(connection, wish_id, site.now())
        return wish_id

    return site.store.write(job)


def _person_of(connection: Connection, case_id: str) -> str:
    person_id = hold_rows.read_person_of(connection, case_id)
    if person_id is None:
        raise FieldError("not-found", detail=f"There is no case {case_id}.")
    return person_id
