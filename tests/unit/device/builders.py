"""Builders for the device's tests: a clock, a device joined to a fake server, packets, events."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent_sync import Device
from agent_sync.channel import Channel
from agent_sync.clock import Reading, SettableClock
from agent_sync.exchange import STEPS, send
from agent_sync.recording import Recorded
from agent_sync.remembering import identity
from agent_sync.talk import Talk
from schemas.messages import format_time
from tests.unit.device.fake_server import START_MS, FakeServer, an_id

DAY_MS = 86_400_000
CASE, OTHER_CASE = an_id(100), an_id(101)
VISIT = an_id(200)
FIX = {"lat_e7": 377_749_000, "lon_e7": -1_224_194_000, "radius_dm": 90, "datum": "wgs84", "mock": False}


def a_clock(wall_ms: int = START_MS) -> SettableClock:
    """Give a clock that agrees with the fake server's."""
    return SettableClock(Reading(wall_ms, 480, 1_000_000, "boot-1"))


def a_device(
    folder: Path,
    server: FakeServer,
    clock: SettableClock | None = None,
    name: str = "device.db",
    *,
    enrolled: bool = True,
    **options: Any,
) -> Device:
    """Give a device on a store in *folder*, enrolled with the server; *options* are `Device`'s."""
    device = Device(folder / name, "http://server", clock=clock or a_clock(), transport=server, **options)
    if enrolled and device.status().stage == "new":
        device.enrol("CODE-1")
    return device


def packet_body(lease_ms: int = START_MS + 7 * DAY_MS, **limits: Any) -> dict[str, Any]:
    """Give a packet's body."""
    return {
        "schema": 1,
        "role": "lead",
        "open": {
            "person": {"name": "A. Person", "contacts": {"phone": "+1 555 0100"}},
            "place": {"address": "3 Balmy St, flat 2"},
            "crew": [{"agent_id": an_id(1), "name": "An Agent", "role": "lead"}],
            "limits": limits,
            "texts": [{"key": "notice", "version": "1", "language": "en", "text": "This talk is recorded."}],
            "lease_until": format_time(lease_ms),
        },
    }


def joined(folder: Path, cases: tuple[str, ...] = (CASE,), **limits: Any) -> tuple[FakeServer, Device, SettableClock]:
    """Give a server with packets, and an enrolled device that has fetched them."""
    server, clock = FakeServer(), a_clock()
    for case_id in cases:
        server.put("packet", case_id, packet_body(**limits))
    device = a_device(folder, server, clock)
    assert device.exchange().is_ok
    return server, device, clock


def start(device: Device, case_id: str = CASE, visit_id: str = VISIT, **body: Any) -> Recorded:
    """Record a visit's start."""
    return device.record("visit_started", case_id, visit_id, {"fixes": [FIX], **body})


def a_visit(device: Device, number: int, case_id: str = CASE) -> list[str]:
    """Record a whole visit to an empty home; give its event ids."""
    visit_id = an_id(1000 + number)
    outcome: Mapping[str, Any] = {"contact_result": "nobody", "disposition": "none"}
    return [
        start(device, case_id, visit_id).event_id,
        device.record("outcome_noted", case_id, visit_id, outcome).event_id,
        device.record("visit_ended", case_id, visit_id, {"reason": "completed"}).event_id,
    ]


ASKING = STEPS.index(send)


def begin(device: Device, steps: int = ASKING) -> Talk:
    """Start a conversation as `Device.exchange` does, and run its first steps: by default up to sending."""
    key, device_id = identity(device.store)
    assert device._transport is not None
    channel = Channel(device._transport, key, device_id, device.store.get("nonce"))
    talk = Talk(device.store, channel, device.clock, device.noise, device.archive_days)
    for step in STEPS[:steps]:
        step(talk)
    return talk


def let_answer(talk: Talk) -> None:
    """Let the server answer the request that is on its way."""
    send(talk)


def finish(talk: Talk) -> None:
    """Run the steps after the answer."""
    for step in STEPS[ASKING + 1 :]:
        step(talk)


def held(device: Device) -> dict[tuple[str, str], tuple[int, str]]:
    """Give the device's live set: (type, id) -> (rev, sha256)."""
    rows = device.store.rows("SELECT type, id, rev, sha256 FROM object")
    return {(row["type"], row["id"]): (row["rev"], row["sha256"]) for row in rows}


def live(server: FakeServer) -> dict[tuple[str, str], tuple[int, str]]:
    """Give the server's live set."""
    return {key: (item["rev"], item["sha256"]) for key, item in server.live().items()}
