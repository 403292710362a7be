"""
Sealed columns: what a row holds under the data key `fields`, and what code sees as if it were plain.

AES-256-GCM with a random nonce, bound to the column's name. What was written before there was a key is read as it
stands (`fairvisit keys encrypt` seals it). Nothing can be searched or sorted by a sealed column.
"""

from __future__ import annotations

import base64
import os
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import LargeBinary, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from schemas.errors import FieldError

MARK = "sealed1:"  # no JSON, PEM, base32 or hex begins so
NONCE_BYTES = 12
_ciphers: WeakKeyDictionary[Dialect, AESGCM] = WeakKeyDictionary()  # of each open store, by its dialect


def use_key(dialect: Dialect, key: bytes) -> None:
    """Seal and open the columns of a store with this key from now on."""
    _ciphers[dialect] = AESGCM(key)


def seal(dialect: Dialect, place: str, plain: bytes) -> bytes | None:
    """Seal a value of the column *place*; None where the store has no key."""
    cipher = _ciphers.get(dialect)
    if cipher is None:
        return None
    nonce = os.urandom(NONCE_BYTES)
    return MARK.encode() + base64.b64encode(nonce + cipher.encrypt(nonce, plain, place.encode()))


def unseal(dialect: Dialect, place: str, kept: bytes) -> bytes:
    """Give what a column holds in plain; raise `unavailable` where its key is missing or it was changed."""
    if not kept.startswith(MARK.encode()):
        return kept
    cipher, sealed = _ciphers.get(dialect), base64.b64decode(kept[len(MARK) :])
    try:
        if cipher is not None:
            return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode())
        why = "is sealed, and no master key is set"
    except InvalidTag:
        why = "was changed where it is kept, or sealed under another key"
    raise FieldError("unavailable", detail=f"{place} {why}.")


class SealedText(TypeDecorator[Any]):
    """A text: plain in code, sealed in the row. *place* is its table and column."""

    impl = Text
    cache_ok = True

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Seal it."""
        if value is None:
            return None
        plain = self.write(value)
        return (seal(dialect, self.place, plain) or plain).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Open it."""
        return None if value is None else self.read(unseal(dialect, self.place, value.encode()))

    def write(self, value: Any) -> bytes:
        """Give a value's bytes."""
        return str(value).encode()

    def read(self, plain: bytes) -> Any:
        """Give the value again."""
        return plain.decode()


class SealedJson(SealedText):
    """A JSON value: objects in code, sealed text in the row."""

    cache_ok = True

    def write(self, value: Any) -> bytes:
        """Write JSON."""
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)

    def read(self, plain: bytes) -> Any:
        """Read JSON."""
        return orjson.loads(plain)


class SealedBytes(TypeDecorator[bytes]):
    """Bytes: plain in code, sealed in the row."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Seal them."""
        return None if value is None else seal(dialect, self.place, value) or value

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Open them."""
        return None if value is None else unseal(dialect, self.place, bytes(value))
