"""The clock rules of PROTOCOL section 4 against the golden vectors, and the faults a wall clock shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.vocabulary import MonoKind
from server.domain.chain_times import order_estimates
from server.domain.clock_faults import ClockFault, ClockFaultKind, TimedReading, find_clock_faults
from server.domain.clocks import (
    Basis,
    ClockSample,
    LastAnswer,
    Neighbours,
    Reading,
    TimeBound,
    bound_time,
    find_neighbours,
    parse_wall,
)

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "schemas" / "vectors" / "clocks.json").read_text(encoding="utf-8")
)
T = VECTORS["base_ms"]


def move(value: int | None) -> int | None:
    """Add the vectors' base to a time that is there."""
    return None if value is None else T + value


def read_sample(given: dict[str, Any]) -> ClockSample:
    """Read one clock sample of a vector."""
    last = given.get("last")
    return ClockSample(
        T + given["received_at_ms"],
        move(given["wall_ms"]),
        given["mono_ms"],
        given["boot"],
        MonoKind(given["mono"]),
        LastAnswer(T + last["server_time_ms"], last["mono_ms"], last.get("rtt_ms")) if last else None,
    )


def read_bound(given: list[Any]) -> TimeBound:
    """Read one bound of an order vector."""
    return TimeBound(*given[:3], Basis(given[3]))


def timed(
    wall_ms: int | None,
    mono_ms: int,
    earliest: int,
    latest: int,
    *,
    received: int = 10**9,
    boot: str = "b",
    mono: MonoKind | None = MonoKind.BOOTTIME,
    basis: Basis = Basis.EXCHANGE,
) -> TimedReading:
    """Build an event's reading with the bound it was given."""
    bound = TimeBound(earliest, latest, (earliest + latest) // 2, basis)
    return TimedReading(Reading(wall_ms, mono_ms, boot), bound, received, mono)


@pytest.mark.parametrize("vector", VECTORS["walls"], ids=lambda vector: repr(vector["text"]))
def test_wall_text_is_read_exactly_or_not_at_all(vector: dict[str, Any]) -> None:
    """A wall text gives the moment it names; one that names none gives nothing, and never an exception."""
    assert vector["ms"] == parse_wall(vector["text"])


@pytest.mark.parametrize("vector", VECTORS["bounds"], ids=lambda vector: vector["name"])
def test_an_event_is_bounded_as_the_vectors_say(vector: dict[str, Any]) -> None:
    """Section 4: the bound of a vector is the one derived by hand."""
    given, wanted = vector["reading"], vector["expect"]

    actual = bound_time(
        Reading(move(given["wall_ms"]), given["mono_ms"], given["boot"]),
        [read_sample(sample) for sample in vector["samples"]],
        received_at_ms=T + vector["received_at_ms"],
        not_before_ms=T + vector["not_before_ms"],
    )

    expected = TimeBound(
        T + wanted["earliest_ms"], T + wanted["latest_ms"], T + wanted["estimate_ms"], Basis(wanted["basis"])
    )
    assert expected == actual


@pytest.mark.parametrize("vector", VECTORS["bounds"], ids=lambda vector: vector["name"])
def test_samples_may_come_in_any_order(vector: dict[str, Any]) -> None:
    """The order in which samples are handed over changes no bound."""
    given = vector["reading"]
    reading = Reading(move(given["wall_ms"]), given["mono_ms"], given["boot"])
    samples = [read_sample(sample) for sample in vector["samples"]]
    times = {"received_at_ms": T + vector["received_at_ms"], "not_before_ms": T + vector["not_before_ms"]}

    assert bound_time(reading, samples, **times) == bound_time(reading, samples[::-1], **times)


@pytest.mark.parametrize("vector", VECTORS["orders"], ids=lambda vector: vector["name"])
def test_estimates_do_not_decrease_along_a_chain(vector: dict[str, Any]) -> None:
    """Section 4: along a chain, `chain_opened` left out, estimates never decrease and stay within their bounds."""
    actual = order_estimates(vector["kinds"], [read_bound(given) for given in vector["bounds"]])

    assert [read_bound(given) for given in vector["expect"]] == actual


def sample(name: str, received: int, mono: int) -> ClockSample:
    """Build a sample of boot *name*."""
    return ClockSample(received, 0, mono, name, MonoKind.AWAKE)


class TestNeighbours:
    """Which exchanges stand around an event."""

    def test_a_boot_without_exchange_lies_before_the_boot_that_brought_it(self) -> None:
        """An event carried by the second exchange of the next boot still has that boot's first one after it."""
        a, first, second = sample("a", 10, 5), sample("c", 90, 1), sample("c", 99, 2)

        assert Neighbours(a, (), first) == find_neighbours(Reading(0, 7, "b"), [second, first, a], 99)

    def test_within_a_boot_the_counter_tells(self) -> None:
        """Exchanges of the event's own boot are ordered by the counter, whichever of them carried it."""
        own = [sample("b", 10, 100), sample("b", 20, 200), sample("b", 30, 300)]

        assert Neighbours(own[0], (), own[1]) == find_neighbours(Reading(0, 150, "b"), own, 30)

    def test_an_exchange_within_the_events_own_tick_stands_beside_it(self) -> None:
        """Nothing tells whether an exchange at the same counter reading came before or after the event."""
        own = [sample("b", 10, 100), sample("b", 20, 200), sample("b", 30, 300)]

        assert Neighbours(own[0], (own[1],), own[2]) == find_neighbours(Reading(0, 200, "b"), own, 30)

    def test_other_boots_stand_before_and_after_an_own_one(self) -> None:
        """Outside its own boot's exchanges, an event's neighbours are those of the boots before and after."""
        before, own, after = sample("a", 10, 900), sample("b", 20, 200), sample("c", 30, 1)

        assert Neighbours(before, (), own) == find_neighbours(Reading(0, 100, "b"), [after, own, before], 20)
        assert Neighbours(own, (), after) == find_neighbours(Reading(0, 300, "b"), [after, own, before], 30)

    def test_a_boot_interleaved_with_the_own_one_is_no_neighbour(self) -> None:
        """A second tab's exchange among the own boot's does not stand before or after all of them."""
        own, tab = [sample("b", 10, 100), sample("b", 30, 300)], sample("tab", 20, 5)

        assert Neighbours(None, (), own[0]) == find_neighbours(Reading(0, 50, "b"), [*own, tab], 10)
        assert Neighbours(own[1], (), None) == find_neighbours(Reading(0, 350, "b"), [*own, tab], 40)

    def test_two_settings_within_one_tick_are_both_in_the_spread(self) -> None:
        """The offset of an exchange beside the event counts, since the event may lie on either side of it."""
        settings = ((10, 0), (20, 5_000), (30, 0))
        samples = [ClockSample(at, at + ahead, at, "b", MonoKind.AWAKE) for at, ahead in settings]

        bound = bound_time(Reading(5_020, 20, "b"), samples, received_at_ms=30, not_before_ms=-(10**6))

        assert bound.basis is Basis.WALL
        assert bound.earliest_ms <= 20 - 60_000

    def test_the_guess_takes_the_offset_of_the_own_boot(self) -> None:
        """A clock set before the next boot does not move the guess for an event of this boot."""
        own = ClockSample(1_000, 1_000, 10, "b", MonoKind.AWAKE)
        samples = [own, ClockSample(9_000, 99_000, 1, "c", MonoKind.AWAKE)]

        assert bound_time(Reading(4_000, 20, "b"), samples, received_at_ms=9_000).estimate_ms == 4_000


class TestFaults:
    """What a wall clock did wrong: minimal positive, nearest negative, and the fact that is missing."""

    def test_a_clock_off_beyond_its_bound_is_found(self) -> None:
        """A wall time 300,001 ms after the latest moment possible is off by that much."""
        faults = find_clock_faults([timed(1_300_001, 0, 999_000, 1_000_000)])

        assert [ClockFault(ClockFaultKind.OFF, 0, 300_001)] == faults

    def test_a_slow_clock_is_off_too(self) -> None:
        """A wall time 300,001 ms before the earliest moment possible is off by a negative amount."""
        assert [ClockFault(ClockFaultKind.OFF, 0, -300_001)] == find_clock_faults(
            [timed(698_999, 0, 999_000, 1_000_000)]
        )

    def test_a_clock_off_by_the_threshold_is_in_step(self) -> None:
        """Exactly 300,000 ms beyond the bound is still in step."""
        assert find_clock_faults([timed(1_300_000, 0, 999_000, 1_000_000)]) == []

    def test_what_the_bound_leaves_open_is_in_the_devices_favour(self) -> None:
        """A clock an hour from the estimate, but within the bound, is no fault."""
        assert find_clock_faults([timed(4_600_000, 0, 0, 4_600_000)]) == []

    def test_an_unreadable_wall_time_is_no_fault(self) -> None:
        """Where the wall time names no moment, nothing is said about the clock."""
        assert find_clock_faults([timed(None, 0, 0, 0), timed(None, 9, 0, 0)]) == []

    def test_a_wall_time_after_receipt_is_in_the_future(self) -> None:
        """A wall time 60,001 ms after its own receipt is in the future; the bound may still leave it in step."""
        faults = find_clock_faults([timed(1_060_001, 0, 0, 1_000_000, received=1_000_000)])

        assert [ClockFault(ClockFaultKind.FUTURE, 0, 60_001)] == faults

    def test_a_wall_time_a_minute_after_receipt_is_not(self) -> None:
        """Exactly 60,000 ms after receipt is not yet the future."""
        assert find_clock_faults([timed(1_060_000, 0, 0, 1_000_000, received=1_000_000)]) == []

    def test_a_clock_put_ahead_within_a_boot_is_a_step(self) -> None:
        """60,001 ms more than the counter and its slack (2 ms at this span) is a step at the later event."""
        faults = find_clock_faults([timed(0, 0, 0, 200_000), timed(60_003, 0, 0, 200_000)])

        assert [ClockFault(ClockFaultKind.STEPPED, 1, 60_001)] == faults

    def test_a_clock_put_ahead_by_the_threshold_is_not(self) -> None:
        """60,000 ms beyond the slack is no step yet."""
        assert find_clock_faults([timed(0, 0, 0, 200_000), timed(60_002, 0, 0, 200_000)]) == []

    def test_a_clock_put_back_is_a_step_even_where_the_counter_may_stop(self) -> None:
        """A wall clock that gained less than a counter that can only lose was put back."""
        events = [timed(100_000, 0, 0, 200_000, mono=None), timed(39_997, 0, 0, 200_000, mono=None)]

        assert [ClockFault(ClockFaultKind.STEPPED, 1, -60_001)] == find_clock_faults(events)

    def test_sleep_is_no_step(self) -> None:
        """A wall clock that gained eight hours over a counter that stops in sleep was not set."""
        night = 8 * 3_600_000
        events = [timed(0, 0, 0, 10, mono=MonoKind.AWAKE), timed(night, 5, night - 10, night, mono=MonoKind.AWAKE)]

        assert find_clock_faults(events) == []

    def test_two_certain_bounds_show_a_step_where_the_counter_may_stop(self) -> None:
        """A gain of 100,000 ms between moments at most 20,000 ms apart is a step of at least 80,000 ms."""
        events = [timed(0, 0, 0, 10_000, mono=MonoKind.AWAKE), timed(100_000, 1, 10_000, 20_000, mono=MonoKind.AWAKE)]

        assert [ClockFault(ClockFaultKind.STEPPED, 1, 80_000)] == find_clock_faults(events)

    def test_two_certain_bounds_show_a_clock_put_back_during_sleep(self) -> None:
        """A gain of 10,000 ms between moments at least 100,000 ms apart is a step back of at least 90,000 ms."""
        events = [timed(0, 0, 0, 10, mono=MonoKind.AWAKE), timed(10_000, 1, 100_010, 100_020, mono=MonoKind.AWAKE)]

        assert [ClockFault(ClockFaultKind.STEPPED, 1, -90_000)] == find_clock_faults(events)

    def test_uncertain_bounds_show_no_step(self) -> None:
        """Bounds taken from the wall clock itself prove nothing about it."""
        events = [
            timed(0, 0, 0, 10_000, mono=MonoKind.AWAKE, basis=Basis.WALL),
            timed(100_000, 1, 10_000, 20_000, mono=MonoKind.AWAKE, basis=Basis.WALL),
        ]

        assert find_clock_faults(events) == []

    def test_a_change_between_boots_is_no_step(self) -> None:
        """Two boots share no counter: a clock set while the device was off is no step within a boot."""
        assert find_clock_faults([timed(0, 0, 0, 200_000), timed(200_000, 0, 0, 200_000, boot="c")]) == []

    def test_a_fault_that_lasts_is_told_at_each_event(self) -> None:
        """Three events under a clock an hour ahead are three faults: each may belong to a visit of its own."""
        hour = 3_600_000
        events = [timed(hour + place, place, place, place, boot=boot) for place, boot in ((0, "b"), (1, "b"), (2, "b"))]
        events += [timed(3, 3, 3, 3, boot="c"), timed(hour + 4, 4, 4, 4, boot="d")]

        assert [0, 1, 2, 4] == [fault.event for fault in find_clock_faults(events)]
