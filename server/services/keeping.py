"""
Keeping: back a running site up into one file, restore from it, and let a person confirm what the backup cannot know.

A restored server has a new epoch and is paused: it takes work but hands nothing out until somebody has gone through
the revocations, holds and erasures made since the backup (F5). The backup holds the database and a list of the files;
the files themselves only if asked for, since they never change and are better copied as they come.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import structlog
from sqlalchemy import Connection

from schemas.errors import FieldError
from schemas.messages import format_time, parse_time
from server.services.erasure_log import LOG_NAME
from server.services.site import Site
from server.settings import Settings
from server.storage import device_rows, file_rows, keeping, proof_rows
from server.storage.blobs import Blobs, open_blobs
from server.storage.state_rows import get_state, put_state

log = structlog.get_logger()
FORMAT = 1
MANIFEST, DATABASE, FILES = "manifest.json", "database", "files/"
TO_CONFIRM = ("revocations", "holds", "erasures")
CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup file says of itself. `files` are (sha256, size) of every file kept when it was made."""

    backend: str
    revision: str
    epoch: str
    made_ms: int
    database_sha256: str
    counts: Mapping[str, int]
    files: tuple[tuple[str, int], ...]
    has_files: bool


def read_schema(site: Site) -> str:
    """Give the revision of the database's schema."""
    with site.store.read() as connection:
        return keeping.read_revision(connection)


def back_up(site: Site, target: Path, *, with_files: bool = False) -> Backup:
    """
    Write a backup of the whole site to *target*, in place of one that may be there, while the site is serving.

    The database is one snapshot. Files are listed after it, so each file it knows as verified is on the list.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with site.store.read() as connection:
        revision, counts = keeping.read_revision(connection), proof_rows.count_kept(connection)
        epoch = get_state(connection, "epoch") or ""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
        copy, part = Path(folder) / DATABASE, Path(folder) / "part"
        keeping.copy_database(site.settings.database_url, copy)
        files = tuple(sorted((blob.sha256, blob.size) for blob in site.blobs.plain.walk()))  # as they lie
        backend = keeping.backend_of(site.settings.database_url)
        backup = Backup(backend, revision, epoch, site.now(), _hash_file(copy), counts, files, with_files)
        descriptor = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)  # it holds persons and keys
        with os.fdopen(descriptor, "wb") as raw:
            with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
                archive.writestr(MANIFEST, orjson.dumps(_manifest(backup), option=orjson.OPT_INDENT_2))
                archive.write(copy, DATABASE)
                for sha256, _ in files if with_files else ():
                    _add_file(archive, site.blobs.plain, sha256)
            raw.flush()
            os.fsync(raw.fileno())
        os.replace(part, target)
    return backup


def _add_file(archive: zipfile.ZipFile, blobs: Blobs, sha256: str) -> None:
    try:
        pieces = blobs.read(sha256)
    except FieldError:
        return  # erased since it was listed
    with archive.open(zipfile.ZipInfo(FILES + sha256), "w", force_zip64=True) as target:
        for piece in pieces:
            target.write(piece)


def _hash_file(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _manifest(backup: Backup) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "backend": backup.backend,
        "revision": backup.revision,
        "epoch": backup.epoch,
        "made_at": format_time(backup.made_ms),
        "database_sha256": backup.database_sha256,
        "counts": dict(backup.counts),
        "files": [list(file) for file in backup.files],
        "has_files": backup.has_files,
    }


def read_backup(source: Path) -> Backup:
    """Read what a backup says of itself; raise `invalid` for a file that is none."""
    try:
        with zipfile.ZipFile(source) as archive:
            read = orjson.loads(archive.read(MANIFEST))
        if read["format"] != FORMAT:
            raise FieldError("invalid", {str(source): [f"is a backup of format {read['format']}; update Fairvisit"]})
        files = tuple((str(name), int(size)) for name, size in read["files"])
        return Backup(
            read["backend"], read["revision"], read["epoch"], parse_time(read["made_at"]), read["database_sha256"],
            read["counts"], files, read["has_files"],
        )  # fmt: skip
    except (OSError, zipfile.BadZipFile, ValueError, KeyError, TypeError):
        raise FieldError("invalid", {str(source): ["is not a Fairvisit backup, or is damaged"]}) from None


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back: the backup, and where the database that stood there before is now (SQLite)."""

    backup: Backup
    aside: Path | None


def put_back(settings: Settings, source: Path, now_ms: int, random_bytes: bytes, *, replace: bool = False) -> Restored:
    """
    Put the database of a backup in place: paused, with a new epoch, its unused codes void (F5), in one step.

    Afterwards the site is opened as always (which migrates it and does every erasure of the log), then `settle_files`.
    Raises `invalid` for a damaged file or one of another database, `conflict` where a database with devices stands
    and *replace* is not said, or where servers are still running.
    """
    backup = read_backup(source)
    backend = keeping.backend_of(settings.database_url)
    if backup.backend != backend:
        raise FieldError("invalid", {str(source): [f"is of a {backup.backend} database; the settings name {backend}"]})
    if not keeping.is_known_revision(backup.revision):
        raise FieldError("invalid", {str(source): [f"has schema {backup.revision}, which this program does not know"]})
    if not replace and keeping.holds_anything(settings.database_url):
        detail = "A database with devices stands there already. Say --replace to put the backup in its place."
        raise FieldError("conflict", detail=detail)
    marks = {"epoch": random_bytes.hex(), "paused": "yes", "restored_ms": str(now_ms), "backup_ms": str(backup.made_ms)}
    with tempfile.TemporaryDirectory(dir=settings.folder_path, prefix=".restore-") as folder:
        copy = Path(folder) / DATABASE
        with zipfile.ZipFile(source) as archive:
            _extract(archive, copy, backup.database_sha256, source)
            _extract_files(archive, open_blobs(settings.files_path, settings.files_s3), Path(folder) / "file")
        aside = keeping.replace_database(settings.database_url, copy, marks, now_ms)
    log.info("restored", backup_made=format_time(backup.made_ms))
    return Restored(backup, aside)


def _extract(archive: zipfile.ZipFile, target: Path, sha256: str, source: Path) -> None:
    try:
        with archive.open(DATABASE) as packed, target.open("wb") as plain:
            while chunk := packed.read(CHUNK):
                plain.write(chunk)
        is_whole = _hash_file(target) == sha256
    except (zipfile.BadZipFile, KeyError, OSError):
        is_whole = False
    if not is_whole:
        raise FieldError("invalid", {str(source): ["is damaged: its database is not what was backed up"]})


def _extract_files(archive: zipfile.ZipFile, blobs: Blobs, spool: Path) -> None:
    """Put the files of a backup back, where they are lacking; a damaged one is left out. *spool* is written over."""
    for name in archive.namelist():
        sha256 = name.removeprefix(FILES)
        if name == sha256 or len(sha256) != 64 or not sha256.isalnum() or blobs.find(sha256) is not None:
            continue
        with archive.open(name) as packed, spool.open("wb") as plain:
            shutil.copyfileobj(packed, plain, CHUNK)
        if _hash_file(spool) == sha256:
            blobs.put(sha256, spool)
        spool.unlink()


def settle_files(site: Site) -> int:
    """Ask devices again for the verified files that are not kept; give how many."""
    kept = {blob.sha256 for blob in site.blobs.walk()}
    with site.store.read() as connection:
        rows = proof_rows.read_verified_files(connection)
    missing = [row for row in rows if row.sha256 not in kept]

    def job(connection: Connection) -> None:
        for row in missing:
            file_rows.set_state(connection, row.device_id, row.sha256, "wanted", site.now())

    site.store.write(job)
    return len(missing)


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """What a person must go through after a restore: the span the backup knows nothing of, and what it does know."""

    backup_ms: int
    restored_ms: int
    devices: tuple[tuple[str, str, str], ...]  # (id, agent's code, state) of those still let in
    erasures: int
    has_log: bool


def read_unconfirmed(site: Site) -> Unconfirmed:
    """Give what waits for a person; raise `conflict` if nothing does."""
    with site.store.read() as connection:
        if get_state(connection, "paused") != "yes":
            raise FieldError("conflict", detail="Nothing waits for confirmation: this server is not paused.")
        backup_ms, restored_ms = (int(get_state(connection, name) or 0) for name in ("backup_ms", "restored_ms"))
        rows = device_rows.list_devices(connection)
        erasures = proof_rows.count_kept(connection)["erasures"]
    devices = tuple((row.id, row.agent_code, row.state) for row in rows if row.state in {"active", "upload_only"})
    has_log = (site.settings.folder_path / LOG_NAME).exists()
    return Unconfirmed(backup_ms, restored_ms, devices, erasures, has_log)


def confirm_restore(site: Site, by: str, confirmed: Collection[str]) -> None:
    """
    Let a restored server hand out its feeds again, after a person said that everything of `TO_CONFIRM` is done.

    Raises `invalid` naming what was not confirmed, `conflict` where the server is not paused.
    """
    left = [each for each in TO_CONFIRM if each not in confirmed]
    if left or not by.strip():
        sentences = {each: ["made since the backup are to be confirmed first"] for each in left}
        raise FieldError("invalid", sentences or {"by": ["say who confirms: it is kept"]})
    read_unconfirmed(site)
    note = orjson.dumps({"by": by, "at": format_time(site.now())}).decode()

    def job(connection: Connection) -> None:
        put_state(connection, "paused", "no")
        put_state(connection, "restore_confirmed", note)

    site.store.write(job)
    log.info("restore_confirmed", by=by)
