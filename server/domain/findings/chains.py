"""
Findings of chains: records lost, a store copied, a signature that does not fit, an id used twice.

Each concerns a device's whole history; a visit gets the finding only where the break lies within it or beside it. The
device's statement tells the rest.
"""

from __future__ import annotations

from collections.abc import Iterator

from server.domain.findings.codes import Code, Finding
from server.domain.findings.context import ChainFacts, Context
from server.domain.findings.presence import crew_events
from server.domain.folding import SeenEvent

FIRST_PLACE = 2  # seq 1 is `chain_opened`


def find_chain_lost(context: Context) -> list[Finding]:
    """Find records declared lost that lay between the records of this visit, or right before or after them."""
    found = []
    for device_id, facts, events in _devices(context):
        first, last = min(event.order[1] for event in events), max(event.order[1] for event in events)
        lost = sum(end - begin + 1 for begin, end in facts.lost if begin <= last + 1 and end >= first - 1)
        if lost:
            found.append(Finding(Code.CHAIN_LOST, {"device_id": device_id, "lost": lost}, key=device_id))
    return found


def find_chain_forked(context: Context) -> list[Finding]:
    """
    Find a visit at which a copied store went its own way: the first of the forked chain, or one that goes on in it.

    All that is recorded later lies on the forked chain too, and is as good as any.
    """
    found = []
    for device_id, facts, events in _devices(context):
        chain_ids = {event.chain_id for event in events}
        if facts.forked and (len(chain_ids) > 1 or min(event.order[1] for event in events) <= FIRST_PLACE):
            found.append(Finding(Code.CHAIN_FORKED, {"device_id": device_id}, key=device_id))
    return found


def find_checkpoint_bad(context: Context) -> list[Finding]:
    """Find records of this visit that lie under a signature over another head, and that no later one covers."""
    found = []
    for device_id, facts, events in _devices(context):
        if facts.bad_checkpoint_from is None:
            continue
        covered = sum(event.order[1] >= facts.bad_checkpoint_from for event in events)
        if covered:
            facts_told = {"device_id": device_id, "events": covered}
            found.append(Finding(Code.CHECKPOINT_BAD, facts_told, key=device_id))
    return found


def find_id_reused(context: Context) -> list[Finding]:
    """Find ids that came with two contents."""
    return [
        Finding(Code.ID_REUSED, {"device_id": device_id, "ids": len(set(facts.reused_ids))}, key=device_id)
        for device_id, facts, _ in _devices(context)
        if facts.reused_ids
    ]


def _devices(context: Context) -> Iterator[tuple[str, ChainFacts, list[SeenEvent]]]:
    """Give each device of the crew of which something is known, with its events at the door."""
    events = crew_events(context.visit)
    for device_id in sorted({event.device_id for event in events} & set(context.chains)):
        yield device_id, context.chains[device_id], [event for event in events if event.device_id == device_id]
