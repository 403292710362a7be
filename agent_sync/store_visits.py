"""
Visits and the copies of their files in the store.

A visit's row is written with the event that starts it, so that a withdrawn packet does not take the limits from under
an open visit. A file's copy is durable before the event that names it (T1); it goes when the server has verified it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from agent_sync.store import Store
from schemas.errors import FieldError

CHUNK = 1 << 20
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class FileCopy:
    """A file copied into the store, as an event names it."""

    sha256: str
    size: int
    media_type: str
    role: str

    def to_wire(self) -> dict[str, Any]:
        """Give the member of an event's `files`."""
        return {"sha256": self.sha256, "size": self.size, "media_type": self.media_type, "role": self.role}


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


def copy_file(store: Store, source: Path, media_type: str, role: str) -> FileCopy:
    """Copy a file into the store, durably, under its hash; raise `FieldError("invalid")` if it cannot be read."""
    part = store.files / f"{os.getpid()}.part"
    digest, size = hashlib.sha256(), 0
    try:
        target = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(target, "wb") as kept, source.open("rb") as read:
            while chunk := read.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
                kept.write(chunk)
            kept.flush()
            os.fsync(kept.fileno())
    except OSError as error:
        part.unlink(missing_ok=True)
        raise FieldError("invalid", {"files": [f"{source}: {error.strerror}. Nothing was saved."]}) from None
    store.settle_file(part, store.files / digest.hexdigest())
    return FileCopy(digest.hexdigest(), size, media_type, role)


def name_files(store: Store, event_id: str, copies: Iterable[FileCopy]) -> None:
    """Tie copies to the event that names them. What the server has verified before it need not get again (T2)."""
    for copy in copies:
        store.db.execute(
            "INSERT INTO file (sha256, size, media_type) VALUES (?, ?, ?)"
            " ON CONFLICT (sha256) DO UPDATE SET state = CASE state WHEN 'verified' THEN 'verified' ELSE 'kept' END",
            [copy.sha256, copy.size, copy.media_type],
        )
        store.db.execute(
            "INSERT OR IGNORE INTO event_file (event_n, sha256) SELECT n, ? FROM event WHERE id = ?",
            [copy.sha256, event_id],
        )


def files_kept(store: Store) -> list[dict[str, Any]]:
    """Give the files whose copy must stay: named by an event and not yet verified."""
    return store.rows("SELECT sha256, size, media_type FROM file WHERE state = 'kept' ORDER BY sha256")


def set_file_state(store: Store, sha256: str, state: str) -> None:
    """Note what the server made of a file: `verified` or `discarded`; or that it was erased."""
    if state == "discarded":
        store.db.execute("DELETE FROM upload WHERE sha256 = ?", [sha256])
        return
    store.db.execute("UPDATE file SET state = ? WHERE sha256 = ?", [state, sha256])
    store.db.execute("DELETE FROM upload WHERE sha256 = ?", [sha256])


def drop_copies(store: Store) -> int:
    """
    Delete the copies that are no longer needed; only after the states that permit it were stored. Gives how many.

    A copy that no event names is a recording that was cut off: it goes once the store has been written a day later,
    so that a recording under way in another program keeps its own.
    """
    needed = {row["sha256"] for row in files_kept(store)}
    known = {row["sha256"] for row in store.rows("SELECT sha256 FROM file")}
    written = max(path.stat().st_mtime for path in store.path.parent.glob(store.path.name + "*") if path.is_file())
    dropped = 0
    for path in store.files.iterdir():
        is_cut_off = path.name not in known and path.stat().st_mtime < written - DAY_S
        if path.name not in needed and (path.name in known or is_cut_off):
            path.unlink(missing_ok=True)
            dropped += 1
    return dropped
