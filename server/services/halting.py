"""Halting for a person: what they say on the public pages acts at once, in the gate and on every device."""

from __future__ import annotations

from sqlalchemy import Connection

from schemas.vocabulary import HoldReason, HoldScope
from server.services.holding import place_hold
from server.services.site import Site
from server.storage import voice_rows
from server.storage.feed import Change

PUBLIC = "public"


def halt(connection: Connection, site: Site, case_id: str, reason: HoldReason, scope: HoldScope) -> list[Change]:
    """
    Halt a case, or its person with all of their cases; give what the devices are to hear.

    Saying it twice places one halt; one that was lifted meanwhile, or that ends by itself, is placed anew. Whoever
    opened the transaction publishes the changes last.
    """
    case = voice_rows.read_case(connection, case_id)
    if case is None:
        return []
    for live in voice_rows.read_live_holds(connection, case_id, case.person_id):
        covers = live.person_id is not None or scope is HoldScope.CASE
        if live.source == PUBLIC and live.reason == reason and covers and live.until_ms is None:
            return []
    return place_hold(
        connection, site, hold_id=site.new_id(), case_id=case_id, scope=scope.value, reason=reason.value,
        source=PUBLIC, now_ms=site.now(),
    )  # fmt: skip
