"""Two processes write to one SQLite file: neither starves the other."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path

from sqlalchemy import text

from server.storage.engine import opened


def _write_on_and_on(url: str, until: float) -> None:
    with opened(url) as store:

        def job(connection: object) -> None:
            time.sleep(0.02)  # what a fold costs

        while time.monotonic() < until:
            store.write(job)


def test_a_process_that_writes_on_and_on_starves_no_other(tmp_path: Path) -> None:
    """A write waits for a few of another process's transactions, never for its whole backlog."""
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    with opened(url) as store:
        store.write(lambda connection: connection.execute(text("CREATE TABLE written (at INTEGER)")) and None)
        other = multiprocessing.get_context("spawn").Process(
            target=_write_on_and_on, args=(url, time.monotonic() + 6), daemon=True
        )
        other.start()
        time.sleep(1.5)
        took = []
        for at in range(20):
            began = time.monotonic()
            store.write(
                lambda connection, at=at: connection.execute(text(f"INSERT INTO written VALUES ({at})")) and None
            )
            took.append(time.monotonic() - began)
        other.terminate()
        other.join()
        with store.read() as connection:
            written = connection.execute(text("SELECT count(*) FROM written")).scalar_one()

    assert 20 == written
    assert sum(took) < 2.5
