"""
Files that the office keeps by name for a time: a lender's file, the rows that were rejected, what is exported.

Where the store has a key they are sealed, else they lie as they are, and either is read alike. A sealed file begins
with a line that holds a random key of its own, sealed as a column would be and bound to the file's name. Behind it come
segments of 64 KiB, each AES-256-GCM with its number and whether it is the last one as nonce: none can be moved or left
out. Whoever has to have a file in plain works on it in a folder that is gone afterwards.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.errors import FieldError
from server.storage.blobs import sync_folder
from server.storage.engine import Store
from server.storage.sealed_fields import MARK, seal, unseal

UPLOADS, EXPORTS = "office-uploads", "exports"  # the folders of such files
SEGMENT = 1 << 16
TAG = 16
KEY_BYTES = 32
BESIDE = (".manifest.json", ".mapping.yaml")  # what lies beside a kept file and holds no person
OPEN = ".open-"  # how the folders begin in which somebody works
LEFT_MS = 24 * 3_600_000  # after which such a folder was left by a worker that died


def keep(store: Store, pieces: Iterable[bytes], path: Path) -> int:
    """Keep what comes in *pieces* under *path*, durably, once all has come; give its plain size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    key, size = os.urandom(KEY_BYTES), 0
    sealed_key = seal(store.engine.dialect, _place(path), key)
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            if sealed_key is not None:
                file.write(sealed_key + b"\n")
            cipher = AESGCM(key)
            for number, (piece, is_last) in enumerate(_cut(pieces, SEGMENT)):
                size += len(piece)
                file.write(piece if sealed_key is None else cipher.encrypt(_nonce(number, is_last), piece, None))
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
        sync_folder(path.parent)
    finally:
        Path(part).unlink(missing_ok=True)
    return size


def list_kept(folder: Path) -> list[Path]:
    """Give the files that are kept in a folder, but not what says of one, without a person, what it is."""
    found = folder.glob("[!.]*") if folder.exists() else ()
    return sorted(path for path in found if path.is_file() and not path.name.endswith(BESIDE))


def is_sealed(path: Path) -> bool:
    """Say whether a kept file is sealed."""
    with path.open("rb") as file:
        return file.read(len(MARK)) == MARK.encode()


@contextmanager
def open_kept(store: Store, path: Path) -> Iterator[IO[bytes]]:
    """Give a kept file in plain: a sealed one as a copy without a name; raise `unavailable`, `checksum-mismatch`."""
    with path.open("rb") as file:
        if not is_sealed(path):
            yield file
            return
        cipher = AESGCM(unseal(store.engine.dialect, _place(path), file.readline().removesuffix(b"\n")))
        with tempfile.TemporaryFile(dir=path.parent) as plain:
            try:
                for number, (piece, is_last) in enumerate(_cut(iter(lambda: file.read(SEGMENT), b""), SEGMENT + TAG)):
                    plain.write(cipher.decrypt(_nonce(number, is_last), piece, None))
            except InvalidTag:
                raise FieldError("checksum-mismatch", detail="This file was changed where it is kept.") from None
            plain.seek(0)
            yield plain


@contextmanager
def working(folder: Path, now_ms: int) -> Iterator[Path]:
    """Give a folder of one's own inside *folder*, to have files in plain in; it is gone afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{OPEN}*"):
        if left.stat().st_mtime * 1000 < now_ms - LEFT_MS:
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=OPEN) as place:
        yield Path(place)


def _cut(pieces: Iterable[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """Cut what comes in any pieces into such of *size*, each with whether it is the last; there is always one."""
    left = bytearray()
    for piece in pieces:
        left += piece
        while len(left) > size:
            yield bytes(left[:size]), False
            del left[:size]
    yield bytes(left), True


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _place(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
