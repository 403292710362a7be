"""
Events and chains in the store: what was recorded, where it stands in its chain, what still waits for a receipt.

Functions that write are called inside `Store.transaction`. An event without a receipt is the outbox; what the server
said of the others is in `store_archive`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from agent_sync.store import Store
from schemas import canonical


@dataclass(frozen=True, slots=True)
class Written:
    """An event's content, ready to be stored: canonical bytes and what they say."""

    id: str
    kind: str
    content: bytes
    wall: str
    case_id: str | None = None
    visit_id: str | None = None

    @property
    def digest(self) -> str:
        """The digest of the content (E1)."""
        return canonical.digest(self.content)


@dataclass(frozen=True, slots=True)
class Chain:
    """One chain of this device: where its next event goes, and the hash that event follows."""

    chain_id: str
    previous: str | None
    next_seq: int
    head: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """One place of a chain as it can be sent."""

    seq: int
    event_id: str
    event_n: int
    digest: str
    hash: str
    size: int
    content: bytes | None
    state: str  # the event's: kept, lost, erased, pruned
    is_withheld: bool


def current_chain(store: Store) -> Chain | None:
    """Give the chain that is being written; None before enrolment."""
    row = store.row("SELECT chain_id, previous, next_seq, head FROM chain ORDER BY n DESC LIMIT 1")
    return Chain(**row) if row else None


def all_chains(store: Store) -> list[Chain]:
    """Give every chain, the oldest first."""
    return [Chain(**row) for row in store.rows("SELECT chain_id, previous, next_seq, head FROM chain ORDER BY n")]


def append_event(store: Store, written: Written) -> tuple[str, int]:
    """
    Append an event to the current chain; give (chain id, seq).

    The head is read inside the caller's immediate transaction, so two programs on one store cannot both build on
    it, and an aborted transaction uses no seq (E2).
    """
    chain = current_chain(store)
    assert chain is not None, "a chain is opened at enrolment"
    columns = "id, digest, size, content, kind, case_id, visit_id, wall"
    cursor = store.db.execute(
        f"INSERT INTO event ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - fixed names
        [
            written.id,
            written.digest,
            len(written.content),
            written.content,
            written.kind,
            written.case_id,
            written.visit_id,
            written.wall,
        ],
    )
    assert cursor.lastrowid is not None
    return chain.chain_id, _add_link(store, chain, cursor.lastrowid, written.id, written.digest)


def _add_link(store: Store, chain: Chain, event_n: int, event_id: str, digest: str) -> int:
    link = canonical.link_hash(chain.chain_id, chain.next_seq, chain.head, event_id, digest)
    store.db.execute(
        "INSERT INTO link (chain_id, seq, event_n, hash) VALUES (?, ?, ?, ?)",
        [chain.chain_id, chain.next_seq, event_n, link],
    )
    moved = store.db.execute(
        "UPDATE chain SET next_seq = next_seq + 1, head = ? WHERE chain_id = ? AND next_seq = ? AND head = ?",
        [link, chain.chain_id, chain.next_seq, chain.head],
    )
    assert moved.rowcount == 1, "the head moved inside our own transaction"
    return chain.next_seq


def open_chain(store: Store, chain_id: str, previous: str | None, opened: Written) -> list[int]:
    """
    Open a new chain with its `chain_opened`, then move every event without a receipt onto it, in recorded order (E6).

    Gives the recorded-order numbers of the events moved. Lost events stay where they were, declared in *opened*.
    """
    waiting = store.rows(
        "SELECT n, id, digest FROM event WHERE state IN ('kept', 'erased') AND n NOT IN"
        " (SELECT event_n FROM link WHERE status IS NOT NULL) ORDER BY n"
    )
    # What cannot be moved, its content being gone, keeps waiting in its place until it is declared lost.
    store.db.execute(
        "UPDATE link SET state = 'moved' WHERE status IS NULL AND state = 'waiting' AND event_n IN"
        " (SELECT n FROM event WHERE state IN ('kept', 'erased'))"
    )
    store.db.execute(
        "INSERT INTO chain (chain_id, previous, next_seq, head) VALUES (?, ?, 1, ?)",
        [chain_id, previous, canonical.ZERO_HASH],
    )
    append_event(store, opened)
    for row in waiting:
        chain = current_chain(store)
        assert chain is not None
        _add_link(store, chain, row["n"], row["id"], row["digest"])
    return [row["n"] for row in waiting]


def chain_to_send(store: Store) -> str | None:
    """Give the oldest chain with a place that waits; None if nothing does."""
    found = store.value(
        "SELECT c.chain_id FROM chain c WHERE EXISTS (SELECT 1 FROM link l WHERE l.chain_id = c.chain_id"
        " AND l.status IS NULL AND l.state = 'waiting') ORDER BY c.n LIMIT 1"
    )
    return None if found is None else str(found)


def read_waiting(store: Store, chain_id: str, most: int = -1) -> list[Waiting]:
    """
    Give up to *most* places (all by default) of a chain from its lowest seq without a stored receipt on (E6).

    The run ends before a place that has a receipt, that moved to another chain, or that is lost.
    """
    run = read_all_waiting(store, chain_id, most)
    return [place for at, place in enumerate(run) if place.seq == run[0].seq + at]


def read_all_waiting(store: Store, chain_id: str, most: int = -1) -> list[Waiting]:
    """Give the places of a chain that wait for a receipt, by seq; with holes where others have one."""
    rows = store.rows(
        "SELECT l.seq, e.id AS event_id, l.event_n, e.digest, l.hash, e.size, e.content, e.state,"
        " l.withheld AS is_withheld FROM link l JOIN event e ON e.n = l.event_n"
        " WHERE l.chain_id = ? AND l.status IS NULL AND l.state = 'waiting' ORDER BY l.seq LIMIT ?",
        [chain_id, most],
    )
    return [Waiting(**row | {"is_withheld": bool(row["is_withheld"])}) for row in rows]


def hash_before(store: Store, chain_id: str, seq: int) -> str:
    """Give the hash of the place before *seq*: what the first event sent follows."""
    found = store.value(
        "SELECT coalesce((SELECT hash FROM link WHERE chain_id = c.chain_id AND seq = ?1),"
        " CASE WHEN c.base_seq = ?1 THEN c.base_hash END) FROM chain c WHERE c.chain_id = ?2",
        [seq - 1, chain_id],
    )
    return canonical.ZERO_HASH if found is None else str(found)


def hash_at(store: Store, chain_id: str, seq: int) -> str | None:
    """Give the hash of a place; None if this store has no such place."""
    found = store.value("SELECT hash FROM link WHERE chain_id = ? AND seq = ?", [chain_id, seq])
    return None if found is None else str(found)


def mark_sent(store: Store, chain_id: str, seqs: Sequence[int], withheld: Sequence[int]) -> None:
    """Remember that these places went out with a request, and which of them without content."""
    if seqs:
        store.db.execute(
            "UPDATE link SET sent = sent + 1 WHERE chain_id = ? AND seq BETWEEN ? AND ?", [chain_id, seqs[0], seqs[-1]]
        )
    for seq in withheld:
        store.db.execute("UPDATE link SET withheld = 1 WHERE chain_id = ? AND seq = ?", [chain_id, seq])


def declare_lost(store: Store, chain_id: str, event_ns: Iterable[int]) -> list[int]:
    """Mark events as lost; give their seqs in this chain, to be declared. What is left of them is kept for export."""
    seqs = []
    for event_n in event_ns:
        store.db.execute("UPDATE event SET state = 'lost' WHERE n = ?", [event_n])
        store.db.execute("UPDATE link SET state = 'lost' WHERE event_n = ? AND status IS NULL", [event_n])
        seqs += [
            row["seq"]
            for row in store.rows("SELECT seq FROM link WHERE chain_id = ? AND event_n = ?", [chain_id, event_n])
        ]
    return seqs


def find_lost(store: Store, event_id: str, content: bytes) -> bool:
    """
    Put a lost event back that turned up: it is sent on its old chain at its old seq, after what lies before it (E6).

    False if it is not lost or *content* is not what was recorded.
    """
    row = store.row("SELECT n, digest, state FROM event WHERE id = ?", [event_id])
    if row is None or row["state"] != "lost" or canonical.digest(content) != row["digest"]:
        return False
    store.db.execute(
        "UPDATE event SET state = 'kept', content = ?, size = ? WHERE n = ?", [content, len(content), row["n"]]
    )
    for link in store.rows("SELECT chain_id, seq FROM link WHERE event_n = ?", [row["n"]]):
        store.db.execute(
            "UPDATE link SET state = 'waiting' WHERE chain_id = ? AND seq <= ? AND status IS NULL",
            [link["chain_id"], link["seq"]],
        )
    return True


def count_waiting(store: Store) -> int:
    """Count the events that have not been acknowledged on any chain and can still be sent."""
    return int(store.value("SELECT count(DISTINCT event_n) FROM link WHERE status IS NULL AND state = 'waiting'"))


def visit_events(store: Store, case_id: str, visit_id: str) -> list[dict[str, Any]]:
    """Give this device's events of a visit, in recorded order, with content where it is kept."""
    return store.rows(
        "SELECT id, kind, content, wall FROM event WHERE case_id = ? AND visit_id = ? ORDER BY n", [case_id, visit_id]
    )
