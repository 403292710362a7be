"""
The demo whole: real devices, real server, real HTTP; what was planted is found, and every device-day balances.

FV_DEMO_SEEDS says how many seeds of San Francisco are played; `make soak` plays 20.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import requests

from server.demo.performing import Performance, perform
from server.demo.showing import ADDRESSES
from server.demo.stage import DATABASE

SEEDS = range(1, 1 + int(os.environ.get("FV_DEMO_SEEDS", "1")))
COMMAND = [sys.executable, "-c", "from server.cli.main import main; main()", "demo"]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_days_of_san_francisco_are_seen_through(seed: int, tmp_path: Path) -> None:
    """
    Everything planted is found, at most 3 % of the clean visits are flagged, and every device-day balances.

    One test for all of it, since the two days are played once for it.
    """
    with perform("sf", seed, tmp_path / "sf", 0, lambda line: None, lambda label, done, size: None) as played:
        check_findings(played)
        check_statements(played)
        check_stage(played)


def check_findings(played: Performance) -> None:
    """Hold the server's findings against the list of what was planted."""
    assert [] == played.quality.missed
    assert played.quality.clean > 120
    assert played.quality.is_good, played.quality.false
    assert len(played.scenario.visits) == sum(played.states.values())
    assert "not folded" not in played.states


def check_statements(played: Performance) -> None:
    """Nothing is lost or double, every difference is explained; only the tampered phone's history does not verify."""
    totals = Counter[str]()
    for each in played.balances:
        totals.update(lost=each.lost, double=each.double, unsent=each.unsent, declared_lost=each.declared_lost)

    assert [] == [each for each in played.balances if not each.is_balanced]
    assert {"lost": 0, "double": 0, "unsent": 0, "declared_lost": 1} == dict(totals)
    assert [played.scenario.rogue] == list(played.broken)


def check_stage(played: Performance) -> None:
    """Every act could be played as written; the list of faults lies apart, and the server still answers."""
    database = (played.stage.folder / DATABASE).read_bytes()

    assert [] == played.happened.surprises
    assert (played.stage.folder / "planted.json").exists()
    assert b"the companion was not there" not in database
    for path in ADDRESSES:
        assert 200 == requests.get(f"{played.stage.url}/{path}", timeout=10).status_code


def run_demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    command = [*COMMAND, "--once", "--portfolio", "zh", "--port", "0", "--folder", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


def table_of(printed: str) -> list[str]:
    """Give the figures that a seed must repeat: the states, the findings, the statements."""
    return re.findall(r"^(?:  [a-z_ ]+ {2,}[\d ]+|Clean visits.*|Visits by.*)$", printed, re.MULTILINE)


def test_the_same_seed_prints_the_same_table(tmp_path: Path) -> None:
    """Two runs of one seed, one after the other in one folder, exit 0 with the same figures."""
    first, second = (run_demo(tmp_path / "zh", "--seed", "7") for _ in range(2))

    assert (0, 0) == (first.returncode, second.returncode), first.stderr
    assert 40 < len(table_of(first.stdout))
    assert table_of(first.stdout) == table_of(second.stdout)


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    """The demo wipes only what an earlier demo made."""
    (tmp_path / "thesis.txt").write_text("mine")
    run = run_demo(tmp_path)

    assert 1 == run.returncode
    assert "holds other files" in run.stderr
    assert "mine" == (tmp_path / "thesis.txt").read_text()
