"""Properties of the device's pure rules: batches, pace, back-off, ranges, leases."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from agent_sync.clock import format_wall, parse_wall
from agent_sync.rules import now_for_leases
from agent_sync.rules_sending import (
    Pace,
    cut_batches,
    join_ranges,
    plan_push,
    retry_after,
    slow_down,
    speed_up,
    void_receipts,
)
from schemas.messages import Quota

SIZES = st.lists(st.integers(1, 500), max_size=60)
QUOTA = Quota(max_events=8, max_bytes=100, max_event_bytes=400)


@given(SIZES, st.integers(1, 10), st.integers(1, 300))
def test_batches_are_the_outbox_in_order_within_both_limits(sizes: list[int], most: int, limit: int) -> None:
    """X3: every event once, in order; a batch over the byte limit holds one event only."""
    batches = cut_batches(sizes, most, limit)

    assert list(range(len(sizes))) == [place for batch in batches for place in batch]
    assert all(0 < len(batch) <= most for batch in batches)
    assert all(len(batch) == 1 or sum(sizes[place] for place in batch) <= limit for batch in batches)


@given(SIZES, st.integers(1, 10), st.integers(1, 300))
def test_no_batch_is_cut_too_early(sizes: list[int], most: int, limit: int) -> None:
    """X3: the first event of a batch would not have fitted into the one before."""
    batches = cut_batches(sizes, most, limit)
    for before, batch in itertools.pairwise(batches):
        total = sum(sizes[place] for place in before) + sizes[batch[0]]

        assert len(before) == most or total > limit


@given(SIZES.filter(bool), st.integers(0, 7), st.data())
def test_whatever_fails_the_outbox_is_emptied_once_the_way_is_clear(
    sizes: list[int], poison: int, draws: st.DataObject
) -> None:
    """X3: with any run of failures, and one event that never gets through with its content, the queue drains."""
    left = [(str(place), size) for place, size in enumerate(sizes)]
    bad = str(poison % len(sizes))
    pace, withheld = Pace(QUOTA.max_events), set()
    for turn in range(400):
        if not left:
            break
        plan = plan_push(pace, [name for name, _ in left], [size for _, size in left], QUOTA)
        sent = left[: plan.count]
        withheld |= {sent[place][0] for place in plan.withheld}
        is_cut = turn < 30 and draws.draw(st.booleans(), label="cut")
        is_poisoned = any(name == bad and place not in plan.withheld for place, (name, _) in enumerate(sent))
        names = [name for name, _ in sent]
        if is_cut or is_poisoned:
            pace = slow_down(pace, names, was_answered=is_poisoned and draws.draw(st.booleans(), label="answered"))
        else:
            pace, left = speed_up(pace, names, QUOTA.max_events), left[plan.count :]

    assert [] == left
    assert withheld >= {name for name, size in enumerate_names(sizes) if size > QUOTA.max_event_bytes}


def enumerate_names(sizes: list[int]) -> list[tuple[str, int]]:
    """Give (name, size) of each event."""
    return [(str(place), size) for place, size in enumerate(sizes)]


@given(SIZES.filter(bool), st.lists(st.booleans(), max_size=80))
def test_a_network_that_only_fails_withholds_nothing_that_fits(sizes: list[int], answered: list[bool]) -> None:
    """X3: without a success of an exchange without push in between, no event within the quota goes withheld."""
    pace, names = Pace(QUOTA.max_events), [str(place) for place in range(len(sizes))]
    for was_answered in answered:
        plan = plan_push(pace, names, sizes, QUOTA)

        assert all(sizes[place] > QUOTA.max_event_bytes for place in plan.withheld)
        pace = slow_down(pace, names[: plan.count], was_answered=was_answered)


@given(st.integers(1, 10_000), st.floats(0, 0.999999), st.integers(0, 3600))
def test_the_wait_stays_within_its_bounds(failures: int, draw: float, server_s: int) -> None:
    """X4: never above 15 minutes or the server's wish, never below the server's wish."""
    wait = retry_after(failures, draw, server_s)

    assert server_s * 1000 <= wait <= max(15 * 60_000, server_s * 1000)


@given(st.sets(st.integers(1, 60)))
def test_lost_ranges_name_exactly_the_lost_seqs(seqs: set[int]) -> None:
    """E6: the ranges cover each seq once, and are as few as can be."""
    ranges = join_ranges(seqs)

    assert sorted(seqs) == [seq for first, last in ranges for seq in range(first, last + 1)]
    assert all(before[1] + 1 < after[0] for before, after in itertools.pairwise(ranges))


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 9))), st.integers(1, 41), st.integers(1, 10))
def test_a_receipt_of_the_request_itself_is_never_void(rows: list[tuple[int, int]], next_seq: int, no: int) -> None:
    """E10: what this request or a later one brought stays; what lies below next_seq stays."""
    void = void_receipts(rows, next_seq, no)

    assert void == [seq for seq, number in rows if seq >= next_seq and number < no]


@given(st.integers(0, 10**13), st.integers(0, 10**9), st.integers(0, 10**13), st.integers(0, 10**9))
def test_setting_the_clock_back_never_makes_time_run_back(wall: int, mono: int, server: int, at: int) -> None:
    """F3: the lease clock is at least the last server time, and at least the wall clock."""
    now = now_for_leases(wall, mono, "b", (server, at, "b"))

    assert now >= max(wall, server)
    assert now <= max(wall, server + max(0, mono - at))


@given(st.integers(-62_000_000_000_000, 253_000_000_000_000), st.integers(-14 * 60, 14 * 60))
def test_a_wall_text_reads_back_as_the_moment_it_was(wall_ms: int, offset_min: int) -> None:
    """Section 4: exactly 29 characters, the offset written out, to the millisecond, ten years off or two thousand."""
    text = format_wall(wall_ms, offset_min)

    assert (29, wall_ms) == (len(text), parse_wall(text))
    assert "Z" not in text
