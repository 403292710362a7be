"""
Builds broken on purpose: each must fail the campaigns, else the campaigns prove nothing.

The order of commits (a plain sequence instead of the counter) needs writers at the same time: that build is broken in
tests/contract/people/test_feed_order.py.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.domain import intake
from server.services import receiving
from server.storage import chain_rows
from server.storage.sqlite import SqliteStore
from tests.fault.invariants import check_all
from tests.fault.world import WEIGHTS, World

MOST_CAMPAIGNS = 25
STEPS = 150
OF_COPIES = WEIGHTS | {"restore_behind_copies": 3}  # only a copy behind a restored server meets an unchecked prev
Break = Callable[[pytest.MonkeyPatch], None]


class UnluckyError(Exception):
    """The power fails between the answer and the commit."""


def acknowledge_before_commit(patch: pytest.MonkeyPatch) -> None:
    """Answer a job's result although its transaction is rolled back, every seventh time."""
    honest = SqliteStore.write
    count = [0]

    def write(self: SqliteStore, job: Any) -> Any:
        kept: list[Any] = []

        def fail(connection: Any) -> None:
            kept.append(job(connection))
            raise UnluckyError

        if not job.__module__.endswith("exchanging"):
            return honest(self, job)
        count[0] += 1
        if count[0] % 7:
            return honest(self, job)
        try:
            honest(self, fail)
        except UnluckyError:
            return kept[0]

    patch.setattr(SqliteStore, "write", write)


def drop_the_idempotency_key(patch: pytest.MonkeyPatch) -> None:
    """Never look an id up, and take whatever comes as new."""
    honest = chain_rows.add_events
    count = [0]

    def add_events(connection: Any, agent_id: str, events: Any) -> Any:
        count[0] += len(events)
        fresh = [each._replace(digest=f"{count[0] - at:064x}") for at, each in enumerate(events)]
        return honest(connection, agent_id, fresh)

    patch.setattr(chain_rows, "read_known", lambda *_: {})
    patch.setattr(chain_rows, "add_events", add_events)


def leave_prev_unchecked(patch: pytest.MonkeyPatch) -> None:
    """Take the next seq whatever history it claims."""
    honest = intake.place_events

    def place(chain_id: str, next_seq: int, head_hash: str, stored: Any, prev: str, events: Any) -> Any:
        placed = honest(chain_id, next_seq, head_hash, stored, prev, events)
        if placed.forked_from is None or placed.forked_from < next_seq:
            return placed
        rest = [event for event in events if event.seq >= placed.next_seq]
        forced = honest(chain_id, placed.next_seq, placed.head_hash, {}, placed.head_hash, rest)
        return replace(forced, repeats=placed.repeats, taken=placed.taken + forced.taken)

    patch.setattr(intake, "place_events", place)
    patch.setattr(receiving.intake, "place_events", place)


def survives(folder: Path, template: Path, seed: int) -> bool:
    """Run one campaign; say whether every invariant held."""
    folder.mkdir()
    shutil.copyfile(template, folder / "fairvisit.db")
    world = World(f"sqlite:///{folder / 'fairvisit.db'}", folder, seed)
    try:
        world.run(STEPS, OF_COPIES)
        world.settle()
        check_all(world)
    except (AssertionError, ValueError):
        return False
    finally:
        world.close()
    return True


BROKEN = [acknowledge_before_commit, drop_the_idempotency_key, leave_prev_unchecked]


@pytest.mark.parametrize("break_it", BROKEN, ids=[each.__name__ for each in BROKEN])
def test_a_broken_build_fails_a_campaign(
    break_it: Break, sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build that acknowledges too early, forgets ids, or does not check prev fails within a few campaigns."""
    break_it(monkeypatch)

    assert not all(survives(tmp_path / str(seed), sqlite_template, seed) for seed in range(MOST_CAMPAIGNS))
