"""
Forgetting: what a person asked to have erased goes, but for what a rule keeps; either way they are told.

Comes in: a person's request. Goes out: a certificate, signed by the server, that says what was removed, and what is
kept, by which rule and until when; it names nobody. What devices recorded and what was made of it go together or
not at all, and not before the files. Running it again removes what has become free since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import structlog
from sqlalchemy import Connection

from schemas import signing
from schemas.errors import FieldError
from schemas.messages import format_time
from server.domain.conduct.retention import RecordClass
from server.services.keys import signing_key
from server.services.retention import Clocks, Kept, what_is_kept, wind_clocks
from server.services.retiring import TOGETHER, empty_case, empty_person
from server.services.rule_changes import day_of
from server.services.site import Site
from server.storage import retention_rows, voice_rows
from server.storage.keeping import scrub
from server.storage.types import AnyRow

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Plan:
    """What an erasure would remove, by case (None: of the person) and class, and what is kept and why."""

    person_id: str
    removed: tuple[tuple[str | None, RecordClass, int], ...]
    kept: tuple[Kept, ...]


def plan_erasure(site: Site, request_id: str) -> Plan:
    """
    Give what can be erased for a request now, and what is kept.

    Raises `not-found` for what is no request for erasure, `conflict` while no jurisdiction is set: then nobody knows
    what has to be kept.
    """
    with site.store.read() as connection:
        return _plan(connection, site, _read_request(connection, request_id).person_id)


def _read_request(connection: Connection, request_id: str) -> AnyRow:
    row = voice_rows.read(connection, "person_request", request_id)
    if row is None or row.kind != "erasure":
        raise FieldError("not-found", detail=f"{request_id} is no request for erasure; see `fairvisit requests list`.")
    return row


def _plan(connection: Connection, site: Site, person_id: str) -> Plan:
    if not site.settings.rulebooks.strip():
        detail = "No jurisdiction is set, so nobody knows what has to be kept. Set FAIRVISIT_RULEBOOKS first."
        raise FieldError("conflict", detail=detail)
    today = day_of(site, site.now())
    clocks = wind_clocks(connection, site, retention_rows.read_case_ids(connection, [person_id]))
    removed = [
        (None if each.case is None else str(each.case.id), clock.record, clock.count)
        for each in clocks
        for clock in each.clocks
        if clock.record in find_free(each, today)
    ]
    return Plan(person_id, tuple(removed), tuple(what_is_kept(connection, site, person_id=person_id)))


def find_free(clocks: Clocks, today: date) -> set[RecordClass]:
    """Give the classes that nothing keeps; what goes together stays together, but files go by themselves."""
    kept = {clock.record for clock in clocks.clocks if clock.is_kept(today)}
    held = TOGETHER - {RecordClass.FILES} if kept & TOGETHER else frozenset[RecordClass]()
    return {clock.record for clock in clocks.clocks} - kept - held


def erase_for_person(site: Site, request_id: str, by: str) -> tuple[Plan, str]:
    """
    Erase what nothing keeps, and give it with the certificate; return once it is gone for good.

    The request is done once nothing of the person is kept; until then it stays open for what becomes free.
    """
    if not by.strip():
        raise FieldError("invalid", {"by": ["is empty; it is kept with what is erased"]})
    plan = plan_erasure(site, request_id)
    why = f"the person asked for it ({request_id})"
    for case_id in sorted({each for each, _, _ in plan.removed if each is not None}):
        records = {record for each, record, _ in plan.removed if each == case_id}
        empty_case(site, case_id, records, by, why, lambda _: None)
    if any(case_id is None for case_id, _, _ in plan.removed):
        empty_person(site, plan.person_id, by, why, lambda _: None)
    certificate = _certify(site, request_id, plan)

    def job(connection: Connection) -> None:
        done = {} if plan.kept else {"done_ms": site.now(), "done_by": by.strip()}
        voice_rows.change(connection, "person_request", request_id, certificate=certificate, **done)

    site.store.write(job)
    if not scrub(site.store):
        log.warning("erasure_not_scrubbed", request_id=request_id)
    log.info("person_erased", request_id=request_id, removed=len(plan.removed), kept=len(plan.kept))
    return plan, certificate


def _certify(site: Site, request_id: str, plan: Plan) -> str:
    key, kid = signing_key(site)
    counts: dict[str, int] = {}
    for _, record, count in plan.removed:
        counts[record.value] = counts.get(record.value, 0) + count
    payload: dict[str, Any] = {
        "typ": "erasure", "request_id": request_id, "at": format_time(site.now()), "removed": counts,
        "kept": _tell_kept(plan.kept),
    }  # fmt: skip
    return signing.sign(payload, key, kid)


def _tell_kept(kept: Sequence[Kept]) -> list[dict[str, str]]:
    return [
        {"record": each.record.value, "rule": each.rule_id, "says": each.sentence}
        | ({} if each.until is None else {"until": each.until.isoformat()})
        for each in kept
    ]
