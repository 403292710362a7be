"""Webhooks as the office keeps them: added, switched off and on, tried, replayed, removed; each act is noted."""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from sqlalchemy import Connection

from schemas.errors import FieldError
from server.domain.roles import Viewer
from server.domain.webhooks import KINDS, Kind
from server.services.auditing import note_act
from server.services.posting import check_url, is_rehearsal
from server.services.site import Site
from server.services.telling import Happened, row_of
from server.storage import people_rows, webhook_rows
from server.storage.types import AnyRow, is_id

MOST = 16  # webhooks: each that has something to be told has a thread of the worker's


def secret_of(site: Site, webhook_id: str) -> str:
    """Give what a webhook's messages are signed with."""
    return hmac.digest(site.webhook_secret, webhook_id.encode(), "sha256").hex()


def add_webhook(site: Site, viewer: Viewer, url: str, kinds: Sequence[str], agency_id: str) -> str:
    """Add a webhook, of one agency where one is named; give its id. Raises `invalid` naming what is wrong."""
    url = check_url(url, is_rehearsal=is_rehearsal(site.settings))
    strange = sorted(set(kinds) - set(KINDS))
    if strange or not kinds:
        raise FieldError("invalid", {"kinds": [f"there is no {each}" for each in strange] or ["choose at least one"]})
    webhook_id = site.new_id()
    row = {
        "id": webhook_id, "url": url, "kinds": sorted(kinds), "agency_id": agency_id or None, "is_on": True,
        "made_by": viewer.name, "made_ms": site.now(),
    }  # fmt: skip

    def job(connection: Connection) -> None:
        if agency_id and agency_id not in {each.id for each in people_rows.read_agencies(connection).values()}:
            raise FieldError("invalid", {"agency": ["there is no such agency"]})
        if len(webhook_rows.list_webhooks(connection)) >= MOST:
            raise FieldError("conflict", detail=f"There are {MOST} webhooks already; remove one first.")
        webhook_rows.add_webhook(connection, row)
        note_act(connection, site, viewer, "added_webhook", "webhook", webhook_id, kinds=row["kinds"])

    site.store.write(job)
    return webhook_id


def switch(site: Site, viewer: Viewer, webhook_id: str, *, is_on: bool) -> None:
    """Switch a webhook on or off; what waits for one that is off waits on, and what happens meanwhile is not told."""

    def job(connection: Connection) -> None:
        _lock(connection, webhook_id)
        webhook_rows.change_webhook(connection, webhook_id, is_on=is_on, is_gone=False)
        note_act(connection, site, viewer, f"switched_webhook_{'on' if is_on else 'off'}", "webhook", webhook_id)

    site.store.write(job)


def remove(site: Site, viewer: Viewer, webhook_id: str) -> None:
    """Remove a webhook, and with it what waits for it and what is dead."""

    def job(connection: Connection) -> None:
        _lock(connection, webhook_id)
        webhook_rows.drop_webhook(connection, webhook_id)
        note_act(connection, site, viewer, "removed_webhook", "webhook", webhook_id)

    site.store.write(job)


def send_test(site: Site, viewer: Viewer, webhook_id: str) -> None:
    """Send a webhook a message about itself, signed as any; raise `conflict` while it is off."""

    def job(connection: Connection) -> None:
        if not _lock(connection, webhook_id).is_on:
            raise FieldError("conflict", detail="This webhook is off; switch it on, then send a test.")
        happened = Happened(webhook_id, "on", f"/office/webhooks/{webhook_id}")
        webhook_rows.add_deliveries(connection, [row_of(site, happened, Kind.TEST, webhook_id)])
        note_act(connection, site, viewer, "tested_webhook", "webhook", webhook_id)

    site.store.write(job)


def replay(site: Site, viewer: Viewer, webhook_id: str, delivery_id: str | None = None) -> int:
    """Send one dead delivery of a webhook anew, or all of them, under their ids; give how many."""

    def job(connection: Connection) -> int:
        _lock(connection, webhook_id)
        count = webhook_rows.replay(connection, webhook_id, site.now(), delivery_id)
        if not count:
            raise FieldError("conflict", detail="There is nothing dead here to send anew.")
        note_act(connection, site, viewer, "replayed", "webhook", webhook_id, count=count)
        return count

    return site.store.write(job)


def _lock(connection: Connection, webhook_id: str) -> AnyRow:
    row = webhook_rows.lock_webhook(connection, webhook_id) if is_id(webhook_id) else None
    if row is None:
        raise FieldError("not-found")
    return row
