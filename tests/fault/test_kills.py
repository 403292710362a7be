"""SIGKILL at every write, of real processes on both sides: nothing acknowledged is lost, nothing is taken twice."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import select

from agent_sync.store import Store
from server.services.enrolling import issue_code
from server.storage import tables
from tests.office import Office, opened_office
from tests.processes import DeviceProcess, serving

KILLING = [sys.executable, "-m", "tests.fault.killing_server"]
FIX = {"lat_e7": 377_700_000, "lon_e7": -1_224_200_000, "radius_dm": 120, "datum": "wgs84"}
MOST_BOUNDARIES = 60
# `make soak` dies at every boundary; `make test` at every sixth, a fixed share of the same list.
STEP = 1 if int(os.environ.get("FV_CAMPAIGNS", "0")) >= 100 else 6


def make_town(office: Office) -> tuple[str, str]:
    """Make an agent with one case; give the case and an enrolment code."""
    agent_id = office.add_agent("a1")
    case_id = office.add_case("R1")
    office.assign(case_id, agent_id)
    return case_id, issue_code(office.site, "a1", by="test")


def stored_ids(office: Office) -> list[str]:
    """Give the ids of the events on the server."""
    return sorted(row.id for row in office.rows(select(tables.event.c.id)))


def play(device: DeviceProcess, url: str, code: str, case_id: str, saved: list[str]) -> bool:
    """Enrol, record, exchange; note what the device said is saved. Say whether it lived to the end."""
    lines: list[dict[str, Any]] = [
        {"do": "enrol", "code": code, "server": url},
        {"do": "exchange"},
        {"do": "record", "kind": "visit_started", "case_id": case_id, "body": {"fixes": [FIX]}},
        {"do": "exchange"},
        {"do": "exchange"},
    ]
    for line in lines:
        answer = device.ask(**line)
        if answer is None:
            return False
        if line["do"] == "record" and answer["ok"]:
            saved.append(answer["event_id"])
    return True


def settle(store: Path, url: str, code: str) -> list[str]:
    """Let a device that lives talk until it is level; give the ids of every event in its store."""
    device = DeviceProcess(store, url)
    try:
        device.ask("enrol", code=code, server=url)
        for _ in range(4):
            device.ask("exchange")
        status = device.ask("status")
        assert status is not None
        assert status["status"]["unsent"] == 0, status
    finally:
        device.end()
    kept = Store(store)
    try:
        return sorted(str(row["id"]) for row in kept.rows("SELECT id FROM event"))
    finally:
        kept.close()


def test_a_device_killed_at_every_write_loses_nothing(sqlite_template: Path, tmp_path: Path) -> None:
    """E2, E7: whatever write the device dies at, what it said is saved is on the server exactly once afterwards."""
    shutil.copyfile(sqlite_template, tmp_path / "fairvisit.db")
    url = f"sqlite:///{tmp_path / 'fairvisit.db'}"
    with opened_office(url, tmp_path / "folder") as office, serving(url, tmp_path / "folder") as (address, _):
        office.clock.ms = 1_800_000_000_000  # codes last until long after the server's own clock
        agent_id = office.add_agent("a1")
        case_id = office.add_case("R1")
        office.assign(case_id, agent_id)
        on_server: list[str] = []
        for kill_at in range(2, MOST_BOUNDARIES, STEP):
            code, store = issue_code(office.site, "a1", by="test"), tmp_path / f"device{kill_at}" / "store.db"
            saved: list[str] = []
            device = DeviceProcess(store, address, kill_at)
            lived = play(device, address, code, case_id, saved)
            assert lived or device.process.wait(20) == -signal.SIGKILL
            device.end()
            held = settle(store, address, code)
            assert set(saved) <= set(held), f"boundary {kill_at}: saved events are gone"
            on_server += held
            if lived:
                break
        assert lived, "the script has more boundaries than were tried"
        assert kill_at > 10, "a device writes more often than that"
        assert sorted(on_server) == stored_ids(office)


def test_a_server_killed_at_every_write_loses_nothing(sqlite_template: Path, tmp_path: Path) -> None:
    """E7: whatever write the server dies at, what the device was told is kept, and all arrives once afterwards."""
    for kill_at in range(2, MOST_BOUNDARIES, STEP):
        folder = tmp_path / str(kill_at)
        folder.mkdir()
        shutil.copyfile(sqlite_template, folder / "fairvisit.db")
        url = f"sqlite:///{folder / 'fairvisit.db'}"
        with opened_office(url, folder / "folder") as office:
            office.clock.ms = 1_800_000_000_000
            case_id, code = make_town(office)
            saved: list[str] = []
            killed = {"KILL_AT": str(kill_at)}
            with serving(url, folder / "folder", program=KILLING, environ=killed) as (address, server):
                device = DeviceProcess(folder / "store.db", address)
                play(device, address, code, case_id, saved)
                device.end()
                lived = server.poll() is None
            with serving(url, folder / "folder", port=int(address.rpartition(":")[2])) as (address, _):
                held = settle(folder / "store.db", address, code)
            assert sorted(held) == stored_ids(office), f"boundary {kill_at}"
            assert set(saved) <= set(held)
        if lived:
            break
    assert lived, "the script has more boundaries than were tried"
    assert kill_at > 4
