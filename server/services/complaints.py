"""
Complaints: taken at once, matched to a case by a person where they name none, answered by somebody unconnected.

One that comes with a letter's code, or names an open visit by the card's code, halts its case in the same transaction.
One that names nothing is looked at within a day and halts nothing until it is matched: else anybody could halt all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from sqlalchemy import Connection

from schemas.errors import FieldError
from schemas.vocabulary import HoldReason, HoldScope
from server.domain.conduct.rules import Rulebook
from server.domain.conduct.voices import TRIAGE, codes_of, complaint_clocks
from server.domain.holds import is_one_name
from server.domain.webhooks import Kind
from server.services.answer_tokens import find_token
from server.services.cards import read_scanned
from server.services.choosing import find_one
from server.services.halting import halt
from server.services.rulebooks import rulebooks_in_force
from server.services.site import Site
from server.services.telling import tell_complaint
from server.storage import voice_rows
from server.storage.feed import Change, publish
from server.storage.types import AnyRow

log = structlog.get_logger()
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
UNKNOWN = "This code cannot be used, or no longer."


def promise(site: Site) -> tuple[int, int]:
    """Give within how many hours a complaint made now is acknowledged, and within how many days it is answered."""
    now_ms = site.now()
    clocks = complaint_clocks(rulebooks_in_force(site), now_ms, site.settings.zone)
    return -(-(clocks[0] - now_ms) // HOUR_MS), -(-(clocks[1] - now_ms) // DAY_MS)


def complain_by_letter(site: Site, token: str, chosen: Sequence[str], words: str, reach: str) -> str:
    """Take a complaint with a letter's code and halt its case; raise `not-found` for a code that cannot be used."""
    rulebooks = _rulebooks(site)

    def job(connection: Connection) -> str:
        opened = find_token(connection, site, token)
        if opened is None:
            raise FieldError("not-found", detail=UNKNOWN)
        row = _row(site, rulebooks, "answer", chosen, words, reach)
        return _keep(connection, site, row, opened.case_id, None)

    return site.store.write(job)


def complain_at_door(site: Site, code: str, chosen: Sequence[str], words: str, reach: str) -> str:
    """
    Take a complaint from whoever scanned a card, or from anybody at all; give its id.

    A good code names its agent, and the case of the visit it was shown on: that case is halted. Without one nothing is.
    """
    rulebooks = _rulebooks(site)

    def job(connection: Connection) -> str:
        scanned = read_scanned(connection, code) if code else None
        row = _row(site, rulebooks, "verify", chosen, words, reach)
        agent_id, case_id = (None, None) if scanned is None else (scanned.agent_id, scanned.case_id)
        return _keep(connection, site, row, case_id, agent_id)

    return site.store.write(job)


def _rulebooks(site: Site) -> tuple[Rulebook, ...]:
    """Give the rulebooks in force; while they cannot be read a complaint is taken all the same, by the usual clocks."""
    try:
        return rulebooks_in_force(site)
    except FieldError as error:
        log.error("rulebooks_unreadable", code=error.code)
        return ()


def _row(
    site: Site, rulebooks: Iterable[Rulebook], channel: str, chosen: Sequence[str], words: str, reach: str
) -> dict[str, object]:
    now_ms, zone = site.now(), site.settings.zone
    acknowledge_by_ms, answer_by_ms = complaint_clocks(rulebooks, now_ms, zone)
    return {
        "id": site.new_id(), "channel": channel, "codes": codes_of(chosen), "words": words, "reach": reach,
        "made_ms": now_ms, "triage_by_ms": TRIAGE.after(now_ms, zone), "acknowledge_by_ms": acknowledge_by_ms,
        "answer_by_ms": answer_by_ms,
    }  # fmt: skip


def _keep(
    connection: Connection, site: Site, row: dict[str, object], case_id: str | None, agent_id: str | None
) -> str:
    changes: list[Change] = []
    if case_id is not None:
        row |= {"triage_by_ms": None, "matched_ms": site.now(), "matched_by": "person"}
        changes = halt(connection, site, case_id, HoldReason.COMPLAINT, HoldScope.CASE)
    voice_rows.add(connection, "complaint", row | {"case_id": case_id, "agent_id": agent_id})
    tell_complaint(connection, site, Kind.COMPLAINT_CREATED, str(row["id"]))
    publish(connection, changes)
    log.info("complaint_taken", complaint_id=row["id"], channel=row["channel"], is_matched=case_id is not None)
    return str(row["id"])


# -- by the office


def find_complaint(site: Site, text: str) -> str:
    """Give the id of the complaint that *text* is, or the ending of; raise `not-found` if it names none or several."""
    with site.store.read() as connection:
        ids = [str(row.id) for row in voice_rows.read_complaints(connection, with_closed=True)]
    return find_one(ids, text, "complaint", "fairvisit complaints list --all")


def check_answerer(connection: Connection, complaint_id: str, by: str) -> None:
    """Raise `conflict` where somebody is connected with what a complaint is about, so that they do not answer it."""
    row = _lock(connection, complaint_id)
    _check_unconnected(connection, row, row.case_id, by)


def match_complaint(site: Site, complaint_id: str, case_id: str, by: str) -> int:
    """Say which case a complaint is about, and halt it; give how many agents hear of it."""

    def job(connection: Connection) -> int:
        row = _lock(connection, complaint_id)
        _check_unconnected(connection, row, case_id, by)
        if row.case_id is not None and row.case_id != case_id:
            raise FieldError("conflict", detail="This complaint is about another case already.")
        matched = {"case_id": case_id, "matched_ms": site.now(), "matched_by": by, "triage_by_ms": None}
        _change(connection, site, complaint_id, **matched)
        changes = halt(connection, site, case_id, HoldReason.COMPLAINT, HoldScope.CASE)
        publish(connection, changes)
        return len(changes)

    return site.store.write(job)


def acknowledge_complaint(site: Site, complaint_id: str, by: str) -> None:
    """Note that the person was told that the complaint is here; once is enough."""

    def job(connection: Connection) -> None:
        row = _lock(connection, complaint_id)
        _check_unconnected(connection, row, row.case_id, by)
        if row.acknowledged_ms is None:
            told = {"acknowledged_ms": site.now(), "acknowledged_by": by}
            _change(connection, site, complaint_id, **told)

    site.store.write(job)


def answer_complaint(site: Site, complaint_id: str, by: str, answer: str) -> None:
    """
    Keep what a complaint was answered, by somebody unconnected; its halt stays until somebody lifts it.

    Raises `invalid` without a name or an answer, `conflict` where *by* is of the crew or owns a halt of the case, or
    where it was answered before.
    """

    def job(connection: Connection) -> None:
        row = _lock(connection, complaint_id)
        _check_unconnected(connection, row, row.case_id, by)
        if not answer.strip():
            raise FieldError("invalid", {"text": ["is empty; the answer is kept with the complaint"]})
        if row.answered_ms is not None:
            raise FieldError("conflict", detail="This complaint was answered before; the answer stands.")
        now_ms = site.now()
        done = {"answered_ms": now_ms, "answered_by": by, "answer": answer}
        if row.acknowledged_ms is None:
            done |= {"acknowledged_ms": now_ms, "acknowledged_by": by}
        _change(connection, site, complaint_id, **done)

    site.store.write(job)


def _change(connection: Connection, site: Site, complaint_id: str, **values: Any) -> None:
    """Change a complaint, and tell webhooks of it."""
    voice_rows.change(connection, "complaint", complaint_id, **values)
    tell_complaint(connection, site, Kind.COMPLAINT_CHANGED, complaint_id)


def _lock(connection: Connection, complaint_id: str) -> AnyRow:
    row = voice_rows.lock(connection, "complaint", complaint_id)
    if row is None:
        raise FieldError("not-found", detail=f"There is no complaint {complaint_id}.")
    return row


def _check_unconnected(connection: Connection, row: AnyRow, case_id: str | None, by: str) -> None:
    """Raise `conflict` where *by* was sent to the case, is the agent complained of, or owns a halt of the case."""
    if not by.strip():
        raise FieldError("invalid", {"by": ["is empty; it is kept with the complaint"]})
    connected = list(voice_rows.read_agents(connection, [row.agent_id] if row.agent_id else []).values())
    owners: list[str] = []
    if case_id is not None:
        connected += voice_rows.read_assigned_agents(connection, case_id, only_now=False)
        case = voice_rows.read_case(connection, case_id)
        if case is None:
            raise FieldError("not-found", detail=f"There is no case {case_id}.")
        owners = [each.owner for each in voice_rows.read_live_holds(connection, case_id, case.person_id) if each.owner]
    names = [*owners, *(name for each in connected for name in (each.code, each.name))]
    if any(is_one_name(by, name) for name in names):
        detail = f"{by} is connected with this case; somebody else has to look at the complaint."
        raise FieldError("conflict", detail=detail)
