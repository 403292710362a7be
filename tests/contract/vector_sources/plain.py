"""
What the golden vectors are derived with: RFC 8785 by its own package, hashes and signatures by hand.

Nothing here imports the code under test. `make_vectors.py` writes the files from the other modules of this folder.
"""

from __future__ import annotations

import base64
import copy
import hashlib
from typing import Any

import rfc8785

Vector = dict[str, Any]
DROP = object()  # put in the place of a member: leave it out
ZEROS = "0" * 64


def uid(number: int) -> str:
    """Give a UUIDv7 that can be told from the others by its end."""
    return f"01920000-0000-7000-8000-{number:012x}"


def canon(value: Any) -> bytes:
    """Give the RFC 8785 bytes of a value."""
    return rfc8785.dumps(value)


def sha(content: bytes) -> str:
    """Give the lower-case hex SHA-256."""
    return hashlib.sha256(content).hexdigest()


def b64(raw: bytes) -> str:
    """Give base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def noise(name: str, size: int) -> bytes:
    """Give fixed bytes that look random, by a name."""
    blocks = b"".join(hashlib.sha256(f"{name}/{number}".encode()).digest() for number in range(size // 32 + 1))
    return blocks[:size]


def changed(value: dict[str, Any], path: str, new: Any) -> dict[str, Any]:
    """Give a deep copy of *value* with the member at *path* (dots, numbers for places in lists) replaced or dropped."""
    out = copy.deepcopy(value)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    within: Any = out
    for step in steps:
        within = within[step]
    if new is DROP:
        del within[last]
    else:
        within[last] = new
    return out


def link(chain_id: str, seq: int, prev: str, event_id: str, digest: str) -> str:
    """Give a link's hash: SHA-256 of canonical {chain_id, seq, prev, id, digest} (E1)."""
    return sha(canon({"chain_id": chain_id, "seq": seq, "prev": prev, "id": event_id, "digest": digest}))
