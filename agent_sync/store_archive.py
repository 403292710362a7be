"""
What the server said of events, and the archive of what it has: receipts, countersignatures, kept content.

Functions that write are called inside `Store.transaction`. Content is kept for a while after its receipt, in case the
server is restored and has to be given it again (E10); erased content is not (E12).
"""

from __future__ import annotations

from collections.abc import Iterable

from agent_sync.store import Store
from schemas.messages import Receipt


def keep_receipt(store: Store, chain_id: str, receipt: Receipt, request_no: int) -> bool:
    """
    Keep a receipt for the place it names; False if this store has no such event there.

    A receipt never changes (E8): one that is there already stays.
    """
    is_ours = store.value(
        "SELECT 1 FROM link l JOIN event e ON e.n = l.event_n WHERE l.chain_id = ? AND l.seq = ? AND e.id = ?",
        [chain_id, receipt.seq, receipt.id],
    )
    if is_ours is None:
        return False
    store.db.execute(
        "UPDATE link SET status = ?, first = ?, flags = ?, problem = ?, received_ms = ?, receipt_no = ?"
        " WHERE chain_id = ? AND seq = ? AND status IS NULL",
        [
            receipt.status,
            receipt.first,
            ",".join(receipt.flags) or None,
            receipt.problem,
            receipt.received_ms,
            request_no,
            chain_id,
            receipt.seq,
        ],
    )
    return True


def receipts_of(store: Store, chain_id: str, from_seq: int) -> list[tuple[int, int]]:
    """Give (seq, request number) of a chain's stored receipts at or beyond *from_seq*."""
    return [
        (row["seq"], row["receipt_no"])
        for row in store.rows(
            "SELECT seq, receipt_no FROM link WHERE chain_id = ? AND seq >= ? AND status IS NOT NULL ORDER BY seq",
            [chain_id, from_seq],
        )
    ]


def drop_receipts(store: Store, chain_id: str, seqs: Iterable[int]) -> None:
    """Return places whose receipts are void to the outbox, on their own chain (E10)."""
    for seq in seqs:
        store.db.execute(
            "UPDATE link SET status = NULL, first = NULL, flags = NULL, problem = NULL, received_ms = NULL,"
            " receipt_no = NULL, state = 'waiting' WHERE chain_id = ? AND seq = ?",
            [chain_id, seq],
        )
    # A restored server judges a withheld event anew: what its replay said before does not hold any more.
    store.db.execute(
        "UPDATE event SET replayed = NULL, replayed_at = NULL WHERE n IN (SELECT event_n FROM link"
        " WHERE chain_id = ? AND status IS NULL)",
        [chain_id],
    )


def erase_event(store: Store, event_id: str) -> list[str]:
    """
    Drop an event's content wherever it is kept; its id, digest and place stay (E12).

    Gives the hashes of files that only erased events name: their copies go too.
    """
    row = store.row("SELECT n FROM event WHERE id = ?", [event_id])
    if row is None:
        return []
    store.db.execute("UPDATE event SET content = NULL, state = 'erased' WHERE n = ?", [row["n"]])
    orphans = store.rows(
        "SELECT sha256 FROM event_file WHERE event_n = ? AND sha256 NOT IN (SELECT f.sha256 FROM event_file f"
        " JOIN event e ON e.n = f.event_n WHERE e.state <> 'erased')",
        [row["n"]],
    )
    return [orphan["sha256"] for orphan in orphans]


def prune_archive(store: Store, before_ms: int) -> int:
    """
    Drop the content of events received before *before_ms*; give how many.

    A withheld event keeps its content until its replay item has come (X3).
    """
    return store.db.execute(
        "UPDATE event SET content = NULL, state = 'pruned' WHERE state = 'kept' AND content IS NOT NULL AND n IN"
        " (SELECT event_n FROM link WHERE received_ms < ?) AND n NOT IN"
        " (SELECT event_n FROM link WHERE status IS NULL AND state = 'waiting') AND (replayed IS NOT NULL OR n NOT IN"
        " (SELECT event_n FROM link WHERE withheld = 1))",
        [before_ms],
    ).rowcount


def keep_countersignature(store: Store, chain_id: str, through: int, jws: str) -> None:
    """Keep the server's signature over a chain's head; the newest for each head."""
    store.db.execute(
        "INSERT INTO countersignature (chain_id, through, jws) VALUES (?, ?, ?)"
        " ON CONFLICT (chain_id, through) DO UPDATE SET jws = excluded.jws",
        [chain_id, through, jws],
    )
