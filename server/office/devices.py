"""Devices: enrol with a picture to scan, last seen, what is unsent or parked, revoke."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import segno
from flask import request
from sqlalchemy import Connection

from schemas.errors import FieldError
from schemas.vocabulary import DirectiveKind
from server.domain.roles import DISPATCH, KEEP, Role, Viewer
from server.office.keyset import read_after, write_after
from server.office.pages import Answer, Pages, go, show, tell, words
from server.office.texts import gettext as _
from server.services import enrolling, revoking
from server.services.auditing import noted
from server.services.site import Site
from server.storage import field_rows
from server.storage.types import AnyRow, is_id

KEEPERS = (Role.DISPATCHER, Role.ADMIN)
READERS = (*DISPATCH, *KEEP)
PAGE = 50
SILENT_MS = 48 * 3_600_000
MOST_PARKED = 100
SILENT, PARKED, DIVERGED = "silent", "parked", "diverged"
ONLY = (SILENT, PARKED, DIVERGED, "awaiting", "withdrawn")


def find_device(connection: Connection, viewer: Viewer, device_id: str) -> AnyRow:
    """Give a device of the viewer's agencies; raise `not-found`."""
    row = field_rows.find_device(connection, device_id, sorted(viewer.agencies)) if is_id(device_id) else None
    if row is None:
        raise FieldError("not-found", detail=_("There is no such device among those of your agencies."))
    return row


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site

    @pages.get("/devices", *READERS)
    def devices(viewer: Viewer) -> Answer:
        """List devices, the longest silent first."""
        only, agencies = request.args.get("only", ""), sorted(viewer.agencies)
        with site.store.read() as connection:
            rows = field_rows.list_devices(
                connection, agencies, only, site.now() - SILENT_MS, read_after(), PAGE + 1
            )  # fmt: skip
            agents = field_rows.list_agents(connection, agencies)
            codes = field_rows.list_codes(connection, agencies, 10)
        more = write_after(rows[PAGE - 1].seen_ms, rows[PAGE - 1].id) if len(rows) > PAGE else ""
        return show(
            "devices", rows=rows[:PAGE], only=only, ways=ONLY, more=more, agents=agents, codes=codes,
            silent_ms=site.now() - SILENT_MS, now_ms=site.now(),
        )  # fmt: skip

    @pages.post("/devices/enrol", *KEEPERS)
    def enrol(viewer: Viewer) -> Answer:
        """Make a code for one device of an agent; it is shown this once."""
        code, replaces = words("agent", 64), words("replaces", 36)
        with site.store.read() as connection:
            if code not in {row.code for row in field_rows.list_agents(connection, sorted(viewer.agencies))}:
                raise FieldError("not-found", detail=_("There is no such agent in your agencies."))
            if replaces:
                find_device(connection, viewer, replaces)
        with noted(site, viewer, "made_enrol_code", "agent", code):
            made = enrolling.issue_code(site, code, replaces or None, viewer.name)
        picture = segno.make(made, micro=False, error="m").svg_data_uri(scale=8, border=2)
        return show("enrol", code=made, agent=code, picture=picture, minutes=site.settings.enrol_code_minutes)

    @pages.get("/devices/<device_id>", *READERS)
    def device(viewer: Viewer, device_id: str) -> Answer:
        """Show a device: its chains, its clock, what was set aside, what it was ordered to do."""
        with site.store.read() as connection:
            row = find_device(connection, viewer, device_id)
            known = {
                "chains": field_rows.read_chains(connection, device_id),
                "sample": field_rows.read_newest_sample(connection, device_id),
                "parked": field_rows.read_parked(connection, device_id, MOST_PARKED),
                "directives": field_rows.read_directives(connection, device_id),
                "lease_ms": field_rows.read_last_lease(connection, row.agent_id, row.seen_ms),
            }
        return show("device", row=row, now_ms=site.now(), **known)

    @pages.post("/devices/<device_id>/<act>", *KEEPERS)
    def change_device(viewer: Viewer, device_id: str, act: str) -> Answer:
        """Let a device in, withdraw it, or order it to do something; what destroys asks for the agent's code."""
        with site.store.read() as connection:
            row = find_device(connection, viewer, device_id)
        if act not in ACTS:
            raise FieldError("not-found")
        if act in DESTRUCTIVE and words("sure", 64) != row.code:
            tell(_("Type the agent's code to say that you mean this device. Nothing was changed."), "stop")
            return go("device", device_id=device_id)
        pages.do(
            viewer, f"device_{act}", ("device", device_id), lambda: ACTS[act](site, device_id, viewer.name),
            lambda _none: _("Done. The device is told at its next exchange."),
        )  # fmt: skip
        return go("device", device_id=device_id)


def _revoke(wipe: DirectiveKind | None) -> Callable[[Site, str, str], Any]:
    return lambda site, device_id, by: revoking.revoke_device(site, device_id, by, wipe)


def _order(kind: DirectiveKind) -> Callable[[Site, str, str], Any]:
    return lambda site, device_id, by: revoking.order_device(site, device_id, kind, by)


ACTS: dict[str, Callable[[Site, str, str], Any]] = {
    "approve": enrolling.approve,
    "refuse": enrolling.refuse,
    "send_all": _order(DirectiveKind.UPLOAD_ALL),
    "reset_packets": _order(DirectiveKind.RESET_PACKETS),
    "revoke": _revoke(None),
    "wipe_after_upload": _revoke(DirectiveKind.WIPE_AFTER_UPLOAD),
    "wipe_now": _revoke(DirectiveKind.WIPE_NOW),
    "gone": lambda site, device_id, by: revoking.withdraw_device(site, device_id, by),
    "gone_anyway": lambda site, device_id, by: revoking.withdraw_device(site, device_id, by, anyway=True),
}
DESTRUCTIVE = {"revoke", "wipe_after_upload", "wipe_now", "gone", "gone_anyway"}
