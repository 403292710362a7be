"""A device of its own process, a server of its own process, and between them the network as it is: bad."""

from __future__ import annotations

import base64
import random
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from sqlalchemy import select

from schemas import canonical
from server.services.enrolling import issue_code
from server.storage import tables
from tests.fault.proxy import Fault, Faults, Proxy, faulty
from tests.office import START_MS, Office, Phone, opened_office
from tests.processes import DeviceProcess, serving

CODES_LAST_MS = 1_800_000_000_000  # the office's own clock stands long after the server's
WRITERS, BATCHES, OF_EVENTS = 16, 6, 4
FIX = {"lat_e7": 377_700_000, "lon_e7": -1_224_200_000, "radius_dm": 120, "datum": "wgs84"}
VISIT = "01539c1b-1000-7000-8000-000000000001"


@dataclass
class Way:
    """A device, the proxy it must pass, and what the server holds of it."""

    office: Office
    proxy: Proxy
    device: DeviceProcess
    case_id: str
    recorded: list[str] = field(default_factory=list)

    def ask(self, do: str, **members: Any) -> dict[str, Any]:
        """Have the device do something that works."""
        answer = self.device.ask(do, **members)
        assert answer is not None
        assert answer["ok"], answer
        return answer

    def record(self, kind: str, visit_id: str, body: dict[str, Any]) -> str:
        """Record an event; give its id."""
        recorded = self.ask("record", kind=kind, case_id=self.case_id, visit_id=visit_id, body=body)
        self.recorded.append(recorded["event_id"])
        return str(recorded["event_id"])

    def begin_visit(self) -> str:
        """Record a visit's start; give the visit's id."""
        recorded = self.ask("record", kind="visit_started", case_id=self.case_id, body={"fixes": [FIX]})
        self.recorded.append(recorded["event_id"])
        return str(recorded["visit_id"])

    def note(self, visit_id: str, size: int) -> str:
        """Record a correction that says *size* characters which no compression makes much smaller."""
        noise = random.Random(len(self.recorded)).randbytes(size * 3 // 4)
        body = {"event_id": VISIT, "reason": "the words were wrong", "body": {"note": base64.b64encode(noise).decode()}}
        return self.record("event_corrected", visit_id, body)

    def unsent(self) -> int:
        """Give how many events wait on the device."""
        return int(self.ask("status")["status"]["unsent"])

    def exchange_until_level(self, most: int = 60) -> None:
        """Exchange again and again until nothing waits."""
        for _ in range(most):
            self.ask("exchange")
            if not self.unsent():
                return
        raise AssertionError(f"{self.unsent()} events still wait: {self.proxy.faults.log[-8:]}")

    def stored(self, column: Any = tables.event.c.id) -> list[Any]:
        """Give a column of the events on the server, but for the device's own."""
        rows = self.office.rows(select(column).where(tables.event.c.kind != "chain_opened").order_by(column))
        return [row[0] for row in rows]


@pytest.fixture
def way(sqlite_template: Path, tmp_path: Path) -> Iterator[Way]:
    """An enrolled device with one packet, behind a proxy that is calm until told."""
    shutil.copyfile(sqlite_template, tmp_path / "fairvisit.db")
    url = f"sqlite:///{tmp_path / 'fairvisit.db'}"
    with opened_office(url, tmp_path / "folder") as office, serving(url, tmp_path / "folder") as (address, _):
        office.clock.ms = CODES_LAST_MS
        agent_id, case_id = office.add_agent("a1"), office.add_case("R1")
        office.assign(case_id, agent_id)
        faults = Faults(seed=1)
        faults.is_calm = True
        with faulty(("127.0.0.1", int(address.rpartition(":")[2])), faults) as proxy:
            device = DeviceProcess(tmp_path / "phone" / "store.db", proxy.url)
            opened = Way(office, proxy, device, case_id)
            try:
                opened.ask("enrol", code=issue_code(office.site, "a1", by="test"), server=proxy.url)
                opened.ask("exchange")
                yield opened
            finally:
                device.end()


def test_every_fault_in_turn_leaves_each_event_on_the_server_once(way: Way) -> None:
    """E7, X2: a real device that meets every fault of the network, one after the other, loses and doubles nothing."""
    visit_id = way.begin_visit()
    way.exchange_until_level()
    wanted = [fault for fault in Fault if fault is not Fault.NONE]
    way.proxy.faults.log.clear()
    way.proxy.faults._script = iter(wanted)
    way.proxy.faults.is_calm = False
    for _ in range(40):
        if len(way.proxy.faults.log) >= len(wanted):
            break
        way.note(visit_id, 100)
        way.ask("exchange")
    time.sleep(0.5)  # what a middlebox kept comes within 0.2 s
    way.exchange_until_level()

    assert [fault.value for fault in wanted] == [fault for _, fault in way.proxy.faults.log][: len(wanted)]
    assert sorted(way.recorded) == way.stored()


def test_a_proxys_own_413_is_answered_by_smaller_batches(way: Way) -> None:
    """X3: a proxy that takes less than the server's quota gets batches halved until they pass, without any word."""
    visit_id = way.begin_visit()
    for _ in range(40):
        way.note(visit_id, 600)
    way.proxy.faults.log.clear()
    way.proxy.faults.largest_body = 6_000
    way.exchange_until_level()

    refused = [fault for _, fault in way.proxy.faults.log if fault == Fault.PROXY_413]
    assert 2 <= len(refused) <= 30
    assert sorted(way.recorded) == way.stored()
    assert {"accepted"} == set(way.stored(tables.event.c.status))


def test_an_event_no_proxy_lets_through_holds_up_none_behind_it(way: Way) -> None:
    """X3: an event above a proxy's limit goes as digest and size; what waits behind it arrives, and it does later."""
    visit_id = way.begin_visit()
    big = way.note(visit_id, 30_000)
    behind = [way.note(visit_id, 300) for _ in range(5)]
    way.proxy.faults.largest_body = 6_000
    way.exchange_until_level()

    assert set(behind) <= set(way.stored())
    parked = way.office.rows(select(tables.event.c.status, tables.event.c.problem).where(tables.event.c.id == big))
    assert [("parked", "withheld")] == [tuple(row) for row in parked]
    way.proxy.faults.largest_body = None
    for _ in range(4):
        way.ask("exchange")
    assert sorted(way.recorded) == way.stored()
    row = way.office.rows(select(tables.event).where(tables.event.c.id == big))[0]
    assert "accepted" == row.status
    assert row.digest == canonical.digest(row.content)


class RealClient:
    """What a test's phone speaks to: a real server, by the calls that Flask's test client has."""

    def __init__(self, address: str) -> None:
        self.address, self.session = address, requests.Session()

    def open(self, path: str, *, method: str, headers: dict[str, str], **sent: bytes) -> Any:
        """Send one request."""
        answer = self.session.request(method, self.address + path, headers=headers, timeout=60, **sent)
        return SimpleNamespace(
            status_code=answer.status_code, headers=answer.headers, text=answer.text, json=answer.json()
        )


def write_on(phone: Phone, case_id: str, ready: threading.Barrier, acknowledged: dict[str, str]) -> None:
    """Send batches of one phone; note each id with its text as soon as its receipt is here."""
    sent = 0
    ready.wait(60)
    for _ in range(BATCHES):
        for _ in range(OF_EVENTS):
            phone.step(case_id, VISIT)
        texts = {entry["id"]: entry["content"] for entry in phone.log}
        answer = phone.exchange(phone.log[sent:], pull=False)
        sent = len(phone.log)
        acknowledged |= {receipt["id"]: texts[receipt["id"]] for receipt in answer["push"]["receipts"]}


def test_what_16_writers_were_told_is_readable_after_the_server_died(database_url: str, tmp_path: Path) -> None:
    """E7: under 16 concurrent writers every id with a receipt is there, byte for byte, after a SIGKILL."""
    with opened_office(database_url, tmp_path / "folder") as office:
        phones, cases = [], []
        for number in range(WRITERS):
            phone = Phone.enrolled(office, f"w{number}")
            cases.append(office.add_case(f"W{number}"))
            office.assign(cases[-1], phone.agent_id)
            phones.append(phone)
        office.clock.ms = START_MS
        acknowledged: dict[str, str] = {}
        ready = threading.Barrier(WRITERS)
        with serving(database_url, tmp_path / "folder") as (address, server):
            for phone in phones:
                phone.office = copy(office)
                phone.office.client = RealClient(address)  # type: ignore[assignment]
            writers = [
                threading.Thread(target=write_on, args=(phone, case_id, ready, acknowledged))
                for phone, case_id in zip(phones, cases, strict=True)
            ]
            for writer in writers:
                writer.start()
            for writer in writers:
                writer.join(120)
            server.send_signal(signal.SIGKILL)
            server.wait(20)
        rows = office.rows(select(tables.event.c.id, tables.event.c.content))

    assert WRITERS * (1 + BATCHES * OF_EVENTS) == len(acknowledged)
    assert {event_id: [text.encode()] for event_id, text in acknowledged.items()} == {
        row.id: [bytes(each.content) for each in rows if each.id == row.id] for row in rows
    }
