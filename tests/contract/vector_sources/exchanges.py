"""Requests of an exchange: those that are read, and those that are refused whole, with the place of what is wrong."""

from __future__ import annotations

from typing import Any

from tests.contract.vector_sources.chains import CHAIN, VISIT, entry
from tests.contract.vector_sources.plain import DROP, ZEROS, Vector, changed, sha, uid

ABOUT = (
    "X1 and X6. Bodies of `POST /sync/v1/exchange` after JSON is read: `refused` ones are `malformed` as a whole, at"
    " the path `at`; what is wrong inside an event's content is no matter of the request's."
)
CLOCK = {"wall": "2026-03-05T15:00:00.000-08:00", "mono_ms": 95_000_000, "boot": "b7f3c2d1", "mono": "boottime"}
LAST = {"server_time": "2026-03-05T22:00:00.000Z", "mono_ms": 91_400_000, "rtt_ms": 850}
EVENTS = [{"id": each["id"], "seq": seq, "content": entry(each)["content"]} for seq, each in enumerate(VISIT[:2], 1)]
IDLE: dict[str, Any] = {"clock": CLOCK, "push": {"chain_id": CHAIN}, "pull": {"cursor": "c1"}}
FULL: dict[str, Any] = {
    "clock": CLOCK | {"last": LAST},
    "push": {"chain_id": CHAIN, "prev": ZEROS, "events": EVENTS, "checkpoint": "a.b.c"},
    "pull": {"cursor": "e1.17.4", "page_bytes": 65_536},
}
WITHHELD = {"id": uid(0x401), "seq": 2, "digest": sha(b"long"), "withheld": 2_000_000}
GOOD: dict[str, dict[str, Any]] = {
    "an idle exchange": IDLE,
    "events up and a page down": FULL,
    "a first exchange, without a cursor": changed(IDLE, "pull", {}),
    "nothing asked for": changed(IDLE, "pull", DROP),
    "a push without events, to ask where the chain stands": changed(IDLE, "push", {"chain_id": CHAIN, "events": []}),
    "an event withheld": changed(FULL, "push.events.1", WITHHELD),
    "an event erased": changed(FULL, "push.events.1", WITHHELD | {"erased": True}),
    "content that nobody can read is no matter of the request's": changed(FULL, "push.events.1.content", "\x00 ❓"),
    "a clock that may stop in sleep": changed(IDLE, "clock.mono", "awake"),
}
BAD: dict[str, tuple[str, Any]] = {
    "no clock": ("clock", DROP),
    "no push": ("push", DROP),
    "no chain": ("push.chain_id", DROP),
    "a chain that is no id": ("push.chain_id", "chain-1"),
    "a place of 0": ("push.events.0.seq", 0),
    "a place as text": ("push.events.0.seq", "1"),
    "a place that is true": ("push.events.0.seq", True),
    "a hash in upper case": ("push.prev", "A" * 64),
    "a hash too short": ("push.prev", "0" * 63),
    "content that is an object": ("push.events.0.content", {"id": "x"}),
    "events that are an object": ("push.events", {}),
    "an unknown member": ("push.mood", "good"),
    "an unknown half": ("poll", {}),
    "null for a cursor": ("pull.cursor", None),
    "an empty cursor": ("pull.cursor", ""),
    "a page of no bytes": ("pull.page_bytes", 0),
    "a clock nobody knows": ("clock.mono", "sundial"),
    "a counter that runs backwards from 0": ("clock.mono_ms", -1),
    "a server time in local time": ("clock.last.server_time", "2026-03-05T14:00:00.000-08:00"),
    "1 for erased": ("push.events.1.erased", 1),
}


def vectors() -> list[Vector]:
    """Give the vectors of `exchanges.json`."""
    out: list[Vector] = [{"name": n, "given": given, "expected": {"is_read": True}} for n, given in GOOD.items()]
    for name, (path, new) in BAD.items():
        out.append({"name": name, "given": changed(FULL, path, new), "refused": "malformed", "at": path})
    return out
