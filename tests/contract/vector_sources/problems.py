"""Problems: errors as they travel, and problems of strangers read safely."""

from __future__ import annotations

from typing import Any

from tests.contract.vector_sources.plain import Vector

ABOUT = (
    "RFC 9457. `problem` is read as an error: `code`, `detail`, `fields` (path to sentences), `extra`. A type that is"
    " not in the table is read as `internal`; nothing a stranger's problem holds may break the reader."
)
PREFIX = "urn:fairvisit:problem:"
QUOTA = {"max_events": 200, "max_bytes": 262_144}


def problem(code: str, status: int, retry: str, detail: str, **members: Any) -> dict[str, Any]:
    """Write a problem."""
    named = {"type": PREFIX + code, "title": "A title.", "status": status, "detail": detail, "retry": retry}
    return named | members


# name -> (problem, code, detail, fields, extra)
READ: dict[str, tuple[Any, str, str, dict[str, list[str]], dict[str, Any]]] = {
    "a plain one": (problem("paused", 503, "backoff", "Wait."), "paused", "Wait.", {}, {}),
    "one with a quota": (
        problem("too-many-events", 413, "now", "Fewer.", quota=QUOTA),
        "too-many-events", "Fewer.", {}, {"quota": QUOTA},
    ),
    "a fork with its place": (
        problem("chain-forked", 409, "now", "Forked.", from_seq=7), "chain-forked", "Forked.", {}, {"from_seq": 7},
    ),
    "one with fields": (
        problem("malformed", 400, "after_fix", "Wrong.", errors={"push.prev": ["is too short"]}),
        "malformed", "Wrong.", {"push.prev": ["is too short"]}, {},
    ),
    "one with the id of its occurrence": (
        problem("internal", 500, "backoff", "Oh.", instance="urn:x:1"), "internal", "Oh.", {}, {},
    ),
    "a type of a later version": (problem("tea-time", 418, "never", "Short."), "internal", "Short.", {}, {}),
    "a stranger's type": ({"type": "about:blank", "title": "Gone", "status": 404}, "internal", "Gone", {}, {}),
    "nothing at all": ({}, "internal", "unknown problem", {}, {}),
    "members named as ours": (
        problem("paused", 503, "backoff", "Wait.") | {"code": "x", "fields": 1, "self": 2}, "paused", "Wait.", {}, {},
    ),
    "fields that are no lists": (
        problem("malformed", 400, "after_fix", "Wrong.", errors={"a": "is wrong", "b": [1]}),
        "malformed", "Wrong.", {"a": ["is wrong"], "b": ["1"]}, {},
    ),
    "fields that are a text": (
        problem("malformed", 400, "after_fix", "Wrong.", errors="a"), "malformed", "Wrong.", {}, {},
    ),
}  # fmt: skip


def vectors() -> list[Vector]:
    """Give the vectors of `problems.json`."""
    return [
        {
            "name": name,
            "given": {"problem": given},
            "expected": {"code": code, "detail": detail, "fields": fields, "extra": extra},
        }
        for name, (given, code, detail, fields, extra) in READ.items()
    ]
