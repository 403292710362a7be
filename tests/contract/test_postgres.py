"""The tests' own PostgreSQL: real, shared, and gone with the run that started it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres


@pytest.fixture
def short_run() -> Iterator[subprocess.Popen[bytes]]:
    """A process that stands for a test run."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as run:
        yield run
        run.kill()


def end(run: subprocess.Popen[bytes]) -> None:
    """Kill the run: it gets no chance to clean up."""
    run.kill()
    run.wait()


def await_removal(folder: Path) -> bool:
    """Tell whether *folder* disappears within ten seconds."""
    deadline = time.monotonic() + 10
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return not folder.exists()


def test_the_server_ends_with_the_run_even_when_that_is_killed(short_run: subprocess.Popen[bytes]) -> None:
    """A killed run leaves neither a server nor its folder behind."""
    cluster = postgres.start_cluster(short_run.pid)
    server_pid = cluster.pid
    end(short_run)

    assert await_removal(cluster.folder)
    with pytest.raises(ProcessLookupError):
        os.kill(server_pid, 0)


def test_workers_of_one_run_share_one_server(short_run: subprocess.Popen[bytes], tmp_path: Path) -> None:
    """The second worker that asks gets the server of the first."""
    first = postgres.shared_cluster(tmp_path, short_run.pid)
    second = postgres.shared_cluster(tmp_path, short_run.pid)
    second.create("one")

    assert first == second
    assert first.has("one")
    first.drop("one")
    assert not second.has("one")
    end(short_run)
    assert await_removal(first.folder)


def test_binaries_below_a_closed_folder_are_copied_to_where_nobody_may_read(
    short_run: subprocess.Popen[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A virtual environment under a folder of mode 0700 is no obstacle."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "pg").symlink_to(postgres.find_binaries().parent)
    monkeypatch.setenv("FV_PG_BIN", str(closed / "pg" / "bin"))
    cluster = postgres.start_cluster(short_run.pid)

    assert not cluster.has("anything")
    end(short_run)
    assert await_removal(cluster.folder)


def test_an_absent_postgresql_is_an_error_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without binaries the tests fail with the cure; they never skip."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("FV_PG_BIN", raising=False)
    monkeypatch.setattr(postgres, "DEBIAN_PLACES", tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])

    with pytest.raises(postgres.PostgresMissingError, match="install Debian's postgresql"):
        postgres.find_binaries()
