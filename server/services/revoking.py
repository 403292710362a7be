"""
Revoking: withdraw a device in two phases, and order it to wipe itself, with what may be lost shown before.

Phase one, `upload_only`: its late work is taken and set aside, it pulls nothing. Phase two, `gone`: nothing is taken
over the network any more (A4). Directives travel with each answer until the device has done them (D1).
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from schemas import signing
from schemas.errors import FieldError
from schemas.messages import format_time
from schemas.signing import PrivateKey
from schemas.vocabulary import DirectiveKind
from server.services.choosing import find_one
from server.services.keys import signing_key
from server.services.site import Site
from server.storage import device_rows
from server.storage.device_rows import AnyRow

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AtStake:
    """What the server knows of a device that is to be wiped: whatever it recorded since `seen_ms` may be lost."""

    device_id: str
    agent_code: str
    seen_ms: int
    silent_ms: int
    events: int
    files_missing: int


def find_device(site: Site, text: str) -> str:
    """Give the id of the device that *text* is, or the ending of; raise `not-found` if that names none or several."""
    with site.store.read() as connection:
        ids = [row.id for row in device_rows.list_devices(connection)]
    return find_one(ids, text, "device", "fairvisit devices list")


def read_stake(site: Site, device_id: str) -> AtStake:
    """Give what a wipe of this device may destroy, as far as the server can know."""
    with site.store.read() as connection:
        row = next((row for row in device_rows.list_devices(connection) if row.id == device_id), None)
    if row is None:
        raise FieldError("not-found", detail=f"There is no device {device_id}.")
    silent_ms = max(0, site.now() - row.seen_ms)
    return AtStake(device_id, row.agent_code, row.seen_ms, silent_ms, int(row.events), int(row.files))


def revoke_device(site: Site, device_id: str, by: str, wipe: DirectiveKind | None = None) -> str | None:
    """
    Begin to withdraw a device: from now on it may only send; with *wipe*, it is ordered to wipe itself too.

    Gives the directive's id, if one was issued. Doing it again changes nothing but a further directive.
    """
    signer = signing_key(site)

    def job(connection: Connection) -> str | None:
        device = _hold(connection, device_id)
        if device.state in {"gone", "awaiting"}:
            cure = "it is gone already" if device.state == "gone" else "nobody has let it in yet; refuse it instead"
            raise FieldError("conflict", detail=f"Device {device_id} cannot be withdrawn: {cure}.")
        device_rows.change_device(connection, device_id, state="upload_only")
        return None if wipe is None else _issue(connection, site, signer, device_id, wipe, by)

    issued = site.store.write(job)
    log.info("device_revoked", device=device_id, by=by, wipe=wipe)
    return issued


def order_device(site: Site, device_id: str, kind: DirectiveKind, by: str) -> str:
    """Issue a directive for a device, on the chain it writes now; give its id."""
    signer = signing_key(site)

    def job(connection: Connection) -> str:
        device = _hold(connection, device_id)
        if device.state in {"gone", "awaiting"}:
            raise FieldError("conflict", detail=f"Device {device_id} is {device.state}: no directive reaches it.")
        return _issue(connection, site, signer, device_id, kind, by)

    issued = site.store.write(job)
    log.info("directive_issued", device=device_id, kind=kind, by=by)
    return issued


def withdraw_device(site: Site, device_id: str, by: str, *, anyway: bool = False) -> None:
    """
    End a device's access for good.

    Raises `conflict` unless it went through the first phase, and while a wipe it was ordered to do is not confirmed,
    unless a person orders it *anyway* (D1).
    """

    def job(connection: Connection) -> None:
        device = _hold(connection, device_id)
        if device.state == "gone":
            return
        if device.state != "upload_only":
            detail = f"Device {device_id} is {device.state}; revoke it first, so that its work can still come in."
            raise FieldError("conflict", detail=detail)
        open_wipes = device_rows.read_open_directives(connection, device_id, wipes_only=True)
        if open_wipes and not anyway:
            since = format_time(open_wipes[0].issued_ms)
            detail = f"The wipe ordered at {since} is not confirmed yet; wait for it, or add --anyway."
            raise FieldError("conflict", detail=detail)
        device_rows.change_device(connection, device_id, state="gone")

    site.store.write(job)
    log.info("device_gone", device=device_id, by=by, anyway=anyway)


def _hold(connection: Connection, device_id: str) -> AnyRow:
    """Lock the device's agent, and give the device as it stands then."""
    device = device_rows.read_device(connection, device_id)
    if device is None:
        raise FieldError("not-found", detail=f"There is no device {device_id}.")
    device_rows.lock_agent(connection, device.agent_id)
    device = device_rows.read_device(connection, device_id)
    assert device is not None
    return device


def _issue(
    connection: Connection, site: Site, signer: tuple[PrivateKey, str], device_id: str, kind: DirectiveKind, by: str
) -> str:
    """Sign a directive for the device's present chain: on another one it is ignored, so a wipe cannot hit twice."""
    chain = device_rows.newest_chain(connection, device_id)
    if chain is None:
        detail = f"Device {device_id} has not sent anything yet, so there is no chain a directive could name."
        raise FieldError("conflict", detail=detail)
    waiting = [row for row in device_rows.read_open_directives(connection, device_id) if row.kind == kind]
    repeated = next((row for row in waiting if row.chain_id == chain.chain_id), None)
    if repeated is not None:
        return str(repeated.id)
    now_ms, directive_id = site.now(), site.new_id()
    payload = {
        "typ": "directive",
        "id": directive_id,
        "kind": kind.value,
        "device_id": device_id,
        "chain_id": chain.chain_id,
        "issued_at": format_time(now_ms),
    }
    row = {"id": directive_id, "device_id": device_id, "chain_id": chain.chain_id, "kind": kind.value}
    device_rows.add_directive(
        connection, row | {"jws": signing.sign(payload, *signer), "issued_ms": now_ms, "issued_by": by}
    )
    return directive_id
