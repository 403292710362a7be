"""What the demo says of the phone app: a QR that leads to its address, a code that enrols, cases to be visited."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import segno

from agent_sync import Device
from server.cli.rehearsing import open_phone_office, write_env
from server.demo import today as office_of_today
from server.demo.showing import QUIET, show_phone
from server.demo.stage import Stage
from server.demo.today import LEAD, Today, open_today

HALVES = {"█": (False, False), "▀": (False, True), "▄": (True, False), " ": (True, True)}  # dark above, dark below


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Today]:
    """The office of today, served."""
    with open_today(tmp_path_factory.mktemp("demo") / "today", 0) as opened:
        yield opened


def printed(today: Today) -> list[str]:
    """Give the lines that are printed of it."""
    return list(show_phone(today, str(write_env(today.stage))))


def test_the_qr_leads_to_the_address(today: Today) -> None:
    """Module by module it is the code of the address that stands above it, with white around it."""
    rows = [line.split("m", 1)[1].split("\x1b")[0] for line in printed(today) if "\x1b" in line]
    drawn = [[HALVES[half][place] for half in row] for row in rows for place in (0, 1)]
    expected = [[bool(module) for module in row] for row in _matrix(today.address)]

    assert today.address in printed(today)[1]
    assert expected == [row[: len(expected)] for row in drawn[: len(expected)]]


def _matrix(text: str) -> list[list[int]]:
    made = segno.make(text, error="l", micro=False)
    return [list(row) for row in made.matrix_iter(border=QUIET)]


def test_the_code_of_the_address_enrols_and_brings_cases_to_visit_now(today: Today, tmp_path: Path) -> None:
    """Six cases come, none of which anything speaks against."""
    [code] = parse_qs(urlsplit(today.address).query)["code"]
    with Device(tmp_path / "phone.db", today.stage.url) as device:
        device.enrol(code)
        assert device.exchange().is_ok
        packets = device.packets()
        verdicts = [device.may_record("visit_started", each.case_id, None, {"fixes": []}) for each in packets]

    assert 6 == len(packets)
    assert [[]] * 6 == [verdict.blocks for verdict in verdicts]


def test_another_code_comes_by_the_command_that_is_named(today: Today) -> None:
    """The two commands of the last line, typed into a shell, give a code."""
    load, enrol = printed(today)[-1].split("`")[1::2]
    run = subprocess.run(["sh", "-c", f"{load}; {enrol}"], capture_output=True, text=True, timeout=120, check=False)

    assert f"Code for one device of {LEAD}" in run.stdout, run.stderr


def test_without_a_built_app_it_says_how_to_build_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No address is printed that would lead nowhere."""
    monkeypatch.setattr(office_of_today, "BESIDE_US", tmp_path / "nowhere")
    with open_phone_office(Stage(tmp_path / "demo", "UTC", "US", "", 0)) as lines:
        said = "\n".join(lines)

    assert "make pwa" in said
    assert "http" not in said
