"""
Column types that keep rows narrow and code readable: ids as 16 bytes, hashes as 32, JSON as text.

Code sees the wire's texts; the database sees bytes. UUIDv7 in 16 bytes indexes 2.7 times faster than v4 (PEERS).
"""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import BigInteger, Integer, LargeBinary, Row, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

AnyRow = Row[*tuple[Any, ...]]
Ms = BigInteger  # a time in ms since the epoch, UTC
NO_ID = "00000000-0000-0000-0000-000000000000"  # nobody's, and before everybody's
Serial = BigInteger().with_variant(Integer, "sqlite")


def id_bytes(text: str) -> bytes:
    """Give the 16 bytes of a UUID text."""
    return bytes.fromhex(text.replace("-", ""))


def id_text(raw: bytes) -> str:
    """Give the 36-character text of 16 bytes."""
    h = raw.hex()
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def is_id(text: str) -> bool:
    """
    Say whether a text from outside is an id at all; only then may a row be looked up by it.

    >>> is_id("01900000-0000-7000-8000-000000000000"), is_id("01900000"), is_id("not-an-id")
    (True, False, False)
    """
    plain = text.replace("-", "")
    return len(text) == 36 and len(plain) == 32 and all(letter in "0123456789abcdef" for letter in plain)


class Id(TypeDecorator[str]):
    """A UUID: text in code, 16 bytes in the row."""

    impl = LargeBinary(16)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Turn text into bytes."""
        return None if value is None else id_bytes(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Turn bytes into text."""
        return None if value is None else id_text(value)


class Hash(TypeDecorator[str]):
    """A SHA-256: hex in code, 32 bytes in the row."""

    impl = LargeBinary(32)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Turn hex into bytes."""
        return None if value is None else bytes.fromhex(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Turn bytes into hex."""
        return None if value is None else value.hex()


class Json(TypeDecorator[Any]):
    """A JSON value: objects in code, compact text with sorted keys in the row."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Write JSON."""
        return None if value is None else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Read JSON."""
        return None if value is None else orjson.loads(value)
