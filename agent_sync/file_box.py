"""
The bytes of a file at rest: as they are, or encrypted in segments, so that any part can be read without the rest.

Encrypted, a file is 16 bytes of salt, then AES-256-GCM of each 64 KiB. Its key is HKDF-SHA-256 of the box's key with
that salt; a segment's nonce is its number (11 bytes) and whether it is the last (1 byte), so that segments cannot be
swapped, nor the end be cut off, unnoticed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from schemas.errors import FieldError

SEGMENT, TAG, SALT = 64 * 1024, 16, 16


@dataclass(frozen=True, slots=True)
class FileBox:
    """How files lie on the disk: under *key* (32 bytes), or plain without one."""

    key: bytes | None = field(default=None, repr=False)

    def write(self, target: BinaryIO, chunks: Iterable[bytes], noise: Callable[[int], bytes]) -> None:
        """Write *chunks* to *target*; memory holds one segment and one chunk."""
        if self.key is None:
            target.writelines(chunks)
            return
        salt = noise(SALT)
        cipher, number, held = self._cipher(salt), 0, bytearray()
        target.write(salt)
        for chunk in chunks:
            held += chunk
            while len(held) > SEGMENT:  # what fills it exactly may be the last one
                target.write(cipher.encrypt(_nonce(number, is_last=False), bytes(held[:SEGMENT]), None))
                del held[:SEGMENT]
                number += 1
        target.write(cipher.encrypt(_nonce(number, is_last=True), bytes(held), None))

    def size(self, path: Path) -> int:
        """Give the plain size in bytes; -1 if there is no such file."""
        try:
            kept = path.stat().st_size
        except FileNotFoundError:
            return -1
        return kept if self.key is None else max(0, kept - SALT - TAG * _count(kept))

    def read(self, path: Path, start: int, length: int) -> bytes:
        """Give *length* plain bytes from *start* on, fewer at the end; raise `bad-signature` if they were changed."""
        with path.open("rb") as file:
            if self.key is None:
                file.seek(start)
                return file.read(length)
            count, first = _count(path.stat().st_size), start // SEGMENT
            cipher = self._cipher(file.read(SALT))
            plain = bytearray()
            try:
                for number in range(first, min(count, -(-(start + length) // SEGMENT))):
                    file.seek(SALT + number * (SEGMENT + TAG))
                    sealed = file.read(SEGMENT + TAG)
                    plain += cipher.decrypt(_nonce(number, is_last=number == count - 1), sealed, None)
            except InvalidTag:
                detail = f"The file {path.name[:12]}… on this device is damaged and cannot be sent. It is kept."
                raise FieldError("bad-signature", detail=detail) from None
        begin = start - first * SEGMENT
        return bytes(plain[begin : begin + length])

    def _cipher(self, salt: bytes) -> AESGCM:
        assert self.key is not None
        return AESGCM(HKDF(hashes.SHA256(), 32, salt=salt, info=b"fairvisit-file").derive(self.key))


def _count(kept: int) -> int:
    """Give how many segments lie in an encrypted file of *kept* bytes."""
    return max(1, -(-(kept - SALT) // (SEGMENT + TAG)))


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])
