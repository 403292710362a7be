"""One round trip: the batch commits, then the page is read; a half that fails carries its own problem (X1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson
import structlog
from sqlalchemy import Connection

from schemas import signing
from schemas.errors import FieldError, problem_of
from schemas.messages import format_time, read_time
from server.domain.cursors import Cursor, read_cursor
from server.services import pulling
from server.services.file_limits import limits_by_kind
from server.services.filing import make_token
from server.services.keys import signing_key
from server.services.receiving import Caller, Received, read_batch, receive_batch, receive_repeats
from server.services.site import Site
from server.settings import DAY_MS
from server.storage import intake_rows
from server.storage.standing_rows import DeviceRow, ask_standing

log = structlog.get_logger()
CONTACT_EVERY_MS = 600_000  # how often an idle contact is written down: a write costs an fsync
TOKEN_DAYS = 7


def exchange(site: Site, caller: Caller, request: Mapping[str, Any]) -> bytes:
    """Answer one exchange as wire bytes. Raises `FieldError("gone")` for a withdrawn device."""
    now_ms = site.now()
    push, clock, pull = request["push"], request["clock"], request.get("pull")
    device = ask_standing(site.store, caller.device_id, push["chain_id"])
    refuse_withdrawn(device)
    if device.state != "active":
        caller = Caller(caller.device_id, caller.agent_id, caller.key, is_revoked=True)
    refusal = why_no_pull(site, device)
    answer: dict[str, Any] = {"server_time": format_time(now_ms), "next_exchange_s": site.settings.next_exchange_s}
    answer["push"], has_changed = _push(site, caller, device, push, clock, now_ms)
    if refusal is None and now_ms - device.seen_ms > CONTACT_EVERY_MS:
        _note_contact(site, caller, clock, now_ms)
    if has_changed:
        device = ask_standing(site.store, caller.device_id, push["chain_id"])
    if device.has_wanted_files or device.has_directives:
        with site.store.read() as connection:
            if device.has_wanted_files:
                answer["push"]["files_wanted"] = _files_wanted(connection, site, caller, now_ms)
            if device.has_directives:
                answer["directives"] = intake_rows.read_directives(connection, caller.device_id)
    if pull is None:
        return orjson.dumps(answer)
    return _join(answer, _pull(site, caller, device, pull, answer, refusal))


def refuse_withdrawn(device: DeviceRow) -> None:
    """Refuse a device in the second phase of revocation, and one that nobody has approved yet."""
    if device.state == "gone":
        raise FieldError("gone")
    if device.state == "awaiting":
        raise FieldError("unauthenticated", detail="A person has yet to approve this device.")


def why_no_pull(site: Site, device: DeviceRow) -> FieldError | None:
    """Say why this device may not read its feed now, if it may not: withdrawn, silent for too long, server paused."""
    if device.state != "active":
        return FieldError("upload-only")
    if site.now() - device.seen_ms > site.settings.silence_days * DAY_MS:
        return FieldError("reauth-required")
    return FieldError("paused") if device.is_paused else None


def _clock_row(clock: Mapping[str, Any]) -> dict[str, Any]:
    last = clock.get("last")
    last_ms = None if last is None else read_time(last["server_time"])
    row = {name: clock[name] for name in ("boot", "mono_ms", "mono", "wall")}
    if last is None or last_ms is None:
        return row | {"last_server_ms": None, "last_mono_ms": None, "last_rtt_ms": None}
    return row | {
        "last_server_ms": last_ms,
        "last_mono_ms": last["mono_ms"],
        "last_rtt_ms": last["rtt_ms"],
    }


def _push(
    site: Site, caller: Caller, device: DeviceRow, push: Mapping[str, Any], clock: Mapping[str, Any], now_ms: int
) -> tuple[dict[str, Any], bool]:
    """Run the push half; give its answer and whether anything was written."""
    events = push.get("events")
    if not events:
        return {"next_seq": device.next_seq or 1}, False
    quota = site.settings.quota
    try:
        check_quota(events, quota.max_events, quota.max_bytes, quota.max_event_bytes)
        sample = _clock_row(clock)
        countersign = make_countersigner(site, caller.device_id, push["chain_id"], now_ms)
        batch = read_batch(push, caller.key, device.next_seq or 1)
        received = receive_repeats(site.store, caller, batch) if events[-1]["seq"] < (device.next_seq or 1) else None
        has_changed = received is None
        if received is None:
            received = site.store.write(
                lambda connection: receive_batch(connection, site, caller, batch, sample, now_ms, countersign)
            )
    except FieldError as error:
        extra = {"quota": quota.to_wire()} if error.code == "too-many-events" else {}
        return {"next_seq": device.next_seq or 1, "problem": problem_of(error) | extra}, False
    except Exception:
        reference = site.new_id()
        log.exception("push_failed", instance=reference, device=caller.device_id)
        problem = problem_of(FieldError("internal"), instance=reference)
        return {"next_seq": device.next_seq or 1, "problem": problem}, False
    return _push_answer(received, countersign), has_changed


def check_quota(events: list[Mapping[str, Any]], max_events: int, max_bytes: int, max_event_bytes: int) -> None:
    """Raise `too-many-events` for a batch over its count or bytes; a lone event has a larger limit (X3)."""
    if len(events) > max_events:
        raise FieldError("too-many-events", {"push.events": [f"holds {len(events)} events; at most {max_events}"]})
    sizes = [len(event.get("content", "").encode("utf-8", "surrogatepass")) for event in events]
    limit = max_event_bytes if len(events) == 1 else max_bytes
    if sum(sizes) > limit:
        raise FieldError("too-many-events", {"push.events": [f"holds {sum(sizes)} bytes; at most {limit}"]})


def make_countersigner(site: Site, device_id: str, chain_id: str, now_ms: int) -> Callable[[int, str], str]:
    """Give what signs, with the server's present key, that a chain was taken up to a place (E3)."""
    key, kid = signing_key(site)

    def countersign(through: int, head_hash: str) -> str:
        statement = {
            "typ": "countersignature",
            "device_id": device_id,
            "chain_id": chain_id,
            "through": through,
            "head_hash": head_hash,
            "at": format_time(now_ms),
        }
        return signing.sign(statement, key, kid)

    return countersign


def _push_answer(received: Received, countersign: Callable[[int, str], str]) -> dict[str, Any]:
    answer: dict[str, Any] = {"next_seq": received.next_seq}
    if received.receipts:
        answer["receipts"] = [receipt.to_wire() for receipt in received.receipts]
    if received.head is not None:
        answer["countersignature"] = received.countersignature or countersign(*received.head)
    if received.problem is not None:
        answer["problem"] = problem_of(received.problem)
    return answer


def _note_contact(site: Site, caller: Caller, clock: Mapping[str, Any], now_ms: int) -> None:
    sample = _clock_row(clock)

    def job(connection: Connection) -> None:
        intake_rows.add_clock_sample(connection, caller.device_id, now_ms, sample)
        intake_rows.note_contact(connection, caller.device_id, now_ms)

    site.store.write(job)


def _files_wanted(connection: Connection, site: Site, caller: Caller, now_ms: int) -> list[dict[str, Any]]:
    expires = now_ms + TOKEN_DAYS * DAY_MS
    return [
        {
            "sha256": row.sha256,
            "size": row.size,
            "token": make_token(site, caller.device_id, row.sha256, row.size, expires),
        }
        for row in intake_rows.read_wanted(connection, caller.device_id, limits_by_kind(site.settings))
    ]


def _pull(
    site: Site,
    caller: Caller,
    device: DeviceRow,
    pull: Mapping[str, Any],
    answer: dict[str, Any],
    refusal: FieldError | None,
) -> tuple[bytes, ...]:
    """Run the pull half and the holds, into *answer*; give the items' bytes."""
    text = pull.get("cursor")
    try:
        cursor = read_cursor(text, device.epoch, caller.agent_id)
        if refusal is None and pulling.is_at_head(cursor, device.own, device.shared):
            answer["pull"] = _pull_answer(pulling.empty_page(cursor, device.own, device.shared), text)
            return ()
    except FieldError as error:
        cursor, refusal = Cursor(device.epoch, caller.agent_id), refusal or error
    holds_after = cursor.agent_seq
    items: tuple[bytes, ...] = ()
    with site.store.read() as connection:
        try:
            if refusal is not None:
                raise refusal
            most = site.settings.quota.page_bytes
            page = pulling.read_page(connection, cursor, min(pull.get("page_bytes", most), most))
            items, answer["pull"] = page.items, _pull_answer(page, text)
            if page.cursor.agent_seq == cursor.agent_seq:
                return items  # nothing new in the agent's own scope, so no hold the cursor has not passed
        except FieldError as error:
            if error.code in {"epoch-changed", "cursor-foreign"}:
                holds_after = 0
            answer["pull"] = {"problem": problem_of(error)}
        holds = pulling.read_holds(connection, caller.agent_id, holds_after)
    if holds:
        answer["holds"] = holds
    return items


def _pull_answer(page: pulling.Page, text: str | None) -> dict[str, Any]:
    told: dict[str, Any] = {"more": page.more, "head": {"count": page.count, "sum": page.sum}}
    cursor = str(page.cursor)
    return told if cursor == text else {**told, "cursor": cursor}


def _join(answer: dict[str, Any], items: tuple[bytes, ...]) -> bytes:
    """Write the answer, joining the items' stored bytes into the pull half unparsed."""
    if not items:
        return orjson.dumps(answer)
    pull = orjson.dumps(answer.pop("pull"))
    head = orjson.dumps(answer)
    return head[:-1] + b',"pull":{"items":[' + b",".join(items) + b"]," + pull[1:] + b"}"
