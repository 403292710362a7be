"""Requests of persons: finding one by its id, and noting that it was seen to."""

from __future__ import annotations

from sqlalchemy import Connection

from schemas.errors import FieldError
from server.services.choosing import find_one
from server.services.site import Site
from server.storage import voice_rows
from server.storage.types import AnyRow


def find_request(site: Site, text: str, kind: str = "") -> AnyRow:
    """Give the request that *text* is, or the ending of; raise `not-found`, and `conflict` for one of another kind."""
    with site.store.read() as connection:
        rows = {str(row.id): row for row in voice_rows.read_requests(connection, with_done=True)}
    row = rows[find_one(list(rows), text, "request", "fairvisit requests list --all")]
    if kind and row.kind != kind:
        raise FieldError("conflict", detail=f"This is a request for {row.kind.replace('_', ' ')}, not for {kind}.")
    return row


def close_request(site: Site, request_id: str, by: str) -> None:
    """Note that a request was seen to, by whom and when; the first time counts."""
    if not by.strip():
        raise FieldError("invalid", {"by": ["is empty; it is kept with the request"]})

    def job(connection: Connection) -> None:
        row = voice_rows.lock(connection, "person_request", request_id)
        if row is not None and row.done_ms is None:
            voice_rows.change(connection, "person_request", request_id, done_ms=site.now(), done_by=by.strip())

    site.store.write(job)
