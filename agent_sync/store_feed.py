"""
Packets and other feed items in the store, and the holds that stand beside them.

A body is the canonical bytes its sha256 is over. A packet whose lease has ended keeps its place in count and sum, but
its body is gone (F3). Functions that write are called inside `Store.transaction`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from agent_sync.store import Store
from schemas import canonical
from schemas.messages import Item, parse_time
from schemas.vocabulary import ItemType

_PUT = (
    "INSERT INTO object (type, id, rev, sha256, weight, bucket, body, lease_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (type, id) DO UPDATE SET rev = excluded.rev, sha256 = excluded.sha256, weight = excluded.weight,"
    " body = excluded.body, lease_ms = excluded.lease_ms, stale = 0"
)


def lease_of(item: Item) -> int | None:
    """Give when a packet's lease ends, in ms; None for anything else, or where none can be read."""
    if item.type != ItemType.PACKET:
        return None
    try:
        return parse_time(orjson.loads(item.body)["open"]["lease_until"])
    except (KeyError, TypeError, ValueError):
        return None


def put_items(store: Store, items: Sequence[Item], now_ms: int) -> None:
    """Store puts as they are; a packet whose lease has ended at *now_ms* is stored shredded (F3)."""
    rows = []
    for each in items:
        lease = lease_of(each)
        is_ended = lease is not None and lease <= now_ms
        if is_ended:
            keep_remains(store, [each.id], "expired")
        weight, bucket = (
            canonical.item_weight(each.type, each.id, each.rev, each.sha256),
            canonical.bucket_of(each.type, each.id),
        )
        rows.append((each.type, each.id, each.rev, each.sha256, weight, bucket, None if is_ended else each.body, lease))
    store.db.conn.executemany(_PUT, rows)
    store.db.execute(
        "UPDATE visit SET withdrawn = NULL, remains = NULL WHERE is_open = 1 AND withdrawn IS NOT NULL AND case_id IN"
        " (SELECT id FROM object WHERE type = 'packet' AND body IS NOT NULL)"
    )


def remove_object(store: Store, kind: str, object_id: str, reason: str) -> None:
    """Purge an object at once; of a packet under an open visit only limits and texts remain (F3)."""
    if kind == ItemType.PACKET:
        keep_remains(store, [object_id], reason or "withdrawn")
    store.db.execute("DELETE FROM object WHERE type = ? AND id = ?", [kind, object_id])


def keep_remains(store: Store, case_ids: Iterable[str], reason: str) -> None:
    """Before packets go: note on their open visits why, with the limits and texts that the visit still needs."""
    for case_id in case_ids:
        is_visited = store.value("SELECT 1 FROM visit WHERE case_id = ? AND is_open = 1", [case_id])
        body = read_body(store, ItemType.PACKET, case_id) if is_visited else None
        if is_visited is None:
            continue
        opened = (body or {}).get("open", {})
        remains = {"limits": opened.get("limits", {}), "texts": opened.get("texts", [])}
        store.db.execute(
            "UPDATE visit SET withdrawn = ?, remains = coalesce(remains, ?) WHERE case_id = ? AND is_open = 1",
            [reason, orjson.dumps(remains).decode(), case_id],
        )


def shred_ended(store: Store, now_ms: int) -> int:
    """Shred the packets whose lease has ended at *now_ms*; give how many. Opens its own transaction only if needed."""
    ended = [
        row["id"] for row in store.rows("SELECT id FROM object WHERE body IS NOT NULL AND lease_ms <= ?", [now_ms])
    ]
    if ended:
        with store.transaction():
            shred(store, ended, "expired")
        store.forget_old_pages()
    return len(ended)


def shred(store: Store, case_ids: Sequence[str], reason: str) -> None:
    """Drop the bodies of packets; their (type, id, rev, sha256) stay counted."""
    keep_remains(store, case_ids, reason)
    store.db.conn.executemany(
        "UPDATE object SET body = NULL WHERE type = 'packet' AND id = ?", [(case_id,) for case_id in case_ids]
    )


def packets_held(store: Store) -> list[str]:
    """Give the case ids of packets whose body is here."""
    return [
        row["id"] for row in store.rows("SELECT id FROM object WHERE type = 'packet' AND body IS NOT NULL ORDER BY id")
    ]


def shredded_within_lease(store: Store, server_ms: int) -> list[str]:
    """Give the case ids of shredded packets whose lease lasts, by the server's time: they are fetched again (F3)."""
    return [
        row["id"]
        for row in store.rows(
            "SELECT id FROM object WHERE type = 'packet' AND body IS NULL AND lease_ms > ? ORDER BY id", [server_ms]
        )
    ]


def measure(store: Store) -> tuple[int, int]:
    """Give count and sum of everything live here (F4), summed in halves: 2^48 times many overflows SQLite."""
    row = store.row("SELECT count(*) AS n, sum(weight >> 24) AS high, sum(weight & 16777215) AS low FROM object")
    assert row is not None
    return row["n"], (((row["high"] or 0) << 24) + (row["low"] or 0)) % canonical.SUM_MODULUS


def measure_buckets(store: Store) -> list[tuple[int, int]]:
    """Give count and sum of each of the 64 buckets, to compare with the manifest's."""
    buckets = [(0, 0)] * canonical.BUCKETS
    for row in store.rows(
        "SELECT bucket, count(*) AS n, sum(weight >> 24) AS high, sum(weight & 16777215) AS low"
        " FROM object GROUP BY bucket"
    ):
        buckets[row["bucket"]] = (row["n"], ((row["high"] << 24) + row["low"]) % canonical.SUM_MODULUS)
    return buckets


def bucket_rows(store: Store, bucket: int) -> dict[tuple[str, str], tuple[int, str]]:
    """Give a bucket's live objects: (type, id) -> (rev, sha256)."""
    return {
        (row["type"], row["id"]): (row["rev"], row["sha256"])
        for row in store.rows("SELECT type, id, rev, sha256 FROM object WHERE bucket = ?", [bucket])
    }


def mark_all_stale(store: Store, *, is_stale: bool = True) -> None:
    """Begin reading the feed from its start again: what no page brings by its end will go (`drop_stale`)."""
    store.db.execute("UPDATE object SET stale = ?", [int(is_stale)])


def drop_stale(store: Store) -> int:
    """Remove what the feed, read from its start to its head, did not bring again; give how many."""
    stale = store.rows("SELECT type, id FROM object WHERE stale = 1")
    for row in stale:
        remove_object(store, row["type"], row["id"], "")
    return len(stale)


def read_body(store: Store, kind: str, object_id: str) -> dict[str, Any] | None:
    """Read an object's body; None if it is not here, or shredded."""
    body = store.value("SELECT body FROM object WHERE type = ? AND id = ?", [kind, object_id])
    if body is None:
        return None
    read = orjson.loads(body)
    return read if isinstance(read, dict) else None


def read_objects(store: Store, kind: str) -> list[dict[str, Any]]:
    """Give (id, rev, body or None, lease_ms) of every live object of a type."""
    rows = store.rows("SELECT id, rev, body, lease_ms FROM object WHERE type = ? ORDER BY id", [kind])
    return [row | {"body": None if row["body"] is None else orjson.loads(row["body"])} for row in rows]


def replace_provisional_holds(store: Store, holds: Sequence[Mapping[str, Any]]) -> None:
    """Make the server's list the set of provisional holds (E9)."""
    store.db.execute("DELETE FROM provisional_hold")
    store.db.conn.executemany(
        "INSERT OR REPLACE INTO provisional_hold (hold_id, rev, case_ids, reason, until) VALUES (?, ?, ?, ?, ?)",
        [
            (hold["hold_id"], hold["rev"], orjson.dumps(hold["case_ids"]).decode(), hold["reason"], hold.get("until"))
            for hold in holds
        ],
    )


def read_provisional_holds(store: Store) -> list[dict[str, Any]]:
    """Give the provisional holds as the wire lists them."""
    rows = store.rows("SELECT hold_id, rev, case_ids, reason, until FROM provisional_hold ORDER BY hold_id")
    holds = [row | {"case_ids": orjson.loads(row["case_ids"])} for row in rows]
    return [{name: value for name, value in hold.items() if value is not None} for hold in holds]


def add_own_hold(store: Store, hold_id: str, case_id: str, reason: str, until: str | None) -> None:
    """Let this device's own hold act until the feed names it (E9)."""
    store.db.execute(
        "INSERT OR REPLACE INTO own_hold (hold_id, case_id, reason, until) VALUES (?, ?, ?, ?)",
        [hold_id, case_id, reason, until],
    )


def drop_own_hold(store: Store, hold_id: str) -> None:
    """Let the feed say from now on: it has named this hold, live or lifted (E9)."""
    store.db.execute("DELETE FROM own_hold WHERE hold_id = ?", [hold_id])


def live_holds(store: Store, case_id: str, now_ms: int) -> list[dict[str, Any]]:
    """Give every hold that acts on a case now. Each: hold_id, reason, until."""
    return holds_by_case(store, now_ms).get(case_id, [])


def holds_by_case(store: Store, now_ms: int) -> dict[str, list[dict[str, Any]]]:
    """Give, for each case that has any, the holds that act on it now: own, provisional, and from the feed."""
    own = [row | {"case_ids": [row["case_id"]]} for row in store.rows("SELECT * FROM own_hold")]
    bodies = [row["body"] for row in read_objects(store, ItemType.HOLD) if row["body"]]
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for hold in [*own, *read_provisional_holds(store), *bodies]:
        if not _is_past(hold.get("until"), now_ms):
            for case_id in hold.get("case_ids", ()):
                found.setdefault(case_id, {})[hold["hold_id"]] = hold
    return {case_id: list(holds.values()) for case_id, holds in found.items()}


def _is_past(until: str | None, now_ms: int) -> bool:
    if until is None:
        return False
    # An own hold ends with its day: the latest end of that day anywhere on earth, so that no zone shortens it.
    moment = parse_time(until) if "T" in until else parse_time(f"{until}T00:00:00.000Z") + 36 * 3_600_000
    return moment <= now_ms


def trust_keys(store: Store, keys: Iterable[Mapping[str, Any]]) -> None:
    """Trust these keys of the server. A key once trusted stays: old signatures outlive it (A6)."""
    store.db.conn.executemany(
        "INSERT INTO server_key (kid, jwk, active_from) VALUES (?, ?, ?) ON CONFLICT (kid) DO NOTHING",
        [(key["kid"], orjson.dumps(key["jwk"]).decode(), key["active_from"]) for key in keys],
    )


def trusted_keys(store: Store) -> list[dict[str, Any]]:
    """Give the trusted keys of the server, by when they begin."""
    rows = store.rows("SELECT kid, jwk, active_from FROM server_key ORDER BY active_from, kid")
    return [row | {"jwk": orjson.loads(row["jwk"])} for row in rows]
