"""Where a page of a list ended, as it stands in the address of the next one."""

from __future__ import annotations

from flask import request

from server.storage.types import is_id


def write_after(at_ms: int, row_id: str) -> str:
    """Write where a page ended: the moment and the id of its last row."""
    return f"{at_ms}_{row_id}"


def read_after() -> tuple[int, str] | None:
    """Read where the page before ended; None for the first page, and for what is no place."""
    at, _, row_id = request.args.get("after", "").partition("_")
    return (int(at), row_id) if at.isdecimal() and len(at) < 16 and is_id(row_id) else None
