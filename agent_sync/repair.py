"""
Repair by manifest, and the fetching of single items: when count and sum disagree, or the server was restored.

Comes in: the server's manifest. Goes out: the same live set as the server's, bucket by bucket. Nothing is wiped
first, the outbox is not touched, and the cursor is stored last (F4, F5, F6).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agent_sync import store_feed
from agent_sync.channel import FETCH, MANIFEST
from agent_sync.pulling import apply_items, read_items
from agent_sync.talk import Talk
from schemas.errors import FieldError
from schemas.exchange import MAX_FETCH
from schemas.messages import Item
from schemas.vocabulary import ItemType


def repair(talk: Talk) -> None:
    """Bring the live set level with the server's manifest, if the stage says so."""
    store = talk.store
    if store.get("pull_stage") != "repairing":
        return
    if talk.report.counts["repairs"]:
        # Once an exchange: a set that is not level after a repair is for the office to look at, not for a loop.
        talk.fail_part(
            "repair", FieldError("internal", detail="Packets still differ from the server's after a repair.")
        )
        return
    manifest = talk.channel.ask("GET", MANIFEST)
    try:
        theirs = [(int(count), int(total)) for count, total in manifest["buckets"]]
        cursor = str(manifest["cursor"])
    except (KeyError, TypeError, ValueError):
        raise FieldError("internal", detail="The server's manifest cannot be read.") from None
    for bucket, (ours, told) in enumerate(zip(store_feed.measure_buckets(store), theirs, strict=False)):
        if ours != told:
            repair_bucket(talk, bucket)
    with store.transaction():
        store_feed.mark_all_stale(store, is_stale=False)  # all of it was compared with the server's
        store.put("cursor", cursor)  # last: until now no page was applied (F6)
        store.put("pull_stage", "first")
    talk.did("repairs")


def repair_bucket(talk: Talk, bucket: int) -> None:
    """Remove what the server's bucket does not hold, fetch what differs."""
    listing = talk.channel.ask("GET", f"{MANIFEST}?bucket={bucket}")
    try:
        theirs = {(str(row[0]), str(row[1])): (int(row[2]), str(row[3])) for row in listing["items"]}
    except (KeyError, TypeError, ValueError, IndexError):
        raise FieldError("internal", detail="The server's manifest cannot be read.") from None
    ours = store_feed.bucket_rows(talk.store, bucket)
    with talk.store.transaction():
        for kind, object_id in ours.keys() - theirs.keys():
            store_feed.remove_object(talk.store, kind, object_id, "")
            talk.did("items_removed")
    wanted = sorted({object_id for (kind, object_id), row in theirs.items() if ours.get((kind, object_id)) != row})
    for items in fetch(talk, wanted):
        with talk.store.transaction():
            apply_items(talk, items)


def fetch(talk: Talk, ids: Sequence[str]) -> Iterator[list[Item]]:
    """Fetch items by id, at most 200 at a time; ids left unanswered are asked again."""
    waiting = list(ids)
    while waiting:
        asked = waiting[:MAX_FETCH]
        answer: Mapping[str, Any] = talk.channel.ask("POST", FETCH, {"ids": asked})
        entries = [entry for entry in answer.get("items", ()) if isinstance(entry, Mapping)]
        yield list(read_items(talk, entries))
        answered = {str(entry.get("id")) for entry in entries} | {str(each) for each in answer.get("absent", ())}
        left = [each for each in asked if each not in answered]
        if len(left) == len(asked):
            raise FieldError("internal", detail="The server answered none of the items asked for.")
        waiting = left + waiting[MAX_FETCH:]


def refetch_shredded(talk: Talk) -> None:
    """Fetch again the shredded packets whose lease has not ended at the server's time, and no others (F3)."""
    if talk.has_more or not talk.is_pull_well:
        return
    ids = store_feed.shredded_within_lease(talk.store, talk.server_ms)
    for items in fetch(talk, ids):
        packets = [item for item in items if item.op == "put" and item.type == ItemType.PACKET]
        with talk.store.transaction():
            store_feed.put_items(talk.store, packets, talk.server_ms)
        talk.did("refetched", len(packets), is_progress=False)
