"""
Filing: the bytes of files that events name, received piece by piece (tus 1.0) and kept by their hash.

A file counts only when its whole hash is right: then it is `verified`, its device is told, and withheld event content
is judged. Parts wait in `uploads/`, whole files are kept by `Site.blobs`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import Connection

from schemas import signing
from schemas.errors import FieldError
from schemas.messages import format_time
from schemas.vocabulary import ItemType
from server.domain.media_types import HEAD_BYTES, TAIL_BYTES, FileKind, sniff
from server.services.file_limits import check_limits
from server.services.replaying import judge_again
from server.services.site import Site
from server.settings import DAY_MS
from server.storage import feed, file_rows, intake_rows, upload_parts, visit_file_rows
from server.storage.types import AnyRow

KEPT_MS = 7 * DAY_MS  # a part, after its last byte


@dataclass(frozen=True, slots=True)
class Claim:
    """What an upload token permits: one file of one device."""

    device_id: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an upload has come, in bytes, and when what came will be dropped; None once the whole is verified."""

    offset: int
    expires_ms: int | None


def make_token(site: Site, device_id: str, sha256: str, size: int, expires_ms: int) -> str:
    """Make the upload token of one file: a MAC over device, hash, size and expiry (PROTOCOL 3)."""
    claim = f"{device_id}.{sha256}.{size}.{expires_ms}"
    return f"{claim}.{_mac(site, claim)}"


def _mac(site: Site, claim: str) -> str:
    return signing.b64url(hmac.new(site.nonce_secret, f"upload.{claim}".encode(), hashlib.sha256).digest()[:18])


def read_token(site: Site, token: str) -> Claim:
    """Give what *token* permits; raise upload-token-invalid if it is forged, damaged or past."""
    claim, _, mac = token.rpartition(".")
    if not token.isascii() or not hmac.compare_digest(mac, _mac(site, claim)):
        raise FieldError("upload-token-invalid")
    device_id, sha256, size, expires_ms = claim.split(".")
    if int(expires_ms) < site.now():
        raise FieldError(
            "upload-token-invalid", detail="The upload's token is past; the next exchange brings a new one."
        )
    return Claim(device_id, sha256, int(size))


def upload_name(claim: Claim) -> str:
    """Give the name of an upload's address: one for each device and file (T2)."""
    return f"{claim.device_id}-{claim.sha256}"


def uploads_folder(site: Site) -> Path:
    """Give where parts wait."""
    return site.settings.folder_path / "uploads"


def _part(site: Site, claim: Claim) -> Path:
    return upload_parts.part_path(uploads_folder(site), claim.device_id, claim.sha256)


def begin_upload(site: Site, claim: Claim, size: int) -> Standing:
    """
    Begin an upload, or find the one that stands. *size* must be what the event said.

    Raises malformed for another size, and what `check_limits` raises for one that may not come (now).
    """
    if size != claim.size:
        raise FieldError("malformed", {"Upload-Length": [f"should be {claim.size}, as the event says"]})
    row, part = _wanted(site, claim), _part(site, claim)
    if row.state != "verified" and upload_parts.size_of(part) is None:
        with site.turns.take():
            check_limits(site, row, uploads_folder(site))
            upload_parts.begin_part(part, site.now())
    return read_standing(site, claim)


def read_standing(site: Site, claim: Claim) -> Standing:
    """
    Say how far an upload has come. A part that is whole, its server having died before it looked, is looked at now.

    Raises not-found where none stands, and checksum-mismatch where the whole has another hash.
    """
    if _wanted(site, claim).state == "verified":
        return Standing(claim.size, None)
    part = _part(site, claim)
    offset, touched = upload_parts.size_of(part), upload_parts.touched_ms(part)
    if offset is None or touched is None:
        raise FieldError("not-found", detail="There is no such upload; create it first.")
    if offset >= claim.size:
        finish_part(site, claim)
        return read_standing(site, claim)
    if touched + KEPT_MS < site.now():
        part.unlink(missing_ok=True)
        raise FieldError("not-found", detail="What had come of this upload is too old; create it again.")
    return Standing(offset, touched + KEPT_MS)


def _wanted(site: Site, claim: Claim) -> AnyRow:
    """Give what is known of a file; refuse one that no event names any more: erased content never comes back (E12)."""
    with site.store.read() as connection:
        row = file_rows.read_file(connection, claim.device_id, claim.sha256)
    if row is None:
        raise FieldError("upload-token-invalid", detail="This file is not wanted any more.")
    return row


def append_bytes(site: Site, claim: Claim, offset: int, pieces: Iterator[bytes]) -> Standing:
    """
    Add bytes at *offset*. Each piece is there before the lock is taken, and stays whatever happens to the next.

    Raises offset-conflict, too-large, and checksum-mismatch once the last byte is there and the hash is wrong.
    """
    standing, part = read_standing(site, claim), _part(site, claim)
    if standing.expires_ms is None:
        return standing
    if offset != standing.offset:
        raise FieldError("offset-conflict", offset=standing.offset)
    for piece in pieces:
        with site.turns.take():
            upload_parts.append(part, offset, piece, claim.size, site.now())
        offset += len(piece)
    return read_standing(site, claim)


def discard_upload(site: Site, claim: Claim) -> None:
    """Forget what has come of an upload."""
    with upload_parts.locked(_part(site, claim)):
        _part(site, claim).unlink(missing_ok=True)


def finish_part(site: Site, claim: Claim) -> None:
    """
    Verify a whole part; keep it and tell its device, or discard it and say so (T2).

    Whatever it dies at, the part is there until the file is kept and known as verified.
    """
    part = _part(site, claim)
    with site.turns.take(), upload_parts.locked(part) as file:
        if file is None:
            return  # another request did it
        try:
            row = _wanted(site, claim)
            file.seek(0)
            if hashlib.file_digest(file, "sha256").hexdigest() != claim.sha256:
                raise FieldError(
                    "checksum-mismatch", detail="The whole file has another hash; it was discarded. Send it again."
                )
        except FieldError:
            part.unlink()
            raise
        if row.state != "verified":
            site.blobs.put(claim.sha256, part)
            _note_verified(site, claim, file)
        part.unlink()


def _note_verified(site: Site, claim: Claim, file: IO[bytes]) -> None:
    """Note that a file is kept; one that was erased meanwhile is kept no longer (E12)."""

    def job(connection: Connection) -> bool:
        row = file_rows.read_file(connection, claim.device_id, claim.sha256)
        if row is None:
            return file_rows.is_named(connection, claim.sha256)
        now_ms = site.now()
        file_rows.set_verified(connection, claim.device_id, claim.sha256, _media_type(file, row.kind), now_ms)
        if row.visit_id is not None:  # its state and findings may wait for just this file, as may others that name it
            visits = visit_file_rows.find_visits(connection, claim.sha256)
            intake_rows.mark_visits(connection, {(row.case_id, row.visit_id), *visits}, now_ms)
        body = {"sha256": claim.sha256, "state": "verified", "at": format_time(now_ms)}
        changes = [feed.Change(row.agent_id, ItemType.FILE_STATE, _file_object(claim), now_ms // 1000, body)]
        if row.role == FileKind.CONTENT:
            file.seek(0)
            content = file.read()
            for parked in file_rows.read_withheld(connection, row.agent_id, claim.sha256):
                changes += judge_again(connection, site, parked, content)
        feed.publish(connection, changes)
        return True

    if not site.store.write(job):
        site.blobs.delete(claim.sha256)


def _media_type(file: IO[bytes], kind: str | None) -> str:
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(HEAD_BYTES)
    file.seek(max(0, size - TAIL_BYTES))
    return sniff(head, file.read(), kind or "")


def _file_object(claim: Claim) -> str:
    """Give the feed object id of a file's state: made of its hash, so that saying it twice is one item."""
    h = hashlib.sha256(f"{claim.device_id}{claim.sha256}".encode()).hexdigest()
    return f"{h[:8]}-{h[8:12]}-8{h[13:16]}-8{h[17:20]}-{h[20:32]}"
