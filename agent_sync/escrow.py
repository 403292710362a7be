"""
The data key once more, encrypted to the office's key: the way back to work that a forgotten PIN would bury.

Comes in: the vault's key and the server's keys this device trusts. Goes out: the vault's `escrow`, of the form that
exported outboxes have, `format` `fairvisit-data-key-1`; inside it the canonical {"device_id", "data_key": hex}. The
office's `fairvisit device-key` opens it; `recover` here takes what that gives.
"""

from __future__ import annotations

from pathlib import Path

import orjson

from agent_sync import rules, store_feed, vault
from agent_sync.clock import Reading
from agent_sync.outbox_export import choose_key, encrypt
from agent_sync.recording import Noise
from agent_sync.remembering import last_seen
from agent_sync.store import Store, database_errors
from schemas import canonical, signing
from schemas.errors import FieldError

FORMAT = "fairvisit-data-key-1"


def keep_escrow(store: Store, now: Reading, noise: Noise) -> None:
    """See that the office's key in force can open this store's data key; nothing to do for a plain store."""
    trusted, device_id = store_feed.trusted_keys(store), store.get("device_id")
    if store.keys is None or not trusted or device_id is None:
        return
    now_ms = rules.best_now(now.wall_ms, now.mono_ms, now.boot, last_seen(store))
    key = choose_key(trusted, now_ms)
    if vault.escrow_kid(store.path) == key["kid"]:
        return
    plain = canonical.encode({"device_id": device_id, "data_key": store.keys.data_key.hex()})
    sealed = encrypt(plain, key["kid"], signing.load_public(key["jwk"]), noise, FORMAT)
    vault.keep_escrow(store.path, orjson.loads(sealed))


def recover(store_path: Path, data_key: str, pin: str, noise: Noise) -> None:
    """
    Open a store with the key the office gave, drop its packets, and let it open with *pin* from now on.

    The events stay, to be exchanged or exported. Raises `invalid` if this is not the key of this store.
    """
    vault.load("sqlcipher3.dbapi2")
    if not vault.vault_path(store_path).exists():
        raise FieldError("invalid", detail=f"{store_path} is no encrypted store. Nothing was changed.")
    unreadable: tuple[type[Exception], ...] = (ValueError, KeyError, FieldError, *database_errors())
    try:
        keys = vault.with_salts(store_path, bytes.fromhex(data_key))
        store = Store(store_path, keys=keys)
    except unreadable:
        raise FieldError("invalid", {"key": ["This is not the key of this store. Nothing was changed."]}) from None
    try:
        with store.transaction():
            store_feed.shred(store, store_feed.packets_held(store), "expired")
        store.forget_old_pages()
        vault.rewrap(store_path, keys, pin, noise)
    finally:
        store.close()
