"""Receipts: what each kind of answer looks like on the wire; what has no meaning is absent."""

from __future__ import annotations

from typing import Any

from tests.contract.vector_sources.plain import Vector, uid

ABOUT = (
    "E4 and E8. A receipt by its parts (`received_ms`: ms since the epoch, UTC) and as it stands in `push.receipts`."
    " Empty parts are absent. `text` alone is a server's time that cannot be read."
)
EVENT = uid(0x101)
AT_MS, AT = 1_772_749_267_250, "2026-03-05T22:21:07.250Z"

NO_TIMES = [
    "2026-02-30T00:00:00.000Z",
    "2026-03-05T24:30:00.000Z",
    "2026-03-05T22:21:60.000Z",
    "0000-01-01T00:00:00.000Z",
]


def vector(name: str, seq: int, status: str, **parts: Any) -> Vector:
    """Write one vector: *parts* are those of the receipt that are not empty."""
    given = {"seq": seq, "id": EVENT, "status": status, "received_ms": AT_MS} | parts
    wire = {"seq": seq, "id": EVENT, "status": status, "received_at": AT} | parts
    return {"name": name, "given": given, "expected": wire}


def timed(name: str, ms: int, text: str) -> Vector:
    """Write one vector of a time."""
    given = {"seq": 1, "id": EVENT, "status": "accepted", "received_ms": ms}
    return {
        "name": name,
        "given": given,
        "expected": {"seq": 1, "id": EVENT, "status": "accepted", "received_at": text},
    }


def vectors() -> list[Vector]:
    """Give the vectors of `receipts.json`."""
    return [
        vector("accepted", 1, "accepted"),
        vector(
            "accepted, with what reconciliation will look at", 2, "accepted", flags=["reassigned", "checkpoint_bad"]
        ),
        vector("parked", 3, "parked", problem="not-assigned"),
        vector("parked, under a bad checkpoint", 3, "parked", flags=["checkpoint_bad"], problem="unknown-kind"),
        vector("a repeat of an accepted one", 4, "duplicate", first="accepted"),
        vector("a repeat of an accepted one with flags", 4, "duplicate", first="accepted", flags=["expired"]),
        vector("a repeat of a parked one", 5, "duplicate", first="parked", problem="unreadable"),
        vector("a repeat of one whose id had been used", 5, "duplicate", first="id_reuse"),
        vector("an id that was used for other content", 6, "id_reuse"),
        vector("the highest place", 2**53 - 1, "accepted"),
        timed("a whole second keeps its three digits", 1_772_749_267_000, "2026-03-05T22:21:07.000Z"),
        timed("one millisecond", 1_772_749_267_001, "2026-03-05T22:21:07.001Z"),
        timed("the last millisecond of a leap day", 1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
        timed("the epoch", 0, "1970-01-01T00:00:00.000Z"),
        timed("a year of three digits has four", -33_735_225_600_001, "0900-12-21T23:59:59.999Z"),
        *({"name": f"no time: {text}", "given": {"text": text}, "refused": "no-time"} for text in NO_TIMES),
    ]
