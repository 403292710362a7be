"""
Keeping a database: copy it consistently, put a copy in its place, and leave nothing of what was deleted.

SQLite through its online backup, PostgreSQL through pg_dump, pg_restore and psql. A restored database is never visible
without the marks of its restore: they are set in the same step that puts it there.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from schemas.errors import FieldError
from server.storage.engine import Store

SCRUB_WAIT_MS = 5_000
# Tables of which something is erased: PostgreSQL is told to let go of what their rows were.
SCRUBBED = (
    "event", "proposal", "wanted_file", "feed", "person", "decision", "finding", "visit", '"case"', "place", "payment",
    "contact_log", "judgement", "preference", "trait", "told", "person_alias", "probable_match", "import_doubt",
    "complaint", "help_call", "feedback", "notice", "answer_token", "fact_told",
    "fact_pair", "packed", "priority_word", "lender_word", "visit_file", "office_file", "data_key", "server_key",
    "server_state", "office_user",
)  # fmt: skip


def backend_of(url: str) -> str:
    """Give `sqlite` or `postgresql`."""
    return make_url(url).get_backend_name()


def read_revision(connection: Connection) -> str:
    """Give the schema's revision."""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def is_known_revision(revision: str) -> bool:
    """Say whether this program can read and migrate a database of this revision."""
    try:
        return ScriptDirectory(str(Path(__file__).parent / "migrations")).get_revision(revision) is not None
    except CommandError:
        return False


# -- copying


def copy_database(url: str, target: Path) -> None:
    """
    Write a consistent copy of the database at *url* to *target*, while it is being used.

    Raises `unavailable` where the database or its tools cannot be reached.
    """
    if backend_of(url) == "sqlite":
        _copy_sqlite(_sqlite_path(url), target)
    else:
        _run_tool("pg_dump", url, ["--format=custom", "--no-owner", "--no-privileges", f"--file={target}"])


def _copy_sqlite(path: Path, target: Path) -> None:
    if not path.exists():
        raise FieldError("unavailable", detail=f"There is no database at {path}.")
    source, copy = sqlite3.connect(path), sqlite3.connect(target)
    try:
        source.backup(copy)  # all pages in one step: one snapshot, never begun again
        copy.execute("PRAGMA journal_mode=DELETE")
        found = copy.execute("PRAGMA quick_check").fetchone()[0]
        if found != "ok":
            raise FieldError("unavailable", detail=f"The database at {path} is damaged: {found}")
    finally:
        copy.close()
        source.close()


def _sqlite_path(url: str) -> Path:
    name = make_url(url).database
    assert name, "a SQLite URL names a file"
    return Path(name)


# -- putting back


def replace_database(url: str, copy: Path, marks: Mapping[str, str], now_ms: int) -> Path | None:
    """
    Put *copy* in place of the database at *url*, with *marks* as facts about the server, in one step.

    Codes not yet used are void from then on (F5). On SQLite the old file is kept aside and its path given.
    Raises `conflict` while anybody else uses the database, `unavailable` where its tools are missing.
    """
    if backend_of(url) == "sqlite":
        return _replace_sqlite(_sqlite_path(url), copy, _marking(marks), now_ms)
    _refuse_company(url)
    script = copy.with_suffix(".sql")
    _run_tool("pg_restore", None, ["--no-owner", "--no-privileges", f"--file={script}", str(copy)])
    commands = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
    commands += ["--command=DROP SCHEMA public CASCADE; CREATE SCHEMA public;", f"--file={script}"]
    commands += [f"--command={statement}" for statement in _marking(marks, "public.")]
    _run_tool("psql", url, commands)
    script.unlink()
    return None


def _marking(marks: Mapping[str, str], schema: str = "") -> list[str]:
    """Give the statements that mark a restored database; the values are hex, digits or words, never a person's."""
    assert all(value.isalnum() for value in marks.values())
    return [
        f"INSERT INTO {schema}server_state (name, value) VALUES ('{name}', '{value}')"  # noqa: S608 - checked above
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        for name, value in marks.items()
    ] + [f"UPDATE {schema}enrol_code SET expires_ms = 0 WHERE jkt IS NULL"]  # noqa: S608 - a constant


def _replace_sqlite(path: Path, copy: Path, marking: Sequence[str], now_ms: int) -> Path | None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with _owned(path):
        fresh = path.with_name(f"{path.name}.restoring")
        for suffix in ("", "-journal", "-wal", "-shm"):  # of a restore that was cut short
            path.with_name(fresh.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(copy, fresh)
        connection = sqlite3.connect(fresh)
        with connection:
            for statement in marking:
                connection.execute(statement)
        connection.close()
        _sync(fresh)
        aside = _put_aside(path, now_ms)
        os.replace(fresh, path)
        _sync(path.parent)
    return aside


def _put_aside(path: Path, now_ms: int) -> Path | None:
    """Rename the old database, with what belongs to it, so that it can still be opened."""
    if not path.exists():
        return None
    aside = path.with_name(f"{path.name}.before-{now_ms}")
    for suffix in ("-wal", "-shm"):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + suffix))
    path.rename(aside)
    return aside


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _owned(path: Path) -> Iterator[None]:
    """Hold the file a serving process holds, or raise `conflict`: nobody may serve while the file is exchanged."""
    descriptor = os.open(f"{path}.owner", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise FieldError("conflict", detail=f"A server is running on {path}. Stop it, then restore.") from None
    finally:
        os.close(descriptor)


def _refuse_company(url: str) -> None:
    """Raise `conflict` while other sessions are open on a PostgreSQL database."""
    engine = create_engine(url, poolclass=NullPool)
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )
    with engine.connect() as connection:
        count = connection.execute(others).scalar_one()
    engine.dispose()
    if count:
        detail = f"{count} sessions are open on the database. Stop the servers, then restore."
        raise FieldError("conflict", detail=detail)


def holds_anything(url: str) -> bool:
    """Say whether a database with any device in it stands at *url*."""
    if backend_of(url) == "sqlite" and not _sqlite_path(url).exists():
        return False
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        is_there = engine.dialect.has_table(connection, "device")
        found = is_there and connection.execute(text("SELECT 1 FROM device LIMIT 1")).scalar() is not None
    engine.dispose()
    return bool(found)


# -- leaving nothing behind


def scrub(store: Store) -> bool:
    """
    Remove what deleting left in the database's files: SQLite's write-ahead log, PostgreSQL's dead rows.

    Gives False where readers stood in the way; the next checkpoint or vacuum does it then.
    """
    if store.engine.dialect.name == "sqlite":
        raw = store.engine.raw_connection()
        try:
            cursor = raw.cursor()
            cursor.execute(f"PRAGMA busy_timeout={SCRUB_WAIT_MS}")
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            raw.close()
        return not busy
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"VACUUM {', '.join(SCRUBBED)}"))
    return True


# -- PostgreSQL's programs


def _run_tool(program: str, url: str | None, arguments: Sequence[str]) -> None:
    """Run one of PostgreSQL's programs; the password travels in the environment, never on the command line."""
    path = shutil.which(program)
    if path is None:
        detail = f"{program} is not on PATH: install PostgreSQL's client programs, of the server's version or newer."
        raise FieldError("unavailable", detail=detail)
    environment, target = dict(os.environ), []
    if url is not None:
        address, password = _libpq(make_url(url))
        target = [f"--dbname={address}"]
        if password is not None:
            environment["PGPASSWORD"] = password
    done = subprocess.run([path, *target, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise FieldError("unavailable", detail=f"{program} failed: {said[-1] if said else done.returncode}")


def _libpq(url: URL) -> tuple[str, str | None]:
    """Give the URL as PostgreSQL's own programs read it, and the password apart."""
    password = url.password
    bare = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    return bare.render_as_string(hide_password=False), password
