"""
A device against a small server, in any order: recorded, cut anywhere, restarted, copied, restored, erased.

What was durably recorded must be on the server once, or be declared lost, and the live sets must be equal, whenever the
way has been clear for a while (section 5 of PROTOCOL.md).
"""

from __future__ import annotations

import copy
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from agent_sync import Device
from agent_sync.exchange import STEPS
from schemas import canonical
from schemas.errors import FieldError
from tests.unit.device.builders import a_clock, a_device, a_visit, begin, packet_body
from tests.unit.device.fake_server import FakeServer, an_id

FAULTS = st.sampled_from(["cut-before", "cut-after", "captive", "proxy-413", "truncated", "500", "503", "429"])
# `make soak` asks for more by the number of campaigns.
EXAMPLES = max(25, int(os.environ.get("FV_CAMPAIGNS", "0")))
CASES = [an_id(300 + number) for number in range(5)]


class DeviceMachine(RuleBasedStateMachine):
    """One agent's devices (a copied store is a second one) and their server."""

    @initialize()
    def begin(self) -> None:
        """Enrol a device that has one case."""
        self.folder = Path(tempfile.mkdtemp(prefix="device-machine-"))
        self.server, self.clock = FakeServer(page_items=3), a_clock()
        self.server.put("packet", CASES[0], packet_body())
        self.devices = [a_device(self.folder, self.server, self.clock)]
        self.devices[0].exchange()
        self.saved: dict[str, bytes] = {}
        self.erased: set[str] = set()
        self.visits, self.rev, self.restores = 0, 1, 0
        self.backup: dict[str, Any] | None = None

    def pick(self, which: int) -> Device:
        """Give one of the devices."""
        return self.devices[which % len(self.devices)]

    def witness(self, device: Device) -> None:
        """Remember every content that is durable on a device: from now on it must not vanish."""
        for row in device.store.rows("SELECT id, content FROM event WHERE content IS NOT NULL AND state = 'kept'"):
            self.saved.setdefault(row["id"], bytes(row["content"]))

    @rule(which=st.integers(0, 3), case=st.sampled_from(CASES))
    def record(self, which: int, case: str) -> None:
        """Record a visit where a packet allows it."""
        device = self.pick(which)
        self.visits += 1
        if case in {view.case_id for view in device.packets() if not view.remarks}:
            a_visit(device, self.visits, case)
            self.witness(device)

    @rule(which=st.integers(0, 3), faults=st.lists(FAULTS, max_size=3))
    def exchange(self, which: int, faults: list[str]) -> None:
        """Exchange over a way that may fail."""
        self.server.faults = list(faults)
        self.pick(which).exchange()
        self.server.faults = []

    @rule(which=st.integers(0, 3), steps=st.integers(0, len(STEPS)))
    def die(self, which: int, steps: int) -> None:
        """Die after some step of an exchange, and start again on the same store."""
        device = self.pick(which)
        begin(device, steps)
        name = device.store.path.name
        device.close()
        self.devices[self.devices.index(device)] = a_device(self.folder, self.server, self.clock, name)

    @precondition(lambda self: len(self.devices) < 3)
    @rule(which=st.integers(0, 3))
    def copy_store(self, which: int) -> None:
        """Copy a store, as a backup or a thief would; both go on."""
        device, name = self.pick(which), f"copy-{len(self.devices)}.db"
        device.store.forget_old_pages()
        for ending in ("", ".key"):
            shutil.copy(f"{device.store.path}{ending}", self.folder / f"{name}{ending}")
        self.devices.append(a_device(self.folder, self.server, self.clock, name))

    @rule(case=st.sampled_from(CASES), is_put=st.booleans())
    def assign(self, case: str, is_put: bool) -> None:
        """Put or remove a packet."""
        self.rev += 1
        if is_put:
            self.server.put("packet", case, packet_body(crew_min=1), rev=self.rev)
        elif ("packet", case) in self.server.live():
            self.server.remove("packet", case, "unassigned")

    @rule(which=st.integers(0, 3))
    def damage(self, which: int) -> None:
        """Lose a feed item from a store: the sum must tell."""
        device = self.pick(which)
        with device.store.transaction():
            device.store.db.execute("DELETE FROM object WHERE id = (SELECT min(id) FROM object)")

    @rule(number=st.integers(0, 50))
    def erase(self, number: int) -> None:
        """Erase an event the server holds."""
        held = sorted(event_id for event_id, content in self.server.contents.items() if content is not None)
        if held:
            event_id = held[number % len(held)]
            self.server.contents[event_id] = None
            self.server.put("erased", event_id, {"event_id": event_id})
            self.erased.add(event_id)

    @precondition(lambda self: self.backup is None)
    @rule()
    def back_up(self) -> None:
        """Back the server up."""
        names = ("chains", "contents", "receipts", "digests", "feed", "feed_seq")
        self.backup = {name: copy.deepcopy(getattr(self.server, name)) for name in names}

    @precondition(lambda self: self.backup is not None)
    @rule()
    def restore(self) -> None:
        """Restore it: a new epoch, and the erasures applied again before it serves (E12)."""
        assert self.backup is not None
        for name, value in self.backup.items():
            setattr(self.server, name, value)
        self.restores += 1
        self.server.epoch, self.backup = f"restored{self.restores}", None
        self.server.feed_seq += 1000 * self.restores
        for event_id in sorted(self.erased):
            if event_id in self.server.contents:
                self.server.contents[event_id] = None
            self.server.put("erased", event_id, {"event_id": event_id})

    @invariant()
    def no_store_holds_two_places_for_one_seq(self) -> None:
        """E2: seqs of a chain are 1, 2, 3 … whatever happened."""
        for device in getattr(self, "devices", []):
            for chain in device.store.rows("SELECT chain_id, next_seq FROM chain"):
                seqs = device.store.rows("SELECT seq FROM link WHERE chain_id = ? ORDER BY seq", [chain["chain_id"]])

                assert list(range(1, chain["next_seq"])) == [row["seq"] for row in seqs]

    def teardown(self) -> None:
        """Let everything settle, then hold the invariants."""
        if not hasattr(self, "devices"):
            return
        for _ in range(4):
            for device in self.devices:
                device.exchange()
        for device in self.devices:
            self.judge(device)
        on_server = {event_id for event_id, content in self.server.contents.items() if content is not None}
        for event_id, content in self.saved.items():
            if event_id not in self.erased:
                assert content == self.server.contents[event_id]
        assert not self.erased & on_server
        for device in self.devices:
            device.close()
        shutil.rmtree(self.folder)

    def judge(self, device: Device) -> None:
        """Hold what must be true of one device after quiet."""
        report = device.exchange()
        status = device.status()
        held = {
            (row["type"], row["id"]): (row["rev"], row["sha256"])
            for row in device.store.rows("SELECT type, id, rev, sha256 FROM object")
        }

        assert report.error is None, report.to_json()
        assert (0, 0, "level") == (status.unsent, status.lost, status.pull_stage)
        assert {key: (item["rev"], item["sha256"]) for key, item in self.server.live().items()} == held
        for event_id in self.erased:
            assert device.store.value("SELECT content FROM event WHERE id = ?", [event_id]) is None
        for row in device.store.rows("SELECT id, content, digest FROM event WHERE content IS NOT NULL"):
            assert canonical.digest(bytes(row["content"])) == row["digest"]


TestDeviceMachine = DeviceMachine.TestCase
TestDeviceMachine.settings = settings(max_examples=EXAMPLES, stateful_step_count=25, deadline=None)


def test_the_machine_notices_a_lost_event() -> None:
    """The judgement above fails if an acknowledged event is missing on the server."""
    machine = DeviceMachine()
    machine.begin()
    machine.record(0, CASES[0])
    machine.exchange(0, [])
    lost = sorted(machine.saved)[-1]
    machine.server.contents[lost] = b"something else"
    try:
        machine.teardown()
    except (AssertionError, FieldError):
        return
    raise AssertionError("a changed event was not noticed")
