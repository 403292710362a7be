"""
Filing: the bytes of files that events name, received piece by piece (tus 1.0) and kept by their hash.

A file counts only when its whole hash is right: then it is `verified`, its device is told, and withheld event content
is judged. Bytes wait in `uploads/`, verified ones lie in `files/`.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from schemas import signing
from schemas.errors import FieldError
from schemas.messages import format_time
from schemas.vocabulary import ItemType
from server.services.replaying import judge_again
from server.services.site import Site
from server.storage import feed, file_rows, intake_rows


@dataclass(frozen=True, slots=True)
class Claim:
    """What an upload token permits: one file of one device."""

    device_id: str
    sha256: str
    size: int


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


def _paths(site: Site, claim: Claim) -> tuple[Path, Path]:
    folder = site.settings.folder_path
    for name in ("uploads", "files"):
        (folder / name).mkdir(exist_ok=True)
    return folder / "uploads" / upload_name(claim), folder / "files" / claim.sha256


def read_offset(site: Site, claim: Claim) -> int:
    """Give how many bytes have come; all of them once the file is verified."""
    part, whole = _paths(site, claim)
    if whole.exists():
        with site.store.read() as connection:
            row = file_rows.read_file(connection, claim.device_id, claim.sha256)
        if row is not None and row.state == "verified":
            return claim.size
    return part.stat().st_size if part.exists() else 0


def begin_upload(site: Site, claim: Claim, size: int) -> int:
    """Begin an upload, or find the one that stands; give its offset. *size* must be what the event said."""
    if size != claim.size:
        raise FieldError("malformed", {"Upload-Length": [f"should be {claim.size}, as the event says"]})
    _refuse_forgotten(site, claim)
    part, _ = _paths(site, claim)
    part.touch()
    return read_offset(site, claim)


def _refuse_forgotten(site: Site, claim: Claim) -> None:
    """Refuse a file that no event names any more: it was erased, and erased content is never stored again (E12)."""
    with site.store.read() as connection:
        row = file_rows.read_file(connection, claim.device_id, claim.sha256)
    if row is None:
        raise FieldError("upload-token-invalid", detail="This file is not wanted any more.")


def append_bytes(site: Site, claim: Claim, offset: int, chunks: Iterator[bytes]) -> int:
    """
    Add bytes at *offset*; give the new offset. Whatever came before a cut stays.

    Raises offset-conflict, too-large, and checksum-mismatch once the last byte is there and the hash is wrong.
    """
    part, _ = _paths(site, claim)
    if not part.exists():
        if read_offset(site, claim) == claim.size:
            return claim.size
        raise FieldError("not-found", detail="There is no such upload; create it first.")
    with part.open("r+b") as target:
        _lock(target.fileno())
        end = target.seek(0, os.SEEK_END)
        if offset != end:
            raise FieldError("offset-conflict", offset=end)
        for chunk in chunks:
            end += len(chunk)
            if end > claim.size:
                target.truncate(offset)
                raise FieldError("too-large", detail=f"The file was announced with {claim.size} bytes.")
            target.write(chunk)
        target.flush()
        os.fsync(target.fileno())
    if end == claim.size:
        _finish(site, claim, part)
    return end


def _lock(descriptor: int) -> None:
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_EX)


def discard_upload(site: Site, claim: Claim) -> None:
    """Forget what has come of an upload."""
    part, _ = _paths(site, claim)
    part.unlink(missing_ok=True)


def _finish(site: Site, claim: Claim, part: Path) -> None:
    """Verify the whole; keep it and tell its device, or discard it and say so (T2)."""
    try:
        _refuse_forgotten(site, claim)
    except FieldError:
        part.unlink()
        raise
    content = part.read_bytes()
    if hashlib.sha256(content).hexdigest() != claim.sha256:
        part.unlink()
        raise FieldError(
            "checksum-mismatch", detail="The whole file has another hash; it was discarded. Send it again."
        )

    def job(connection: Connection) -> None:
        row = file_rows.read_file(connection, claim.device_id, claim.sha256)
        if row is None or row.state == "verified":
            return
        now_ms = site.now()
        file_rows.set_state(connection, claim.device_id, claim.sha256, "verified", now_ms)
        if row.visit_id is not None:  # its state and findings may wait for just this file
            intake_rows.mark_visits(connection, [(row.case_id, row.visit_id)], now_ms)
        body = {"sha256": claim.sha256, "state": "verified", "at": format_time(now_ms)}
        changes = [feed.Change(row.agent_id, ItemType.FILE_STATE, _file_object(site, claim), now_ms // 1000, body)]
        if row.role == "content":
            for parked in file_rows.read_withheld(connection, row.agent_id, claim.sha256):
                changes += judge_again(connection, site, parked, content)
        feed.publish(connection, changes)

    _, whole = _paths(site, claim)
    os.replace(part, whole)
    site.store.write(job)


def _file_object(site: Site, claim: Claim) -> str:
    """Give the feed object id of a file's state: made of its hash, so that saying it twice is one item."""
    h = hashlib.sha256(f"{claim.device_id}{claim.sha256}".encode()).hexdigest()
    return f"{h[:8]}-{h[8:12]}-8{h[13:16]}-8{h[17:20]}-{h[20:32]}"
