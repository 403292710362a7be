"""
The device's clocks as one reading, and what an event or a request says of them.

Comes in: whatever `Clock` is handed to `Device` (the system's in `device.py`, a settable one in a rehearsal). Goes
out: `at` members, the request's `clock` member, wall texts. Nothing here asks the system for the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Protocol

from schemas.vocabulary import MonoKind

FIRST_MS, LAST_MS = -62_135_596_800_000 + 86_400_000, 253_402_300_799_999 - 86_400_000


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at all clocks: wall time (ms since the epoch, UTC) with the local offset, and the boot's counter."""

    wall_ms: int
    offset_min: int
    mono_ms: int
    boot: str
    mono: str = MonoKind.BOOTTIME.value

    @property
    def wall(self) -> str:
        """Local time with its offset, as the wire writes it."""
        return format_wall(self.wall_ms, self.offset_min)

    def to_at(self) -> dict[str, Any]:
        """Give the `at` member of an event."""
        return {"wall": self.wall, "mono_ms": self.mono_ms, "boot": self.boot}


class Clock(Protocol):
    """Anything that gives readings."""

    def read(self) -> Reading:
        """Give all clocks, read as close together as can be."""
        ...


class SettableClock:
    """A clock that stands where a rehearsal or a test puts it."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    def read(self) -> Reading:
        """Give the reading last set."""
        return self.reading

    def advance(self, ms: int) -> None:
        """Let *ms* pass on wall and counter alike."""
        now = self.reading
        self.reading = Reading(now.wall_ms + ms, now.offset_min, now.mono_ms + ms, now.boot, now.mono)


@dataclass(frozen=True, slots=True)
class LastContact:
    """What is remembered of the last answer: the server's time, and the counter, boot and round trip it came with."""

    server_time: str
    server_ms: int
    mono_ms: int
    rtt_ms: int
    boot: str


def format_wall(wall_ms: int, offset_min: int) -> str:
    """
    Write local time as the wire does: milliseconds and offset, never `Z` (section 4). Years stay within 1 to 9999.

    >>> format_wall(1_700_000_000_123, 480)
    '2023-11-15T06:13:20.123+08:00'
    """
    ms = min(max(wall_ms, FIRST_MS), LAST_MS)
    local = datetime.fromtimestamp(0, timezone(timedelta(minutes=offset_min))) + timedelta(milliseconds=ms)
    sign, size = ("-", -offset_min) if offset_min < 0 else ("+", offset_min)
    return f"{local.year:04d}-{local:%m-%dT%H:%M:%S}.{ms % 1000:03d}{sign}{size // 60:02d}:{size % 60:02d}"


def parse_wall(text: str) -> int:
    """
    Read a wall text as ms since the epoch.

    >>> parse_wall("2023-11-15T06:13:20.123+08:00")
    1700000000123
    """
    moment = datetime.fromisoformat(text) - datetime.fromtimestamp(0, UTC)
    return moment // timedelta(milliseconds=1)


def request_clock(now: Reading, last: LastContact | None) -> dict[str, Any]:
    """Give a request's `clock` member; `last` is told only within its own boot (section 4)."""
    member: dict[str, Any] = {"wall": now.wall, "mono_ms": now.mono_ms, "boot": now.boot, "mono": now.mono}
    if last is not None and last.boot == now.boot:
        member["last"] = {"server_time": last.server_time, "mono_ms": last.mono_ms, "rtt_ms": last.rtt_ms}
    return member
