"""
The office's directives, carried out once per chain and acknowledged by an event (D1).

Comes in: signed directives of an answer. Goes out: an outbox sent to its end, packets read anew, or a wiped store;
and a `directive_done` that stands in the chain like any other event. Only `wipe_now` may delete what was not sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent_sync import recording, rules_sending, store_feed, store_outbox, vault
from agent_sync.pushing import verify_server
from agent_sync.store import Store
from agent_sync.store_outbox import Chain
from agent_sync.talk import Talk
from schemas.errors import FieldError
from schemas.vocabulary import DirectiveKind, DirectiveResult, OpeningReason

WIPES = frozenset({DirectiveKind.WIPE_NOW, DirectiveKind.WIPE_AFTER_UPLOAD})
# The device key, device id and chain heads stay until the receipt of `directive_done`.
WIPED_TABLES = (
    "countersignature",
    "link",
    "event_file",
    "event",
    "object",
    "provisional_hold",
    "own_hold",
    "visit",
    "file",
    "upload",
)
KEPT_IN_MEMORY = (
    "device_id", "server_url", "public_url", "agent", "nonce", "quota", "request_no", "answered_no", "last_contact",
)  # fmt: skip


def take_directives(talk: Talk) -> None:
    """Remember the directives that are the server's and meant for this device; others are ignored and reported."""
    if not talk.is_newest:
        return
    for jws in talk.answer.get("directives", ()):
        try:
            claim = verify_server(talk, str(jws), "directive")
            if claim.get("device_id") != talk.channel.device_id:
                raise FieldError("bad-signature", detail="A directive for another device came here; it was ignored.")
            remember_directive(talk, claim)
        except FieldError as error:
            talk.fail_part("directives", error)
        except (KeyError, ValueError):
            talk.fail_part("directives", FieldError("malformed", detail="A directive cannot be read; it was ignored."))


def remember_directive(talk: Talk, claim: Mapping[str, Any]) -> None:
    """Store a directive as pending, unless it was done: a wipe once and for all, another once for each chain."""
    store, kind = talk.store, DirectiveKind(claim["kind"])
    chain = store_outbox.current_chain(store)
    assert chain is not None
    known = {row["chain_id"] for row in store.rows("SELECT chain_id FROM directive WHERE id = ?", [claim["id"]])}
    if chain.chain_id in known or (known and kind in WIPES):
        return
    with store.transaction():
        store.db.execute(
            "INSERT INTO directive (id, chain_id, kind, named_chain, state) VALUES (?, ?, ?, ?, 'pending')",
            [claim["id"], chain.chain_id, kind.value, claim["chain_id"]],
        )
    talk.did("directives_taken")


def carry_out_directives(talk: Talk) -> None:
    """Do what is pending and can be done now; end a wipe whose receipt has come."""
    store = talk.store
    for row in store.rows("SELECT id, chain_id, kind, named_chain FROM directive WHERE state = 'pending' ORDER BY id"):
        chain = store_outbox.current_chain(store)
        assert chain is not None
        if row["kind"] in WIPES and row["named_chain"] != chain.chain_id:
            finish(talk, row, DirectiveResult.IGNORED)
        elif row["kind"] == DirectiveKind.RESET_PACKETS:
            finish(talk, row, DirectiveResult.DONE, is_reset=True)
        elif row["kind"] == DirectiveKind.WIPE_NOW:
            wipe(talk, row)
        elif is_all_sent(talk):
            if row["kind"] == DirectiveKind.WIPE_AFTER_UPLOAD:
                wipe(talk, row)
            else:
                finish(talk, row, DirectiveResult.DONE)
    if store.get("stage") == "wiping" and store_outbox.count_waiting(store) == 0:
        end_wipe(store)
        talk.report.note("The office had this device wiped. Nothing is left on it.")


def finish(talk: Talk, row: Mapping[str, Any], result: DirectiveResult, *, is_reset: bool = False) -> None:
    """Mark a directive done and append `directive_done`, in one transaction with what it changed."""
    store = talk.store
    with store.transaction():
        if is_reset:
            # Packets stay readable while the feed is read again from its start; what it does not bring goes at its end.
            store_feed.mark_all_stale(store)
            store.put("cursor", None)
            store.put("pull_stage", "first")
        mark_done(talk, row, result)
    talk.did("directives_done")


def mark_done(talk: Talk, row: Mapping[str, Any], result: DirectiveResult) -> None:
    """Note inside a transaction that a directive is done, and record it for the office."""
    recording.note_directive_done(talk.store, row["id"], result.value, talk.now(), talk.noise)
    talk.store.db.execute(
        "UPDATE directive SET state = 'done', result = ? WHERE id = ? AND chain_id = ?",
        [result.value, row["id"], row["chain_id"]],
    )


def is_all_sent(talk: Talk) -> bool:
    """Say whether the server has everything: events, the contents it asked for as files, and files it wants."""
    withheld = talk.store.value(
        "SELECT 1 FROM link l JOIN event e ON e.n = l.event_n WHERE l.withheld = 1 AND e.state = 'kept'"
        " AND e.replayed IS NULL AND e.content IS NOT NULL AND l.state = 'waiting'"
    )
    under_way = talk.store.value("SELECT 1 FROM upload")
    return not (store_outbox.count_waiting(talk.store) or talk.files_wanted or withheld or under_way)


def wipe(talk: Talk, row: Mapping[str, Any]) -> None:
    """
    Delete packets, files, outbox and archive; then record `directive_done`.

    What was never sent is declared lost on a new chain (reason `wiped`). Files go first: a wipe cut off between is
    simply done again.
    """
    store = talk.store
    result = DirectiveResult.DONE if delete_files(store) else DirectiveResult.FAILED
    with store.transaction():
        endings = [read_ending(store, chain) for chain in store_outbox.all_chains(store)]
        for table in WIPED_TABLES:
            store.db.execute(f"DELETE FROM {table}")  # noqa: S608 - fixed names
        store.db.execute("UPDATE chain SET base_seq = next_seq - 1, base_hash = head")
        keep = ", ".join(f"'{name}'" for name in KEPT_IN_MEMORY)
        store.db.execute(f"DELETE FROM memory WHERE name NOT IN ({keep})")  # noqa: S608 - fixed names
        store.put("stage", "wiping")
        for ending in endings:
            is_current_wiped_now = ending is endings[-1] and row["kind"] == DirectiveKind.WIPE_NOW
            if ending.unsent or is_current_wiped_now:
                spans = rules_sending.join_ranges(ending.unsent)
                recording.open_new_chain(
                    store, talk.now(), talk.noise, OpeningReason.WIPED, ending.chain_id, ending.after_seq, spans
                )
        mark_done(talk, row, result)
    store.forget_old_pages()
    store.change_key(talk.noise)
    talk.did("wipes")


@dataclass(frozen=True, slots=True)
class Ending:
    """How far a chain came before a wipe: its last acknowledged seq, and the seqs that were never sent."""

    chain_id: str
    after_seq: int
    unsent: list[int]


def read_ending(store: Store, chain: Chain) -> Ending:
    """Give how far a chain came."""
    unsent = [
        row["seq"]
        for row in store.rows(
            "SELECT seq FROM link WHERE chain_id = ? AND status IS NULL AND state = 'waiting' ORDER BY seq",
            [chain.chain_id],
        )
    ]
    return Ending(chain.chain_id, (unsent[0] if unsent else chain.next_seq) - 1, unsent)


def delete_files(store: Store) -> bool:
    """Delete every file copy; False if one could not be."""
    is_clean = True
    for path in store.files.iterdir():
        try:
            path.unlink()
        except OSError:
            is_clean = False
    return is_clean


def end_wipe(store: Store) -> None:
    """Forget this device altogether: the wipe was acknowledged, or the device is gone for good. The data key first."""
    vault.forget(store.path)
    with store.transaction():
        for table in (*WIPED_TABLES, "directive", "chain", "server_key"):
            store.db.execute(f"DELETE FROM {table}")  # noqa: S608 - fixed names
        store.db.execute("DELETE FROM memory WHERE name <> 'server_url'")
        store.put("stage", "wiped")
    store.forget_old_pages()
    store.key_path.unlink(missing_ok=True)
