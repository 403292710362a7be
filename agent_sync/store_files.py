"""
Copies of the files that events name, in the store's folder.

A copy is durable before the event that names it (T1), under its hash, encrypted where the store is; it goes when the
server has verified it. Functions that write rows are called inside `Store.transaction`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent_sync.store import Store
from schemas.errors import FieldError

CHUNK = 1 << 20
DAY_S = 86_400
LEAST_FREE = 100 * 1024 * 1024  # bytes that stay free for records, which are always taken
Noise = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class FileCopy:
    """A file copied into the store, as an event names it."""

    sha256: str
    size: int
    media_type: str
    role: str
    starts: str = ""  # by its own times (T4), as the wire writes them; empty where they are not known
    ends: str = ""

    def to_wire(self) -> dict[str, Any]:
        """Give the member of an event's `files`."""
        named = {"sha256": self.sha256, "size": self.size, "media_type": self.media_type, "role": self.role}
        return named | {name: wall for name, wall in (("starts", self.starts), ("ends", self.ends)) if wall}


def copy_file(store: Store, source: Path, media_type: str, role: str, noise: Noise, least_free: int) -> FileCopy:
    """
    Copy a file into the store, durably, under its hash, a chunk at a time.

    Raises `invalid` if it cannot be read, `conflict` if fewer than *least_free* bytes would stay free.
    """
    try:
        check_room(store, source.stat().st_size, least_free)
        with source.open("rb") as read:
            return keep_chunks(store, iter(lambda: read.read(CHUNK), b""), media_type, role, noise)
    except OSError as error:
        raise FieldError("invalid", {"files": [f"{source}: {error.strerror}. Nothing was saved."]}) from None


def keep_chunks(store: Store, chunks: Iterable[bytes], media_type: str, role: str, noise: Noise) -> FileCopy:
    """Keep bytes as a file of the store, durably, under their hash. Bytes already kept are kept once."""
    part = store.files / f"{os.getpid()}.part"
    digest, size = hashlib.sha256(), 0

    def counted() -> Iterator[bytes]:
        nonlocal size
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            yield chunk

    try:
        with os.fdopen(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as kept:
            store.box.write(kept, counted(), noise)
            kept.flush()
            os.fsync(kept.fileno())
    except OSError:
        part.unlink(missing_ok=True)
        raise
    store.settle_file(part, store.files / digest.hexdigest())
    return FileCopy(digest.hexdigest(), size, media_type, role)


def check_room(store: Store, size: int, least_free: int) -> None:
    """Refuse a file of *size* bytes that would leave too little room for records; they matter more."""
    free = shutil.disk_usage(store.path.parent).free
    if free - size < least_free:
        detail = (
            f"Only {free // 2**20:,} MiB are free on this device, so no more files are taken; records still are."
            " Exchange, so that sent files can go, or make room."
        )
        raise FieldError("conflict", detail=detail, rule="no-room")


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
