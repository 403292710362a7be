"""Runs of places reckon as sets of places do."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from server.domain.runs import join_runs, take_away

RUNS = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), max_size=6)


def places(runs: list[tuple[int, int]]) -> set[int]:
    """Count a few short runs out."""
    return {seq for first, last in runs for seq in range(first, last + 1)}


@given(runs=RUNS)
def test_joined_runs_hold_the_same_places_apart_and_in_order(runs: list[tuple[int, int]]) -> None:
    """Joining changes no place, and leaves a gap between any two runs."""
    joined = join_runs(runs)

    assert places(runs) == places(joined)
    assert all(left[1] + 1 < right[0] for left, right in itertools.pairwise(joined))


@given(runs=RUNS, taken=RUNS)
def test_what_is_taken_away_is_gone_and_nothing_else(
    runs: list[tuple[int, int]], taken: list[tuple[int, int]]
) -> None:
    """Taking away is the difference of sets."""
    assert places(runs) - places(taken) == places(take_away(runs, taken))
