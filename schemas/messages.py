"""
What travels, as frozen dataclasses: what both ends hold in their hands once the JSON is read.

Plain Python: no marshmallow, no web, no database. Times are ms since the epoch, UTC; `format_time` and
`parse_time` turn them into the wire's text and back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from schemas import canonical


def format_time(ms: int) -> str:
    """
    Write ms since the epoch as the server's time text.

    >>> format_time(1_700_000_000_123)
    '2023-11-14T22:13:20.123Z'
    """
    return f"{_format_second(ms // 1000)}.{ms % 1000:03d}Z"


@lru_cache(maxsize=1024)  # a batch's receipts share their second: 2.5 µs each without
def _format_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).replace(tzinfo=None).isoformat()  # strftime cuts the zeros of a year


def parse_time(text: str) -> int:
    """
    Read a server's time text as ms since the epoch.

    >>> parse_time("2023-11-14T22:13:20.123Z")
    1700000000123
    """
    moment = datetime.fromisoformat(text)
    return round(moment.timestamp() * 1000)


def read_time(text: str) -> int | None:
    """
    Read a time that a device sent back to the server; None for one that no calendar has.

    >>> read_time("2023-02-30T00:00:00.000Z") is None
    True
    """
    try:
        return parse_time(text)
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class Submitted:
    """One event as it was sent: content bytes as received, or withheld with its digest and size."""

    id: str
    seq: int
    digest: str
    content: bytes | None = None
    withheld: int | None = None
    erased: bool = False

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Submitted:
        """Read one entry of `push.events`; a lone surrogate is kept, so that it can be parked as it came."""
        content = entry.get("content")
        if content is None:
            return cls(
                entry["id"], entry["seq"], entry.get("digest", canonical.ZERO_HASH), None,
                entry.get("withheld", 0), bool(entry.get("erased", False)),
            )
        raw = content.encode("utf-8", "surrogatepass")
        return cls(entry["id"], entry["seq"], canonical.digest(raw), raw)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The server's answer for one event; never changes (E8)."""

    seq: int
    id: str
    status: str
    received_ms: int
    first: str | None = None
    flags: tuple[str, ...] = ()
    problem: str | None = None

    def to_wire(self) -> dict[str, Any]:
        """Give the receipt as JSON members; absent members are left out."""
        out: dict[str, Any] = {
            "seq": self.seq,
            "id": self.id,
            "status": self.status,
            "received_at": format_time(self.received_ms),
        }
        if self.first is not None:
            out["first"] = self.first
        if self.flags:
            out["flags"] = list(self.flags)
        if self.problem is not None:
            out["problem"] = self.problem
        return out

    @classmethod
    def from_wire(cls, entry: Mapping[str, Any]) -> Receipt:
        """Read a receipt back."""
        return cls(
            entry["seq"], entry["id"], entry["status"], parse_time(entry["received_at"]), entry.get("first"),
            tuple(entry.get("flags", ())), entry.get("problem"),
        )


@dataclass(frozen=True, slots=True)
class Quota:
    """What the server takes: counts and UTF-8 bytes (X3)."""

    max_events: int = 200
    max_bytes: int = 256 * 1024
    max_event_bytes: int = 1024 * 1024
    max_inflated: int = 4 * 1024 * 1024
    page_bytes: int = 2 * 1024 * 1024

    def to_wire(self) -> dict[str, int]:
        """Give the quota as JSON members."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Item:
    """One feed item: a put with its canonical body bytes, or a del with its reason."""

    op: str
    type: str
    id: str
    rev: int
    sha256: str = ""
    body: bytes = b""
    reason: str = ""
