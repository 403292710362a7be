"""
What an event sets off in the very transaction that takes it.

Few things may not wait for the fold: a hold protects someone now (E9), a finished directive ends its asking, a named
file becomes wanted, a visit is marked as having news.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from schemas import signing
from schemas.errors import FieldError
from schemas.messages import Receipt, Submitted
from schemas.vocabulary import EventKind, HoldReason, HoldScope, ParkReason, ReceiptStatus
from server.domain.intake import Content
from server.domain.media_types import FileKind, kind_of
from server.services.holding import place_hold
from server.services.site import Site
from server.storage import intake_rows
from server.storage.feed import Change
from server.storage.types import is_id

Judged = Sequence[tuple[Submitted, Content, Receipt]]
FOLLOWED = frozenset(
    {
        EventKind.APPOINTMENT_AGREED,
        EventKind.CONTACT_PROPOSED,
        EventKind.EVENT_CORRECTED,
        EventKind.FINDING_CONTESTED,
        EventKind.QUESTION_ANSWERED,
    }
)
FRESH = (ReceiptStatus.ACCEPTED, ReceiptStatus.PARKED)


def follow(
    connection: Connection, site: Site, device_id: str, agent_id: str, judged: Judged, now_ms: int
) -> list[Change]:
    """Do what the newly judged events set off; give the feed changes to publish last."""
    changes: list[Change] = []
    visits: set[tuple[str, str]] = set()
    due: list[str] = []
    files = []
    for event, content, receipt in judged:
        if receipt.status == ReceiptStatus.DUPLICATE:
            continue
        if content.case_id is not None and content.visit_id is not None:
            visits.add((content.case_id, content.visit_id))
        if content.problem == ParkReason.WITHHELD:
            files.append((event.digest, event.withheld or 0, FileKind.CONTENT, FileKind.CONTENT, content))
        if content.problem is None:
            files += [
                (file["sha256"], file["size"], file["role"], kind_of(file["media_type"], file["role"]), content)
                for file in content.members.get("files", ())
            ]
        if receipt.status not in FRESH:
            continue
        if content.kind in FOLLOWED and receipt.status == ReceiptStatus.ACCEPTED:
            due.append(event.id)
        if content.kind == EventKind.DIRECTIVE_DONE and content.problem is None:
            body = content.body
            intake_rows.finish_directive(connection, device_id, body["directive_id"], body["result"], now_ms)
        if content.kind == EventKind.HOLD_PLACED:
            changes += _place_hold(connection, site, agent_id, event, content, receipt, now_ms)
    intake_rows.want_files(connection, [_wanted_row(device_id, agent_id, file, now_ms) for file in files])
    intake_rows.note_due_events(connection, agent_id, due)
    intake_rows.mark_visits(connection, visits, now_ms)
    return changes


def _wanted_row(
    device_id: str, agent_id: str, file: tuple[str, int, str, FileKind, Content], now_ms: int
) -> dict[str, object]:
    sha256, size, role, kind, content = file
    return {
        "device_id": device_id,
        "sha256": sha256,
        "size": size,
        "role": role,
        "kind": kind,
        "agent_id": agent_id,
        "case_id": content.case_id,
        "visit_id": content.visit_id,
        "named_ms": now_ms,
        "state": "wanted",
    }


def _place_hold(
    connection: Connection, site: Site, agent_id: str, event: Submitted, content: Content, receipt: Receipt, now_ms: int
) -> list[Change]:
    """
    Place the hold an event asks for, provisionally if the event is parked (E9).

    Only for a case that is or was in the agent's scope: else anyone could halt anything.
    """
    if content.case_id is None or not intake_rows.read_assignments(connection, agent_id, [content.case_id]):
        return []
    reason, scope = content.body.get("reason"), content.body.get("scope")
    return place_hold(
        connection,
        site,
        hold_id=event.id,
        case_id=content.case_id,
        scope=scope if scope in set(HoldScope) else HoldScope.CASE,
        reason=reason if reason in set(HoldReason) else HoldReason.REFUSAL,
        source="device",
        agent_id=agent_id,
        is_provisional=receipt.status == ReceiptStatus.PARKED,
        until=content.body.get("until"),
        now_ms=now_ms,
    )


def visits_joined_by_qr(
    connection: Connection, contents: Sequence[Content], pairs: set[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Give which of *pairs* a `crew_joined` in this batch joins by the lead's signed QR (E11)."""
    joined = set()
    for content in contents:
        pair = (content.case_id or "", content.visit_id or "")
        qr = content.body.get("qr")
        if content.kind != EventKind.CREW_JOINED or content.problem is not None or pair not in pairs or not qr:
            continue
        if is_visit_qr_good(connection, str(qr), *pair):
            joined.add(pair)
    return joined


def is_visit_qr_good(connection: Connection, qr: str, case_id: str, visit_id: str) -> bool:
    """Say whether *qr* is a known device's signature over just this visit."""
    try:
        lead_id = signing.kid_of(qr)
        lead = intake_rows.read_key(connection, lead_id) if is_id(lead_id) else None
        if lead is None:
            return False
        payload = signing.verify(qr, signing.load_public(lead[1]), "visit")
    except (FieldError, ValueError):
        return False
    return payload.get("case_id") == case_id and payload.get("visit_id") == visit_id
