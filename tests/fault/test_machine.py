"""
Devices × faults × office acts in any order, by Hypothesis: the acts of `World`, with what happens chosen to be shrunk.

Each rule draws who acts, what the network does, and a number that settles the rest. After the last step everything is
calmed and every invariant of PROTOCOL section 5 is held.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.fault.invariants import check_all
from tests.fault.proxy import Fault, Faults
from tests.fault.world import Phone, Wire, World

# `make soak` asks for more by the number of campaigns.
EXAMPLES = max(5, int(os.environ.get("FV_CAMPAIGNS", "0")) // 5)
WHICH, CHANCE = st.integers(0, 4), st.integers(0, 2**20)


@cache
def make_template() -> Path:
    """Make a migrated SQLite file to copy, once a run."""
    from server.storage.migrating import migrate  # here: collecting tests loads no migrations

    path = Path(tempfile.mkdtemp(prefix="world-template-")) / "template.db"
    migrate(f"sqlite:///{path}")
    return path


class WorldMachine(RuleBasedStateMachine):
    """An office, three agents with phones, copies of phones, and whatever happens to them."""

    world: World | None = None

    @initialize(seed=st.integers(0, 1000))
    def begin(self, seed: int) -> None:
        """Open an office with cases, and enrol three phones."""
        self.folder = Path(tempfile.mkdtemp(prefix="world-machine-"))
        shutil.copyfile(make_template(), self.folder / "fairvisit.db")
        self.world = World(f"sqlite:///{self.folder / 'fairvisit.db'}", self.folder, seed, share=0.0)

    def chance(self, number: int) -> World:
        """Give the world, its next choices settled by *number*."""
        assert self.world is not None
        self.world.random = random.Random(number)
        return self.world

    def pick(self, which: int) -> Phone:
        """Give one of the phones."""
        assert self.world is not None
        return self.world.phones[which % len(self.world.phones)]

    @rule(which=WHICH, chances=st.lists(CHANCE, min_size=1, max_size=8))
    def record(self, which: int, chances: list[int]) -> None:
        """Take some steps of visits."""
        for number in chances:
            self.chance(number).record(self.pick(which))

    @rule(which=WHICH, faults=st.lists(st.sampled_from(Fault), max_size=5))
    def exchange(self, which: int, faults: Sequence[Fault]) -> None:
        """Exchange, with these faults one after the other, and none after them."""
        phone, world = self.pick(which), self.chance(0)
        phone.faults = Faults(script=faults)
        phone.device._transport = Wire(world, phone.faults)
        world.exchange(phone)

    @rule(number=CHANCE)
    def pass_time(self, number: int) -> None:
        """Let time pass, clocks stepping as they like."""
        self.chance(number).pass_time()

    @rule(which=WHICH)
    def restart(self, which: int) -> None:
        """Crash a phone and start it again."""
        self.chance(0).restart_phone(self.pick(which))

    @rule(which=WHICH)
    def clone(self, which: int) -> None:
        """Copy a phone's store; both go on."""
        self.chance(0).clone_phone(self.pick(which))

    @rule(number=CHANCE)
    def deliver_late(self, number: int) -> None:
        """Let a kept request arrive once more."""
        self.chance(number).deliver_late()

    @rule(number=CHANCE)
    def reassign(self, number: int) -> None:
        """Give a case to another agent."""
        self.chance(number).reassign()

    @rule(number=CHANCE)
    def renew(self, number: int) -> None:
        """Give a case's packet a new revision."""
        self.chance(number).renew_case()

    @rule(which=WHICH, number=CHANCE)
    def hold(self, which: int, number: int) -> None:
        """Place a hold at a door."""
        self.chance(number).hold(self.pick(which))

    @rule(number=CHANCE)
    def hold_from_office(self, number: int) -> None:
        """Place a hold from the office."""
        self.chance(number).place_office_hold()

    @rule(number=CHANCE)
    def review(self, number: int) -> None:
        """Reconcile, and decide on a visit."""
        self.chance(number).review()

    @rule(number=CHANCE)
    def erase(self, number: int) -> None:
        """Erase an event that the server holds."""
        self.chance(number).erase()

    def teardown(self) -> None:
        """Calm everything, let all sides talk, and hold every invariant."""
        if self.world is None:
            return
        try:
            world = self.chance(0)
            for phone in world.phones:
                phone.device._transport = Wire(world, phone.faults)
            world.settle()
            check_all(world)
        finally:
            self.world.close()
            shutil.rmtree(self.folder)


TestWorld = WorldMachine.TestCase
TestWorld.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestWorld.__doc__ = "E7, E8: whatever phones, network and office do in whatever order, nothing is lost or doubled."
