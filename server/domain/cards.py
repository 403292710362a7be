"""
How old the code on a card is, by a server that was not there when it was made.

Comes in: the device's clocks in the code, and its last exchange. Goes out: when the code was made, or None where
nothing tells. Who holds a device's key can sign any reading: this keeps copies and late uses out, not its holder.
"""

from __future__ import annotations

from enum import StrEnum

from schemas.vocabulary import MonoKind
from server.domain.clocks import ClockSample, Reading, widen
from server.domain.thresholds import DEFAULTS, Thresholds

GOOD_MS = 120_000  # a code is good for two minutes
MOST_DOUBT_MS = 60_000  # a time that may be further off than this says nothing of two minutes
AHEAD_MS = 30_000  # a code from further in the future was not made by a clock that we know


class Standing(StrEnum):
    """What can be said of a card."""

    GOOD = "good"
    LATE = "late"  # made more than two minutes ago
    OPENED = "opened"  # from another address before
    UNSURE = "unsure"  # when it was made cannot be told
    NOT_VALID = "not_valid"


def date_code(
    reading: Reading, sample: ClockSample | None, now_ms: int, thresholds: Thresholds = DEFAULTS
) -> int | None:
    """
    Give when a code was made: by the counter since an exchange of the same boot, else by the wall clock's offset then.

    A counter that stops in sleep can only say that the wall clock was not put back. None where the device was never
    heard, or so long ago that its clocks may have drifted by more than a minute, or where they contradict each other.

    >>> sample = ClockSample(1_000_000, None, 500, "b", MonoKind.BOOTTIME)
    >>> date_code(Reading(None, 12_500, "b"), sample, 1_020_000)
    1012000
    >>> date_code(Reading(None, 12_500, "other"), sample, 1_020_000) is None
    True
    """
    if sample is None or widen(now_ms - sample.received_at_ms, thresholds) > MOST_DOUBT_MS:
        return None
    since = reading.mono_ms - sample.mono_ms
    is_same_boot = sample.boot == reading.boot
    if is_same_boot and sample.mono is MonoKind.BOOTTIME:
        return _if_not_ahead(sample.received_at_ms + since, now_ms)
    if reading.wall_ms is None or sample.wall_ms is None:
        return None
    moved = reading.wall_ms - sample.wall_ms
    if is_same_boot and moved < since - widen(since, thresholds):
        return None
    return _if_not_ahead(sample.received_at_ms + moved, now_ms)


def _if_not_ahead(made_ms: int, now_ms: int) -> int | None:
    return None if made_ms > now_ms + AHEAD_MS else min(made_ms, now_ms)
