"""The import as a process: killed in the middle and run again, and its memory."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from server.storage import portfolio_tables, tables
from server.storage.engine import Store, opened
from tests.contract.importing.import_process import finish, start_import
from tests.contract.importing.made_portfolio import write_made_portfolio

ROWS = 2_000
WAIT_S = 60


def count(store: Store) -> int:
    """Give how many cases stand."""
    with store.read() as connection:
        return len(connection.execute(tables.case.select().with_only_columns(tables.case.c.id)).all())


def state(store: Store) -> dict[str, Any]:
    """Give all that an import leaves, with references in place of ids and without what the server's secret makes."""
    with store.read() as connection:
        cases = connection.execute(tables.case.select()).all()
        persons = {row.id: row for row in connection.execute(tables.person.select())}
        places = {row.id: row for row in connection.execute(tables.place.select())}
        told = {row.case_id: sorted(row.fields) for row in connection.execute(portfolio_tables.told.select())}
        doubts = connection.execute(portfolio_tables.import_doubt.select()).all()
        matches = connection.execute(portfolio_tables.probable_match.select()).all()
    left_out = {"id", "person_id", "place_id", "digest", "updated_ms"}

    def values(row: Any) -> tuple[tuple[str, str], ...]:
        return tuple((name, str(value)) for name, value in row._mapping.items() if name not in left_out)

    references = {row.id: row.reference for row in cases}
    found = {
        row.reference: (
            values(row), values(persons[row.person_id]), values(places[row.place_id]), told[row.id],
        )
        for row in cases
    }  # fmt: skip
    pairs = {frozenset((persons[row.person_id].key, persons[row.other_id].key)) for row in matches}
    marks = sorted((references[row.case_id], row.field, row.reason) for row in doubts)
    return {"cases": found, "persons": len(persons), "places": len(places), "doubts": marks, "matches": pairs}


def test_killed_in_the_middle_and_run_again_is_as_if_nothing_had_happened(
    database_url: str, sqlite_template: Path, tmp_path: Path
) -> None:
    """SIGKILL at three places, each time started again: the same end state and rejects as one quiet run."""
    path = write_made_portfolio(tmp_path / "portfolio.csv", ROWS)
    quiet_path = tmp_path / "quiet.db"
    quiet_path.write_bytes(sqlite_template.read_bytes())
    stands = []
    with opened(database_url) as store:
        for goal in (1, 501, 1_001):
            running = start_import(path, database_url, tmp_path / "killed.csv")
            deadline = time.monotonic() + WAIT_S
            while count(store) < goal and time.monotonic() < deadline:
                time.sleep(0.003)
            running.kill()
            finish(running)
            stands.append(count(store))
        code, said, _ = finish(start_import(path, database_url, tmp_path / "killed.csv"))
        killed = state(store)
    finish(start_import(path, f"sqlite:///{quiet_path}", tmp_path / "quiet.csv"))
    with opened(f"sqlite:///{quiet_path}") as store:
        quiet = state(store)

    assert 0 < stands[0] < stands[1] < stands[2] < ROWS
    assert (0, True) == (code, "broke off" in said)
    assert ROWS - ROWS // 500 == len(quiet["cases"])
    assert quiet == killed
    assert (tmp_path / "quiet.csv").read_bytes() == (tmp_path / "killed.csv").read_bytes()


def test_memory_does_not_grow_with_the_file(sqlite_template: Path, tmp_path: Path) -> None:
    """Eight times the rows take at most 25 MB more, and the whole command stays far under 300 MB."""
    peaks = []
    for rows in (1_000, 8_000):
        database = tmp_path / f"{rows}.db"
        database.write_bytes(sqlite_template.read_bytes())
        path = write_made_portfolio(tmp_path / f"{rows}.csv", rows)
        code, _, peak = finish(start_import(path, f"sqlite:///{database}", tmp_path / f"{rows}.rejects.csv"))
        assert 0 == code
        peaks.append(peak)

    assert peaks[1] - peaks[0] < 25
    assert peaks[1] < 200
