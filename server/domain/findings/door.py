"""Findings of conduct at the door: what was done in which order, what came of it, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.vocabulary import ContactResult, Disposition, EndReason, EventKind, Identity, is_possible
from server.domain.findings.codes import Code, Finding
from server.domain.findings.context import Context
from server.domain.findings.presence import crew_events, is_silent, last_of
from server.domain.folding import may_precede

# Who is sent away, threatened or called back is right to leave at once.
LEFT_RIGHTLY = (EndReason.ASKED_TO_LEAVE, EndReason.DANGER, EndReason.WITHDRAWN)


def find_sealed_before_identity(context: Context) -> list[Finding]:
    """Find a sealed part opened before anyone's identity can have been confirmed; unknown while events are parked."""
    if not context.visit.is_complete:
        return []
    events = crew_events(context.visit)
    confirmed = [
        event
        for event in events
        if event.kind == EventKind.IDENTITY_CHECKED and event.body.get("identity") == Identity.CONFIRMED
    ]
    for opened in events:
        if opened.kind != EventKind.SEALED_PART_OPENED:
            continue
        if not any(may_precede(checked, opened) for checked in confirmed):
            return [Finding(Code.SEALED_BEFORE_IDENTITY, {"agent_id": opened.agent_id})]
    return []


def find_outcome_without_check_in(context: Context) -> list[Finding]:
    """Find an outcome of a visit that nobody began; unknown while events are parked (E8)."""
    visit = context.visit
    if visit.lead is not None or not visit.is_complete:
        return []
    noted = last_of(visit, EventKind.OUTCOME_NOTED)
    return [] if noted is None else [Finding(Code.OUTCOME_WITHOUT_CHECK_IN, {"agent_id": noted.agent_id})]


def find_impossible_outcome(context: Context) -> list[Finding]:
    """Find a last outcome whose two halves cannot both be, or a promise without an amount or a day."""
    noted = last_of(context.visit, EventKind.OUTCOME_NOTED)
    body: Mapping[str, Any] = {} if noted is None else noted.body
    result, disposition = body.get("contact_result"), body.get("disposition")
    if result not in list(ContactResult) or disposition not in list(Disposition):
        return []
    lacks = _what_lacks(body) if disposition == Disposition.PROMISE else ""
    if is_possible(str(result), str(disposition)) and not lacks:
        return []
    facts = {"contact_result": str(result), "disposition": str(disposition), "lacks": lacks}
    return [Finding(Code.IMPOSSIBLE_OUTCOME, facts)]


def find_never_ended(context: Context) -> list[Finding]:
    """Find a visit begun but not ended, once nothing more can be expected; unknown while events are parked (E8)."""
    visit = context.visit
    if visit.lead is None or visit.ended is not None or not visit.is_complete:
        return []
    if not is_silent(context, visit.lead.agent_id):
        return []
    return [Finding(Code.NEVER_ENDED, {"agent_id": visit.lead.agent_id})]


def find_too_short(context: Context) -> list[Finding]:
    """Find a visit at which the person was met, and which surely was over before anything can have been said."""
    started, ended = context.visit.started, context.visit.ended
    noted = last_of(context.visit, EventKind.OUTCOME_NOTED)
    if started is None or ended is None or noted is None:
        return []
    if noted.body.get("contact_result") != ContactResult.PERSON or ended.body.get("reason") in LEFT_RIGHTLY:
        return []
    if not (started.bound.is_certain and ended.bound.is_certain):
        return []
    most_ms = ended.bound.latest_ms - started.bound.earliest_ms
    if most_ms >= context.thresholds.min_visit_ms:
        return []
    return [Finding(Code.TOO_SHORT, {"most_stay_ms": max(most_ms, 0)})]


def _what_lacks(body: Mapping[str, Any]) -> str:
    """Say what a promise lacks, as the end of a sentence; empty where it lacks nothing."""
    promise = body.get("promise")
    if not isinstance(promise, Mapping):
        return " without amount and day"
    has_amount = isinstance(promise.get("amount"), int) and promise["amount"] > 0
    return ("" if has_amount else " without an amount") + ("" if promise.get("due") else " without a day")
