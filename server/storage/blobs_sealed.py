"""
Whole files, sealed: each under a random key of its own, which lies in the database wrapped by a master key.

A file is cut into segments of 64 KiB, each AES-256-GCM under that key, with its number as nonce and the file's hash,
size and the number beside it (AAD): no segment can be moved, left out or put into another file. Any range is read by
its segments alone. The sealed bytes are kept under their own hash, so the store keeps what it is, by content, and
tells nobody which file it holds. Deleting the key erases the file.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection

from schemas.errors import FieldError
from server.storage import key_rows
from server.storage.blobs import Blob, Blobs
from server.storage.engine import Store
from server.storage.master_keys import MasterKeys, Wrapped
from server.storage.proof_rows import secure_deletes
from server.storage.types import AnyRow

SEGMENT = 1 << 16
TAG = 16
KEY_BYTES = 32
LOOKED_UP = 500  # names looked up at once
TRIES = 3  # to add a key while its master is being retired


Note = Callable[[Connection, str | None], bool]


class SealedBlobs:
    """
    A store of files, sealed where there are master keys; what was kept before is read as it stands.

    *plain* is the store that keeps the bytes, as they are given to it.
    """

    def __init__(
        self, plain: Blobs, store: Store, masters: MasterKeys | None, now: Callable[[], int],
        new_id: Callable[[], str], random_bytes: Callable[[int], bytes],
    ) -> None:  # fmt: skip
        self.plain, self.store, self.masters = plain, store, masters
        self.now, self.new_id, self.random_bytes = now, new_id, random_bytes

    def put(self, sha256: str, path: Path) -> None:
        """Seal a file and keep it, key last; one that is kept already stays."""
        if self.masters is None:
            self.plain.put(sha256, path)
        elif self._find_key(sha256) is None:
            with path.open("rb") as source:
                self._seal(sha256, path.stat().st_size, source, path.parent)
            self.plain.delete(sha256)  # kept from before there was a key

    def seal_kept(self, sha256: str, folder: Path) -> None:
        """Seal a file that lies in plain; *folder* is for what is sealed on its way."""
        with tempfile.TemporaryFile(dir=folder) as copy:
            for piece in self.plain.read(sha256):
                copy.write(piece)
            size = copy.tell()
            copy.seek(0)
            self._seal(sha256, size, copy, folder)
        self.plain.delete(sha256)

    def read(self, sha256: str, start: int = 0, size: int | None = None) -> Iterator[bytes]:
        """Give *size* bytes (else all) from *start* on; raise `not-found` or `unavailable` at once."""
        row = self._find_key(sha256)
        if row is None:
            return self.plain.read(sha256, start, size)
        end = row.size if size is None else min(row.size, start + size)
        cipher = AESGCM(self._open_key(row))
        first, last = start // SEGMENT, max(start, end - 1) // SEGMENT
        step = SEGMENT + TAG
        pieces = self.plain.read(row.kept_as, first * step, (last + 1 - first) * step)
        return _open_segments(cipher, row, pieces, start, end)

    def find(self, sha256: str) -> Blob | None:
        """Give what is kept under a hash, with its plain size."""
        row = self._find_key(sha256)
        found = self.plain.find(sha256 if row is None else row.kept_as)
        return found if row is None or found is None else Blob(sha256, row.size, found.kept_ms)

    def delete(self, sha256: str) -> None:
        """Delete its key for good, then what is kept; whatever copy there is of that cannot be read any more."""
        if self._find_key(sha256) is None:
            self.plain.delete(sha256)
        else:
            self.erase(sha256, lambda _connection, _key_id: True)

    def erase(self, sha256: str, note: Note) -> None:
        """
        Delete a file as `delete` does, in the transaction in which it is noted.

        *note* is given the id of the key, None where the file has none, and says whether the file may go; where it
        says no or raises, nothing goes.
        """

        def job(connection: Connection) -> tuple[AnyRow | None, bool]:
            row = key_rows.find_data_key(connection, sha256)
            may_go = note(connection, None if row is None else str(row.id))
            if may_go and row is not None:
                secure_deletes(connection, on=True)
                try:
                    key_rows.drop_data_key(connection, sha256)
                finally:
                    secure_deletes(connection, on=False)
            return row, may_go

        row, may_go = self.store.write(job)
        if may_go:
            self.plain.delete(sha256)
            if row is not None:
                self.plain.delete(row.kept_as)

    def walk(self) -> Iterator[Blob]:
        """Give everything that is kept, by the hash and size of the plain file; what has no key, as it is kept."""
        for blob, row in self._walk():
            yield blob if row is None else Blob(row.name, row.size, blob.kept_ms)

    def list_plain(self) -> Iterator[str]:
        """Give the hash of each file that lies in plain, and of sealed ones whose key is gone."""
        return (blob.sha256 for blob, row in self._walk() if row is None)

    def _walk(self) -> Iterator[tuple[Blob, AnyRow | None]]:
        walked = self.plain.walk()
        while blobs := list(islice(walked, LOOKED_UP)):
            with self.store.read() as connection:
                keys = key_rows.read_kept(connection, [blob.sha256 for blob in blobs])
            yield from ((blob, keys.get(blob.sha256)) for blob in blobs)

    def _find_key(self, sha256: str) -> AnyRow | None:
        with self.store.read() as connection:
            return key_rows.find_data_key(connection, sha256)

    def _open_key(self, row: AnyRow) -> bytes:
        if self.masters is None:
            detail = f"This file is sealed under master key {row.master}, and no master key is set."
            raise FieldError("unavailable", detail=detail)
        return self.masters.unwrap(Wrapped(row.master, row.wrapped), about(row.name, row.id))

    def _seal(self, sha256: str, size: int, source: IO[bytes], folder: Path) -> None:
        """Keep the sealed bytes, then their key: a crash in between leaves what nobody can read and the sweep takes."""
        key = self.random_bytes(KEY_BYTES)
        with _sealed_copy(AESGCM(key), sha256, size, source, folder) as (copy, kept_as):
            self.plain.put(kept_as, copy)
        row = {"name": sha256, "kept_as": kept_as, "size": size}
        if not add_key(self.store, self._masters(), key, row, self.now, self.new_id):
            self.plain.delete(kept_as)  # somebody else kept the same file meanwhile

    def _masters(self) -> MasterKeys:
        assert self.masters is not None
        return self.masters


def about(name: str, key_id: str) -> str:
    """Say what a data key is for, as its wrapping is bound to it."""
    return f"{name} {key_id}"


def add_key(
    store: Store, masters: MasterKeys, key: bytes, row: dict[str, Any], now: Callable[[], int],
    new_id: Callable[[], str],
) -> bool:  # fmt: skip
    """Wrap a data key and keep it; say whether it is the first of its name. A master retired meanwhile is no matter."""
    for attempt in range(TRIES):
        key_id = new_id()
        wrapped = masters.wrap(key, about(row["name"], key_id))
        whole = row | {"id": key_id, "master": wrapped.master, "wrapped": wrapped.key, "made_ms": now()}
        try:
            return store.write(lambda connection, whole=whole: key_rows.add_data_key(connection, whole))  # type: ignore[misc]
        except FieldError:
            if attempt == TRIES - 1:
                raise
    raise AssertionError("unreachable")


@contextmanager
def _sealed_copy(cipher: AESGCM, sha256: str, size: int, source: IO[bytes], folder: Path) -> Iterator[tuple[Path, str]]:
    """Write the sealed bytes to a file of their own, and give it with their hash; it is gone afterwards."""
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=".sealed-")
    try:
        digest = hashlib.sha256()
        with os.fdopen(descriptor, "wb") as target:
            for number in range(max(1, -(-size // SEGMENT))):
                sealed = cipher.encrypt(_nonce(number), source.read(SEGMENT), _bind(sha256, size, number))
                digest.update(sealed)
                target.write(sealed)
            target.flush()
            os.fsync(target.fileno())
        yield Path(name), digest.hexdigest()
    finally:
        Path(name).unlink(missing_ok=True)


def _open_segments(cipher: AESGCM, row: AnyRow, pieces: Iterator[bytes], start: int, end: int) -> Iterator[bytes]:
    number = start // SEGMENT
    for sealed in _cut(pieces):
        try:
            plain = cipher.decrypt(_nonce(number), sealed, _bind(row.name, row.size, number))
        except InvalidTag:
            raise FieldError("checksum-mismatch", detail="This file was changed where it is kept.") from None
        begins = number * SEGMENT
        yield plain[max(0, start - begins) : max(0, end - begins)]
        number += 1
    if number * SEGMENT < end:
        raise FieldError("checksum-mismatch", detail="This file was cut short where it is kept.")


def _cut(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Cut what comes in any pieces into sealed segments."""
    left = bytearray()
    for piece in pieces:
        left += piece
        while len(left) >= SEGMENT + TAG:
            yield bytes(left[: SEGMENT + TAG])
            del left[: SEGMENT + TAG]
    if left:
        yield bytes(left)


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _bind(sha256: str, size: int, number: int) -> bytes:
    return bytes.fromhex(sha256) + size.to_bytes(8, "big") + number.to_bytes(8, "big")
