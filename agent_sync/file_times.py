"""A file's own times (T4): as a person says them, else as the file does; written as the wire has a device's times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path

from agent_sync.clock import format_wall
from schemas.errors import FieldError
from schemas.file_times import FileTimes, read_times


def times_of(named: Mapping[str, str], offset_min: int) -> tuple[str, str]:
    """
    Give from when until when a file at `path` ran; empty where nobody says. What `starts` and `ends` say goes before.

    Raises `invalid` for what is no time, or an end before its start.
    """
    said = [_read_moment(name, named.get(name, ""), offset_min) for name in ("starts", "ends")]
    starts_ms, ends_ms = _ask(Path(named["path"])).complete(*said)
    if starts_ms is not None and ends_ms is not None and ends_ms < starts_ms:
        raise FieldError("invalid", {"ends": ["A recording does not end before it starts."]})
    starts, ends = ("" if ms is None else format_wall(ms, offset_min) for ms in (starts_ms, ends_ms))
    return starts, ends


def _ask(path: Path) -> FileTimes:
    try:
        with path.open("rb") as file:
            return read_times(file)
    except OSError:
        return FileTimes()  # whoever copies it says what is wrong


def _read_moment(name: str, text: str, offset_min: int) -> int | None:
    """Read a moment in ISO form, without a zone by this device's own; None where none is said."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone(timedelta(minutes=offset_min)))
        return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise FieldError("invalid", {name: [f"'{text}' is no time, as in '2026-05-29 14:05:00'"]}) from None
