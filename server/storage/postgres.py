"""
PostgreSQL through psycopg: a pool, durable commits, snapshots as REPEATABLE READ READ ONLY.

Jobs lock rows in one order (agents, cases, scopes; each sorted), so deadlocks are not expected; one that comes all
the same, or a serialization failure, runs the job again.

No text of PostgreSQL can hold a NUL, and any text of a device may. So each goes in, to be kept or compared, with
U+FFFD in its place; what is evidence goes in as bytes and stays as it came.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg.types.string import StrBinaryDumper, StrDumperUnknown
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from server.storage.engine import Job, T
from server.storage.hot import Hot, Values

TRIES = 5
RETRIED = {"40001", "40P01"}  # serialization_failure, deadlock_detected


def _encode(text: str, encoding: str) -> bytes:
    return text.encode(encoding) if "\0" not in text else text.replace("\0", "\ufffd").encode(encoding)


class _CleanText(StrDumperUnknown):
    """A text as psycopg sends it by default, without NUL."""

    def dump(self, obj: str) -> bytes:
        """Give the bytes that are sent."""
        return _encode(obj, self._encoding)


class _CleanBinaryText(StrBinaryDumper):
    """A text as COPY sends it, without NUL."""

    def dump(self, obj: str) -> bytes:
        """Give the bytes that are sent."""
        return _encode(obj, self._encoding)


def _send_clean_texts(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def register(connection: Any, _record: object) -> None:
        connection.adapters.register_dumper(str, _CleanBinaryText)
        connection.adapters.register_dumper(str, _CleanText)  # the last one registered is the default


class PostgresStore:
    """A PostgreSQL database reached through a pool."""

    def __init__(self, url: str) -> None:
        self.engine = create_engine(url, hide_parameters=True, pool_size=8, max_overflow=8, pool_pre_ping=False)
        self._asking = create_engine(url, hide_parameters=True, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        for engine in (self.engine, self._asking):
            _send_clean_texts(engine)
        self._local = threading.local()
        self._askers: list[Connection] = []
        self._snapshots = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a snapshot."""
        with self._snapshots.connect() as connection, connection.begin():
            yield connection

    def ask(self, question: Hot, *values: Any) -> list[Values]:
        """Run one hot statement by itself, on this thread's own connection, and give its rows."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            try:
                return question.rows(connection, *values)
            except OperationalError:
                if not connection.connection.driver_connection.closed:
                    raise
                self._askers.remove(connection)  # the database was restarted: ask again on a new connection
                connection.invalidate()
                connection.close()
        connection = self._local.connection = self._asking.connect()
        self._askers.append(connection)
        return question.rows(connection, *values)

    def write(self, job: Job[T]) -> T:
        """Run *job* in a transaction of its own."""
        for attempt in range(TRIES):
            try:
                with self.engine.begin() as connection:
                    return job(connection)
            except OperationalError as error:
                if getattr(error.orig, "sqlstate", None) not in RETRIED or attempt == TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close the pool and each thread's connection."""
        for connection in self._askers:
            connection.close()
        self._askers.clear()
        self._local = threading.local()
        self.engine.dispose()
