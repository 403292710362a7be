"""
The one byte form of every signed or hashed thing, and the chain built on it.

Comes in: plain values and texts. Goes out: bytes and lower-case hex SHA-256. Both ends use these
functions; `vectors/` holds what they must give. Rules E0, E1 and F4 of PROTOCOL.md live here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from schemas.errors import FieldError

ZERO_HASH = "0" * 64
MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 32
SUM_MODULUS = 2**48
BUCKETS = 64
_KEY = re.compile(r"[a-z0-9_]+\Z")
_SURROGATE = re.compile("[\ud800-\udfff]")


def encode(value: object) -> bytes:
    """
    Give the RFC 8785 bytes of *value*, which must keep rule E0.

    Keys are ASCII, so byte order is the order RFC 8785 asks for; there are no floats, so no number needs care.

    >>> encode({"b": 1, "a": "é"}).decode()
    '{"a":"é","b":1}'
    """
    check_plain(value)
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def check_plain(value: object, path: str = "", depth: int = 0) -> None:
    """
    Raise `FieldError("not-canonical")` naming the place where *value* breaks rule E0.

    Allowed: objects with keys `[a-z0-9_]+`, arrays, well-formed text, booleans, integers below 2^53; nested at most
    `MAX_DEPTH` deep.
    """
    kind = type(value)
    if depth > MAX_DEPTH:
        raise FieldError("not-canonical", {path or ".": [f"is nested more than {MAX_DEPTH} deep"]})
    if kind is str:
        assert isinstance(value, str)
        if not value.isascii() and _SURROGATE.search(value):
            raise FieldError("not-canonical", {path or ".": ["holds a lone surrogate; replace it with U+FFFD"]})
    elif kind is int:
        assert isinstance(value, int)
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise FieldError("not-canonical", {path or ".": ["is an integer beyond 2^53; send it as text"]})
    elif kind is dict:
        assert isinstance(value, dict)
        for key, child in value.items():
            if type(key) is not str or not _KEY.match(key):
                raise FieldError("not-canonical", {path or ".": [f"has a key that is not [a-z0-9_]+: {key!r}"]})
            check_plain(child, f"{path}.{key}" if path else key, depth + 1)
    elif kind is list or kind is tuple:
        assert isinstance(value, (list, tuple))
        for index, child in enumerate(value):
            check_plain(child, f"{path}[{index}]", depth + 1)
    elif kind is not bool:
        if isinstance(value, str):  # an enum of the vocabulary
            return
        word = {"float": "a floating-point number", "NoneType": "null"}.get(kind.__name__, kind.__name__)
        raise FieldError("not-canonical", {path or ".": [f"is {word}; events hold text, integers, booleans only"]})


def read(content: bytes) -> dict[str, Any]:
    """Read canonical text back; raise `FieldError("not-canonical")` unless it is exactly the bytes `encode` gives."""
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise FieldError("not-canonical", {".": [f"is not JSON: {error.msg}"]}) from None
    if not isinstance(value, dict):
        raise FieldError("not-canonical", {".": ["is not an object"]})
    check_plain(value)
    if orjson.dumps(value, option=orjson.OPT_SORT_KEYS) != content:
        raise FieldError("not-canonical", {".": ["is not in canonical form (RFC 8785: sorted keys, no spaces)"]})
    return value


def clean_text(text: str) -> str:
    r"""
    Replace each lone surrogate by U+FFFD, as rule E0 asks before hashing.

    >>> clean_text("a\ud800b") == "a\ufffdb"
    True
    """
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def clean_value(value: Any, depth: int = 0) -> Any:
    """
    Clean every text in *value*, in depth, keys too.

    Raises `FieldError("too-deep")` for what is nested more than `MAX_DEPTH` deep, which has no canonical form either.
    """
    if isinstance(value, str):
        return clean_text(value)
    if depth > MAX_DEPTH:
        raise FieldError("too-deep")
    if isinstance(value, Mapping):
        return {clean_value(key): clean_value(child, depth + 1) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean_value(child, depth + 1) for child in value]
    return value


def digest(content: bytes) -> str:
    """Give the SHA-256 of an event's content bytes (E1)."""
    return hashlib.sha256(content).hexdigest()


def link_hash(chain_id: str, seq: int, prev: str, event_id: str, content_digest: str) -> str:
    """
    Give the hash of one link: SHA-256 of canonical {chain_id, seq, prev, id, digest} (E1).

    The text is written out in key order: the five values can hold nothing that JSON escapes.
    """
    text = (
        f'{{"chain_id":"{chain_id}","digest":"{content_digest}","id":"{event_id}","prev":"{prev}","seq":{seq}}}'
    )
    return hashlib.sha256(text.encode()).hexdigest()


def item_weight(kind: str, object_id: str, rev: int, sha256: str) -> int:
    """Give what one live feed item adds to `sum`: the first 6 bytes of SHA-256("type:id:rev:sha256") (F4)."""
    return int.from_bytes(hashlib.sha256(f"{kind}:{object_id}:{rev}:{sha256}".encode()).digest()[:6], "big")


def sum_weights(weights: Iterable[int]) -> int:
    """Add weights modulo 2^48 (F4)."""
    return sum(weights) % SUM_MODULUS


def bucket_of(kind: str, object_id: str) -> int:
    """Give the manifest bucket, 0 to 63, of a feed item: first byte of SHA-256("type:id") mod 64 (F5)."""
    return hashlib.sha256(f"{kind}:{object_id}".encode()).digest()[0] % BUCKETS
