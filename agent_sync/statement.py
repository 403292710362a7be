"""
The device's account of one of its days, signed: what was recorded, what the server said to each, what is missing.

Comes in: the store. Goes out: a JWS {"typ": "statement", …} that the office lays beside its own. Each event of the day
stands in exactly one of accepted, parked, id_reuse, unsent, lost, erased_unsent; so the counts balance:
recorded = accepted + parked + id_reuse + unsent + lost + erased_unsent.

The payload: {"typ", "device_id", "agent_id", "day", "at": {wall, mono_ms, boot}, "chains": [{chain_id, previous?,
next_seq, head}], "recorded", "sent", "accepted", "parked", "reasons": [{reason, count}], "duplicates", "id_reuse",
"unsent", "lost", "erased_unsent", "withheld_open", "files": {named, verified, missing: [sha256]},
"gaps": [{chain_id, from_seq, to_seq, why}], "events": [[event id, digest, chain_id, seq, state]]}. `day` is by the
device's own wall clock, as each event wrote it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from agent_sync import rules_sending, store_outbox
from agent_sync.clock import Reading
from agent_sync.store import Store
from schemas.vocabulary import ReceiptStatus

# One row for each event of the day: its newest place, and the receipt of the place that has one.
_EVENTS = (
    "SELECT e.n, e.id, e.digest, e.state, e.replayed, max(l.sent) AS sent, max(l.withheld) AS withheld,"
    " max(l.status) AS status, max(l.first) AS first, max(l.problem) AS problem,"
    " sum(l.status = 'duplicate') AS duplicates FROM event e JOIN link l ON l.event_n = e.n"
    " WHERE substr(e.wall, 1, 10) = ? GROUP BY e.n ORDER BY e.n"
)


def write_statement(store: Store, day: str, now: Reading) -> dict[str, Any]:
    """Give the payload of a day's statement (`YYYY-MM-DD`)."""
    rows = store.rows(_EVENTS, [day])
    states = Counter(judge_state(row) for row in rows)
    reasons = Counter(row["problem"] for row in rows if judge_state(row) == "parked" and row["problem"])
    chains = store_outbox.all_chains(store)
    return {
        "typ": "statement",
        "device_id": store.get("device_id", ""),
        "agent_id": store.get("agent", {}).get("agent_id", ""),
        "day": day,
        "at": now.to_at(),
        "chains": [
            {"chain_id": chain.chain_id, "next_seq": chain.next_seq, "head": chain.head}
            | ({"previous": chain.previous} if chain.previous else {})
            for chain in chains
        ],
        "recorded": len(rows),
        "sent": sum(1 for row in rows if row["sent"]),
        **{state: states[state] for state in ("accepted", "parked", "id_reuse", "unsent", "lost", "erased_unsent")},
        "reasons": [{"reason": reason, "count": count} for reason, count in sorted(reasons.items())],
        "duplicates": sum(row["duplicates"] or 0 for row in rows),
        "withheld_open": sum(1 for row in rows if row["withheld"] and row["replayed"] is None),
        "files": count_files(store, [row["n"] for row in rows]),
        "gaps": find_gaps(store),
        "events": [[row["id"], row["digest"], *place_of(store, row["n"]), judge_state(row)] for row in rows],
    }


def judge_state(row: dict[str, Any]) -> str:
    """Give the one state an event is in; a duplicate is what it was the first time."""
    status = row["first"] or row["status"]
    if status in {ReceiptStatus.ACCEPTED, ReceiptStatus.PARKED, ReceiptStatus.ID_REUSE}:
        return str(status)
    if row["state"] == "lost":
        return "lost"
    return "erased_unsent" if row["state"] == "erased" else "unsent"


def place_of(store: Store, event_n: int) -> tuple[str, int]:
    """Give (chain id, seq) where an event was acknowledged, else where it stands last."""
    row = store.row(
        "SELECT l.chain_id, l.seq FROM link l JOIN chain c ON c.chain_id = l.chain_id WHERE l.event_n = ?"
        " ORDER BY l.status IS NULL, CASE WHEN l.status IS NULL THEN -c.n ELSE c.n END LIMIT 1",
        [event_n],
    )
    assert row is not None
    return row["chain_id"], row["seq"]


def count_files(store: Store, event_ns: Sequence[int]) -> dict[str, Any]:
    """Count the files that the day's events name, and list those the server has not verified."""
    named: dict[str, str] = {}
    for event_n in event_ns:
        for row in store.rows(
            "SELECT f.sha256, f.state FROM event_file x JOIN file f ON f.sha256 = x.sha256 WHERE x.event_n = ?",
            [event_n],
        ):
            named[row["sha256"]] = row["state"]
    missing = sorted(sha256 for sha256, state in named.items() if state == "kept")
    return {"named": len(named), "verified": sum(state == "verified" for state in named.values()), "missing": missing}


def find_gaps(store: Store) -> list[dict[str, Any]]:
    """Give the runs of places, over all chains, that the server has not acknowledged: unsent, or lost."""
    gaps = []
    for chain in store_outbox.all_chains(store):
        for why, state in (("unsent", "waiting"), ("lost", "lost")):
            rows = store.rows(
                "SELECT seq FROM link WHERE chain_id = ? AND status IS NULL AND state = ?", [chain.chain_id, state]
            )
            for first, last in rules_sending.join_ranges(row["seq"] for row in rows):
                gaps.append({"chain_id": chain.chain_id, "from_seq": first, "to_seq": last, "why": why})
    return gaps
