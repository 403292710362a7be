"""
How large a file may be by its kind, how much one device may send in a day, and how much all of them may hold.

A refusal loses nothing: the device keeps its copy and is told the limit; the visit goes on waiting for the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from schemas.errors import FieldError
from server.domain.media_types import FileKind
from server.services.site import Site
from server.settings import DAY_MS, Settings
from server.storage import file_rows
from server.storage.state_rows import get_state
from server.storage.types import AnyRow
from server.storage.upload_parts import free_bytes, size_of, walk_parts

MB = 1_000_000
HELD = "files_bytes"  # the state that says how much whole files hold, as last counted
AGAIN_S = 3600


def limits_by_kind(settings: Settings) -> Mapping[str, int]:
    """Give the most bytes a file of each kind may have."""
    return {
        FileKind.PHOTO: settings.photo_mb * MB,
        FileKind.SIGNATURE: settings.signature_mb * MB,
        FileKind.AUDIO: settings.audio_mb * MB,
        FileKind.VIDEO: settings.video_mb * MB,
        FileKind.CONTENT: settings.other_mb * MB,
        FileKind.OTHER: settings.other_mb * MB,
    }


def check_limits(site: Site, row: AnyRow, uploads: Path) -> None:
    """
    Raise what keeps the file *row* from coming, where something does.

    `too-large` for its kind (a person has to change the limit); `rate-limited` where its device sent enough for today;
    `unavailable` where there is no room: both pass by themselves.
    """
    limits = limits_by_kind(site.settings)
    most = limits.get(row.kind, max(limits.values()))
    if row.size > most:
        detail = f"This file has {row.size} bytes; a file of this kind may have {most}. Keep it and tell your office."
        raise FieldError("too-large", detail=detail, quota={"kind": row.kind or FileKind.OTHER, "max_bytes": most})
    _check_device(site, row, uploads)
    _check_room(site, row, uploads)


def _check_device(site: Site, row: AnyRow, uploads: Path) -> None:
    most = site.settings.files_device_mb * MB
    with site.store.read() as connection:
        sent = file_rows.count_sent(connection, row.device_id, site.now() - DAY_MS)
    under_way = sum(size_of(path) or 0 for path, _, _ in walk_parts(uploads, row.device_id))
    if sent + under_way + row.size > most:
        detail = f"This device may send {most} bytes of files in a day. The rest is taken tomorrow."
        raise FieldError("rate-limited", detail=detail, quota={"max_bytes": most}, retry_after_s=AGAIN_S)


def _check_room(site: Site, row: AnyRow, uploads: Path) -> None:
    settings = site.settings
    is_full = free_bytes(settings.folder_path) - row.size < settings.files_spare_mb * MB
    if settings.files_total_mb:
        with site.store.read() as connection:
            held = int(get_state(connection, HELD) or 0)
        is_full = is_full or held + row.size > settings.files_total_mb * MB
    if is_full:
        detail = "The server has no room for this file now. Keep it; it is sent later."
        raise FieldError("unavailable", detail=detail, retry_after_s=AGAIN_S)
