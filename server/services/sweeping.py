"""
Sweeping: what lies among the files and leads nowhere, once an hour by the worker, or by `fairvisit files sweep`.

Parts that no token can be issued for any more, parts too old to go on with, whole files that no event names. What an
event names is never deleted. A whole part whose server died before it looked is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy import Connection

from schemas.errors import FieldError
from server.services import filing
from server.services.file_limits import HELD
from server.services.site import Site
from server.settings import DAY_MS, HOUR_MS
from server.storage import file_rows, upload_parts
from server.storage.blobs import Blob
from server.storage.state_rows import get_state, put_state
from server.storage.types import is_id

log = structlog.get_logger()
SWEPT = "files_swept_ms"
# How long a whole file waits for an event that names it: after a restore, events come again days later (F5).
GRACE_MS = 30 * DAY_MS
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found: parts and files removed, parts that were whole, what whole files hold."""

    parts: int
    files: int
    finished: int
    held_files: int
    held_bytes: int


def sweep_in_time(site: Site) -> bool:
    """Sweep if the last time is an hour ago; say whether it was."""
    with site.store.read() as connection:
        swept_ms = int(get_state(connection, SWEPT) or 0)
    if site.now() - swept_ms < HOUR_MS:
        return False
    sweep_files(site)
    return True


def sweep_files(site: Site, *, only_look: bool = False) -> Swept:
    """Remove what leads nowhere, or *only_look* for it, and count what is held."""
    parts = finished = 0
    for path, device_id, sha256 in upload_parts.walk_parts(filing.uploads_folder(site)):
        fate = _judge_part(site, path, device_id, sha256)
        if fate == "whole":
            finished += 1
            if not only_look:
                _finish(site, path, device_id, sha256)
        elif fate == "nowhere":
            parts += 1
            if not only_look:
                with upload_parts.locked(path):
                    path.unlink(missing_ok=True)
    files, held, size = 0, 0, 0
    for blob, is_orphan in _walk_blobs(site):
        if is_orphan:
            files += 1
            if not only_look and not _is_named(site, blob.sha256):  # asked again: the list is some time old
                site.blobs.delete(blob.sha256)
        else:
            held, size = held + 1, size + blob.size
    swept = Swept(parts, files, finished, held, size)
    if not only_look:
        _note(site, swept)
    return swept


def _judge_part(site: Site, path: Path, device_id: str, sha256: str) -> str:
    """Say of a part that it is `whole`, leads `nowhere`, or `waits`."""
    with site.store.read() as connection:
        row = file_rows.read_open_file(connection, device_id, sha256) if is_id(device_id) else None
    size, touched = upload_parts.size_of(path), upload_parts.touched_ms(path)
    if row is None:
        return "nowhere"
    if size == row.size:
        return "whole"
    return "nowhere" if touched is None or touched + filing.KEPT_MS < site.now() else "waits"


def _finish(site: Site, path: Path, device_id: str, sha256: str) -> None:
    try:
        filing.finish_part(site, filing.Claim(device_id, sha256, upload_parts.size_of(path) or 0))
    except FieldError as error:  # another hash: it was discarded, and its device sends it again
        log.warning("part_discarded", device=device_id, code=error.code)


def _walk_blobs(site: Site) -> Iterator[tuple[Blob, bool]]:
    """Give each whole file, and whether it is an orphan: named by no event, and for long enough."""
    with site.store.read() as connection:
        restored_ms = int(get_state(connection, "restored_ms") or 0)
        is_paused = get_state(connection, "paused") == "yes"
    until_ms = site.now() - GRACE_MS
    batch: list[Blob] = []

    def judge() -> Iterator[tuple[Blob, bool]]:
        with site.store.read() as connection:
            named = file_rows.which_are_named(connection, [blob.sha256 for blob in batch])
        for blob in batch:
            is_old = max(blob.kept_ms, restored_ms) < until_ms
            yield blob, is_old and not is_paused and blob.sha256 not in named

    for blob in site.blobs.walk():
        batch.append(blob)
        if len(batch) == AT_ONCE:
            yield from judge()
            batch.clear()
    yield from judge()


def _is_named(site: Site, sha256: str) -> bool:
    with site.store.read() as connection:
        return file_rows.is_named(connection, sha256)


def _note(site: Site, swept: Swept) -> None:
    def job(connection: Connection) -> None:
        put_state(connection, SWEPT, str(site.now()))
        put_state(connection, HELD, str(swept.held_bytes))

    site.store.write(job)
    if swept.parts or swept.files or swept.finished:
        log.info("files_swept", parts=swept.parts, files=swept.files, finished=swept.finished)
