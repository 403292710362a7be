"""
The server's own identity: its epoch, its secrets, and the keys it signs with, from first use to rotation.

`prepare_site` runs when a site is opened; `signing_key` serves every countersignature, directive and statement. A new
key is published in the shared feed, signed by the one devices already trust, 14 days before it first signs (A6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection

from schemas import signing
from schemas.errors import FieldError
from schemas.messages import format_time
from schemas.signing import PrivateKey
from server.services.keyring import unlock_columns
from server.services.site import Site
from server.settings import DAY_MS
from server.storage import device_rows
from server.storage.device_rows import AnyRow
from server.storage.engine import Store
from server.storage.feed import Change, publish
from server.storage.state_rows import put_state
from server.storage.tables import SHARED_SCOPE

NOTICE_MS = 14 * DAY_MS  # between publishing a key and signing with it (A6)
LOOK_AGAIN_MS = 60_000  # how long a process trusts its memory of the keys


@dataclass(frozen=True, slots=True)
class _Remembered:
    key: PrivateKey
    kid: str
    from_ms: int
    until_ms: int


_remembered: WeakKeyDictionary[Store, _Remembered] = WeakKeyDictionary()


def prepare_site(site: Site) -> None:
    """Make sure that the server has its epoch, its secrets and a key to sign with. Changes nothing if it has them."""
    unlock_columns(site)
    now_ms = site.now()

    def job(connection: Connection) -> None:
        put_state(connection, "epoch", site.random_bytes(4).hex(), keep=True)
        put_state(connection, "nonce_secret", site.random_bytes(32).hex(), keep=True)
        put_state(connection, "person_secret", site.random_bytes(32).hex(), keep=True)
        device_rows.lock_state(connection, "epoch")
        keys = device_rows.read_keys(connection)
        if not any(row.private_pem for row in keys):
            device_rows.add_key(connection, _new_row(now_ms, now_ms))
        replaced = [row.kid for row in _replaced(keys, now_ms)]
        if replaced:
            device_rows.retire_keys(connection, replaced, now_ms)

    site.store.write(job)
    _ = site.nonce_secret, site.person_secret  # read now: a job on the writer's own thread could not


def _new_row(published_ms: int, active_from_ms: int) -> dict[str, Any]:
    key = signing.new_private_key()
    jwk = signing.public_jwk(key.public_key())
    return {
        "kid": signing.thumbprint(jwk),
        "jwk": jwk,
        "private_pem": signing.dump_private(key),
        "published_ms": published_ms,
        "active_from_ms": active_from_ms,
    }


def _active(keys: list[AnyRow], now_ms: int) -> AnyRow | None:
    """Give the key that signs now: of those with a private part the one that began last, or else will begin first."""
    able = sorted((row for row in keys if row.private_pem), key=lambda row: row.active_from_ms)
    begun = [row for row in able if row.active_from_ms <= now_ms]
    return begun[-1] if begun else next(iter(able), None)


def _replaced(keys: Any, now_ms: int) -> list[AnyRow]:
    """Give the keys whose successor signs by now."""
    active = _active(list(keys), now_ms)
    if active is None:
        return []
    return [row for row in keys if row.private_pem and row.active_from_ms < active.active_from_ms]


def signing_key(site: Site) -> tuple[PrivateKey, str]:
    """
    Give the key that signs now, with its id; remembered in this process until the next one begins.

    Must not be called inside a write job's transaction on a cold memory; call it before.
    """
    now_ms = site.now()
    held = _remembered.get(site.store)
    if held is None or not held.from_ms <= now_ms < held.until_ms:
        held = _remembered[site.store] = _look(site, now_ms)
    return held.key, held.kid


def _look(site: Site, now_ms: int) -> _Remembered:
    with site.store.read() as connection:
        keys = list(device_rows.read_keys(connection))
    active = _active(keys, now_ms)
    if active is None:
        raise FieldError("unavailable", detail="The server has no key to sign with; run `fairvisit migrate`.")
    begins = [row.active_from_ms for row in keys if row.active_from_ms > now_ms]
    until = min([now_ms + LOOK_AGAIN_MS, *begins])
    return _Remembered(signing.load_private(active.private_pem), active.kid, now_ms, until)


def public_keys(site: Site) -> list[dict[str, Any]]:
    """Give every public key of the server, retired ones too, as the wire's {kid, jwk, active_from}."""
    with site.store.read() as connection:
        return [_wire(row) for row in device_rows.read_keys(connection)]


def _wire(row: AnyRow) -> dict[str, Any]:
    return {"kid": row.kid, "jwk": row.jwk, "active_from": format_time(row.active_from_ms)}


def rotate_key(site: Site) -> str:
    """
    Publish a new key, to sign from 14 days on; give its id. Raises `conflict` while another one waits.

    Each rotation is a feed item of its own, signed by the key before it, so that a device which was away during two
    of them can follow from one to the next.
    """
    now_ms = site.now()

    def job(connection: Connection) -> str:
        device_rows.lock_state(connection, "epoch")
        keys = list(device_rows.read_keys(connection))
        waiting = [row for row in keys if row.private_pem and row.active_from_ms > now_ms]
        active = _active(keys, now_ms)
        if waiting:
            detail = f"Key {waiting[0].kid} begins to sign on {format_time(waiting[0].active_from_ms)}; wait for it."
            raise FieldError("conflict", detail=detail)
        assert active is not None
        row = _new_row(now_ms, now_ms + NOTICE_MS)
        device_rows.add_key(connection, row)
        replaced = [each.kid for each in _replaced(keys, now_ms)]
        if replaced:
            device_rows.retire_keys(connection, replaced, now_ms)
        listed = [_wire(each) for each in device_rows.read_keys(connection)]
        payload = {"typ": "server_keys", "keys": listed}
        proof = signing.sign(payload, signing.load_private(active.private_pem), active.kid)
        body = {"keys": listed, "proof": proof}
        publish(connection, [Change(SHARED_SCOPE, "server_keys", site.new_id(), now_ms, body)])
        return str(row["kid"])

    return site.store.write(job)
