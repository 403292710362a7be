"""
The vault: the one data key of an encrypted store, and what it takes to get at it.

Beside the store, `<store>.vault` holds that key wrapped by a PIN (argon2id, its parameters beside it), or says that
the system's keyring holds it; how often the PIN was wrong; and the key once more, encrypted to the office's key
(`escrow.py`). A try counts before it is tried. After the last one the wrap is gone: packets, events and files on this
device are shredded, being readable no more, while the office can still open the work that was not sent.

    {"format": "agent-sync-vault-1", "salt", "new_salt", "failed": n, "tried": {"mono_ms", "boot"},
     "wrap": {"kind": "pin", "salt", "iv", "key", "time_cost", "memory_kib", "lanes"} | {"kind": "keyring", "name"},
     "escrow": {"format", "kid", "epk", "iv", "ciphertext"}}
"""

from __future__ import annotations

import fcntl
import importlib
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from agent_sync.clock import Reading
from agent_sync.durable import settle, write_part
from schemas.errors import FieldError
from schemas.signing import b64url, unb64url

FORMAT = "agent-sync-vault-1"
SERVICE = "agent-sync"
LEAST_PIN = 6
MOST_TRIES = 10
FREE_TRIES = 3
FIRST_WAIT_MS, MOST_WAIT_MS = 30_000, 3_600_000
COST = {"time_cost": 3, "memory_kib": 65_536, "lanes": 4}  # RFC 9106, the second choice: 64 MiB
Noise = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Keys:
    """
    The data key of one store; every use has a key of its own, derived from it.

    *salt* goes into the keys of the store and its files: forgetting it shreds them, while what the data key alone
    seals (the device's key) stays. *older* are the keys until a change of salt that may have been cut off.
    """

    data_key: bytes = field(repr=False)
    salt: bytes = field(repr=False)
    older: Keys | None = None

    def of(self, use: str) -> bytes:
        """Give the 32-byte key of one use that a wipe shreds: `store` or `files`."""
        return self._derive(use, self.salt)

    def seal(self, use: str, plain: bytes, noise: Noise) -> bytes:
        """Encrypt a small thing whole."""
        iv = noise(12)
        return iv + AESGCM(self._derive(use, None)).encrypt(iv, plain, None)

    def open(self, use: str, sealed: bytes) -> bytes:
        """Decrypt what `seal` gave; raise `InvalidTag`."""
        return AESGCM(self._derive(use, None)).decrypt(sealed[:12], sealed[12:], None)

    def _derive(self, use: str, salt: bytes | None) -> bytes:
        return HKDF(hashes.SHA256(), 32, salt=salt, info=f"agent-sync {use}".encode()).derive(self.data_key)


def vault_path(store_path: Path) -> Path:
    """Give where a store's vault lies."""
    return store_path.with_name(store_path.name + ".vault")


def needs_pin(store_path: str | Path) -> bool:
    """Say whether a store is there that opens with a PIN only."""
    return bool(_read(Path(store_path)).get("wrap", {}).get("kind") == "pin")


def unlock(store_path: Path, pin: str | None, *, in_keyring: bool, now: Reading, noise: Noise) -> Keys | None:
    """
    Give the keys of a store; None where it is to be plain. A new store is set up as the caller chose.

    Raises `invalid` for a wrong or missing PIN, `conflict` while the next try has to wait, after the last one, or
    where a plain store is there already.
    """
    store_path.parent.mkdir(parents=True, exist_ok=True)
    kept = _read(store_path)
    if kept.get("wiped"):
        _remove_wiped(store_path)
        kept = {}
    if not kept:
        return _set_up(store_path, pin, in_keyring=in_keyring, noise=noise) if pin is not None or in_keyring else None
    wrap = kept.get("wrap")
    if wrap is None:
        raise _exhausted(store_path)
    if wrap["kind"] == "keyring":
        return with_salts(store_path, _from_keyring(wrap["name"]))
    if pin is None:
        raise FieldError("invalid", {"pin": ["This store opens with its PIN. Give it: AGENT_SYNC_PIN, or --pin."]})
    with _alone(store_path):
        return _try_pin(store_path, pin, now)


def rewrap(store_path: Path, keys: Keys, pin: str, noise: Noise) -> None:
    """Wrap the data key by a new PIN, and forget the wrong tries."""
    with _alone(store_path):
        kept = _read(store_path)
        kept.pop("tried", None)
        _write(store_path, kept | {"failed": 0, "wrap": _wrap(keys, pin, noise)})


def with_salts(store_path: Path, data_key: bytes) -> Keys:
    """Give the keys that a data key and the vault's salts make."""
    kept = _read(store_path)
    keys = Keys(data_key, unb64url(kept["salt"]))
    return Keys(data_key, unb64url(kept["new_salt"]), keys) if "new_salt" in kept else keys


def begin_salt(store_path: Path, keys: Keys, noise: Noise) -> Keys:
    """Begin to change the salt: the new one is durable before anything is encrypted with it."""
    new = noise(16)
    with _alone(store_path):
        _write(store_path, _read(store_path) | {"salt": b64url(keys.salt), "new_salt": b64url(new)})
    return Keys(keys.data_key, new, keys)


def settle_salt(store_path: Path, keys: Keys) -> Keys:
    """Forget the older salt: nothing is encrypted with it any more."""
    with _alone(store_path):
        kept = _read(store_path)
        kept.pop("new_salt", None)
        _write(store_path, kept | {"salt": b64url(keys.salt)})
    return Keys(keys.data_key, keys.salt)


def keep_escrow(store_path: Path, escrow: Mapping[str, Any]) -> None:
    """Keep the data key as the office's key sealed it."""
    with _alone(store_path):
        _write(store_path, _read(store_path) | {"escrow": dict(escrow)})


def escrow_kid(store_path: Path) -> str:
    """Give the id of the office's key that the escrow is for; empty without one."""
    return str(_read(store_path).get("escrow", {}).get("kid", ""))


def forget(store_path: Path) -> None:
    """Forget the data key for good: what it encrypted can be read by nobody any more. Again changes nothing."""
    kept = _read(store_path)
    if kept:
        _write(store_path, {"format": FORMAT, "wiped": True})
    if kept.get("wrap", {}).get("kind") == "keyring":
        keyring = load("keyring")
        try:
            keyring.delete_password(SERVICE, kept["wrap"]["name"])
        except keyring.errors.PasswordDeleteError:
            return


def refuse_wiped(store_path: Path) -> None:
    """Raise `conflict` for a store that is open still although its key was wiped: nothing more may go into it."""
    if _read(store_path).get("wiped"):
        detail = "This device was wiped. Close this program and start it anew; then enter the code."
        raise FieldError("conflict", detail=detail)


def load(module: str) -> Any:
    """Import a module of the extra for encryption; say plainly when it is missing."""
    try:
        return importlib.import_module(module)
    except ImportError:
        detail = f"{module} is not installed. Encrypted stores need it: pip install 'fairvisit[device,encrypted]'"
        raise FieldError("invalid", detail=detail) from None


def _set_up(store_path: Path, pin: str | None, *, in_keyring: bool, noise: Noise) -> Keys:
    if store_path.exists() and store_path.stat().st_size:
        detail = (
            f"{store_path.name} is there already, and not encrypted. Exchange until everything is sent, then begin"
            " an encrypted store with a new code: --store FILE."
        )
        raise FieldError("conflict", detail=detail)
    keys = Keys(noise(32), noise(16))
    if pin is not None and not in_keyring:
        wrap = _wrap(keys, pin, noise)
    else:
        wrap = {"kind": "keyring", "name": str(store_path.resolve())}
        load("keyring").set_password(SERVICE, wrap["name"], b64url(keys.data_key))
    _write(store_path, {"format": FORMAT, "salt": b64url(keys.salt), "failed": 0, "wrap": wrap})
    return keys


def _wrap(keys: Keys, pin: str, noise: Noise) -> dict[str, Any]:
    if len(_plain_pin(pin)) < LEAST_PIN:
        raise FieldError("invalid", {"pin": [f"The PIN needs at least {LEAST_PIN} characters."]})
    salt, iv = noise(16), noise(12)
    key = AESGCM(_derive(pin, salt, COST)).encrypt(iv, keys.data_key, None)
    return {"kind": "pin", "salt": b64url(salt), "iv": b64url(iv), "key": b64url(key)} | COST


def _derive(pin: str, salt: bytes, cost: Mapping[str, Any]) -> bytes:
    argon2 = load("argon2.low_level")
    derived: bytes = argon2.hash_secret_raw(
        _plain_pin(pin).encode(), salt, cost["time_cost"], cost["memory_kib"], cost["lanes"], 32, argon2.Type.ID
    )
    return derived


def _plain_pin(pin: str) -> str:
    return unicodedata.normalize("NFKC", pin).strip()


def _try_pin(store_path: Path, pin: str, now: Reading) -> Keys:
    kept = _read(store_path)
    wrap, failed = kept.get("wrap"), kept["failed"]
    if wrap is None:
        raise _exhausted(store_path)
    left_ms = _wait_ms(failed) - _since(kept.get("tried"), now)
    if left_ms > 0:
        detail = f"The PIN was wrong {failed} times. The next try is possible in {-(-left_ms // 1000)} s."
        raise FieldError("conflict", detail=detail)
    # It counts before it is tried: whoever stops the program in between has used it up.
    kept |= {"failed": failed + 1, "tried": {"mono_ms": now.mono_ms, "boot": now.boot}}
    _write(store_path, kept)
    try:
        opened = AESGCM(_derive(pin, unb64url(wrap["salt"]), wrap)).decrypt(
            unb64url(wrap["iv"]), unb64url(wrap["key"]), None
        )
    except InvalidTag:
        left = MOST_TRIES - failed - 1
        if left > 0:
            said = f"The PIN is wrong. {left} of {MOST_TRIES} tries are left."
            raise FieldError("invalid", {"pin": [said]}) from None
        del kept["wrap"]
        _write(store_path, kept)
        raise _exhausted(store_path) from None
    kept.pop("tried")
    _write(store_path, kept | {"failed": 0})
    return with_salts(store_path, opened)


def _wait_ms(failed: int) -> int:
    """
    Give how long to wait, in ms, after so many wrong tries.

    >>> [_wait_ms(failed) // 1000 for failed in range(10)]
    [0, 0, 0, 30, 60, 120, 240, 480, 960, 1920]
    """
    return 0 if failed < FREE_TRIES else min(FIRST_WAIT_MS * 2 ** (failed - FREE_TRIES), MOST_WAIT_MS)


def _since(tried: Mapping[str, Any] | None, now: Reading) -> int:
    """Give how many ms surely passed since the last try, by the counter: a clock that is set shortens no wait."""
    if tried is None:
        return MOST_WAIT_MS
    return now.mono_ms - int(tried["mono_ms"]) if tried["boot"] == now.boot else now.mono_ms


def _exhausted(store_path: Path) -> FieldError:
    detail = (
        f"The PIN was wrong {MOST_TRIES} times, so nothing on this device can be read on it any more. Work that was"
        f" not sent is not lost: bring {vault_path(store_path).name} to the office. With the key that it gives:"
        " agent-sync recover KEY"
    )
    return FieldError("conflict", detail=detail)


def _from_keyring(name: str) -> bytes:
    found = load("keyring").get_password(SERVICE, name)
    if found is None:
        detail = "The system's keyring does not hold this store's key, or is locked. Unlock it and try again."
        raise FieldError("conflict", detail=detail)
    return unb64url(found)


def _remove_wiped(store_path: Path) -> None:
    """Take away what is left of a store whose key was wiped: bytes that nobody can read."""
    for end in ("", "-wal", "-shm", ".key", ".vault"):
        store_path.with_name(store_path.name + end).unlink(missing_ok=True)


def _read(store_path: Path) -> dict[str, Any]:
    try:
        read = orjson.loads(vault_path(store_path).read_bytes())
        if read["format"] != FORMAT:
            raise ValueError
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError):
        detail = f"{vault_path(store_path).name} cannot be read. Leave it as it is and ask the office for help."
        raise FieldError("conflict", detail=detail) from None
    kept: dict[str, Any] = read
    return kept


def _write(store_path: Path, kept: Mapping[str, Any]) -> None:
    path = vault_path(store_path)
    settle(write_part(path, orjson.dumps(kept)), path)


@contextmanager
def _alone(store_path: Path) -> Iterator[None]:
    """Let one program at a time try, so that two do not share one try."""
    with store_path.with_name(store_path.name + ".vault.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
