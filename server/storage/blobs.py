"""
Whole, verified files by the hash of their content: in a local folder, or in an S3-compatible store.

What is put under a hash never changes. Parts of uploads never come here: they stay local until the whole is verified.
Another kind of store is a class with these five methods, made in `open_blobs`.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from schemas.errors import FieldError

CHUNK = 1 << 18
NAME_LENGTH = 64  # hex digits of a SHA-256


@dataclass(frozen=True, slots=True)
class Blob:
    """A kept file: its hash, its size in bytes, and since when it is kept, in ms since the epoch."""

    sha256: str
    size: int
    kept_ms: int


class Blobs(Protocol):
    """Where whole files are kept. A method that names a hash takes 64 hex digits."""

    def put(self, sha256: str, path: Path) -> None:
        """Keep the content of *path* durably under its hash; one that is there already stays. *path* is left alone."""

    def read(self, sha256: str, start: int = 0, size: int | None = None) -> Iterator[bytes]:
        """Give *size* bytes (else all) from *start* on, piece by piece; raise `not-found` at once."""

    def find(self, sha256: str) -> Blob | None:
        """Give what is kept under a hash, None if nothing is."""

    def delete(self, sha256: str) -> None:
        """Keep it no longer; one that is not there is no error."""

    def walk(self) -> Iterator[Blob]:
        """Give everything that is kept, in no order."""


def open_blobs(folder: Path, s3: str = "") -> Blobs:
    """Give the store at the address *s3* (https://host/bucket), or the local *folder* where there is none."""
    if s3:
        from server.storage.blobs_s3 import S3Blobs  # its client is an extra

        return S3Blobs(s3)
    return FolderBlobs(folder)


class FolderBlobs:
    """Files in one folder, each under its hash."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, sha256: str, path: Path) -> None:
        """Link it there, which is atomic; copy it beside its place first where the disk has no links."""
        target = self.folder / sha256
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, target)
        except FileExistsError:
            pass  # by somebody who may have died before the next line
        except OSError:
            _copy(path, target)
        sync_folder(self.folder)

    def read(self, sha256: str, start: int = 0, size: int | None = None) -> Iterator[bytes]:
        """Read it from the disk."""
        try:
            file = (self.folder / sha256).open("rb")
        except FileNotFoundError:
            raise FieldError("not-found", detail="This file is not kept.") from None
        file.seek(start)
        return read_pieces(file, size)

    def find(self, sha256: str) -> Blob | None:
        """Look whether it lies there."""
        try:
            status = (self.folder / sha256).stat()
        except FileNotFoundError:
            return None
        return Blob(sha256, status.st_size, int(status.st_mtime * 1000))

    def delete(self, sha256: str) -> None:
        """Remove it from the folder."""
        (self.folder / sha256).unlink(missing_ok=True)

    def walk(self) -> Iterator[Blob]:
        """List the folder."""
        for path in sorted(self.folder.iterdir()) if self.folder.exists() else ():
            found = self.find(path.name) if len(path.name) == NAME_LENGTH else None
            if found is not None:
                yield found


def read_pieces(file: IO[bytes], size: int | None) -> Iterator[bytes]:
    """Give *size* bytes (else all that is left) of an open file piece by piece, and close it."""
    with file:
        left = size
        while piece := file.read(CHUNK if left is None else min(CHUNK, left)):
            yield piece
            left = None if left is None else left - len(piece)


def sync_folder(folder: Path) -> None:
    """Make durable which names a folder holds."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy(path: Path, target: Path) -> None:
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".")
    try:
        with os.fdopen(descriptor, "wb") as copy, path.open("rb") as source:
            shutil.copyfileobj(source, copy, CHUNK)
            copy.flush()
            os.fsync(copy.fileno())
        Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)
