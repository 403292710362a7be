"""
The store: one way to read in a snapshot and one way to write durably, on SQLite and PostgreSQL alike.

`store.write(job)` runs `job(connection)` in a transaction and returns its result only after a durable COMMIT (E7).
On SQLite one thread at a time commits whatever jobs wait as one group, each in its savepoint; on PostgreSQL each job
has its own transaction and is run again after a deadlock. A job may therefore run twice: it only touches its
connection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from server.storage.hot import Hot, Values

T = TypeVar("T")
StoreError = SQLAlchemyError
Job = Callable[[Connection], T]


class Store(Protocol):
    """What services use of a database."""

    engine: Engine

    def read(self) -> AbstractContextManager[Connection]:
        """Open a read-only snapshot: every statement in it sees the same state."""
        ...

    def ask(self, question: Hot, *values: Any) -> list[Values]:
        """Run one hot statement by itself, which sees one state too, and give its rows."""
        ...

    def write(self, job: Job[T]) -> T:
        """Run *job* in a transaction; return after a durable commit, or raise what it raised, with nothing written."""
        ...

    def close(self) -> None:
        """Let go of connections and threads."""
        ...


def open_store(url: str) -> Store:
    """Open the database at *url* (`sqlite:///path` or `postgresql+psycopg://…`), which must be migrated."""
    from server.storage.postgres import PostgresStore
    from server.storage.sqlite import SqliteStore

    backend = make_url(url).get_backend_name()
    return SqliteStore(url) if backend == "sqlite" else PostgresStore(url)


def file_of(url: str) -> str | None:
    """Give the file of a SQLite database; None for a database that has a server of its own."""
    parts = make_url(url)
    return parts.database if parts.get_backend_name() == "sqlite" else None


@contextmanager
def opened(url: str) -> Iterator[Store]:
    """Open the store at *url* and close it afterwards."""
    store = open_store(url)
    try:
        yield store
    finally:
        store.close()
