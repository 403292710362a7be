"""
The field's known failures, each by its name: what went wrong for others, done here on purpose.

They run in `World`: a real office and real devices in this process, with the wire between them a function call. Where
requests are written by hand, on both databases: `test_named_requests.py`. Failures of a real proxy: `test_proxy.py`.
"""

from __future__ import annotations

import itertools
import random
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from agent_sync.remembering import quota_of
from agent_sync.store_feed import packets_held
from agent_sync.transport import WireAnswer
from schemas import canonical
from schemas.errors import FieldError
from schemas.messages import Quota
from server.services import assigning, receiving
from server.services.reconciling import fold_rows, reconcile
from server.storage import tables, visit_tables
from tests.fault import world as worlds
from tests.fault.invariants import check_all
from tests.fault.proxy import Fault
from tests.fault.world import FIX, YEARS_MS, Wire, World
from tests.unit.device.builders import begin, finish, let_answer

VISIT = "01539c1b-1000-7000-8000-000000000001"
STEP = {"step": "card_shown", "text_version": "1", "response": "given"}


@pytest.fixture
def world(sqlite_template: Path, tmp_path: Path) -> Iterator[World]:
    """A world whose network is well until told otherwise; each phone holds its packets."""
    shutil.copyfile(sqlite_template, tmp_path / "fairvisit.db")
    opened = World(f"sqlite:///{tmp_path / 'fairvisit.db'}", tmp_path, seed=0, share=0.0)
    try:
        for phone in opened.phones:
            phone.clock.reading = replace(phone.clock.reading, wall_ms=opened.office.clock(), mono="boottime")
            opened.exchange(phone)
        yield opened
    finally:
        opened.close()


def suffer(phone: worlds.Phone, script: Iterable[Fault]) -> None:
    """Let a phone's next requests meet these faults."""
    phone.faults._script = iter(script)


def pass_ms(world: World, ms: int) -> None:
    """Let time pass for everyone alike."""
    world.office.clock.ms += ms
    for phone in world.phones:
        phone.clock.advance(ms)


def note(world: World, phone: worlds.Phone, kind: str, visit_id: str | None, body: Mapping[str, Any]) -> str:
    """Record an event at the first case, the oracle watching; give its visit."""
    recorded = phone.device.record(kind, world.cases[0], visit_id, body)
    world.witness(phone)
    return str(recorded.visit_id)


def visit(world: World, phone: worlds.Phone, fix: Mapping[str, Any] = FIX, **start: str) -> str:
    """Make a short visit to the first case, with more members of its start; give its id."""
    visit_id = note(world, phone, "visit_started", None, {"fixes": [fix], **start})
    for kind, body in [
        ("step_done", STEP),
        ("outcome_noted", {"contact_result": "nobody", "disposition": "none"}),
        ("visit_ended", {"reason": "completed", "fixes": [fix]}),
    ]:
        pass_ms(world, 240_000)
        note(world, phone, kind, visit_id, body)
    return visit_id


def findings(world: World, visit_id: str) -> set[str]:
    """Give the codes of what is found of a visit."""
    reconcile(world.office.site)
    table = visit_tables.finding
    rows = world.office.rows(select(table.c.code).where(table.c.visit_id == visit_id, table.c.gone_ms.is_(None)))
    return {row.code for row in rows}


def stored(world: World, *columns: Any) -> list[Any]:
    """Give columns of every event that concerns the first case, in the order taken."""
    table = tables.event
    statement = select(*columns).where(table.c.case_id == world.cases[0]).order_by(table.c.pos)
    return [row[0] if len(columns) == 1 else tuple(row) for row in world.office.rows(statement)]


def test_a_hundred_events_of_400_kb_arrive_whole(world: World) -> None:
    """X3: 40 MB before a proxy that takes 30 kB and a server whose quota had been larger arrive in small parts."""
    phone = world.phones[0]
    with phone.device.store.transaction():
        phone.device.store.put("quota", Quota(max_bytes=64 << 20, max_inflated=256 << 20).to_wire())
    for number in range(100):
        words = random.Random(number).randbytes(3_000).hex() * 67
        phone.device.record("event_corrected", body={"event_id": VISIT, "reason": "all", "body": {"note": words}})
    phone.faults.largest_body = 30_000
    phone.faults.log.clear()
    for _ in range(60):
        phone.device.exchange()
        if not phone.device.status().unsent:
            break

    rows = world.office.rows(select(tables.event).where(tables.event.c.kind == "event_corrected"))
    assert [True] * 100 == [len(row.content) > 400_000 for row in rows]
    assert [row.digest for row in rows] == [canonical.digest(row.content) for row in rows]
    assert {"accepted"} == {row.status for row in rows}
    assert 2 <= sum(fault == Fault.PROXY_413 for _, fault in phone.faults.log) <= 20
    assert world.office.settings.quota == quota_of(phone.device.store)


def test_a_cloned_store_whose_twin_went_on_loses_and_doubles_nothing(world: World) -> None:
    """E6: two stores from one, both with work the other lacks: the later one opens a new chain, all is there once."""
    phone = world.phones[0]
    visit(world, phone)
    world.clone_phone(phone)
    twin = world.phones[-1]
    visit(world, phone)
    visit(world, twin)
    world.exchange(twin)
    world.exchange(phone)
    world.settle()
    check_all(world)

    opened = world.office.rows(select(tables.event.c.content).where(tables.event.c.kind == "chain_opened"))
    assert 1 == sum(b'"reason":"forked"' in row.content for row in opened)
    assert 12 == len(stored(world, tables.event.c.id))


def test_work_on_a_case_reassigned_while_offline_is_taken_and_flagged(world: World) -> None:
    """E5, F3: what was done before the news came is accepted with a flag, and the body leaves the device with it."""
    phone = world.phones[0]
    suffer(phone, itertools.repeat(Fault.CUT_BEFORE))
    assigning.assign(world.office.site, [world.cases[0]], "a2", [], by="test")
    visit(world, phone)
    world.exchange(phone)
    assert world.cases[0] in packets_held(phone.device.store)
    suffer(phone, [])
    world.exchange(phone)

    assert ["accepted"] * 4 == stored(world, tables.event.c.status)
    flags = world.office.rows(select(tables.link.c.flags).where(tables.link.c.flags.is_not(None)))
    assert 4 == sum("reassigned" in row.flags for row in flags)
    assert world.cases[0] not in packets_held(phone.device.store)
    world.settle()
    check_all(world)


def test_a_clock_five_years_off_is_put_right_and_said(world: World) -> None:
    """Section 4: what a phone five years behind recorded is dated to within seconds, raw values kept, and found."""
    phone = world.phones[0]
    phone.clock.reading = replace(phone.clock.reading, wall_ms=world.office.clock() - 5 * YEARS_MS)
    with pytest.raises(FieldError, match="clock was set back"):
        visit(world, phone)
    why = {"override_reason": "The phone's clock is wrong."}
    first, second = visit(world, phone, **why), visit(world, phone, **why)
    world.exchange(phone)

    assert "clock_off" in findings(world, first) & findings(world, second)
    with world.office.site.store.read() as connection:
        folded = [fold_rows(connection, world.office.site, world.cases[0], each)[0] for each in (first, second)]
    for event in [*folded[0].events, *folded[1].events]:
        true_ms, bound = world.oracle[event.id].at_ms, event.bound
        assert bound.earliest_ms <= true_ms <= bound.latest_ms
        assert bound.is_certain
        assert bound.latest_ms - bound.earliest_ms < 5_000
    assert all(b'"wall":"2011-' in content for content in stored(world, tables.event.c.content))


def test_a_fix_200_m_away_that_claims_two_metres_is_outside(world: World) -> None:
    """A precise claim does not make a check-in near: 200 m off at 1.9 m accuracy is found, at the door it is not."""
    away = visit(world, world.phones[0], FIX | {"lat_e7": FIX["lat_e7"] + 18_000, "radius_dm": 19})
    near = visit(world, world.phones[0], FIX | {"radius_dm": 19})
    world.exchange(world.phones[0])

    assert "place_outside" in findings(world, away)
    assert not {"place_outside", "place_uncertain"} & findings(world, near)


def test_a_thousand_events_wait_out_a_dead_server(world: World) -> None:
    """X4, E7: before a dead server a full outbox is tried once a time, ever rarer; recording goes on; all arrives."""
    phone = world.phones[0]
    suffer(phone, itertools.repeat(Fault.CUT_BEFORE))
    waits = []
    for _ in range(20):
        visit_id = note(world, phone, "visit_started", None, {"fixes": [FIX]})
        for _ in range(49):
            phone.device.record("step_done", world.cases[0], visit_id, STEP)
        report = phone.device.exchange()
        assert (["no-network"], 1) == (report.codes, report.counts["requests"])
        waits.append(report.next_ms)
    assert 1_000 == phone.device.status().unsent
    assert all(wait <= min(900_000, 2_000 << (number + 1)) for number, wait in enumerate(waits))
    assert max(waits) > 100_000
    suffer(phone, [])
    report = phone.device.exchange()

    assert report.is_ok
    assert report.counts["requests"] < 30
    assert (0, 0) == (phone.device.status().unsent, phone.device.status().failures)
    world.witness(phone)
    assert 1_000 == len(set(stored(world, tables.event.c.id)))
    assert {"accepted"} == set(stored(world, tables.event.c.status))


def test_one_poison_event_in_front_stops_none_behind_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """X3: an event that breaks the server each time it is read goes withheld, and counts once it can be read."""
    phone, honest = world.phones[0], receiving._read_content

    def choke(event: Any) -> Any:
        if event.content is not None and b"poison" in event.content:
            raise RecursionError
        return honest(event)

    monkeypatch.setattr(receiving, "_read_content", choke)
    visit_id = note(world, phone, "visit_started", None, {"fixes": [FIX]})
    note(world, phone, "step_done", visit_id, STEP | {"note": "poison"})
    for _ in range(5):
        note(world, phone, "step_done", visit_id, STEP)
    for _ in range(30):
        world.exchange(phone)

    assert ["accepted"] * 7 == stored(world, tables.event.c.status)
    assert 0 == phone.device.status().unsent
    problems = world.office.rows(select(tables.link.c.problem).where(tables.link.c.problem.is_not(None)))
    assert ["withheld"] == [row.problem for row in problems]
    world.settle()
    check_all(world)


def test_a_captive_portals_200_is_never_taken_for_the_server(world: World) -> None:
    """A page of the network that says 200 gives no receipt, moves no cursor, and counts as no network."""
    phone = world.phones[0]
    visit(world, phone)
    before = phone.device.store.get("cursor"), phone.device.status().last_contact
    suffer(phone, [Fault.CAPTIVE_PORTAL] * 3)
    codes = [phone.device.exchange().codes for _ in range(3)]

    assert [["no-network"]] * 3 == codes
    assert 4 == phone.device.status().unsent
    assert before == (phone.device.store.get("cursor"), phone.device.status().last_contact)
    world.settle()
    check_all(world)
    assert 4 == len(stored(world, tables.event.c.id))


class Delaying:
    """A way to the server that brings the first answer only after something else has happened."""

    def __init__(self, wire: Wire, meanwhile: Callable[[], None]) -> None:
        self.wire, self.meanwhile = wire, meanwhile

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> WireAnswer:
        """Carry a request; before the answer arrives, let the world go on."""
        answer = self.wire.send(method, target, headers, body)
        self.meanwhile()
        return answer


def test_a_page_that_comes_after_a_later_one_is_not_applied(world: World) -> None:
    """X2, F2: a delayed page that still holds a withdrawn packet puts nothing back; its receipts count all the same."""
    phone, case_id = world.phones[0], world.cases[5]
    wire = phone.device._transport
    assigning.assign(world.office.site, [case_id], "a1", [], by="test")
    visit(world, phone)

    def go_on() -> None:
        """Withdraw the case, and let another program on the same store hear of it first."""
        phone.device._transport = wire
        assigning.assign(world.office.site, [case_id], "a2", [], by="test")
        later = begin(phone.device)
        let_answer(later)
        finish(later)

    phone.device._transport = Delaying(wire, go_on)
    early = begin(phone.device)
    let_answer(early)
    assert case_id in {item["id"] for item in early.answer["pull"]["items"] if item["op"] == "put"}
    cursor = phone.device.store.get("cursor")
    finish(early)

    assert case_id not in packets_held(phone.device.store)
    assert cursor == phone.device.store.get("cursor")
    assert 0 == phone.device.status().unsent
    world.settle()
    check_all(world)
