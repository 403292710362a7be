"""The phone app's core against the real server: what it recorded is taken, and both accounts of the day are equal."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from schemas import card, signing
from server.services import outboxes, statements
from server.services.asking import prepare_pairs
from server.services.assigning import assign
from server.services.enrolling import issue_code
from server.services.importing import FileOrder, import_portfolio
from server.storage import tables
from tests.contract.pwa.write_vocabulary import APP
from tests.office import opened_office
from tests.processes import serving

PORTFOLIO = """Loan No,Name,Language,Phone,Address,Amount,Options,Date of birth,Last two digits of ID
LN-77812,Ana Example,en,,1 Sample St,9876.54,Three parts from June,1974-03-09,71
"""


def test_a_whole_visit_reaches_the_server(database_url: str, tmp_path: Path) -> None:
    """Enrol by code, pull, record a visit with a companion, exchange: all accepted, statements equal, card good."""
    with opened_office(database_url, tmp_path / "folder") as office:
        office.clock.ms = time.time_ns() // 1_000_000
        path = tmp_path / "portfolio.csv"
        path.write_text(PORTFOLIO, "utf-8")
        import_portfolio(office.site, FileOrder(path, lender="Zebra Savings Bank", currency="USD"))
        [case] = office.rows(tables.case.select())
        for code in ("lead", "companion"):
            office.add_agent(code)
        assign(office.site, [case.id], "lead")
        assert 1 == prepare_pairs(office.site, 5)
        codes = {f"{code}_code": issue_code(office.site, code, by="test") for code in ("lead", "companion")}
        told = codes | {"answers": ["1974", "71"], "out": str(tmp_path), "day_file": str(tmp_path / "day")}
        with serving(database_url, tmp_path / "folder") as (url, _):
            run_phone(told | {"url": url})

        day = (tmp_path / "day").read_text()
        for who in ("lead", "companion"):
            compared = statements.compare_with_device(office.site, (tmp_path / f"{who}.jws").read_text(), day=day)
            assert [] == list(compared.differences)
            assert compared.is_balanced
            assert compared.device["recorded"] == compared.device["accepted"] == len(compared.device["events"]) > 2
        [code] = parse_qs(urlsplit((tmp_path / "card.txt").read_text()).query)["c"]
        [device] = [row for row in office.rows(tables.device.select()) if row.id == card.device_of(code)]
        assert case.id == card.read_card(code, signing.load_public(device.jwk)).case_id
        imported = outboxes.import_outbox(office.site, (tmp_path / "outbox.json").read_bytes(), by="test")
        assert {"accepted": 1} == imported.statuses


def run_phone(told: dict[str, object]) -> None:
    """Run the phone's day in Node."""
    command = ["npx", "vitest", "run", "--config", "vitest.end_to_end.config.ts"]
    environ = os.environ | {"FV_PHONE": json.dumps(told)}
    ended = subprocess.run(command, cwd=APP, env=environ, capture_output=True, text=True, timeout=180, check=False)
    assert 0 == ended.returncode, ended.stdout + ended.stderr
