"""
Adding: a file that the office brings to a visit of its own, a body recorder's video before all.

It is an office record, not an event (T1): it stands beside what the crew recorded, by whom and when, and changes none
of it. Its bytes are kept with the devices' own, under their hash.
"""

from __future__ import annotations

import hashlib
import os
from datetime import datetime
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from schemas.errors import FieldError, Sentence
from schemas.file_times import LAST_MS, read_times
from server.domain.media_types import HEAD_BYTES, TAIL_BYTES, FileKind, sniff
from server.domain.roles import Viewer
from server.domain.visit_files import SHOWABLE
from server.services.auditing import note_act
from server.services.deciding import find_visit
from server.services.file_limits import MB, limits_by_kind
from server.services.site import Site
from server.storage import intake_rows, visit_file_rows
from server.storage.kept_files import UPLOADS, working

PIECE = 1 << 20
TOO_LONG = "A file that is added takes at most {most} MB."
EMPTY = "is empty"
NO_TIME = "is no time"
BACKWARDS = "is before the start"
NOT_TAKEN = "is no picture and no recording that can be shown: give JPEG, PNG, WebP, Ogg, WebM or MP4"


def most_bytes(site: Site) -> int:
    """Give how large an added file may be: as large as a device's video."""
    return limits_by_kind(site.settings)[FileKind.VIDEO]


def add_file(
    site: Site, viewer: Viewer, visit_id: str, stream: IO[bytes], serial: str, starts: str = "", ends: str = ""
) -> str:
    """
    Keep a file and add it to a visit of the viewer's agencies; give its hash.

    *starts* and *ends*, office time, are its own times where it does not say them, or wrongly (T4). Raises
    `not-found`, `too-large`, `invalid` for what is empty or not shown, `conflict` where the visit has it.
    """
    with site.store.read() as connection:
        row = find_visit(connection, viewer, visit_id)
    said = [_read_moment(site, name, text) for name, text in (("starts", starts), ("ends", ends))]
    with working(site.settings.folder_path / UPLOADS, site.now()) as folder:
        path = folder / "file"
        _keep_aside(site, stream, path)
        media_type, size = _look_at(path)
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            starts_ms, ends_ms = read_times(file).complete(*said)
        if starts_ms is not None and ends_ms is not None and ends_ms < starts_ms:
            raise FieldError("invalid", {"ends": [BACKWARDS]})
        site.blobs.put(sha256, path)
    added = {
        "case_id": row.case_id, "visit_id": visit_id, "sha256": sha256, "size": size, "media_type": media_type,
        "serial": serial, "user_id": viewer.id, "by": viewer.name, "at_ms": site.now(),
        "starts_ms": starts_ms, "ends_ms": ends_ms,
    }  # fmt: skip

    def job(connection: Connection) -> None:
        if not visit_file_rows.add_office_file(connection, added):
            raise FieldError("conflict", detail="This very file was added to the visit before.")
        intake_rows.mark_visits(connection, [(row.case_id, visit_id)], site.now())
        note_act(connection, site, viewer, "added_file", "visit", visit_id, file=sha256, size=size, kind=media_type)

    site.store.write(job)
    return sha256


def _read_moment(site: Site, name: str, text: str) -> int | None:
    """Read a moment of the office's zone as a browser's field gives it; None where none is given."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(site.settings.zone))
        ms = round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        ms = LAST_MS
    if not 0 <= ms < LAST_MS:
        raise FieldError("invalid", {name: [NO_TIME]})
    return ms


def _keep_aside(site: Site, stream: IO[bytes], path: Path) -> None:
    """Write a stream to a file, piece by piece and durably; raise where it is too long or empty."""
    most, size = most_bytes(site), 0
    path.touch(mode=0o600)
    with path.open("wb") as file:
        while piece := stream.read(PIECE):
            size += len(piece)
            if size > most:
                raise FieldError("too-large", detail=Sentence(TOO_LONG, most=most // MB))
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    if not size:
        raise FieldError("invalid", {"file": [EMPTY]})


def _look_at(path: Path) -> tuple[str, int]:
    """Give what a file is by its own bytes, and its size; raise `invalid` where that is not shown."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - TAIL_BYTES))
        media_type = sniff(head, file.read())
    if media_type not in SHOWABLE:
        raise FieldError("invalid", {"file": [NOT_TAKEN]})
    return media_type, size
