"""
The outbox as an encrypted file, for a device that can no longer sync. `fairvisit import-outbox` reads it.

The file is one JSON object:

    {"format": "fairvisit-outbox-1", "kid": the server key's id, "epk": ephemeral public JWK (P-256: crv, kty, x, y),
     "iv": base64url of 12 bytes, "ciphertext": base64url of AES-256-GCM output (ciphertext, then the 16-byte tag)}

    shared = ECDH(ephemeral private key, the server's public key `kid`): the 32-byte x coordinate
    key    = HKDF-SHA-256(shared, salt = empty, info = b"fairvisit-outbox-1", 32 bytes)
    AAD    = canonical bytes (RFC 8785) of {"format", "kid", "epk"}

base64url is without padding. The plaintext is the canonical text of

    {"device_id", "chains": [{"chain_id", "prev", "events": [{"id", "seq", "content"}]}], "proof": JWS,
     "damaged": [{"chain_id", "seq", "id", "digest", "bytes": base64url}]}

`chains` holds, per chain, the events without a receipt from the lowest such seq on; `prev` is the hash before the
first. A chain with several such stretches appears once for each. An event that was erased, or whose content is gone,
has `digest` and `withheld` (its size) in place of `content`, as on the wire (X3, E12). `damaged` (absent if empty)
holds what is left of events that were declared lost, as they are now. `proof` is the device's JWS, kid = device_id,
over {"typ": "outbox", "device_id", "digest"}, where `digest` is the SHA-256 (hex) of the canonical bytes of
{"device_id", "chains"}. Exporting changes nothing: the events stay in the outbox. Captured files are not in it, only
their names and hashes in the events: a recording is larger than what one JSON object can hold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from agent_sync import store_feed, store_outbox
from agent_sync.pushing import write_entry
from agent_sync.store import Store
from schemas import canonical, signing
from schemas.messages import parse_time
from schemas.signing import b64url

FORMAT = "fairvisit-outbox-1"


def export_outbox(
    store: Store, key: signing.PrivateKey, device_id: str, now_ms: int, random_bytes: Callable[[int], bytes]
) -> bytes:
    """Give the encrypted file's bytes, for the server key in force at *now_ms*."""
    chains = collect_chains(store)
    outbox: dict[str, Any] = {"device_id": device_id, "chains": chains}
    claim = {"typ": "outbox", "device_id": device_id, "digest": canonical.digest(canonical.encode(outbox))}
    outbox["proof"] = signing.sign(claim, key, device_id)
    damaged = collect_damaged(store)
    if damaged:
        outbox["damaged"] = damaged
    server_key = choose_key(store_feed.trusted_keys(store), now_ms)
    return encrypt(canonical.encode(outbox), server_key["kid"], signing.load_public(server_key["jwk"]), random_bytes)


def encrypt(
    plain: bytes, kid: str, server_key: signing.PublicKey, random_bytes: Callable[[int], bytes], form: str = FORMAT
) -> bytes:
    """Encrypt *plain*, which is of this *form*, so that only the holder of the server's private key reads it."""
    ephemeral = signing.new_private_key()
    head = {"format": form, "kid": kid, "epk": signing.public_jwk(ephemeral.public_key())}
    shared = ephemeral.exchange(ec.ECDH(), server_key)
    derived = HKDF(hashes.SHA256(), 32, salt=None, info=form.encode()).derive(shared)
    iv = random_bytes(12)
    ciphertext = AESGCM(derived).encrypt(iv, plain, canonical.encode(head))
    return orjson.dumps(head | {"iv": b64url(iv), "ciphertext": b64url(ciphertext)})


def collect_chains(store: Store) -> list[dict[str, Any]]:
    """Give every stretch of events without a receipt, the oldest chain first."""
    chains: list[dict[str, Any]] = []
    for chain in store_outbox.all_chains(store):
        last_seq = 0
        for place in store_outbox.read_all_waiting(store, chain.chain_id):
            if not chains or chains[-1]["chain_id"] != chain.chain_id or place.seq != last_seq + 1:
                prev = store_outbox.hash_before(store, chain.chain_id, place.seq)
                chains.append({"chain_id": chain.chain_id, "prev": prev, "events": []})
            last_seq = place.seq
            # An export is no batch: there is no quota here, so everything goes with its content if it is there.
            whole = replace(place, is_withheld=False)
            chains[-1]["events"].append(write_entry(whole, is_withheld=place.content is None))
    return chains


def collect_damaged(store: Store) -> list[dict[str, Any]]:
    """Give what is left of events that were declared lost."""
    rows = store.rows(
        "SELECT l.chain_id, l.seq, e.id, e.digest, e.content FROM event e JOIN link l ON l.event_n = e.n"
        " WHERE e.state = 'lost' AND e.content IS NOT NULL ORDER BY e.n, l.seq"
    )
    return [
        {name: row[name] for name in ("chain_id", "seq", "id", "digest")} | {"bytes": b64url(row["content"])}
        for row in rows
    ]


def choose_key(keys: list[dict[str, Any]], now_ms: int) -> dict[str, Any]:
    """
    Give the newest key in force at *now_ms*, or the first there is.

    >>> keys = [{"kid": "a", "active_from": "2020-01-01T00:00:00.000Z"}]
    >>> choose_key(keys + [{"kid": "b", "active_from": "2099-01-01T00:00:00.000Z"}], 1_700_000_000_000)["kid"]
    'a'
    """
    in_force = [key for key in keys if parse_time(key["active_from"]) <= now_ms]
    return in_force[-1] if in_force else keys[0]
