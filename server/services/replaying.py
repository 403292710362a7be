"""
Judging parked events again: withheld content arrived, a server was upgraded, a person assigned the case after all.

Receipts never change; the new judgement travels to the device as a `replay` item (E8).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from schemas.fastcheck import event_check
from schemas.messages import Submitted, format_time
from schemas.vocabulary import ItemType, ReceiptStatus
from server.domain import intake
from server.services import effects
from server.services.site import Site
from server.storage import feed, file_rows, intake_rows
from server.storage.types import AnyRow

JUDGED_AGAIN = ("unknown-kind", "unknown-schema", "not-assigned", "invalid", "unreadable", "id-mismatch")


def judge_parked(site: Site) -> int:
    """Judge parked events again that a newer server or a later assignment may accept; give how many it accepted."""
    accepted, after = 0, -1
    while True:

        def job(connection: Connection, after: int = after) -> tuple[int, int]:
            rows = file_rows.read_parked(connection, JUDGED_AGAIN, after)
            changes = [change for row in rows for change in judge_again(connection, site, row, row.content)]
            if changes:
                feed.publish(connection, changes)
            return sum(change.type == ItemType.REPLAY for change in changes), rows[-1].pos if rows else -1

        found, after = site.store.write(job)
        accepted += found
        if after < 0:
            return accepted


def judge_again(connection: Connection, site: Site, row: AnyRow, content: bytes | None) -> Sequence[feed.Change]:
    """
    Judge one parked event again with *content*; give the changes to publish.

    A withheld event's device is told whatever came of it, since it keeps the content until then (X3).
    """
    now_ms = site.now()
    submitted = Submitted(row.id, 0, row.digest, content)
    read = intake.read_content(submitted, event_check)
    standing = None
    if read.case_id is not None:
        rows = intake_rows.read_assignments(connection, row.agent_id, [read.case_id])
        standing = intake.judge_standing(rows.get(read.case_id, []), now_ms)
    receipt = intake.judge_event(submitted, read, None, standing, now_ms, is_revoked=False)
    was_withheld = row.problem == "withheld"
    if receipt.status != ReceiptStatus.ACCEPTED and not was_withheld:
        return []
    values: dict[str, Any] = {"status": receipt.status, "problem": receipt.problem}
    if was_withheld:
        values |= {
            "content": content,
            "kind": read.kind,
            "case_id": read.case_id,
            "visit_id": read.visit_id,
        }
    file_rows.keep_judgement(connection, row.pos, values)
    device_id = file_rows.read_device_of(connection, row.pos)
    assert device_id is not None
    changes = effects.follow(connection, site, device_id, row.agent_id, [(submitted, read, receipt)], now_ms)
    body = {"event_id": row.id, "status": receipt.status, "at": format_time(now_ms)}
    return [*changes, feed.Change(row.agent_id, ItemType.REPLAY, row.id, now_ms // 1000, body)]
