"""
Master keys: what wraps the data keys. They lie in a file, or with a key service that is asked by a command.

The file holds a key a line, 32 random bytes in base64; the last one is in use, those before it still open what lies
under them. The command is called as `COMMAND wrap ABOUT` and `COMMAND unwrap NAME ABOUT`, reads base64 from its input,
and answers `NAME BASE64` or `BASE64`; ABOUT says what the data key is for, and has to be the same both times.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.errors import FieldError
from server.storage.blobs import sync_folder

KEY_BYTES = 32  # AES-256
NONCE_BYTES = 12
COMMAND_S = 20  # how long a key service may take
SAFE = "What devices recorded stays safe with them."


class Wrapped(NamedTuple):
    """A data key as it is kept: the master key's name, and the bytes that only it can open."""

    master: str
    key: bytes


class MasterKeys(Protocol):
    """Whoever wraps data keys. Raises `unavailable` where a key cannot be had."""

    def wrap(self, data_key: bytes, about: str) -> Wrapped:
        """Wrap a data key under the master key in use."""

    def unwrap(self, wrapped: Wrapped, about: str) -> bytes:
        """Give the data key again."""


def open_masters(key_file: str, key_command: str) -> MasterKeys | None:
    """Give the master keys that the settings name; None where they name none: then nothing is sealed."""
    if key_file and key_command:
        raise FieldError("invalid", {"FAIRVISIT_KEY_FILE": ["is set as FAIRVISIT_KEY_COMMAND is; set one of them"]})
    if key_command:
        return KeyCommand(key_command)
    return KeyFile(Path(key_file)) if key_file else None


class KeyFile:
    """Keys in a file that the server alone can read, apart from the database and its backups."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, bytes]:
        """Give the keys by name, in the file's order. A name is the beginning of the key's SHA-256."""
        try:
            lines = self.path.read_text("ascii").split()
        except (OSError, UnicodeDecodeError):
            detail = f"The key file {self.path} cannot be read. Make one with `fairvisit keys make`. {SAFE}"
            raise FieldError("unavailable", detail=detail) from None
        keys = [_read_key(line) for line in lines]
        if not keys or None in keys:
            detail = f"The key file {self.path} should hold 32 random bytes in base64, a key a line. {SAFE}"
            raise FieldError("unavailable", detail=detail)
        return {name_key(key): key for key in keys if key is not None}

    def wrap(self, data_key: bytes, about: str) -> Wrapped:
        """Wrap it under the last key; the file is read anew, since a rotation may have added one."""
        name, master = list(self.read().items())[-1]
        nonce = os.urandom(NONCE_BYTES)
        return Wrapped(name, nonce + AESGCM(master).encrypt(nonce, data_key, _bind(name, about)))

    def unwrap(self, wrapped: Wrapped, about: str) -> bytes:
        """Open it by the key it lies under."""
        master = self.read().get(wrapped.master)
        if master is None:
            detail = f"The key file {self.path} does not hold master key {wrapped.master}. {SAFE}"
            raise FieldError("unavailable", detail=detail)
        nonce, sealed = wrapped.key[:NONCE_BYTES], wrapped.key[NONCE_BYTES:]
        try:
            return AESGCM(master).decrypt(nonce, sealed, _bind(wrapped.master, about))
        except InvalidTag:
            raise _damaged(about) from None

    def make(self) -> str:
        """Make the file with one new key, and give its name; raise `conflict` where there is one."""
        with self._changing():
            if self.path.exists():
                raise FieldError("conflict", detail=f"There is a key file at {self.path} already; it was left alone.")
            return self._write([os.urandom(KEY_BYTES)])

    def add(self) -> str:
        """Add a new key, in use from now on, and give its name."""
        with self._changing():
            return self._write([*self.read().values(), os.urandom(KEY_BYTES)])

    def forget(self, name: str) -> None:
        """Take a key out of the file, but never the one in use."""
        with self._changing():
            keys = self.read()
            if name == list(keys)[-1]:
                raise FieldError("conflict", detail=f"Master key {name} is in use; rotate first.")
            self._write([key for each, key in keys.items() if each != name])

    def is_private(self) -> bool:
        """Say whether nobody but its owner and group may read it."""
        return not self.path.stat().st_mode & 0o007

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Let one change the file at a time: a key that another one overwrote would be lost with all that it opens."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(f"{self.path}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _write(self, keys: Sequence[bytes]) -> str:
        """Put the whole file in place at once, on the disk before anything lies under its last key; name that key."""
        descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=".keys-")
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(base64.b64encode(key) + b"\n" for key in keys)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, self.path)
        sync_folder(self.path.parent)
        return name_key(keys[-1])


class KeyCommand:
    """A key service, spoken to by a command of the house: the master key never comes here."""

    def __init__(self, command: str) -> None:
        self.command = shlex.split(command)

    def wrap(self, data_key: bytes, about: str) -> Wrapped:
        """Have it wrapped by the key that the service has in use."""
        name, _, key = self._ask(["wrap", about], data_key).rpartition(" ")
        if not name:
            raise FieldError("unavailable", detail=f"The key service named no key. {SAFE}")
        return Wrapped(name, _decode(key))

    def unwrap(self, wrapped: Wrapped, about: str) -> bytes:
        """Have it opened."""
        return _decode(self._ask(["unwrap", wrapped.master, about], wrapped.key))

    def _ask(self, arguments: Sequence[str], said: bytes) -> str:
        """Run the command; what it reads and prints is secret, so it is never told to anybody."""
        try:
            done = subprocess.run(
                [*self.command, *arguments], input=base64.b64encode(said), capture_output=True, timeout=COMMAND_S,
                check=True,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError) as error:
            how = type(error).__name__
            detail = f"The key service did not answer `{arguments[0]}` ({how}); what is sealed waits for it. {SAFE}"
            raise FieldError("unavailable", detail=detail) from None
        return done.stdout.decode("ascii", "replace").strip()


def name_key(key: bytes) -> str:
    """
    Name a key by the beginning of its hash, which tells nothing of a random key.

    >>> name_key(bytes(32))
    '66687aadf862bd77'
    """
    return hashlib.sha256(key).hexdigest()[:16]


def _bind(master: str, about: str) -> bytes:
    return f"fairvisit-data-key-1 {master} {about}".encode()


def _read_key(line: str) -> bytes | None:
    try:
        key = base64.b64decode(line, validate=True)
    except ValueError:
        return None
    return key if len(key) == KEY_BYTES else None


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise FieldError("unavailable", detail=f"The key service answered something else than a key. {SAFE}") from None


def _damaged(about: str) -> FieldError:
    return FieldError("unavailable", detail=f"The data key of {about} was changed where it is kept. {SAFE}")
