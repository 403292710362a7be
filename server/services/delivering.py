"""
Delivering: what is to be told is posted to its webhook, by the worker, until it is taken or given up.

Each webhook is told one thing at a time, in a thread of its own, so that a slow one keeps back no other. A delivery is
taken before it is posted; one whose worker died counts as failed after a minute and is posted again. So each arrives at
least once, and under one id.
"""

from __future__ import annotations

import queue
import threading
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection

from schemas.messages import format_time
from server.domain.webhooks import read_retry_after, sign, wait_ms, write_message
from server.services.posting import Answer, is_rehearsal, post
from server.services.site import Site
from server.services.webhooks import secret_of
from server.storage import webhook_rows
from server.storage.types import AnyRow

log = structlog.get_logger()
LOST_MS = 60_000  # after which a delivery that was taken and told nothing of is taken again
KEPT_MS = 30 * 24 * 3_600_000
GONE = 410


class Sender:
    """Sends what is due. One thread asks it to work; what is under way has threads of its own."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._busy: set[str] = set()  # webhooks
        self._done: queue.SimpleQueue[tuple[AnyRow, int, Answer]] = queue.SimpleQueue()

    def work(self, pause_s: float) -> bool:
        """Start what is due, wait a little for what is under way, keep what came of it; say whether any is left."""
        self._start()
        try:
            row, tries, answer = self._done.get(timeout=pause_s)
        except queue.Empty:
            return bool(self._busy)
        self._busy.discard(row.webhook_id)
        keep_answer(self._site, row, tries, answer)
        return True

    def _start(self) -> None:
        with self._site.store.read() as connection:
            due = webhook_rows.read_due(connection, self._site.now(), self._busy)
        for row in due:
            if not self._site.store.write(partial(webhook_rows.take, row=row, until_ms=self._site.now() + LOST_MS)):
                continue
            self._busy.add(row.webhook_id)
            threading.Thread(target=self._send, args=(row, row.tries + 1), name="webhook", daemon=True).start()

    def _send(self, row: AnyRow, tries: int) -> None:
        answer = Answer(None, "reach")
        try:
            body = body_of(row)
            headers = headers_of(self._site, row, body)
            answer = post(row.url, body, headers, is_rehearsal=is_rehearsal(self._site.settings))
        except Exception:  # the try has failed; the log says why
            log.exception("webhook_failed", delivery_id=row.id)
        finally:
            self._done.put((row, tries, answer))


def body_of(row: AnyRow) -> bytes:
    """Give the message of a delivery."""
    members: dict[str, Any] = {
        "id": row.id, "seq": row.seq, "kind": row.kind, "at": format_time(row.at_ms), "object_id": row.object_id,
        "state": row.object_state, "address": row.address, "case_id": row.case_id, "visit_id": row.visit_id,
        "agency_id": row.agency_id,
    }  # fmt: skip
    return write_message(members)


def headers_of(site: Site, row: AnyRow, body: bytes) -> dict[str, str]:
    """Give the headers that say what a message is, which one, and that it is ours."""
    signature = sign(secret_of(site, row.webhook_id), site.now() // 1000, body)
    return {"Fairvisit-Event": row.kind, "Fairvisit-Delivery": row.id, "Fairvisit-Signature": signature}


def keep_answer(site: Site, row: AnyRow, tries: int, answer: Answer) -> None:
    """Keep what came of a try: told, to be tried again, or dead; a receiver that is gone for good is switched off."""
    now_ms, status = site.now(), answer.status
    is_gone = status == GONE
    values: dict[str, Any] = {"last_status": status, "problem": answer.problem or None, "next_ms": None}
    if status is not None and 200 <= status < 300:
        values |= {"state": "done", "ended_ms": now_ms}
    else:
        chance = site.random_bytes(1)[0] / 255
        left_ms = None if is_gone else wait_ms(tries, chance, read_retry_after(answer.retry_after, now_ms))
        ended = {"state": "dead", "ended_ms": now_ms}
        values |= ended if left_ms is None else {"state": "waiting", "next_ms": now_ms + left_ms}
        log.warning("webhook_refused", delivery_id=row.id, status=status, problem=answer.problem, tries=tries)

    def job(connection: Connection) -> None:
        webhook_rows.keep_try(connection, row.seq, tries, **values)
        if is_gone:
            webhook_rows.change_webhook(connection, row.webhook_id, is_on=False, is_gone=True)

    site.store.write(job)


def drop_old_deliveries(site: Site) -> int:
    """Drop what was told thirty days ago; give how many. What is dead stays until somebody looks at it."""
    before_ms = site.now() - KEPT_MS
    with site.store.read() as connection:
        if not webhook_rows.is_any_old(connection, before_ms):
            return 0
    return site.store.write(lambda connection: webhook_rows.drop_old(connection, before_ms))
