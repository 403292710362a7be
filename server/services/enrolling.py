"""
Enrolling: the office issues a one-time code, a device presents it with its key, a person may have to approve.

Stands before everything else a device does. The private key never comes here: what comes is a proof signed by it
(A1). Jobs lock the agent's row, so two devices, or two tries of one, are let in one after the other.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Connection

from schemas import signing
from schemas.errors import FieldError
from server.domain.enrolling import TAKEN, CodeState, KeyState, Presented, judge_code, make_code, read_code
from server.domain.nonces import make_nonce
from server.services.keys import public_keys
from server.services.site import Site
from server.storage import device_rows, people_rows
from server.storage.device_rows import AnyRow
from server.storage.state_rows import get_state

log = structlog.get_logger()
MINUTE_MS = 60_000
POLL_S = 30  # how soon a device that awaits approval should ask again
REFUSAL = "enrolment-code-invalid"


@dataclass(frozen=True, slots=True)
class EnrolResult:
    """The answer to a device: 201 with what it needs to begin, or 202 while a person has yet to approve."""

    device_id: str
    is_awaiting: bool
    answer: Mapping[str, Any]

    @property
    def status(self) -> int:
        """The HTTP status."""
        return 202 if self.is_awaiting else 201


def hash_code(site: Site, code: str) -> str:
    """Give what is stored of a code: a keyed hash of its letters."""
    return hmac.new(site.nonce_secret, b"enrol." + read_code(code).encode(), hashlib.sha256).hexdigest()


def issue_code(site: Site, agent_code: str, replaces: str | None = None, by: str = "office") -> str:
    """
    Issue a one-time code for an agent, optionally naming the device it replaces; give it as a person types it.

    Raises `not-found` for an unknown agent or device, `conflict` for an agent who is not active.
    """
    now_ms = site.now()
    code = make_code(site.random_bytes(16))

    def job(connection: Connection) -> None:
        found = people_rows.find_agent(connection, agent_code)
        if found.status != "active":
            raise FieldError("conflict", detail=f"Agent {agent_code} is {found.status}; only an active agent enrols.")
        if replaces is not None:
            old = device_rows.read_device(connection, replaces)
            if old is None or old.agent_id != found.id:
                raise FieldError("not-found", detail=f"Agent {agent_code} has no device {replaces}.")
        row = {
            "code_hash": hash_code(site, code),
            "agent_id": found.id,
            "replaces": replaces,
            "needs_approval": site.settings.needs_approval,
            "made_ms": now_ms,
            "expires_ms": now_ms + site.settings.enrol_code_minutes * MINUTE_MS,
            "refused": False,
        }
        device_rows.add_code(connection, row)

    site.store.write(job)
    log.info("code_issued", agent=agent_code, by=by)
    return code


def enrol_device(site: Site, request: Mapping[str, Any]) -> EnrolResult:
    """
    Take a device in, or recognise it, by a code and its key (A1); *request* keeps `EnrolSchema`.

    Raises `malformed` for a key that is none, else `enrolment-code-invalid` whatever is wrong.
    """
    jkt = _check_proof(request)
    keys = public_keys(site)
    result = site.store.write(lambda connection: _take(connection, site, request, jkt, keys))
    if isinstance(result, Presented):
        log.info("enrolment_refused", reason=result.value)
        raise FieldError(REFUSAL)
    return result


def _check_proof(request: Mapping[str, Any]) -> str:
    """Give the key's thumbprint if the proof is signed by it over this very code."""
    key = signing.load_public(request["jwk"])
    jkt = signing.thumbprint(signing.public_jwk(key))
    try:
        payload = signing.verify(request["proof"], key, "enrol")
        claimed = (signing.kid_of(request["proof"]), payload.get("jkt"), payload.get("code"))
        is_good = claimed == (jkt, jkt, request["code"])
    except FieldError:
        is_good = False
    if not is_good:
        log.info("enrolment_refused", reason="bad_proof")
        raise FieldError(REFUSAL)
    return jkt


def _take(
    connection: Connection, site: Site, request: Mapping[str, Any], jkt: str, keys: list[dict[str, Any]]
) -> EnrolResult | Presented:
    now_ms = site.now()
    code_hash = hash_code(site, request["code"])
    code = device_rows.read_code(connection, code_hash)
    if code is None:
        return Presented.UNKNOWN_CODE
    owner = device_rows.lock_agent(connection, code.agent_id)
    code = device_rows.read_code(connection, code_hash)  # again, now that nobody else can use it
    assert owner is not None
    assert code is not None
    device = device_rows.read_device_by_key(connection, jkt)
    restored = get_state(connection, "restored_ms")
    presented = judge_code(_code_state(code), _key_state(device), jkt, now_ms, int(restored) if restored else None)
    if presented not in TAKEN:
        return presented
    if owner.status != "active":
        return Presented.WITHDRAWN_DEVICE
    device_id, is_awaiting = (code.device_id, False) if device is None else (device.id, device.state == "awaiting")
    if presented is Presented.NEW_DEVICE:
        device_id, is_awaiting = site.new_id(), bool(code.needs_approval)
        if not device_rows.add_device(connection, _device_row(device_id, owner.id, request, jkt, now_ms, is_awaiting)):
            return Presented.OTHER_AGENTS_KEY  # another agent's code let this key in a moment ago
    elif presented is Presented.KNOWN_DEVICE:
        described = {} if is_awaiting else {"state": "active"}
        device_rows.change_device(connection, device_id, seen_ms=now_ms, **described, **request["device"])
    if presented in {Presented.NEW_DEVICE, Presented.KNOWN_DEVICE}:
        decided_ms = None if is_awaiting else now_ms
        device_rows.change_code(connection, code_hash, jkt=jkt, device_id=device_id, decided_ms=decided_ms)
        if not is_awaiting:
            _replace(connection, code.replaces, device_id)
    return EnrolResult(device_id, is_awaiting, _answer(site, device_id, owner, keys, now_ms, is_awaiting=is_awaiting))


def _code_state(row: AnyRow) -> CodeState:
    return CodeState(row.agent_id, row.made_ms, row.expires_ms, row.jkt, row.decided_ms, row.refused)


def _key_state(row: AnyRow | None) -> KeyState | None:
    return None if row is None else KeyState(row.agent_id, row.state)


def _device_row(
    device_id: str, agent_id: str, request: Mapping[str, Any], jkt: str, now_ms: int, is_awaiting: bool
) -> dict[str, Any]:
    return {
        "id": device_id,
        "agent_id": agent_id,
        "jkt": jkt,
        "jwk": signing.public_jwk(signing.load_public(request["jwk"])),
        "state": "awaiting" if is_awaiting else "active",
        "enrolled_ms": now_ms,
        "seen_ms": now_ms,
    } | {name: request["device"][name] for name in ("kind", "model", "app")}


def _replace(connection: Connection, replaced: str | None, device_id: str) -> None:
    """Withdraw the device that a code replaces: its late work is still taken, and it pulls nothing more."""
    if replaced is None or replaced == device_id:
        return
    old = device_rows.read_device(connection, replaced)
    if old is not None and old.state == "active":
        device_rows.change_device(connection, replaced, state="upload_only")


def _answer(
    site: Site, device_id: str, owner: AnyRow, keys: list[dict[str, Any]], now_ms: int, *, is_awaiting: bool
) -> dict[str, Any]:
    if is_awaiting:
        return {"status": "awaiting_approval", "poll_s": POLL_S}
    return {
        "device_id": device_id,
        "agent": {"agent_id": owner.id, "code": owner.code, "name": owner.name},
        "nonce": make_nonce(site.nonce_secret, device_id, now_ms),
        "server_keys": keys,
        "quota": site.settings.quota.to_wire(),
    } | ({"public_url": site.settings.public_url} if site.settings.public_url else {})


def approve(site: Site, device_id: str, by: str) -> None:
    """Let a device in that awaits approval. Raises `not-found`, or `conflict` if it does not await any."""
    _decide(site, device_id, by, refused=False)


def refuse(site: Site, device_id: str, by: str) -> None:
    """Turn a device away that awaits approval; its row goes, its code stays refused."""
    _decide(site, device_id, by, refused=True)


def _decide(site: Site, device_id: str, by: str, *, refused: bool) -> None:
    now_ms = site.now()

    def job(connection: Connection) -> None:
        found = device_rows.read_device(connection, device_id)
        if found is None:
            raise FieldError("not-found", detail=f"There is no device {device_id}.")
        device_rows.lock_agent(connection, found.agent_id)
        found = device_rows.read_device(connection, device_id)
        if found is None or found.state != "awaiting":
            state = "gone" if found is None else found.state
            raise FieldError("conflict", detail=f"Device {device_id} awaits no approval: it is {state}.")
        if refused:
            device_rows.drop_device(connection, device_id)
        else:
            device_rows.change_device(connection, device_id, state="active", seen_ms=now_ms)
            for replaced in device_rows.read_replaced(connection, device_id):
                _replace(connection, replaced, device_id)
        device_rows.decide_codes(connection, device_id, now_ms, refused=refused)

    site.store.write(job)
    log.info("device_refused" if refused else "device_approved", device=device_id, by=by)
