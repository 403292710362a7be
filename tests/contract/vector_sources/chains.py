"""Chains: links and heads computed from contents; a later batch; a change anywhere changes every hash after it."""

from __future__ import annotations

from typing import Any

from tests.contract.vector_sources import events
from tests.contract.vector_sources.plain import ZEROS, Vector, canon, link, sha, uid

ABOUT = (
    "E1. `events` (id and content) are linked from `first_seq` on after `prev`: each gets its digest and hash, the last"
    " hash is the head. The head must not be that of the vector `differs` names."
)
CHAIN, OTHER_CHAIN = uid(0xC8A1), uid(0xC8A2)
OPENED = events.event("chain_opened", {"reason": "enrolled", "lost": []}, 0x400)
VISIT = [
    OPENED,
    events.event("visit_started", {"fixes": [events.FIX]}, 0x401),
    events.event("identity_checked", {"identity": "declined"}, 0x402),
    events.event("outcome_noted", {"contact_result": "person", "disposition": "none", "note": "明天再来"}, 0x403),
    events.event("visit_ended", {"reason": "completed"}, 0x404),
]


def entry(event: dict[str, Any]) -> dict[str, str]:
    """Give an event as the chain sees it: its id and content."""
    return {"id": event["id"], "content": canon(event).decode()}


def linked(chain_id: str, first_seq: int, prev: str, entries: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Link entries by hand: {seq, id, digest, hash} each."""
    links = []
    for seq, each in enumerate(entries, first_seq):
        digest = sha(each["content"].encode("utf-8", "surrogatepass"))
        prev = link(chain_id, seq, prev, each["id"], digest)
        links.append({"seq": seq, "id": each["id"], "digest": digest, "hash": prev})
    return links


def vector(name: str, chain_id: str, first_seq: int, prev: str, entries: list[dict[str, str]]) -> Vector:
    """Write one vector of `chains.json`."""
    links = linked(chain_id, first_seq, prev, entries)
    given = {"chain_id": chain_id, "first_seq": first_seq, "prev": prev, "events": entries}
    return {"name": name, "given": given, "expected": {"links": links, "head": links[-1]["hash"] if links else prev}}


def vectors() -> list[Vector]:
    """Give the vectors of `chains.json`."""
    entries = [entry(event) for event in VISIT]
    whole = linked(CHAIN, 1, ZEROS, entries)
    swapped = [entries[0], entries[2], entries[1], *entries[3:]]
    edited = [*entries[:3], entries[3] | {"content": entries[3]["content"].replace("明天", "后天")}, entries[4]]
    foreign = {"id": uid(0x4FF), "content": "这不是 JSON \t"}
    return [
        vector("the first place of a chain", CHAIN, 1, ZEROS, entries[:1]),
        vector("a visit", CHAIN, 1, ZEROS, entries),
        vector("its second batch, after the head of the first", CHAIN, 3, whole[1]["hash"], entries[2:]),
        vector("an empty batch leaves the head where it is", CHAIN, 6, whole[4]["hash"], []),
        vector("the same events on another chain", OTHER_CHAIN, 1, ZEROS, entries) | {"differs": "a visit"},
        vector("two events swapped", CHAIN, 1, ZEROS, swapped) | {"differs": "a visit"},
        vector("one word edited", CHAIN, 1, ZEROS, edited) | {"differs": "a visit"},
        vector("an event left out", CHAIN, 1, ZEROS, [entries[0], *entries[2:]]) | {"differs": "a visit"},
        vector("content that cannot be read is linked like any other", CHAIN, 1, ZEROS, [entries[0], foreign]),
        vector("a seq of sixteen digits", CHAIN, 2**53 - 1, whole[0]["hash"], entries[1:2]),
    ]
