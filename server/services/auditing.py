"""
What people of the office did and looked at, as a list that can only grow: each act carries the hash of the one before.

A use case of the office adds its act last, in its own transaction (`note_act`); one that commands share is noted before
it begins (`noted`). Either way nothing is done without a note.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from sqlalchemy import Connection

from schemas.errors import FieldError
from server.domain.roles import Viewer
from server.services.site import Site
from server.storage import act_rows

LINKED = ("seq", "at_ms", "user_id", "name", "act", "object_type", "object_id", "facts", "previous")


def note_act(
    connection: Connection, site: Site, viewer: Viewer, act: str, object_type: str = "", object_id: str = "",
    **facts: Any,
) -> None:
    """Note what *viewer* did, or a token in their place. Facts are counts, codes and ids, never a person's words."""
    if viewer.token_id:
        facts["token"] = viewer.token_id
    seq, last = act_rows.lock_head(connection)
    row: dict[str, Any] = {
        "seq": seq + 1, "at_ms": site.now(), "user_id": viewer.id or None, "name": viewer.name, "act": act,
        "object_type": object_type, "object_id": object_id, "facts": facts, "previous": last,
    }  # fmt: skip
    act_rows.add_act(connection, row | {"hash": link_act(row)})


def note_look(site: Site, viewer: Viewer, object_type: str, object_id: str, **facts: Any) -> None:
    """Note that *viewer* looked at what is known of a person."""
    site.store.write(lambda connection: note_act(connection, site, viewer, "looked", object_type, object_id, **facts))


@contextmanager
def noted(
    site: Site, viewer: Viewer, act: str, object_type: str = "", object_id: str = "", **facts: Any
) -> Iterator[None]:
    """
    Note an act, then let a use case with transactions of its own do it: nothing is done that was not noted before.

    What it refuses is noted as refused, with the code of its error.
    """
    site.store.write(lambda connection: note_act(connection, site, viewer, act, object_type, object_id, **facts))
    try:
        yield
    except FieldError as error:
        refused = {"of": act, "code": error.code}
        site.store.write(
            lambda connection: note_act(connection, site, viewer, "refused", object_type, object_id, **refused)
        )
        raise


def link_act(row: Any) -> str:
    """Give the hash of an act over everything it says and the hash before it."""
    said = [row[name] if isinstance(row, dict) else getattr(row, name) for name in LINKED]
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def find_broken_act(connection: Connection) -> int | None:
    """Give the number of the first act that is not as it was written, or that is missing; None where all hold."""
    seq, last = 0, act_rows.NOTHING
    for row in act_rows.read_all(connection):
        if row.seq != seq + 1 or row.previous != last or row.hash != link_act(row):
            return seq + 1
        seq, last = row.seq, row.hash
    return None if (seq, last) == act_rows.read_head(connection) else seq + 1
