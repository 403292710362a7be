"""
The pull half of an exchange on the device: holds, then the page, then what the page's problem asks for.

Comes in: the server's answer. Goes out: packets, decisions, holds and keys in the store, the cursor moved in the same
transaction as its page (F2), and a stage that says what to do next (F4, F5, A4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from agent_sync import chaining, pushing, store_archive, store_feed, store_files
from agent_sync.remembering import lease_time
from agent_sync.store import Store
from agent_sync.talk import Talk
from schemas import canonical
from schemas.errors import FieldError, error_of
from schemas.messages import Item
from schemas.vocabulary import ItemType

REASONS_TO_STOP = {
    "paused": "The server was restored and waits for a person. What is recorded here is sent as before.",
    "reauth-required": "This device was out of contact for too long. Enter a new code: `agent-sync enrol CODE`.",
    "upload-only": "This device was withdrawn. It still sends its work, and receives nothing more.",
}
HEEDED = frozenset({ItemType.HOLD, ItemType.REPLAY, ItemType.ERASED, ItemType.FILE_STATE, ItemType.SERVER_KEYS})
# What a withdrawn device may keep: whom to leave in peace, and whose signatures count.
KEPT_AFTER_WITHDRAWAL = (ItemType.HOLD, ItemType.SERVER_KEYS)


def shred_ended(talk: Talk) -> None:
    """Shred packets whose lease has ended (F3)."""
    talk.did("shredded", store_feed.shred_ended(talk.store, lease_time(talk.store, talk.now())), is_progress=False)


def apply_holds(talk: Talk) -> None:
    """Replace the provisional holds by the answer's list, before the page (E9). An absent list is an empty one (X6)."""
    assert talk.request is not None
    if not talk.is_newest or not (talk.request.is_pulling or "holds" in talk.answer):
        # Nothing was asked about the feed: a set that is kept too long warns once too often, one dropped does harm.
        return
    holds = []
    for hold in talk.answer.get("holds", ()):
        try:
            told = {
                "hold_id": hold["hold_id"],
                "rev": hold["rev"],
                "case_ids": list(hold["case_ids"]),
                "reason": hold["reason"],
            }
        except (KeyError, TypeError):
            continue
        holds.append(told | ({"until": hold["until"]} if "until" in hold else {}))
    holds.sort(key=lambda hold: str(hold["hold_id"]))
    if holds != store_feed.read_provisional_holds(talk.store):
        with talk.store.transaction():
            store_feed.replace_provisional_holds(talk.store, holds)
    talk.report.counts["holds"] = len(holds)


def apply_page(talk: Talk) -> None:
    """
    Apply the page and save its cursor in one transaction, if the stored cursor is still the one asked from (F2).

    When no more follows, count and sum are compared with the head; a difference begins a repair (F4).
    """
    request, pull, store = talk.request, talk.answer.get("pull"), talk.store
    assert request is not None
    if not talk.is_newest or not request.is_pulling or not isinstance(pull, Mapping) or "problem" in pull:
        return
    items = list(read_items(talk, pull.get("items", ())))
    cursor, head = pull.get("cursor"), pull.get("head")
    more = bool(pull.get("more", False))
    stage = store.get("pull_stage", "first")
    is_news = bool(items) or (cursor is not None and cursor != request.cursor) or stage != "level"
    if not is_news and (head is None or (head.get("count"), head.get("sum")) == store_feed.measure(store)):
        talk.is_pull_well = True
        return
    with store.transaction():
        if store.get("cursor") != request.cursor or store.get("pull_stage") == "repairing":
            talk.report.note("Another exchange was faster; this page was left aside.")
            return
        apply_items(talk, items)
        if cursor is not None:
            store.put("cursor", cursor)
        if not more:
            store_feed.drop_stale(store)
            is_level = head is None or (head.get("count"), head.get("sum")) == store_feed.measure(store)
            store.put("pull_stage", "level" if is_level else "repairing")
            if not is_level:
                talk.did("mismatches")
        elif stage != "first":
            store.put("pull_stage", "first")
    talk.has_more, talk.is_pull_well = more, True


def read_items(talk: Talk, entries: Iterable[Mapping[str, Any]]) -> Iterable[Item]:
    """Read feed items; a body that does not have its hash is left out, and the head's sum will tell (F4)."""
    for entry in entries:
        try:
            if entry["op"] == "del":
                yield Item("del", entry["type"], entry["id"], entry["rev"], reason=str(entry.get("reason", "")))
                continue
            body = orjson.dumps(entry["body"], option=orjson.OPT_SORT_KEYS)
            if canonical.digest(body) != entry["sha256"]:
                raise ValueError
            yield Item("put", entry["type"], entry["id"], entry["rev"], entry["sha256"], body)
        except (KeyError, TypeError, ValueError):
            talk.did("items_damaged", is_progress=False)


def apply_items(talk: Talk, items: Iterable[Item]) -> None:
    """Apply items inside a transaction, in order; twice is as good as once (F2)."""
    puts: list[Item] = []
    for item in items:
        if item.op == "put":
            puts.append(item)
            heed_item(talk, item)
            continue
        _put(talk, puts)
        puts = []
        store_feed.remove_object(talk.store, item.type, item.id, item.reason)
        if item.type == ItemType.HOLD:
            store_feed.drop_own_hold(talk.store, item.id)
        talk.did("items_removed")
    _put(talk, puts)


def _put(talk: Talk, puts: list[Item]) -> None:
    if puts:
        store_feed.put_items(talk.store, puts, talk.server_ms)
        talk.did("items_put", len(puts))


def heed_item(talk: Talk, item: Item) -> None:
    """Do what an item asks of the device beyond being stored. One that cannot be read is stored all the same (F4)."""
    store = talk.store
    if item.type not in HEEDED:
        return
    try:
        body = orjson.loads(item.body)
        if item.type == ItemType.HOLD:
            store_feed.drop_own_hold(store, item.id)
            store_feed.drop_own_hold(store, body["hold_id"])
        elif item.type == ItemType.REPLAY:
            store.db.execute(
                "UPDATE event SET replayed = ?, replayed_at = ? WHERE id = ?",
                [body["status"], body["at"], body["event_id"]],
            )
        elif item.type == ItemType.ERASED:
            drop_erased(store, body["event_id"])
            talk.did("erased", is_progress=False)
        elif item.type == ItemType.FILE_STATE and body["state"] in {"verified", "discarded"}:
            store_files.set_file_state(store, body["sha256"], body["state"])
        elif item.type == ItemType.SERVER_KEYS:
            trust_named_keys(talk, body)
    except (KeyError, TypeError, ValueError):
        talk.report.note(f"A message of type {item.type} could not be read; an update of this program may be needed.")


def drop_erased(store: Store, event_id: str) -> None:
    """Drop an erased event's content and the files only it names (E12)."""
    for sha256 in store_archive.erase_event(store, event_id):
        store_files.set_file_state(store, sha256, "erased")


def trust_named_keys(talk: Talk, body: Mapping[str, Any]) -> None:
    """Trust the keys of a `server_keys` item if a key already trusted signed them; else ignore and report (A6)."""
    try:
        claim = pushing.verify_server(talk, str(body["proof"]), "server_keys")
        if claim.get("keys") != body["keys"]:
            raise FieldError("bad-signature", detail="The server's new keys are not the ones that were signed.")
    except FieldError as error:
        talk.fail_part("server_keys", error)
        return
    store_feed.trust_keys(talk.store, body["keys"])


def heed_pull(talk: Talk) -> None:
    """Act on the pull half's problem: repair, wait, or ask the person (A4, E10, F5)."""
    pull, store = talk.answer.get("pull"), talk.store
    if not talk.is_newest or not isinstance(pull, Mapping) or "problem" not in pull:
        return
    error, stage = error_of(pull["problem"]), store.get("pull_stage")
    if error.code in {"epoch-changed", "cursor-foreign"}:
        with store.transaction():
            store.put("pull_stage", "repairing")
            if error.code == "epoch-changed":
                chaining.note_chains_to_ask(talk)
        talk.did("repairs_begun")
        return
    talk.fail_part("pull", error)
    if error.code in REASONS_TO_STOP:
        talk.report.note(REASONS_TO_STOP[error.code])
        if stage != error.code:
            with store.transaction():
                store.put("pull_stage", error.code)
                if error.code == "paused":
                    chaining.note_chains_to_ask(talk)
            talk.did("stages_changed")
    if error.code == "upload-only":
        purge_withdrawn(store)


def purge_withdrawn(store: Store) -> None:
    """Take every body off a device whose agent may hold none any more; its own events stay (F3, A4)."""
    kept = tuple(kind.value for kind in KEPT_AFTER_WITHDRAWAL)
    rows = store.rows("SELECT type, id FROM object WHERE type NOT IN (?, ?)", kept)
    if not rows:
        return
    with store.transaction():
        for row in rows:
            store_feed.remove_object(store, row["type"], row["id"], "revoked")
        store_feed.mark_all_stale(store)
        store.put("cursor", None)
    store.forget_old_pages()
