"""What goes over the wire, weighed with a real server's headers and the real device: bytes and round trips."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent_sync import Device
from agent_sync.clock import Reading, SettableClock
from server.storage.feed import Change
from tests.benchmark import gen, load, servers
from tests.benchmark.adapters.fairvisit import FairvisitAdapter
from tests.benchmark.weighing import Scales, record_visit

VISITS = 30
DAY_BYTES = 150_000


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FairvisitAdapter]:
    """A real server of two workers on SQLite, and the office beside it."""
    folder = tmp_path_factory.mktemp("served")
    url = f"sqlite:///{folder / 'fairvisit.db'}"
    with servers.fairvisit(url, folder, 2, 4) as address:
        opened = FairvisitAdapter(address, url)
        yield opened
        opened.close()


@pytest.fixture
def scales(adapter: FairvisitAdapter) -> Scales:
    """Scales before the server."""
    return Scales(adapter.url)


def _exchanges(adapter: FairvisitAdapter) -> int:
    """Count the exchanges that the server, all its workers together, says it answered."""
    address = f"http://{adapter.address[0]}:{adapter.address[1]}/metrics"
    counts = set()
    for _ in range(16):  # new connections, which the system spreads over the workers
        with urllib.request.urlopen(address) as answer:
            found = re.search(rb"^fairvisit_exchange_seconds_count ([0-9.]+)$", answer.read(), re.MULTILINE)
        assert found is not None
        counts.add(int(float(found[1])))
    [count] = counts
    return count


def test_an_idle_answer_is_small(adapter: FairvisitAdapter) -> None:
    """X6: an idle answer is under 200 bytes, and under 400 with a real server's headers."""
    adapter.seed("idle", 200)
    load.run(adapter.address, 1, [_keep_cursor(adapter)], 60, {200})
    answer = adapter.call(adapter.idle("idle", adapter.cursors["idle"]))

    assert b'"more":false' in answer.body
    assert len(answer.body) < 200
    assert answer.wire < 400


def _keep_cursor(adapter: FairvisitAdapter) -> load.Script:
    adapter.cursors["idle"] = yield from adapter.pull("idle", None)


def test_the_scales_are_true(adapter: FairvisitAdapter, scales: Scales) -> None:
    """The scales weigh an answer to the byte as it came."""
    scales.send("GET", "/health", {}, b"")
    answer = adapter.call(adapter.request("GET", "/health", Accept_Encoding="zstd, gzip"))

    assert answer.wire == scales.received


def test_a_day_of_thirty_visits_is_small(adapter: FairvisitAdapter, scales: Scales, tmp_path: Path) -> None:
    """A day of 30 visits, each sent as it ends, costs less than 150 kB up, headers and all."""
    scope = adapter.office.add_scope("day", VISITS)
    notes = [made["note"] for made in gen.batches(1, "day", VISITS)[0]]
    clock = SettableClock(Reading(adapter.office.site.now(), 0, 5_000, "boot-1"))
    with Device(tmp_path / "device.db", scales.url, clock=clock, transport=scales) as device:
        device.enrol(adapter.office.code_for(scope))
        assert device.exchange().is_ok
        scales.set_to_nothing()
        for case_id, note in zip(scope.case_ids, notes, strict=True):
            record_visit(device, case_id, note)
            assert device.exchange().is_ok
        status = device.status()

    assert 0 == status.unsent
    assert VISITS == scales.trips
    assert scales.sent < DAY_BYTES


def test_events_up_and_packets_down_are_one_request(adapter: FairvisitAdapter, scales: Scales, tmp_path: Path) -> None:
    """X1: an exchange with events up and packets down is one HTTP request, counted on both sides."""
    scope = adapter.office.add_scope("both", 3)
    clock = SettableClock(Reading(adapter.office.site.now(), 0, 5_000, "boot-1"))
    with Device(tmp_path / "device.db", scales.url, clock=clock, transport=scales) as device:
        device.enrol(adapter.office.code_for(scope))
        assert device.exchange().is_ok
        record_visit(device, scope.case_ids[0], "Nobody answered.")
        notice = Change(scope.agent_id, "notice", adapter.office.site.new_id(), 1, {"title": "New", "text": "Hours"})
        adapter.office.publish(notice)
        scales.set_to_nothing()
        before = _exchanges(adapter)
        report = device.exchange()

    assert report.is_ok
    assert 1 == scales.trips
    assert 1 == _exchanges(adapter) - before
