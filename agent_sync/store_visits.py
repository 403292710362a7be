"""
Visits in the store.

A visit's row is written with the event that starts it, so that a withdrawn packet does not take the limits from under
an open visit. The files that its events name are in `store_files`.
"""

from __future__ import annotations

from typing import Any

import orjson

from agent_sync.store import Store


def start_visit(store: Store, case_id: str, visit_id: str, packet_rev: int, started_ms: int) -> None:
    """Note that a visit was started or joined here."""
    store.db.execute(
        "INSERT INTO visit (case_id, visit_id, packet_rev, started_ms, is_open) VALUES (?, ?, ?, ?, 1)"
        " ON CONFLICT (case_id, visit_id) DO NOTHING",
        [case_id, visit_id, packet_rev, started_ms],
    )


def end_visit(store: Store, case_id: str, visit_id: str) -> None:
    """Note that a visit ended; what remained of a withdrawn packet goes with it (F3)."""
    store.db.execute(
        "UPDATE visit SET is_open = 0, remains = NULL WHERE case_id = ? AND visit_id = ?", [case_id, visit_id]
    )


def read_visit(store: Store, case_id: str, visit_id: str) -> dict[str, Any] | None:
    """Give a visit's row, with `remains` read."""
    row = store.row("SELECT * FROM visit WHERE case_id = ? AND visit_id = ?", [case_id, visit_id])
    if row is not None and row["remains"] is not None:
        row["remains"] = orjson.loads(row["remains"])
    return row


def visits_of(store: Store, case_id: str) -> list[tuple[str, int]]:
    """Give (visit id, start) of each visit of a case that was started or joined here."""
    rows = store.rows("SELECT visit_id, started_ms FROM visit WHERE case_id = ? ORDER BY started_ms", [case_id])
    return [(row["visit_id"], row["started_ms"]) for row in rows]


def open_visits(store: Store) -> list[dict[str, Any]]:
    """Give the visits that were started here and not ended."""
    return store.rows(
        "SELECT case_id, visit_id, started_ms, withdrawn FROM visit WHERE is_open = 1 ORDER BY started_ms"
    )


def find_visits(store: Store, text: str) -> list[dict[str, Any]]:
    """Give the visits of this device whose id, or whose case's, is *text* or ends with it; open ones before others."""
    rows = store.rows("SELECT case_id, visit_id, is_open FROM visit ORDER BY started_ms DESC")
    found = [row for row in rows if text and (row["visit_id"].endswith(text) or row["case_id"].endswith(text))]
    return [row for row in found if row["is_open"]] or found
