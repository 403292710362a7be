"""The phone app's core against the real server: what it recorded is taken, and both accounts of the day are equal."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from schemas import card, signing
from server.services import outboxes, statements
from server.services.asking import prepare_pairs
from server.services.assigning import assign
from server.services.enrolling import issue_code
from server.services.importing import FileOrder, import_portfolio
from server.storage import tables
from tests.contract.pwa.write_vocabulary import APP
from tests.fault.proxy import Fault, Faults, faulty
from tests.office import Office, opened_office
from tests.processes import serving

PORTFOLIO = """Loan No,Name,Language,Phone,Address,Amount,Options,Date of birth,Last two digits of ID
LN-77812,Ana Example,en,,1 Sample St,9876.54,Three parts from June,1974-03-09,71
"""


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office on the time of day, with a sealed case that agent lead holds."""
    with opened_office(database_url, tmp_path / "folder") as opened:
        opened.clock.ms = time.time_ns() // 1_000_000
        path = tmp_path / "portfolio.csv"
        path.write_text(PORTFOLIO, "utf-8")
        import_portfolio(opened.site, FileOrder(path, lender="Zebra Savings Bank", currency="USD"))
        for code in ("lead", "companion"):
            opened.add_agent(code)
        assign(opened.site, [case.id for case in opened.rows(tables.case.select())], "lead")
        assert 1 == prepare_pairs(opened.site, 5)
        yield opened


def test_a_whole_visit_reaches_the_server(office: Office, database_url: str, tmp_path: Path) -> None:
    """Enrol by code, pull, record a visit with a companion, exchange: all accepted, statements equal, card good."""
    with serving(database_url, tmp_path / "folder") as (url, _):
        run_phone("day", office, tmp_path, url=url, answers=["1974", "71"])

    for who in ("lead", "companion"):
        told = compare(office, tmp_path, who)
        assert told["recorded"] == told["accepted"]
    [case] = office.rows(tables.case.select())
    [code] = parse_qs(urlsplit((tmp_path / "card.txt").read_text()).query)["c"]
    [device] = [row for row in office.rows(tables.device.select()) if row.id == card.device_of(code)]
    assert case.id == card.read_card(code, signing.load_public(device.jwk)).case_id
    imported = outboxes.import_outbox(office.site, (tmp_path / "outbox.json").read_bytes(), by="test")
    assert {"accepted": 1} == imported.statuses


def test_a_bad_network_loses_and_doubles_nothing(office: Office, database_url: str, tmp_path: Path) -> None:
    """Section 5: twelve visits by two tabs through a proxy that does everything that can happen to a request."""
    with serving(database_url, tmp_path / "folder") as (url, _):
        parts = urlsplit(url)
        with faulty((str(parts.hostname), int(parts.port or 0)), Faults(script=[*Fault] * 4)) as proxy:
            run_phone("faults", office, tmp_path, url=url, proxy_url=proxy.url)

    told = compare(office, tmp_path, "lead")
    assert 12 * 4 < told["accepted"] + told["parked"]
    assert set(Fault) == {fault for _, fault in proxy.faults.log}
    assert 0 < told["duplicates"]


def compare(office: Office, folder: Path, who: str) -> dict[str, Any]:
    """
    Lay a phone's statement of its day beside the server's: nothing differs but what has its name, such as an event that
    was set aside because its content did not get through, came as a file, and was judged again. Gives the phone's.
    """
    told, day = (folder / f"{who}.jws").read_text(), (folder / "day").read_text()
    compared = statements.compare_with_device(office.site, told, day=day)
    assert [] == [each.sentence for each in compared.differences if not each.is_explained]
    assert 1 == len(compared.device["chains"])
    assert compared.device["recorded"] == len(compared.device["events"]) > 2
    return compared.device


def run_phone(story: str, office: Office, folder: Path, **told: Any) -> None:
    """Run a story of the phone in Node."""
    codes = {f"{code}_code": issue_code(office.site, code, by="test") for code in ("lead", "companion")}
    told |= codes | {"out": str(folder), "day_file": str(folder / "day")}
    config = "vitest.end_to_end.config.ts"
    command = ["npx", "vitest", "run", "--config", config, f"tests/end_to_end/{story}.story.ts"]
    environ = os.environ | {"FV_PHONE": json.dumps(told)}
    ended = subprocess.run(command, cwd=APP, env=environ, capture_output=True, text=True, timeout=300, check=False)
    assert 0 == ended.returncode, ended.stdout + ended.stderr
