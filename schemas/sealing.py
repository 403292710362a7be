"""
The sealed part of a packet: compressed, encrypted, with its key wrapped for each way of opening it.

DESIGN section 4: per packet revision a fresh content key and 96-bit IV, AES-GCM, AAD = case and rev; wraps by
the letter's code or by a pair of facts (PBKDF2-SHA-256), and, where allowed, `document`, whose key lies in the
device's own store. Offline this deters and records; it cannot stop a hostile device. Random bytes are handed in.
"""

from __future__ import annotations

import hashlib
import unicodedata
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas import canonical
from schemas.errors import FieldError
from schemas.signing import b64url, unb64url

ITERATIONS = 600_000
RandomBytes = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class WrapKey:
    """
    A key derived once from what a person knows, to wrap the content keys of many revisions with.

    `asks` travels beside the wrap: of two facts what is asked, as `packet.AskSchema` has it.
    """

    kind: str
    salt: bytes
    iterations: int
    key: bytes = field(repr=False)
    asks: Sequence[Mapping[str, Any]] = ()


def letter_secret(code: str) -> bytes:
    """
    Give the bytes a wrap key is derived from, of a letter's code as it is said: its letters and digits alone.

    >>> letter_secret(" h7kq-2mrt ")
    b'H7KQ2MRT'
    """
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", code))).upper().encode()


def facts_secret(answers: Sequence[str]) -> bytes:
    """
    Give the bytes a wrap key is derived from: the canonical array of NFKC-normalised, trimmed answers.

    >>> facts_secret([" ４２ ", "Oak"])
    b'["42","Oak"]'
    """
    return canonical.encode([unicodedata.normalize("NFKC", answer).strip() for answer in answers])


def _derive(secret: bytes, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", secret, salt, iterations, dklen=32)


def derive_wrap_key(kind: str, secret: bytes, random_bytes: RandomBytes, iterations: int = ITERATIONS) -> WrapKey:
    """Derive a key to wrap with; this is what takes time, so whoever wraps often keeps it."""
    salt = random_bytes(16)
    return WrapKey(kind, salt, iterations, _derive(secret, salt, iterations))


def _aad(case_id: str, rev: int) -> bytes:
    return canonical.encode({"case_id": case_id, "rev": rev})


def seal(
    plain: dict[str, Any],
    case_id: str,
    rev: int,
    secrets: Sequence[tuple[str, bytes]],
    random_bytes: RandomBytes,
    *,
    document: bool = False,
    iterations: int = ITERATIONS,
    ready: Sequence[WrapKey] = (),
) -> dict[str, Any]:
    """
    Seal *plain*; *secrets* are (kind, secret) with kind letter_code or two_facts, *ready* are keys derived before.

    Gives {iv, ciphertext, wraps: [{kind, salt, iterations, iv, key}…]}, all bytes as base64url; a `document` wrap
    has only kind and key.
    """
    key, iv = random_bytes(32), random_bytes(12)
    aad = _aad(case_id, rev)
    wraps: list[dict[str, Any]] = []
    derived = (derive_wrap_key(kind, secret, random_bytes, iterations) for kind, secret in secrets)
    for way in chain(ready, derived):
        wrap_iv = random_bytes(12)
        wrapped = AESGCM(way.key).encrypt(wrap_iv, key, aad)
        known = {"kind": way.kind, "salt": b64url(way.salt), "iterations": way.iterations}
        asks = {"asks": [dict(each) for each in way.asks]} if way.asks else {}
        wraps.append(known | {"iv": b64url(wrap_iv), "key": b64url(wrapped)} | asks)
    if document:
        wraps.append({"kind": "document", "key": b64url(key)})
    ciphertext = AESGCM(key).encrypt(iv, zlib.compress(canonical.encode(plain), 6), aad)
    return {"iv": b64url(iv), "ciphertext": b64url(ciphertext), "wraps": wraps}


def open_sealed(
    sealed: Mapping[str, Any], case_id: str, rev: int, kind: str, secret: bytes = b""
) -> dict[str, Any] | None:
    """
    Open a sealed part by a wrap of *kind*; None if no wrap opens with *secret*.

    Raises `FieldError("bad-signature")` for damaged bytes, or for a sealed part of another case or revision.
    """
    aad = _aad(case_id, rev)
    try:
        for wrap in sealed["wraps"]:
            key = _unwrap(wrap, secret, aad) if wrap["kind"] == kind else None
            if key is not None:
                plain = AESGCM(key).decrypt(unb64url(sealed["iv"]), unb64url(sealed["ciphertext"]), aad)
                opened = orjson.loads(zlib.decompress(plain))
                assert isinstance(opened, dict)
                return opened
    except (InvalidTag, FieldError, KeyError, ValueError, zlib.error):
        raise FieldError("bad-signature", detail="the sealed part is damaged; exchange to get it again") from None
    return None


def _unwrap(wrap: Mapping[str, Any], secret: bytes, aad: bytes) -> bytes | None:
    """Give the content key; None where *secret* is not the one it was wrapped with."""
    wrapped = unb64url(wrap["key"])
    if wrap["kind"] == "document":
        return wrapped
    derived = _derive(secret, unb64url(wrap["salt"]), int(wrap["iterations"]))
    try:
        return AESGCM(derived).decrypt(unb64url(wrap["iv"]), wrapped, aad)
    except InvalidTag:
        return None
