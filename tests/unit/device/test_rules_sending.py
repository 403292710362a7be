"""How the outbox is sent: batches, pace, back-off, void receipts, lost ranges. Pure."""

from __future__ import annotations

from agent_sync.rules_sending import (
    Pace,
    Plan,
    cut_batches,
    join_ranges,
    next_batch_size,
    plan_push,
    retry_after,
    slow_down,
    speed_up,
    void_receipts,
)
from schemas.messages import Quota

QUOTA = Quota(max_events=10, max_bytes=100, max_event_bytes=400)


class TestBatches:
    """Cutting the outbox."""

    def test_count_and_bytes_both_cut(self) -> None:
        """A batch ends at whichever limit comes first."""
        assert [range(2), range(2, 3)] == cut_batches([1, 1, 1], 2, 100)
        assert [range(1), range(1, 2)] == cut_batches([60, 60], 10, 100)

    def test_an_empty_outbox_has_no_batches(self) -> None:
        """Nothing gives nothing."""
        assert [] == cut_batches([], 10, 100)

    def test_x3_a_large_event_travels_alone(self) -> None:
        """X3: an event above max_bytes but within max_event_bytes is a batch of one, with its content."""
        assert Plan(1) == plan_push(Pace(10), ["a", "b"], [300, 5], QUOTA)

    def test_x3_an_event_over_the_quota_goes_withheld(self) -> None:
        """X3: a lone event that exceeds the quota is sent as digest and size."""
        assert Plan(1, frozenset({0})) == plan_push(Pace(1), ["a", "b"], [401, 5], QUOTA)


class TestPace:
    """X3: halving, doubling, and the poisonous event."""

    def test_x3_two_failures_halve_and_a_success_doubles(self) -> None:
        """X3: after two failures of any cause a batch of more than one is halved; success doubles it."""
        pace, ids = Pace(10), [str(n) for n in range(10)]
        once = slow_down(pace, ids, was_answered=False)
        twice = slow_down(once, ids, was_answered=True)

        assert (10, 5) == (once.limit, twice.limit)
        assert 10 == speed_up(twice, ids[:5], 10).limit

    def test_x3_halving_ends_at_one(self) -> None:
        """X3: a batch is halved down to one and no further."""
        assert (1, 0) == next_batch_size(3, 2, 1, succeeded=False, most=10)
        assert (1, 0) == next_batch_size(1, 1, 0, succeeded=False, most=10)

    def test_doubling_ends_at_the_quota(self) -> None:
        """Success never asks for more than the server takes."""
        assert 10 == speed_up(Pace(8), ["a"], 10).limit

    def test_x3_a_lone_event_is_withheld_after_two_failures_around_a_success_without_push(self) -> None:
        """X3: failed, exchange without push succeeded, failed again: withheld."""
        pace = slow_down(Pace(1), ["a"], was_answered=True)
        assert Plan(0, is_probe=True) == plan_push(pace, ["a", "b"], [5, 5], QUOTA)

        pace = speed_up(pace, [], 10)
        assert Plan(1) == plan_push(pace, ["a", "b"], [5, 5], QUOTA)

        pace = slow_down(pace, ["a"], was_answered=True)
        assert Plan(1, frozenset({0})) == plan_push(pace, ["a", "b"], [5, 5], QUOTA)

    def test_x3_a_dead_network_withholds_nothing(self) -> None:
        """X3: however often a lone event and the exchange without it fail, nothing is withheld."""
        pace = Pace(1)
        for _ in range(50):
            plan = plan_push(pace, ["a"], [5], QUOTA)
            assert frozenset() == plan.withheld
            pace = slow_down(pace, ["a"][: plan.count], was_answered=False)

    def test_one_silent_failure_costs_no_extra_round_trip(self) -> None:
        """After a single failure without answer the event itself is simply tried again."""
        pace = slow_down(Pace(10), ["a"], was_answered=False)

        assert Plan(1) == plan_push(pace, ["a"], [5], QUOTA)

    def test_a_success_forgets_the_trouble(self) -> None:
        """After a lone event got through, batches grow again."""
        assert Pace(2) == speed_up(Pace(1, 0, "a", 1, True), ["a"], 10)

    def test_another_event_in_front_starts_afresh(self) -> None:
        """What was counted against one event is not held against the next."""
        pace = slow_down(Pace(1, 0, "a", 5, True), ["b"], was_answered=True)

        assert ("b", False) == (pace.lone_id, pace.is_probed)


class TestWaiting:
    """X4: back-off."""

    def test_x4_the_wait_is_full_jitter_under_a_growing_cap(self) -> None:
        """X4: U(0, min(15 min, 2 s · 2^n)), the random number handed in."""
        assert (0, 3_999, 7_999) == (retry_after(1, 0.0), retry_after(1, 0.99999), retry_after(2, 0.99999))
        assert 899_999 == retry_after(500, 0.9999999)

    def test_x4_retry_after_is_a_lower_bound(self) -> None:
        """X4: the server's wish is kept even where the draw is lower, and not shortened where it is higher."""
        assert 30_000 == retry_after(1, 0.5, server_s=30)
        assert retry_after(9, 0.9) == retry_after(9, 0.9, server_s=30)


class TestRestored:
    """E10 and E6."""

    def test_e10_only_receipts_of_earlier_requests_are_void(self) -> None:
        """E10: receipts at or beyond next_seq are void if stored before the request was built."""
        assert [4] == void_receipts([(3, 1), (4, 8), (5, 9)], next_seq=4, request_no=9)

    def test_e6_lost_seqs_are_declared_as_ranges(self) -> None:
        """E6: single places and runs, in order, each once."""
        assert [[1, 1], [3, 5]] == join_ranges([5, 3, 4, 1, 3])
        assert [] == join_ranges([])
