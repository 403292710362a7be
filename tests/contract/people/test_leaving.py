"""An agent leaves the agency: they have nothing any more, and whatever they still send is taken and set aside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from schemas.vocabulary import DirectiveKind
from server.services.leases import expire_leases
from server.services.people import AgentEntry, put_agents
from server.services.revoking import revoke_device, withdraw_device
from server.storage import tables
from tests.office import Office, Phone, opened_office, statuses


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office with an empty town."""
    with opened_office(database_url, tmp_path / "folder") as opened:
        yield opened


@pytest.fixture
def phone(office: Office) -> Phone:
    """The phone of an agent who has a case and has been heard of."""
    phone = Phone.enrolled(office)
    office.assign(office.add_case("R1"), phone.agent_id)
    phone.exchange()
    return phone


def leave(office: Office, code: str = "a1", status: str = "inactive") -> tuple[int, int]:
    """Have an agent leave, or come back; give how many cases and devices they had."""
    report = put_agents(office.site, [AgentEntry(code, f"Agent {code}", "North Field Agency", status=status)])
    return report.left.cases, report.left.devices


def live_packets(office: Office, agent_id: str) -> list[str]:
    """Give the packets that an agent's scope holds."""
    feed = tables.feed.c
    mine = select(feed.object_id).where(feed.scope_id == agent_id, feed.type == "packet", feed.op == "put")
    return [row.object_id for row in office.rows(mine)]


def test_who_leaves_has_nothing_any_more(office: Office, phone: Phone) -> None:
    """Their case is free, their packet is withdrawn, their device may only send; a second time changes nothing."""
    assert 1 == len(live_packets(office, phone.agent_id))

    assert [(1, 1), (0, 0)] == [leave(office), leave(office)]
    assert [] == live_packets(office, phone.agent_id)
    assert ["upload_only"] == [row.state for row in office.rows(select(tables.device.c.state))]
    assert ["revoked"] == [row.reason for row in office.rows(select(tables.assignment.c.reason))]


def test_their_late_work_is_taken_and_set_aside(office: Office, phone: Phone) -> None:
    """A4, E5: what they recorded before is kept byte for byte, parked for a person; nothing is handed out."""
    [case_id] = live_packets(office, phone.agent_id)
    entry = phone.step(case_id, office.site.new_id())
    leave(office)

    answer = phone.exchange([entry])

    assert ["parked:device-revoked"] == statuses(answer)
    assert "urn:fairvisit:problem:upload-only" == answer["pull"]["problem"]["type"]
    kept = office.rows(select(tables.event.c.content).where(tables.event.c.id == entry["id"]))
    assert [entry["content"].encode()] == [bytes(row.content) for row in kept]


def test_another_agent_keeps_what_they_have(office: Office, phone: Phone) -> None:
    """Nobody else's case or device is touched; a change of who is there touches nobody either."""
    other = Phone.enrolled(office, "a2")
    office.assign(office.add_case("R2"), other.agent_id)
    leave(office)
    leave(office, "a2", "active")

    assert 1 == len(live_packets(office, other.agent_id))
    assert {"active", "upload_only"} == {row.state for row in office.rows(select(tables.device.c.state))}


def test_what_is_out_of_reach_ends_by_its_lease(office: Office, phone: Phone) -> None:
    """A device that is never heard of again: its case is free once its lease is over, whoever had it."""
    office.clock.advance(days=8)

    assert 1 == expire_leases(office.site)
    assert ["expired"] == [row.reason for row in office.rows(select(tables.assignment.c.reason))]
    assert [] == live_packets(office, phone.agent_id)


def test_a_wiped_device_that_only_sends_confirms_it(office: Office, phone: Phone) -> None:
    """D1: its `directive_done` is set aside like all that comes of it then, and still ends the order."""
    directive_id = revoke_device(office.site, phone.device_id, "Dana", DirectiveKind.WIPE_NOW)
    [jws] = phone.exchange([])["directives"]
    previous, after = phone.chain_id, phone.seq
    opened = phone.open_chain("wiped", previous=previous, after_seq=after)
    done = phone.record("directive_done", {"directive_id": directive_id, "result": "done"})

    assert jws
    assert ["parked:device-revoked"] * 2 == statuses(phone.exchange([opened, done]))
    assert ["done"] == [row.result for row in office.rows(select(tables.directive.c.result))]
    withdraw_device(office.site, phone.device_id, "Dana")
    assert ["gone"] == [row.state for row in office.rows(select(tables.device.c.state))]
