"""
Parts of uploads on the local disk: what has come so far, appended under a lock, until the whole is verified.

The bytes of a request are read before the lock is taken, so that a slow client holds up nobody.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedRandom
from pathlib import Path
from typing import Protocol

from schemas.errors import FieldError
from server.storage.blobs import NAME_LENGTH, read_pieces, sync_folder

READ = 1 << 16
PIECE = 1 << 20  # what is written, and made durable, at a time
ALGORITHMS = ("sha1", "sha256")


class Source(Protocol):
    """Where the bytes of a request come from."""

    def read(self, size: int, /) -> bytes:
        """Give up to *size* bytes, none at the end."""


def part_path(folder: Path, device_id: str, sha256: str) -> Path:
    """Give where the part of one device's file lies."""
    return folder / f"{device_id}-{sha256}"


def walk_parts(folder: Path, device_id: str = "") -> Iterator[tuple[Path, str, str]]:
    """Give each part (of one device) with its device and hash."""
    for path in sorted(folder.glob(f"{device_id}*-*")):
        owner, _, sha256 = path.name.rpartition("-")
        if len(sha256) == NAME_LENGTH:
            yield path, owner, sha256


def begin_part(path: Path, now_ms: int) -> None:
    """Make an empty part where there is none; its name is durable once bytes of it are."""
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
        _stamp(path, now_ms)


def size_of(path: Path) -> int | None:
    """Give how many bytes of a part have come, None if there is no such part."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def touched_ms(path: Path) -> int | None:
    """Give when bytes last came, None if there is no such part."""
    try:
        return path.stat().st_mtime_ns // 1_000_000
    except FileNotFoundError:
        return None


def free_bytes(folder: Path) -> int:
    """Give how much room is left where parts lie."""
    return shutil.disk_usage(folder).free


@contextmanager
def locked(path: Path) -> Iterator[BufferedRandom | None]:
    """Hold a part alone, at its end; gives None where it is gone, be it discarded or whole and kept by now."""
    try:
        file = path.open("r+b")
    except FileNotFoundError:
        yield None
        return
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0, os.SEEK_END)
        try:
            is_same = os.path.samestat(os.fstat(file.fileno()), path.stat())
        except FileNotFoundError:
            is_same = False
        yield file if is_same else None


def append(path: Path, offset: int, piece: bytes, most: int, now_ms: int) -> None:
    """
    Add bytes at *offset*, durably; a part never grows beyond *most* bytes.

    Raises offset-conflict, too-large, and not-found where the part is gone.
    """
    with locked(path) as file:
        if file is None:
            raise FieldError("not-found", detail="There is no such upload; create it first.")
        if file.tell() != offset:
            raise FieldError("offset-conflict", offset=file.tell())
        if offset + len(piece) > most:
            raise FieldError("too-large", detail=f"The file was announced with {most} bytes.")
        file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    if offset == 0 and len(piece) < most:  # what is whole at once is kept under another name before it is answered
        sync_folder(path.parent)
    _stamp(path, now_ms)


def _stamp(path: Path, now_ms: int) -> None:
    try:
        os.utime(path, ns=(now_ms * 1_000_000, now_ms * 1_000_000))
    except FileNotFoundError:
        return  # whole and kept, or discarded, meanwhile


def cut(source: Source) -> Iterator[bytes]:
    """Give what comes in pieces worth writing; what came before a connection was cut is given before it raises."""
    piece = bytearray()
    try:
        while read := source.read(READ):
            piece += read
            if len(piece) >= PIECE:
                yield bytes(piece)
                piece.clear()
    except Exception:
        if piece:
            yield bytes(piece)
        raise
    if piece:
        yield bytes(piece)


def check(source: Source, algorithm: str, expected: bytes, most: int, folder: Path) -> Iterator[bytes]:
    """Give what comes in pieces, but only once all of it is there and has the hash it should have."""
    folder.mkdir(exist_ok=True)
    spool = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  (read_pieces closes it)
    try:
        told, size = hashlib.new(algorithm, usedforsecurity=False), 0
        while read := source.read(READ):
            told.update(read)
            size += len(read)
            if size > most:
                raise FieldError("too-large", detail=f"The file was announced with {most} bytes more.")
            spool.write(read)
        if told.digest() != expected:
            raise FieldError(
                "checksum-mismatch", detail="The bytes do not have the hash sent with them; send them again."
            )
        spool.seek(0)
        yield from read_pieces(spool, None)
    finally:
        spool.close()
