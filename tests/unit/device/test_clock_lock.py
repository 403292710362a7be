"""The clock set back: packets shut until the server is met, by however small steps; recording goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agent_sync import Device
from agent_sync.clock import SettableClock
from schemas.errors import FieldError
from tests.unit.device.builders import CASE, DAY_MS, OTHER_CASE, VISIT, joined, packet_body, start
from tests.unit.device.fake_server import START_MS, an_id

HOUR_MS = 3_600_000


def set_back(clock: SettableClock, ms: int, boot: str = "boot-1") -> None:
    """Set the wall clock back, by the system's settings or with a restart."""
    now = clock.reading
    clock.reading = replace(now, wall_ms=now.wall_ms - ms, boot=boot, mono_ms=now.mono_ms if boot == now.boot else 5)


def readable(device: Device) -> list[str]:
    """Give the cases whose packet can be read."""
    return [view.case_id for view in device.packets() if view.is_readable]


@pytest.mark.parametrize("boot", ["boot-1", "boot-2"])
def test_a_clock_set_back_more_than_a_day_shuts_the_packets_until_the_server_is_met(tmp_path: Path, boot: str) -> None:
    """Neither address nor name is shown; putting the clock right again opens nothing, an exchange does."""
    _, device, clock = joined(tmp_path)
    set_back(clock, DAY_MS + HOUR_MS, boot)
    (view,) = device.packets()
    assert ({}, False, "locked") == (view.open, view.is_readable, device.status().stage)
    assert "exchange" in view.remarks[0]

    set_back(clock, -DAY_MS - HOUR_MS, boot)
    assert [] == readable(device)
    assert device.exchange().is_ok
    assert ([CASE], "enrolled") == (readable(device), device.status().stage)


def test_less_than_a_day_shuts_nothing_but_little_by_little_does(tmp_path: Path) -> None:
    """A zone or a correction is ordinary; what counts is how far the clock ever was since the server was met."""
    _, device, clock = joined(tmp_path)
    for _ in range(2):
        set_back(clock, 11 * HOUR_MS)
        assert [CASE] == readable(device)
    set_back(clock, 3 * HOUR_MS)
    assert [] == readable(device)


def test_reading_counts_too(tmp_path: Path) -> None:
    """Packets read on the fifth day cannot be read with the clock of the first: a lease cannot be lived again."""
    _, device, clock = joined(tmp_path)
    clock.advance(5 * DAY_MS)
    assert [CASE] == readable(device)
    set_back(clock, 4 * DAY_MS, "boot-2")
    assert [] == readable(device)


def test_a_clock_that_is_wrong_when_the_server_is_met_is_not_shut_out(tmp_path: Path) -> None:
    """A3: after the exchange the device goes by the server's time, whatever its own clock says."""
    _, device, clock = joined(tmp_path)
    set_back(clock, 3_650 * DAY_MS)
    assert [] == readable(device)
    assert device.exchange().is_ok
    assert [CASE] == readable(device)


def test_while_shut_an_open_visit_goes_on_and_nothing_new_begins(tmp_path: Path) -> None:
    """Nothing is lost: steps, outcome and end are recorded; the sealed part stays shut; a start needs its reason."""
    server, device, clock = joined(tmp_path, (CASE, OTHER_CASE), longest_stay_ms=1_200_000)
    server.put(
        "packet", CASE, packet_body() | {"sealed": {"iv": "", "ciphertext": "", "wraps": [{"kind": "document"}]}}
    )
    device.exchange()
    start(device)
    set_back(clock, 2 * DAY_MS)
    assert [] == readable(device)
    opened = {view.case_id: view.open for view in device.packets()}
    assert ({"limits", "texts"}, {}) == (set(opened[CASE]), opened[OTHER_CASE])

    identity = {"identity": "confirmed", "method": "document_seen"}
    device.record("identity_checked", CASE, VISIT, identity)
    with pytest.raises(FieldError, match="clock was set back"):
        device.open_sealed(CASE, VISIT, "document_seen")
    device.record("outcome_noted", CASE, VISIT, {"contact_result": "nobody", "disposition": "none"})
    device.record("visit_ended", CASE, VISIT, {"reason": "completed"})

    with pytest.raises(FieldError, match="clock was set back"):
        start(device, OTHER_CASE, an_id(201))
    assert start(device, OTHER_CASE, an_id(201), override_reason="The person waits at the door.").seq
    assert device.exchange().is_ok
    assert 0 == device.status().unsent


def test_f3_a_lease_ends_offline_whatever_is_done_to_the_clock(tmp_path: Path) -> None:
    """F3: at its end the body is gone from the store, not only hidden, and setting the clock back brings nothing."""
    _, device, clock = joined(tmp_path)
    clock.advance(7 * DAY_MS + HOUR_MS)
    assert [] == readable(device)
    assert device.store.value("SELECT body FROM object WHERE id = ?", [CASE]) is None
    set_back(clock, 12 * HOUR_MS, "boot-2")
    assert [] == readable(device)
    assert clock.reading.wall_ms > START_MS
    for path in tmp_path.glob("device.db*"):
        assert not path.is_file() or b"A. Person" not in path.read_bytes()
