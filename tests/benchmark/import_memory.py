"""
`python -m tests.benchmark.import_memory`: a portfolio of 100,000 rows imported, as CSV and as XLSX, with its memory.

Prints rows, seconds and peak memory of the whole command, for the first import and for the same file again. Ends
with 1 where a peak passes 300 MB, or where a row is unaccounted for.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from pathlib import Path

from server.storage.migrating import migrate
from tests.contract.importing.import_process import finish, start_import
from tests.contract.importing.made_portfolio import BAD_EVERY, write_made_portfolio

MOST_MB = 300


def measure(folder: Path, ending: str, count: int) -> bool:
    """Import *count* rows twice, print what it took, and say whether it kept its bounds."""
    path = write_made_portfolio(folder / f"portfolio.{ending}", count)
    url = f"sqlite:///{folder / ending}.db"
    migrate(url)
    is_good = True
    for round_name, wanted in (("first", "new"), ("again", "unchanged")):
        started = time.monotonic()
        code, said, peak = finish(start_import(path, url, folder / f"{ending}.rejects.csv"))
        took = time.monotonic() - started
        told = {name: int(number) for number, name in re.findall(r"(\d+) (rows|new|unchanged|rejected)", said)}
        whole = told.get(wanted, 0) + told.get("rejected", 0) == count and told.get("rejected") == count // BAD_EVERY
        is_good &= code == 0 and whole and peak < MOST_MB
        speed = f"{took:7.1f} s {count / took:7.0f} rows/s"
        print(f"import {ending:<4} {round_name:<6} {count:>8} rows {speed} {peak:6.0f} MB")
        if code or not whole:
            print(said)
    return is_good


def main() -> None:
    """Measure both forms."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        good = [measure(Path(folder), ending, rows) for ending in ("csv", "xlsx")]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
