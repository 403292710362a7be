"""
What every test may ask for: a database of either kind, fresh and migrated, and the settings of Hypothesis.

`database_url` runs a test twice, on SQLite and on PostgreSQL. A PostgreSQL that cannot be started fails the test.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.houses import NO_RULES
from tests.postgres import Cluster, locked, shared_cluster
from tests.s3_store import KEYS, S3Server, s3_serving

BACKENDS = ("sqlite", "postgresql")
RUN_PID = "FV_TEST_RUN_PID"
TEMPLATE = "fairvisit_template"

# The machine is shared, so time says nothing; a failure prints the blob that repeats it.
settings.register_profile("fairvisit", deadline=None, print_blob=True)
settings.load_profile("fairvisit")


def pytest_configure(config: pytest.Config) -> None:
    """Let xdist's workers know the process whose end is the end of the run, and programs the rules they are to hold."""
    if not hasattr(config, "workerinput"):
        os.environ[RUN_PID] = str(os.getpid())
    os.environ["FAIRVISIT_HOUSE_RULEBOOK"] = NO_RULES  # of every program that tests start


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that all workers of this run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def cluster(run_folder: Path) -> Cluster:
    """The run's PostgreSQL, with a migrated template in it."""
    from server.storage.migrating import migrate  # here: pure tests run without loading a database

    running = shared_cluster(run_folder, int(os.environ[RUN_PID]))
    with locked(run_folder / "template-lock"):
        if not running.has(TEMPLATE):
            making = f"{TEMPLATE}_{os.getpid()}"
            running.create(making)
            migrate(running.url(making))
            with running.connect() as admin:
                admin.execute(f"ALTER DATABASE {making} RENAME TO {TEMPLATE}")
    return running


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    from server.storage.migrating import migrate

    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate(f"sqlite:///{path}")
    return path


def _fresh_postgresql(cluster: Cluster, template: str) -> Iterator[str]:
    name = f"t_{uuid.uuid4().hex}"
    cluster.create(name, template)
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh migrated database, on SQLite and again on PostgreSQL, as SQLAlchemy URL."""
    if request.param == "sqlite":
        path = tmp_path / "fairvisit.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
    else:
        yield from _fresh_postgresql(request.getfixturevalue("cluster"), TEMPLATE)


@pytest.fixture(params=BACKENDS)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database without any table, for the tests of the migrations."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'fairvisit.db'}"
    else:
        yield from _fresh_postgresql(request.getfixturevalue("cluster"), "template1")


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An S3-compatible store that checks signatures, for the session."""
    with s3_serving(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(params=["folder", "s3"])
def files_s3(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where whole files go, as the setting says it: into the local folder, and again into a bucket of an S3 store."""
    if request.param == "folder":
        return ""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    server: S3Server = request.getfixturevalue("s3_server")
    return server.make_bucket(f"b{uuid.uuid4().hex}")
