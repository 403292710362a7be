"""
The device's store: one SQLite file (sqlite-utils), a folder of file copies, a key file, and a lock file beside it.

With `Keys` from the vault all of them are encrypted: the database by SQLCipher under a raw key, files in segments.

Everything that must survive goes through `Store.transaction`: BEGIN IMMEDIATE, WAL, synchronous=FULL, so what it
returned from is on the disk. The tables' own functions are in `store_outbox`, `store_feed`, `store_visits`,
`store_files`.

Test seam: with AGENT_SYNC_KILL_AT=n in the environment the running program kills itself (SIGKILL) at the n-th
boundary of a durable write, counted from 1: before and after each COMMIT, and before and after each file is put in
place. Nothing else reads that variable.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlite_utils import Database

from agent_sync import vault
from agent_sync.durable import settle, write_part
from agent_sync.file_box import FileBox
from agent_sync.store_tables import SCHEMA, SCHEMA_VERSION
from agent_sync.vault import Keys, load
from schemas.errors import FieldError

BUSY_S = 20.0


class Store:
    """
    One agent's packets, outbox and chains on this device (A5: another agent has another store).

    Invariant: an event, its place in the chain and the chain's new head are stored together or not at all (E2).
    """

    def __init__(self, path: str | Path, environ: Mapping[str, str] = os.environ, keys: Keys | None = None) -> None:
        self.path = Path(path)
        self.files = self.path.with_name(self.path.name + ".files")
        self.key_path = self.path.with_name(self.path.name + ".key")
        self._kill_at = int(environ.get("AGENT_SYNC_KILL_AT", "0"))
        self._boundaries = 0
        self.path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        self.files.mkdir(mode=0o700, exist_ok=True)
        # SQLCipher's errors are not sqlite3's: what is caught is what this store's driver raises (STACK, trap 2).
        driver = load("sqlcipher3.dbapi2") if keys else sqlite3
        self._refused: type[Exception] = driver.OperationalError
        if keys and keys.older and _fits(driver, self.path, keys.older):
            keys = keys.older  # the change of key was cut off before it came to the store
        self.keys = keys
        self.box = FileBox(keys.of("files") if keys else None)
        connection = _connect(driver, self.path, keys)
        self.db = Database(connection)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")
        self._migrate()

    def _migrate(self) -> None:
        if self._version() == SCHEMA_VERSION:
            return
        with self.transaction():
            version = self._version()  # another program may have been first
            if version > SCHEMA_VERSION:
                detail = f"{self.path} was written by a newer version of agent-sync. Update the program."
                raise FieldError("conflict", detail=detail)
            for statement in SCHEMA[version:]:
                for part in statement.split(";"):
                    self.db.execute(part)
            self.db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _version(self) -> int:
        return int(self.db.conn.execute("PRAGMA user_version").fetchone()[0])

    @contextmanager
    def transaction(self) -> Iterator[Database]:
        """
        Write durably: what happens inside is on the disk when this returns, or nothing of it is.

        Raises `FieldError("store-locked")` if another program holds the store for long, `conflict` if the disk is full.
        """
        try:
            self.db.conn.execute("BEGIN IMMEDIATE")
            try:
                with self.db.atomic():
                    yield self.db
                self.reach_boundary()
                self.db.conn.execute("COMMIT")
            except BaseException:
                self.db.rollback()
                raise
        except self._refused as error:
            raise explain_refusal(error) from error
        self.reach_boundary()

    def reach_boundary(self) -> None:
        """Count one boundary of a durable write; die here if the test seam says so."""
        self._boundaries += 1
        if self._boundaries == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def exchange_lock(self) -> Iterator[None]:
        """Hold this store's exchange lock; raise `FieldError("store-locked")` if another program exchanges now."""
        with self.path.with_name(self.path.name + ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                detail = "Another program is exchanging with this store now. What is recorded stays saved."
                raise FieldError("store-locked", detail=detail) from None
            yield

    def rows(self, sql: str, parameters: Any = ()) -> list[dict[str, Any]]:
        """Read rows as dictionaries."""
        cursor = self.db.conn.execute(sql, parameters)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def row(self, sql: str, parameters: Any = ()) -> dict[str, Any] | None:
        """Read one row, or None."""
        found = self.rows(sql, parameters)
        return found[0] if found else None

    def value(self, sql: str, parameters: Any = ()) -> Any:
        """Read one value, or None."""
        found = self.db.conn.execute(sql, parameters).fetchone()
        return found[0] if found else None

    def get(self, name: str, default: Any = None) -> Any:
        """Read a remembered value (JSON)."""
        text = self.value("SELECT value FROM memory WHERE name = ?", [name])
        return default if text is None else orjson.loads(text)

    def put(self, name: str, value: Any) -> None:
        """Remember a value (JSON); None forgets it. Writes only what changed. Call it inside a transaction."""
        assert self.db.conn.in_transaction
        if value is None:
            self.db.execute("DELETE FROM memory WHERE name = ?", [name])
            return
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
        self.db.execute(
            "INSERT INTO memory (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [name, text],
        )

    def place_file(self, path: Path, content: bytes) -> None:
        """Write a small file durably, readable by its owner only: whole, or not at all."""
        self.settle_file(write_part(path, content), path)

    def settle_file(self, part: Path, path: Path) -> None:
        """Move a finished file to its place, durably."""
        self.reach_boundary()
        settle(part, path)
        self.reach_boundary()

    def forget_old_pages(self) -> None:
        """Let no shredded body linger in the write-ahead log: empty it as far as readers allow."""
        self.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def change_key(self, noise: Callable[[int], bytes]) -> None:
        """
        Encrypt what is left anew and forget what the former key was made with: what was deleted before is shredded.

        Another program that reads the store now keeps it from that; then the key goes when all of it does.
        """
        if self.keys is None:
            return
        keys = vault.begin_salt(self.path, self.keys, noise)
        try:
            self.db.conn.execute(f"PRAGMA rekey = {_raw_key(keys)}").fetchall()
            self.forget_old_pages()
        except self._refused:
            return
        self.keys = vault.settle_salt(self.path, keys)
        self.box = FileBox(self.keys.of("files"))

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()


def _connect(driver: Any, path: Path, keys: Keys | None) -> Any:
    # isolation_level None: the driver opens no transaction behind our back (STACK, trap 1).
    connection = driver.connect(str(path), timeout=BUSY_S, isolation_level=None)
    if keys:
        connection.execute("PRAGMA cipher_log_level=NONE")  # what is wrong with a key is said by whoever asked for it
        connection.execute(f"PRAGMA key = {_raw_key(keys)}")
        connection.execute("PRAGMA temp_store=MEMORY")
    return connection


def _raw_key(keys: Keys) -> str:
    return f"\"x'{keys.of('store').hex()}'\""


def _fits(driver: Any, path: Path, keys: Keys) -> bool:
    connection = _connect(driver, path, keys)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
    except driver.DatabaseError:
        return False
    finally:
        connection.close()
    return True


def database_errors() -> tuple[type[Exception], ...]:
    """Give what the drivers in use raise when a store cannot be read."""
    cipher = sys.modules.get("sqlcipher3.dbapi2")
    return (sqlite3.DatabaseError, cipher.DatabaseError) if cipher else (sqlite3.DatabaseError,)


def explain_refusal(error: Exception) -> FieldError:
    """Say in plain words why SQLite refused a write. Nothing of it was saved."""
    if "locked" in str(error) or "busy" in str(error):
        return FieldError(
            "store-locked", detail="Another program holds this device's store. Nothing was saved; try again."
        )
    if "full" in str(error) or "disk I/O" in str(error):
        detail = "The disk is full or cannot be written. Nothing was saved: free some space and record it again."
        return FieldError("conflict", detail=detail)
    return FieldError(
        "conflict", detail=f"The store cannot be written ({error}). Nothing was saved; run `agent-sync doctor`."
    )
