"""
Help now: a call with a timer, from a public page or the telephone, that somebody in the office takes.

A call that nobody took within two minutes is told to a supervisor: it is logged as an alert and stands first.
"""

from __future__ import annotations

import structlog
from sqlalchemy import Connection

from schemas.errors import FieldError
from schemas.vocabulary import HoldReason, HoldScope, ItemType, RemovalReason
from server.services.answer_tokens import find_token
from server.services.cards import read_scanned
from server.services.choosing import find_one
from server.services.complaints import UNKNOWN
from server.services.halting import halt
from server.services.packing import least_rev
from server.services.site import Site
from server.storage import card_rows, voice_rows
from server.storage.feed import Change, publish
from server.storage.types import AnyRow, is_id

log = structlog.get_logger()
ALERT_MS = 120_000
TITLE = "From the office"


def call_by_letter(site: Site, token: str, reach: str) -> str:
    """Call for help with a letter's code; a call that is open stays the one. Give its id."""

    def job(connection: Connection) -> str:
        opened = find_token(connection, site, token)
        if opened is None:
            raise FieldError("not-found", detail=UNKNOWN)
        return _call(connection, site, "answer", opened.case_id, None, reach)

    return site.store.write(job)


def call_at_door(site: Site, code: str, reach: str) -> str:
    """Call for help from the page of a card, with its code or without; give the call's id."""

    def job(connection: Connection) -> str:
        scanned = read_scanned(connection, code) if code else None
        if scanned is None:
            return _call(connection, site, "verify", None, None, reach)
        return _call(connection, site, "verify", scanned.case_id, scanned.agent_id, reach)

    return site.store.write(job)


def call_by_telephone(site: Site, card_number: str, case_id: str | None, reach: str) -> str:
    """Note a call that was answered on the telephone; raise `not-found` for a number that is no card's."""

    def job(connection: Connection) -> str:
        holder = card_rows.find_number(connection, card_number) if card_number else None
        if card_number and holder is None:
            raise FieldError("not-found", detail="No card has this number; call without it, and ask for the name.")
        return _call(connection, site, "telephone", case_id, None if holder is None else holder.agent_id, reach)

    return site.store.write(job)


def _call(
    connection: Connection, site: Site, channel: str, case_id: str | None, agent_id: str | None, reach: str
) -> str:
    if case_id is not None and voice_rows.read_case(connection, case_id) is None:
        case_id = None
    open_call = None if case_id is None else voice_rows.find_open_call(connection, case_id)
    if open_call is not None:
        if reach:
            voice_rows.change(connection, "help_call", open_call, reach=reach)
        return open_call
    row = {
        "id": site.new_id(), "case_id": case_id, "agent_id": agent_id, "channel": channel, "reach": reach,
        "made_ms": site.now(),
    }  # fmt: skip
    voice_rows.add(connection, "help_call", row)
    log.warning("help_called", call_id=row["id"], channel=channel)
    return str(row["id"])


def look_at_call(site: Site, call_id: str) -> AnyRow | None:
    """Give a call as the page shows it to whoever made it; None for what is none. Waiting too long alerts here, too."""
    alert_calls(site)
    with site.store.read() as connection:
        return voice_rows.read(connection, "help_call", call_id) if is_id(call_id) else None


def alert_calls(site: Site) -> int:
    """Tell a supervisor of every call that nobody took in time; give how many are new."""

    def job(connection: Connection) -> list[str]:
        return voice_rows.alert_calls(connection, site.now() - ALERT_MS, site.now())

    with site.store.read() as connection:
        if not voice_rows.is_any_waiting(connection, site.now() - ALERT_MS):
            return 0
    told = site.store.write(job)
    for call_id in told:
        log.error("help_call_unanswered", call_id=call_id)
    return len(told)


# -- by the office


def find_call(site: Site, text: str) -> str:
    """Give the id of the call that *text* is, or the ending of."""
    with site.store.read() as connection:
        ids = [str(row.id) for row in voice_rows.read_calls(connection, with_closed=True)]
    return find_one(ids, text, "call", "fairvisit help list --all")


def take_call(site: Site, call_id: str, by: str) -> None:
    """Note who answers a call; raise `conflict` where somebody else does already."""

    def job(connection: Connection) -> None:
        row = _lock(connection, call_id, by)
        if row.taken_by is not None and row.taken_by != by:
            raise FieldError("conflict", detail=f"{row.taken_by} has this call.")
        voice_rows.change(connection, "help_call", call_id, taken_ms=row.taken_ms or site.now(), taken_by=by)

    site.store.write(job)


def hold_for_call(site: Site, call_id: str, by: str, reason: HoldReason, case_id: str | None = None) -> int:
    """Halt the case that a call is about; *case_id* says which, where the call does not. Give how many hear of it."""

    def job(connection: Connection) -> int:
        row = _lock(connection, call_id, by)
        about = row.case_id or case_id
        if about is None:
            raise FieldError("invalid", {"case": ["is needed: this call names no case"]})
        voice_rows.change(connection, "help_call", call_id, case_id=about)
        changes = halt(connection, site, about, reason, HoldScope.CASE)
        publish(connection, changes)
        return len(changes)

    return site.store.write(job)


def message_crew(site: Site, call_id: str, by: str, text: str) -> list[str]:
    """Send a short text to the agents a call is about, who see it at their next exchange; give their codes."""

    def job(connection: Connection) -> list[str]:
        row = _lock(connection, call_id, by)
        crew = voice_rows.read_assigned_agents(connection, row.case_id, only_now=True) if row.case_id else []
        if not crew and row.agent_id:
            crew = list(voice_rows.read_agents(connection, [row.agent_id]).values())
        if not crew:
            raise FieldError("conflict", detail="This call names no case that an agent has, and no agent.")
        told = voice_rows.read_told(connection, call_id)
        rev = max(site.now() // 1000, *(each.rev + 1 for each in told), least_rev(connection))
        body = {"title": TITLE, "text": text[:1000]}
        publish(connection, [Change(each.id, ItemType.NOTICE, call_id, rev, body) for each in crew])
        return [each.code for each in crew]

    return site.store.write(job)


def close_call(site: Site, call_id: str, by: str, result: str) -> None:
    """Keep what came of a call; what its crew was told is taken from their devices again."""

    def job(connection: Connection) -> None:
        row = _lock(connection, call_id, by)
        if not result.strip():
            raise FieldError("invalid", {"result": ["is empty; it is kept with the call"]})
        taken = {"taken_ms": row.taken_ms or site.now(), "taken_by": row.taken_by or by}
        closed = {"closed_ms": site.now(), "closed_by": by, "result": result}
        voice_rows.change(connection, "help_call", call_id, **taken, **closed)
        told = voice_rows.read_told(connection, call_id)
        gone = [
            Change(each.scope_id, ItemType.NOTICE, call_id, each.rev + 1, reason=RemovalReason.DONE) for each in told
        ]
        publish(connection, gone)

    site.store.write(job)


def _lock(connection: Connection, call_id: str, by: str) -> AnyRow:
    if not by.strip():
        raise FieldError("invalid", {"by": ["is empty; it is kept with the call"]})
    row = voice_rows.lock(connection, "help_call", call_id)
    if row is None:
        raise FieldError("not-found", detail=f"There is no call {call_id}.")
    if row.closed_ms is not None:
        raise FieldError("conflict", detail=f"This call was closed by {row.closed_by}.")
    return row
