"""Seeded campaigns: whatever is injected, after quiet nothing is lost, nothing is double, nobody diverges."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fault.invariants import check_all
from tests.fault.world import World

CAMPAIGNS = int(os.environ.get("FV_CAMPAIGNS", "6"))
STEPS = 150


@pytest.mark.parametrize("seed", range(CAMPAIGNS))
def test_no_campaign_loses_doubles_or_diverges(seed: int, database_url: str, tmp_path: Path) -> None:
    """E7, E8: each locally committed event is on the server exactly once and every device's set equals the server's."""
    world = World(database_url, tmp_path, seed)
    try:
        world.run(STEPS)
        world.settle()
        check_all(world)
    finally:
        world.close()
    assert world.oracle
