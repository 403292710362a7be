"""The feed's checksum: weights, sums modulo 2^48, and the manifest's buckets."""

from __future__ import annotations

import hashlib
from typing import Any

from tests.contract.vector_sources.plain import ZEROS, Vector, sha, uid

ABOUT = (
    "F4 and F5. Live `items` as [type, id, rev, sha256]: `weights` are the first 6 bytes, big-endian, of"
    ' SHA-256("type:id:rev:sha256"), `sum` adds them modulo 2^48; `buckets` are the first byte of SHA-256("type:id")'
    " modulo 64."
)


def weigh(item: list[Any]) -> int:
    """Give an item's weight."""
    text = ":".join(str(part) for part in item)
    return int(hashlib.sha256(text.encode()).hexdigest()[:12], 16)


def bucket(item: list[Any]) -> int:
    """Give an item's bucket."""
    return int(hashlib.sha256(f"{item[0]}:{item[1]}".encode()).hexdigest()[:2], 16) % 64


def vector(name: str, items: list[list[Any]]) -> Vector:
    """Write one vector."""
    weights = [weigh(item) for item in items]
    expected = {
        "count": len(items),
        "sum": sum(weights) % 281_474_976_710_656,
        "weights": weights,
        "buckets": [bucket(item) for item in items],
    }
    return {"name": name, "given": {"items": items}, "expected": expected}


def vectors() -> list[Vector]:
    """Give the vectors of `checksum.json`."""
    packet = ["packet", uid(0xCA5E), 3, sha(b"{}")]
    many = [["packet", uid(0x600 + at), at + 1, sha(str(at).encode())] for at in range(12)]
    heavy = [item for item in ([["notice", uid(0x700 + at), 1, ZEROS] for at in range(40)]) if weigh(item) > 2**47][:3]
    return [
        vector("nothing is live", []),
        vector("one packet", [packet]),
        vector(
            "a later revision of it weighs otherwise and stays in its bucket", [[packet[0], packet[1], 4, packet[3]]]
        ),
        vector("another body of it weighs otherwise", [[*packet[:3], sha(b'{"a":1}')]]),
        vector("another type with its id", [["hold", *packet[1:]]]),
        vector("a type nobody knows is counted", [["weather", uid(0x601), 1, sha(b"{}")]]),
        vector("a revision that is a time in seconds", [[packet[0], packet[1], 1_772_700_000, packet[3]]]),
        vector("twelve packets", many),
        vector("the same in another order", many[::-1]),
        vector("three that pass 2^48", heavy),
    ]
