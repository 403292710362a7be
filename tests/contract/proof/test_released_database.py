"""The database of every release can still be migrated, read to its last row, and proven whole."""

from __future__ import annotations

import gzip
import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, inspect, make_url, select, text
from sqlalchemy.pool import NullPool

from server.clock import id_maker, system_now
from server.services.keys import prepare_site, signing_key
from server.services.site import Site
from server.services.verifying import verify_site
from server.settings import Settings
from server.storage.engine import opened
from server.storage.migrating import migrate
from server.storage.tables import metadata
from tests.contract.proof.make_dump import FOLDER

VERSIONS = sorted({path.name.removesuffix(".sqlite.sql.gz") for path in FOLDER.glob("*.sqlite.sql.gz")})


def load(url: str, version: str) -> None:
    """Load the dump of a release into an empty database."""
    name = make_url(url)
    database = name.get_backend_name()
    said = gzip.decompress((FOLDER / f"{version}.{database}.sql.gz").read_bytes()).decode()
    if database == "sqlite":
        with sqlite3.connect(str(name.database)) as connection:
            connection.executescript(said)
        connection.close()
        return
    host = str(name.query["host"])
    with psycopg.connect(host=host, user=name.username, dbname=name.database, autocommit=True) as admin:
        admin.execute(said)  # type: ignore[call-overload]


def count_rows(url: str) -> dict[str, int]:
    """Count the rows of every table that is there."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        names = [name for name in inspect(connection).get_table_names() if name != "alembic_version"]
        counts = {name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in names}
    engine.dispose()
    return counts


def test_there_is_a_release() -> None:
    """The first release is dumped: its promise to later versions begins with it."""
    assert "0.1.0" in VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_a_released_database_is_migrated_and_read(empty_database_url: str, version: str, tmp_path: Path) -> None:
    """After the newest migration no row is lost, every table can be read, and every device's history is whole."""
    load(empty_database_url, version)
    before = count_rows(empty_database_url)

    migrate(empty_database_url)

    after = count_rows(empty_database_url)
    assert before == {name: after[name] for name in before}
    assert min(before.values()) > 0
    settings = Settings(database_url=empty_database_url, folder=str(tmp_path))
    with opened(empty_database_url) as store:
        with store.read() as connection:
            read = {table.name: len(connection.execute(select(table)).all()) for table in metadata.sorted_tables}
        assert after == read
        site = Site(store, settings, system_now, id_maker(system_now))
        prepare_site(site)
        verdicts = list(verify_site(site))
        assert [True] == [verdict.is_whole for verdict in verdicts]
        assert {"Dana"} == {each.by for each in verdicts[0].chains[0].erased}
        assert signing_key(site)[1]
