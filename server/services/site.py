"""What every use case is handed: the store, the settings, the clock, ids and random bytes."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Connection

from server.clock import NewId, Now
from server.domain.thresholds import Thresholds
from server.rates import Turns
from server.settings import Settings, load_thresholds
from server.storage.blobs import open_blobs
from server.storage.blobs_sealed import SealedBlobs
from server.storage.engine import Store
from server.storage.master_keys import MasterKeys, open_masters
from server.storage.state_rows import get_state, put_state


@dataclass(frozen=True)
class Site:
    """One running installation. Services take it first and keep nothing themselves."""

    store: Store
    settings: Settings
    now: Now
    new_id: NewId
    random_bytes: Callable[[int], bytes] = os.urandom

    @cached_property
    def nonce_secret(self) -> bytes:
        """The secret behind nonces and upload tokens: persistent, shared by all workers."""
        return self._secret("nonce_secret")

    @cached_property
    def person_secret(self) -> bytes:
        """The secret behind the keyed HMAC of identity numbers."""
        return self._secret("person_secret")

    @cached_property
    def webhook_secret(self) -> bytes:
        """The secret that each webhook's own is made from, so that none stands in a table."""
        return self._secret("webhook_secret")

    @cached_property
    def masters(self) -> MasterKeys | None:
        """Whoever wraps the keys of what is sealed here; None where nothing is."""
        return open_masters(self.settings.key_file, self.settings.key_command)

    @cached_property
    def blobs(self) -> SealedBlobs:
        """Where whole, verified files are kept, sealed where there are master keys."""
        plain = open_blobs(self.settings.files_path, self.settings.files_s3)
        return SealedBlobs(plain, self.store, self.masters, self.now, self.new_id, self.random_bytes)

    @cached_property
    def turns(self) -> Turns:
        """In which the uploads of this process work."""
        return Turns()

    @cached_property
    def thresholds(self) -> Thresholds:
        """The numbers that decide what reconciliation notices: the defaults, and what the settings' file changes."""
        return load_thresholds(self.settings.thresholds)

    def _secret(self, name: str) -> bytes:
        def make(connection: Connection) -> str:
            put_state(connection, name, self.random_bytes(32).hex(), keep=True)
            return get_state(connection, name) or ""

        with self.store.read() as connection:
            found = get_state(connection, name)
        return bytes.fromhex(found or self.store.write(make))
