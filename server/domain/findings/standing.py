"""
Findings of standing: work on a case that had been taken away, closed or expired, or with an old packet.

A receipt's flags say only that something happened before the record was received. These rules ask what surely had
happened before the visit began, by the bound of its true time; what may have been at the same time is no finding.
"""

from __future__ import annotations

from schemas.vocabulary import RemovalReason
from server.domain.findings.codes import Code, Finding
from server.domain.findings.context import Context
from server.domain.findings.presence import crew_events
from server.domain.folding import Assigned, SeenEvent

CLOSED = frozenset({RemovalReason.CLOSED, RemovalReason.PAID})


def find_after_reassignment(context: Context) -> list[Finding]:
    """Find a visit that surely began after the case was taken from its agent, for another reason than its end."""
    row = _standing(context)
    if row is None or row.until_ms is None or row.reason in {*CLOSED, RemovalReason.EXPIRED}:
        return []
    return _after(context, Code.AFTER_REASSIGNMENT, row.until_ms)


def find_after_closing(context: Context) -> list[Finding]:
    """Find a visit that surely began after the case was closed or paid, and was not given to its agent again since."""
    row = _standing(context)
    closed = [context.closed_ms]
    if row is not None and row.reason in CLOSED:
        closed.append(row.until_ms)
    known = [ms for ms in closed if ms is not None and (row is None or ms >= row.from_ms)]
    return _after(context, Code.AFTER_CLOSING, min(known, default=None))


def find_after_expiry(context: Context) -> list[Finding]:
    """Find a visit that surely began after the agent's packet had expired, while the case was still theirs."""
    row = _standing(context)
    if row is None:
        return []
    ends = [row.lease_until_ms]
    if row.until_ms is not None:
        if row.reason != RemovalReason.EXPIRED and row.until_ms < row.lease_until_ms:
            return []
        ends.append(row.until_ms)
    return _after(context, Code.AFTER_EXPIRY, min(ends))


def find_stale_packet(context: Context) -> list[Finding]:
    """
    Find a visit that used a revision older than a change that mattered.

    The change must surely have been made before the visit began, and while the case was the agent's: after that no
    revision reached them. Whether they had a network is for the reviewer. Revision 0 is a device's word for none: it
    had no packet to read, as after its lease's end.
    """
    began, row = _began(context), _standing(context)
    if began is None or not began.bound.is_certain or not began.packet_rev or row is None:
        return []
    until_ms = began.bound.earliest_ms if row.until_ms is None else min(row.until_ms, began.bound.earliest_ms)
    missed = [
        revision
        for revision in context.revisions or ()
        if revision.mattered and revision.rev > began.packet_rev and revision.made_ms < until_ms
    ]
    if not missed:
        return []
    newest = max(missed, key=lambda revision: revision.rev)
    facts = {
        "used_rev": began.packet_rev,
        "rev": newest.rev,
        "least_after_ms": began.bound.earliest_ms - newest.made_ms,
    }
    return [Finding(Code.STALE_PACKET, facts)]


def _began(context: Context) -> SeenEvent | None:
    """Give the record that a visit began with: the lead's check-in, or the first there is."""
    return context.visit.started or next(iter(crew_events(context.visit)), None)


def _standing(context: Context) -> Assigned | None:
    """Give the last assignment of the agent that can have begun before the visit did; None where none is known."""
    began = _began(context)
    if began is None:
        return None
    rows = [
        row
        for row in context.assigned
        if row.agent_id == began.agent_id and row.from_ms <= began.bound.latest_ms
    ]
    return max(rows, key=lambda row: row.from_ms, default=None)


def _after(context: Context, code: Code, ended_ms: int | None) -> list[Finding]:
    """Find *code* if the visit surely began after *ended_ms*."""
    began = _began(context)
    if began is None or ended_ms is None or not began.bound.is_certain:
        return []
    after_ms = began.bound.earliest_ms - ended_ms
    return [Finding(code, {"least_after_ms": after_ms})] if after_ms > 0 else []
