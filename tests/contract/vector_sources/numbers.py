"""Numbers: the constants of the protocol, and quotas that hold together."""

from __future__ import annotations

from typing import Any

from tests.contract.vector_sources.plain import Vector

ABOUT = (
    "The protocol's own numbers, and X3: in a quota `max_event_bytes` is at least 4 times `max_bytes`, `max_inflated`"
    " at least 3 times `max_event_bytes`. `sizes` are waiting events, cut into `batches`: how many each holds."
)
CONSTANTS = {
    "MAX_INTEGER": 9_007_199_254_740_991,
    "MAX_DEPTH": 32,
    "BUCKETS": 64,
    "SUM_MODULUS": 281_474_976_710_656,
    "MAX_FETCH": 200,
    "MAX_NOTE": 4_000,
    "ITERATIONS": 600_000,
    "ZERO_HASH": "0000000000000000000000000000000000000000000000000000000000000000",
    "EVENT_SCHEMA": 1,
    "PROTOCOL_VERSION": 1,
}
USUAL = {
    "max_events": 200,
    "max_bytes": 262_144,
    "max_event_bytes": 1_048_576,
    "max_inflated": 4_194_304,
    "page_bytes": 2_097_152,
}
# name -> (sizes, max_events, max_bytes, counts)
CUTS: dict[str, tuple[list[int], int, int, list[int]]] = {
    "nothing waits": ([], 10, 100, []),
    "all in one": ([40, 40, 20], 10, 100, [3]),
    "one byte too many begins the next": ([40, 40, 21], 10, 100, [2, 1]),
    "as many as the count allows": ([1, 1, 1, 1, 1], 2, 100, [2, 2, 1]),
    "a large one travels alone": ([40, 40, 40, 200, 40], 10, 100, [2, 1, 1, 1]),
    "a large one in front does not hold up the next": ([200, 40, 40], 10, 100, [1, 2]),
    "a withheld one weighs nothing": ([0, 100, 0], 10, 100, [3]),
}


def vectors() -> list[Vector]:
    """Give the vectors of `numbers.json`."""
    out: list[Vector] = [
        {"name": n, "given": {"constant": n}, "expected": {"is": value}} for n, value in CONSTANTS.items()
    ]
    given: dict[str, Any] = {"quota": {}}
    out.append({"name": "the usual quota", "given": given, "expected": USUAL})
    small = {"max_events": 1, "max_bytes": 1, "max_event_bytes": 4, "max_inflated": 12, "page_bytes": 1}
    out.append({"name": "the smallest quota", "given": {"quota": small}, "expected": small})
    for name, (sizes, most, size, counts) in CUTS.items():
        given = {"sizes": sizes, "max_events": most, "max_bytes": size}
        out.append({"name": name, "given": given, "expected": {"batches": counts}})
    return out
