"""
What a device's wall clock did wrong, as far as it is certain.

Stands in reconciling: readings with their bounds come in, faults with the least size that explains them go out. A
fault is a fact for a reviewer; times are judged by their bounds, not by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from schemas.vocabulary import MonoKind
from server.domain.clocks import Reading, TimeBound, widen
from server.domain.thresholds import DEFAULTS, Thresholds


class ClockFaultKind(StrEnum):
    """How a wall clock was wrong: off by much, ahead of its own receipt, or set between two events of one boot."""

    OFF = "clock_off"
    FUTURE = "clock_future"
    STEPPED = "clock_stepped"


@dataclass(frozen=True, slots=True)
class ClockFault:
    """A fault at the event of index *event*; *at_least_ms* is signed: positive where the wall clock ran ahead."""

    kind: ClockFaultKind
    event: int
    at_least_ms: int


@dataclass(frozen=True, slots=True)
class TimedReading:
    """One event's raw reading, its bound, when it was received, and what kind of counter its boot had, if known."""

    reading: Reading
    bound: TimeBound
    received_at_ms: int
    mono: MonoKind | None = None


def find_clock_faults(events: Sequence[TimedReading], thresholds: Thresholds = DEFAULTS) -> list[ClockFault]:
    """
    Find where the wall clock of one chain was off, ahead of receipt, or stepped; *events* are in chain order.

    Only the certain part of a difference counts: what the bound leaves open is in the device's favour. A fault that
    lasts is reported at every event that has it: each may belong to another visit, or, as `chain_opened`, to none.
    """
    faults: list[ClockFault] = []
    last_of_boot: dict[str, TimedReading] = {}
    for place, event in enumerate(events):
        wall_ms = event.reading.wall_ms
        if wall_ms is None:
            continue
        ahead = wall_ms - event.received_at_ms
        if ahead > thresholds.future_ms:
            faults.append(ClockFault(ClockFaultKind.FUTURE, place, ahead))
        off = _measure_off(wall_ms, event.bound)
        if abs(off) > thresholds.clock_off_ms:
            faults.append(ClockFault(ClockFaultKind.OFF, place, off))
        if (before := last_of_boot.get(event.reading.boot)) is not None:
            step = _measure_step(before, event, thresholds)
            if abs(step) > thresholds.clock_step_ms:
                faults.append(ClockFault(ClockFaultKind.STEPPED, place, step))
        last_of_boot[event.reading.boot] = event
    return faults


def _measure_off(wall_ms: int, bound: TimeBound) -> int:
    """Give by how much the wall clock is off at least: 0 within the bound, positive where it is ahead."""
    return max(wall_ms - bound.latest_ms, 0) + min(wall_ms - bound.earliest_ms, 0)


def _measure_step(before: TimedReading, after: TimedReading, thresholds: Thresholds) -> int:
    """
    Give by how much the wall clock was set at least between two events of one boot, positive where it was put ahead.

    A counter that runs through sleep tells directly; one that may stop explains any gain of the wall clock, so with
    it, forward, only the two bounds tell.
    """
    assert before.reading.wall_ms is not None
    assert after.reading.wall_ms is not None
    gained = after.reading.wall_ms - before.reading.wall_ms
    counted = after.reading.mono_ms - before.reading.mono_ms
    slack = widen(counted, thresholds)
    steps = [min(gained - counted + slack, 0)]
    if after.mono == MonoKind.BOOTTIME:
        steps.append(max(gained - counted - slack, 0))
    if before.bound.is_certain and after.bound.is_certain:
        most = after.bound.latest_ms - before.bound.earliest_ms
        least = after.bound.earliest_ms - before.bound.latest_ms
        steps += [max(gained - most, 0), min(gained - least, 0)]
    return max(steps, key=abs)
