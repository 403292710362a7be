"""
A request of the REST API that may come twice is done once: its answer is kept with the token for a day.

A request that was refused is forgotten, so that it can be mended; one that broke midway stays begun, since nobody
knows what came of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from sqlalchemy import Connection

from schemas.errors import FieldError
from server.services.site import Site
from server.storage import api_token_rows

KEPT_MS = 24 * 3_600_000
Answered = tuple[int, bytes]  # status, body


def answer_once(site: Site, token_id: str, key: str, asked: bytes, job: Callable[[], Answered]) -> Answered:
    """
    Do *job* where *key* is new to the token, else give the first answer again; *asked* is what was asked for, whole.

    Raises `conflict` for a key that stands for another request, or whose first request is not done.
    """
    hashed, request = (hashlib.sha256(each).hexdigest() for each in (key.encode(), asked))
    row = {"token_id": token_id, "key": hashed, "request": request, "made_ms": site.now()}

    def begin(connection: Connection) -> Answered | None:
        api_token_rows.drop_old_answers(connection, site.now() - KEPT_MS)
        if api_token_rows.begin_answer(connection, row):
            return None
        kept = api_token_rows.read_answer(connection, token_id, hashed)
        if kept.request != request:
            raise FieldError("conflict", detail="This Idempotency-Key was sent with another request; use a new one.")
        if kept.status is None:
            raise FieldError("conflict", detail="The first request of this key is not done, or broke; look, then ask.")
        return kept.status, kept.body

    if (known := site.store.write(begin)) is not None:
        return known
    try:
        status, body = job()
    except FieldError:
        site.store.write(lambda connection: api_token_rows.drop_answer(connection, token_id, hashed))
        raise
    site.store.write(lambda connection: api_token_rows.keep_answer(connection, token_id, hashed, status, body))
    return status, body
