"""Done-when 4 of conduct, with real processes: a server, devices of their own, holds that reach each of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from agent_sync.store import Store
from schemas.vocabulary import HoldReason, HoldScope
from server.services import holding
from server.services.assigning import assign
from server.services.enrolling import issue_code
from server.services.reconciling import reconcile
from server.services.revoking import revoke_device
from server.storage import conduct_rows, feed, tables
from server.storage.portfolio_tables import import_run
from tests.office import Office, opened_office
from tests.processes import DeviceProcess, serving

ROWS = 5_000
CAP = """
rulebook: HOUSE
version: "1"
kind: house
zone: UTC
title: One visit a week to a person
sources: {product: {law: product policy, url: "", seen: ""}}
rules:
- id: HOUSE-CAP
  type: frequency_cap
  params: {channel: visit, most: 1, period: P7D, per: person}
  check: [gate]
  severity: block
  on_unknown: block
  source: [product]
  confidence: policy
  status: policy
  agent: {en: "One visit a week.", zh: "每周一次。"}
  person: {en: "One visit a week.", zh: "每周一次。"}
"""


@dataclass
class Town:
    """An office, a server process on its database, and devices that are processes."""

    office: Office
    url: str
    folder: Path
    devices: dict[str, DeviceProcess] = field(default_factory=dict)

    def enrol(self, code: str, *case_ids: str, agency: str = "") -> str:
        """Add an agent with these cases and an enrolled device that holds them; give the agent's id."""
        agent_id = self.office.add_agent(code)
        if agency:
            agency_id = self.office.site.new_id()
            self.office.insert(tables.agency, id=agency_id, name=agency, status="active")
            move = tables.agent.update().where(tables.agent.c.id == agent_id).values(agency_id=agency_id)
            self.office.site.store.write(lambda connection: connection.execute(move) and None)
        for case_id in case_ids:
            assert [] == assign(self.office.site, [case_id], code).refused
        self.devices[code] = self.device(code)
        self.ask(code, "enrol", code=issue_code(self.office.site, code, by="test"), server=self.url)
        self.exchange(code)
        return agent_id

    def device(self, code: str, kill_at: int = 0) -> DeviceProcess:
        """Start an agent's device on its store."""
        return DeviceProcess(self.folder / code / "device.db", self.url, kill_at)

    def ask(self, who: str, do: str, **members: Any) -> dict[str, Any]:
        """Tell a device something it can do."""
        answer = self.devices[who].ask(do, **members)
        assert answer is not None
        assert answer["ok"], answer
        return answer

    def exchange(self, who: str) -> None:
        """Let a device exchange until both sides are level."""
        report = self.ask(who, "exchange")["report"]
        assert report["ok"], report

    def refusal(self, who: str, case_id: str) -> str:
        """Give why no visit starts on a device; "" where one does."""
        answer = self.devices[who].ask("record", kind="visit_started", case_id=case_id, body={"fixes": []})
        assert answer is not None
        return "" if answer["ok"] else str(answer["error"]["detail"])

    def raise_hold(self, who: str, case_id: str, reason: str, scope: str = "case") -> None:
        """Start a visit and place a hold in it, without any network."""
        visit_id = self.ask(who, "record", kind="visit_started", case_id=case_id, body={"fixes": []})["visit_id"]
        body = {"reason": reason, "scope": scope}
        self.ask(who, "record", kind="hold_placed", case_id=case_id, visit_id=visit_id, body=body)

    def in_the_way(self, case_id: str, code: str, **settings: str) -> set[str]:
        """Ask the gate, with rulebooks in force, for a case for an agent now; give the rules that do not let it go."""
        self.office.clock.ms = time.time_ns() // 1_000_000
        site = self.office.site
        assign(replace(site, settings=replace(site.settings, rulebooks="PH", **settings)), [case_id], code)
        with site.store.read() as connection:
            kept = conduct_rows.read_judgement(connection, case_id)
        assert kept is not None
        return {each["rule_id"] for each in kept.troubles if each["answer"] == "fail"}


@contextmanager
def opened(url: str, folder: Path) -> Iterator[Town]:
    """Open a town whose clock is the world's."""
    with opened_office(url, folder / "folder") as office, serving(url, folder / "folder") as (address, _):
        office.clock.ms = time.time_ns() // 1_000_000
        town = Town(office, address, folder)
        try:
            yield town
        finally:
            for device in town.devices.values():
                device.end()


@pytest.fixture
def town(database_url: str, tmp_path: Path) -> Iterator[Town]:
    """A town on SQLite and again on PostgreSQL."""
    with opened(database_url, tmp_path) as found:
        yield found


def of_one_person(office: Office) -> tuple[str, str]:
    """Add two cases of one person."""
    first = office.add_case("R1")
    [person] = office.rows(tables.person.select())
    return first, office.add_case("R2", person.id)


def test_a_hold_acts_here_at_once_and_elsewhere_at_the_next_exchange(town: Town) -> None:
    """Offline it blocks the device that raised it; each other device as soon as it talks; the gate with the first."""
    case_id = town.office.add_case("R1")
    town.enrol("a1", case_id)
    town.enrol("a2")
    assign(town.office.site, [case_id], "a1", ["a2"])
    town.exchange("a2")
    town.raise_hold("a1", case_id, "illness")

    assert "There is a halt" in town.refusal("a1", case_id)
    town.exchange("a2")
    assert "" == town.refusal("a2", case_id)
    assert "GATE-HOLD" not in town.in_the_way(case_id, "a2")
    town.exchange("a1")
    assert "GATE-HOLD" in town.in_the_way(case_id, "a2")
    town.exchange("a2")
    assert "There is a halt" in town.refusal("a2", case_id)


def test_a_hold_from_a_parked_event_acts_all_the_same(town: Town) -> None:
    """The office withdrew the device before the hold arrived: its event is set aside, the hold halts every device."""
    case_id = town.office.add_case("R1")
    agent_id = town.enrol("a1", case_id)
    town.enrol("a2")
    assign(town.office.site, [case_id], "a1", ["a2"])
    town.exchange("a2")
    town.raise_hold("a1", case_id, "distress")
    [device] = [row for row in town.office.rows(tables.device.select()) if row.agent_id == agent_id]
    revoke_device(town.office.site, device.id, "test")
    town.devices["a1"].ask("exchange")
    town.exchange("a2")

    [hold] = town.office.rows(tables.hold.select())
    assert (True, "distress") == (hold.is_provisional, hold.reason)
    assert "There is a halt" in town.refusal("a2", case_id)


def test_a_hold_acts_from_behind_five_thousand_rows(town: Town) -> None:
    """A device that dies on the way through a long feed is halted already: the list of holds comes before the page."""
    case_id = town.office.add_case("R1")
    agent_id = town.enrol("a2", case_id)
    notices = [feed.Change(agent_id, "notice", town.office.site.new_id(), 1, {"title": "t", "text": "n" * 900})
               for _ in range(ROWS)]  # fmt: skip
    town.office.publish(*notices)
    holding.place_office_hold(town.office.site, case_id, HoldScope.CASE, HoldReason.COMPLAINT, "Dana")
    town.devices["a2"].end()
    for kill_at in range(2, 12):
        dying = town.device("a2", kill_at)
        died = dying.ask("exchange") is None
        if died:
            dying.process.wait(20)  # before it is told to stop: its pipe is gone
        dying.end()
        with closing(Store(town.folder / "a2" / "device.db")) as store:
            rows = int(store.value("SELECT count(*) FROM object"))
        town.devices["a2"] = town.device("a2")
        if town.ask("a2", "status")["status"]["holds"]:
            break
        town.devices["a2"].end()

    assert (True, True) == (died, rows < ROWS)
    assert "There is a halt" in town.refusal("a2", case_id)
    town.exchange("a2")
    assert "There is a halt" in town.refusal("a2", case_id)


def test_two_cases_of_one_person_share_one_hold(town: Town) -> None:
    """At two agencies, on two devices: who refuses visits at one door is left in peace at the other."""
    first, second = of_one_person(town.office)
    town.enrol("a1", first)
    town.enrol("b1", second, agency="Another Agency")
    town.raise_hold("a1", first, "refusal", "person")
    town.exchange("a1")
    town.exchange("b1")

    assert "There is a halt" in town.refusal("b1", second)
    assert 1 == len(town.office.rows(tables.hold.select()))
    assert "GATE-HOLD" in town.in_the_way(second, "a1")


def test_two_cases_of_one_person_share_one_cap(town: Town) -> None:
    """At two agencies: one visit a week to a person is one visit, whoever made it and for whichever case."""
    house = town.folder / "house.yaml"
    house.write_text(CAP, "utf-8")
    for kind in ("contacts", "ledger"):
        run: dict[str, Any] = {"kind": kind, "lender": "lender", "file_name": "f.csv", "file_sha256": "0" * 64}
        run |= {"state": "finished", "line": 0, "counts": {}, "started_ms": 1, "updated_ms": 1}
        town.office.insert(import_run, id=town.office.site.new_id(), **run)
    first, second = of_one_person(town.office)
    town.enrol("a1", first)
    town.enrol("b1", agency="Another Agency")
    other = town.office.add_case("R3")
    visit_id = town.ask("a1", "record", kind="visit_started", case_id=first, body={"fixes": []})["visit_id"]
    ids = {"case_id": first, "visit_id": visit_id}
    outcome = {"contact_result": "person", "disposition": "cannot_decide"}
    town.ask("a1", "record", kind="outcome_noted", body=outcome, **ids)
    town.ask("a1", "record", kind="visit_ended", body={"reason": "completed"}, **ids)
    town.exchange("a1")
    reconcile(town.office.site)

    assert ({"HOUSE-CAP"}, set()) == tuple(
        town.in_the_way(case_id, "b1", house_rulebook=str(house)) for case_id in (second, other)
    )


def test_a_payment_recalls_the_packet(town: Town) -> None:
    """The lender's ledger, taken in by a command, takes the packet off the device at its next exchange."""
    case_id = town.office.add_case("R1")
    town.enrol("a1", case_id)
    ledger = town.folder / "ledger.csv"
    today = time.strftime("%Y-%m-%d", time.gmtime())
    ledger.write_text(f"Loan No,Receipt,Payment date,Amount,Currency\nR1,S1,{today},1200.00,USD\n")
    settings = {"FAIRVISIT_DATABASE_URL": town.office.settings.database_url,
                "FAIRVISIT_FOLDER": town.office.settings.folder}  # fmt: skip
    command = [sys.executable, "-m", "server.cli.main", "payments", str(ledger), "--lender", "lender"]
    subprocess.run(command, env=os.environ | settings, check=True, capture_output=True)
    before = [each["case_id"] for each in town.ask("a1", "packets")["packets"]]
    town.exchange("a1")

    assert ([case_id], []) == (before, town.ask("a1", "packets")["packets"])
    assert "not on this device" in town.refusal("a1", case_id)
