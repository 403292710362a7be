"""How old a card's code is: what each clock can say of it, and where none says anything."""

from __future__ import annotations

import pytest

from schemas.vocabulary import MonoKind
from server.domain.cards import AHEAD_MS, date_code
from server.domain.clocks import ClockSample, Reading

HEARD_MS, MONO_MS, WALL_MS = 1_000_000_000, 50_000, 999_000_000  # the wall clock is 1,000 s behind
DAY_MS = 86_400_000


def sample(mono: MonoKind = MonoKind.BOOTTIME, wall_ms: int | None = WALL_MS) -> ClockSample:
    """Give the device's last exchange."""
    return ClockSample(HEARD_MS, wall_ms, MONO_MS, "boot", mono)


def reading(after_ms: int, *, boot: str = "boot", wall_off_ms: int | None = 0) -> Reading:
    """Give the clocks so long after the exchange."""
    wall_ms = None if wall_off_ms is None else WALL_MS + after_ms + wall_off_ms
    return Reading(wall_ms, MONO_MS + after_ms, boot)


def test_the_counter_of_the_same_boot_beats_a_wall_clock_that_was_set() -> None:
    """Whoever sets the phone's clock an hour ahead makes no code younger."""
    assert HEARD_MS + 60_000 == date_code(reading(60_000, wall_off_ms=3_600_000), sample(), HEARD_MS + 90_000)


def test_in_another_boot_the_offset_of_the_wall_clock_counts() -> None:
    """The phone was restarted: its clock is as wrong as it was."""
    assert HEARD_MS + 60_000 == date_code(reading(60_000, boot="next"), sample(), HEARD_MS + 90_000)


def test_a_counter_that_stops_in_sleep_leaves_it_to_the_wall_clock() -> None:
    """The phone slept for an hour that its counter does not know of."""
    slept = Reading(WALL_MS + 3_660_000, MONO_MS + 60_000, "boot")

    assert HEARD_MS + 3_660_000 == date_code(slept, sample(MonoKind.AWAKE), HEARD_MS + 3_700_000)


def test_a_wall_clock_put_back_is_not_believed() -> None:
    """It advanced less than the counter that only ever loses: somebody set it."""
    assert date_code(reading(600_000, wall_off_ms=-60_000), sample(MonoKind.AWAKE), HEARD_MS + 700_000) is None


@pytest.mark.parametrize(
    ("days", "known"), [(13, True), (14, False)]
)  # 50 ppm: a minute in 13.9 days
def test_an_exchange_too_long_ago_says_nothing(days: int, known: bool) -> None:
    """Two minutes cannot be told by clocks that may be off by one."""
    at_ms = days * DAY_MS

    assert known == (date_code(reading(at_ms), sample(), HEARD_MS + at_ms) is not None)


@pytest.mark.parametrize(("ahead_ms", "known"), [(AHEAD_MS, True), (AHEAD_MS + 1, False)])
def test_a_code_from_the_future_was_made_by_no_clock_we_know(ahead_ms: int, known: bool) -> None:
    """Half a minute of trip and rounding is forgiven, and counts as made now."""
    made_ms = date_code(reading(60_000 + ahead_ms), sample(), HEARD_MS + 60_000)

    assert (HEARD_MS + 60_000 if known else None) == made_ms


@pytest.mark.parametrize(
    ("seen", "heard"),
    [(reading(1, boot="next", wall_off_ms=None), sample()), (reading(1, boot="next"), sample(wall_ms=None)),
     (reading(1), None)],
    ids=["no wall time now", "no wall time then", "never heard"],
)  # fmt: skip
def test_what_is_not_known_stays_unknown(seen: Reading, heard: ClockSample | None) -> None:
    """No clock to go by, no age."""
    assert date_code(seen, heard, HEARD_MS + 10) is None
