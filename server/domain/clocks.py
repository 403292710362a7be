"""
The true time of an event, bounded by four clocks (PROTOCOL section 4).

Stands between intake and reconciling: an event's `at` and the clock samples of its device's exchanges come in, a
bound and an estimate go out. Times are ms since the epoch, UTC; spans are ms. Raw values are never altered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schemas.vocabulary import MonoKind
from server.domain.thresholds import DEFAULTS, Thresholds

HOUR_MINUTE = r"([01][0-9]|2[0-3]):[0-5][0-9]"
WALL_TEXT = re.compile(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T{HOUR_MINUTE}:[0-5][0-9]\.[0-9]{{3}}[+-]{HOUR_MINUTE}")
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
# A reading and a server's time are each cut to whole ms.
CUT_MS = 2
MILLION = 1_000_000


class Basis(StrEnum):
    """
    What a bound rests on.

    `exchange` and `receipt` are certain as far as the server's own clock is; `wall` assumes that the wall clock was
    set at most once between two neighbouring exchanges; a `contradiction` means that readings cannot all be true.
    """

    EXCHANGE = "exchange"
    WALL = "wall"
    RECEIPT = "receipt"
    CONTRADICTION = "contradiction"


@dataclass(frozen=True, slots=True)
class LastAnswer:
    """The last answer a device had in the same boot: the server's time in it, and the counter when it came."""

    server_time_ms: int
    mono_ms: int
    rtt_ms: int | None = None


@dataclass(frozen=True, slots=True)
class ClockSample:
    """A device's clocks as a request left, and when the server received it. `wall_ms` is None where unreadable."""

    received_at_ms: int
    wall_ms: int | None
    mono_ms: int
    boot: str
    mono: MonoKind
    last: LastAnswer | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A device's clocks as it recorded an event (`at`). `wall_ms` is None where the text names no real moment."""

    wall_ms: int | None
    mono_ms: int
    boot: str


@dataclass(frozen=True, slots=True)
class TimeBound:
    """Between when and when an event happened, the best guess between them, and what that rests on."""

    earliest_ms: int
    latest_ms: int
    estimate_ms: int
    basis: Basis

    @property
    def is_certain(self) -> bool:
        """Say whether the bound can be relied on, not only the guess."""
        return self.basis in (Basis.EXCHANGE, Basis.RECEIPT)


def parse_wall(text: str) -> int | None:
    """
    Read a device's local time with its offset as ms since the epoch; None where it names no real moment.

    >>> parse_wall("2026-11-16T22:31:02.250+08:00")
    1794839462250
    >>> parse_wall("2026-02-30T10:00:00.000+08:00") is None
    True
    """
    if not WALL_TEXT.fullmatch(text):
        return None
    try:
        since = datetime.fromisoformat(text) - EPOCH
    except ValueError:
        return None
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def bound_time(
    reading: Reading,
    samples: Sequence[ClockSample],
    *,
    received_at_ms: int,
    not_before_ms: int = 0,
    thresholds: Thresholds = DEFAULTS,
) -> TimeBound:
    """
    Bound the true time of one event.

    *samples* are the device's, in any order, later ones included: a later exchange often bounds an earlier event.
    *received_at_ms* is when the event first came; *not_before_ms* is a time of the server's that the event must
    follow (its packet revision was written, the device enrolled), 0 where none is known. Answers of the same boot
    bound from below and above; without them the wall clock, corrected by the offsets at the neighbouring exchanges,
    does; where those are lacking only receipt and *not_before_ms* are left.

    >>> exchange = ClockSample(9_000, None, 700, "b", MonoKind.BOOTTIME, LastAnswer(8_000, 300, rtt_ms=40))
    >>> bound = bound_time(Reading(None, 500, "b"), [exchange], received_at_ms=9_000)
    >>> bound.earliest_ms, bound.latest_ms, bound.basis.value
    (8197, 8243, 'exchange')
    """
    same_boot = [sample for sample in samples if sample.boot == reading.boot]
    lowers, uppers = _bound_within_boot(reading.mono_ms, same_boot, thresholds)
    uppers.append(received_at_ms)
    latest = min(uppers)
    earliest = max([not_before_ms, *lowers])
    if earliest > latest:
        return _admit_contradiction(
            [*lowers, *uppers], received_at_ms, _guess_by_wall(reading, samples, received_at_ms, thresholds)
        )
    basis = Basis.EXCHANGE if lowers else Basis.RECEIPT
    if not lowers and (spread := _spread_offsets(reading, samples, received_at_ms, thresholds)):
        low, high = max(earliest, spread[0]), min(latest, spread[1])
        if low <= high:
            earliest, latest, basis = low, high, Basis.WALL
    is_steady = basis is Basis.EXCHANGE and any(sample.mono == MonoKind.BOOTTIME for sample in same_boot)
    guess = None if is_steady else _guess_by_wall(reading, samples, received_at_ms, thresholds)
    estimate = (earliest + latest) // 2 if guess is None else min(max(guess, earliest), latest)
    return TimeBound(earliest, latest, estimate, basis)


def widen(span_ms: int, thresholds: Thresholds) -> int:
    """
    Give how far a span read from a counter may be wrong: its drift, and the cut to whole ms.

    >>> widen(-3_600_000, DEFAULTS)
    182
    """
    return -(-abs(span_ms) * thresholds.drift_ppm // MILLION) + CUT_MS


def _bound_within_boot(
    mono_ms: int, same_boot: Iterable[ClockSample], thresholds: Thresholds
) -> tuple[list[int], list[int]]:
    """
    Give every bound, lower and upper, that exchanges of the same boot put on the moment of the reading *mono_ms*.

    A counter that stops in sleep understates spans, so with it a span bounds one side only; and between a request
    and its answer, or within one tick of either, the device may have slept without a trace: then it bounds neither.
    """
    lowers: list[int] = []
    uppers: list[int] = []
    for sample in same_boot:
        is_steady = sample.mono == MonoKind.BOOTTIME
        until_sample = sample.mono_ms - mono_ms
        if is_steady or until_sample > 0:
            uppers.append(sample.received_at_ms - until_sample + widen(until_sample, thresholds))
        last = sample.last
        if last is None:
            continue
        since_answer = mono_ms - last.mono_ms
        if is_steady or since_answer > 0:
            lowers.append(last.server_time_ms + since_answer - widen(since_answer, thresholds))
        if last.rtt_ms is not None and (is_steady or -since_answer > last.rtt_ms):
            slack = widen(abs(since_answer) + last.rtt_ms, thresholds)
            uppers.append(last.server_time_ms + last.rtt_ms + since_answer + slack)
    return lowers, uppers


def _admit_contradiction(claims: Sequence[int], received_at_ms: int, guess: int | None) -> TimeBound:
    """Cover every claim up to receipt: one of them is wrong, and nothing says which."""
    latest = min(max(claims), received_at_ms)
    earliest = min(*claims, latest)
    estimate = latest if guess is None else min(max(guess, earliest), latest)
    return TimeBound(earliest, latest, estimate, Basis.CONTRADICTION)


def _spread_offsets(
    reading: Reading, samples: Sequence[ClockSample], received_at_ms: int, thresholds: Thresholds
) -> tuple[int, int] | None:
    """
    Bound by wall time plus the offsets at the exchanges before and after; None unless both were seen.

    With one neighbour only nothing shows whether the clock was set since, so nothing is claimed.
    """
    around = find_neighbours(reading, samples, received_at_ms)
    if around.before is None or around.after is None or reading.wall_ms is None:
        return None
    offsets: list[int] = []
    for sample in (around.before, *around.beside, around.after):
        if sample.wall_ms is None:
            return None
        offsets += [moment - sample.wall_ms for moment in _place_sample(sample, samples, thresholds)]
    slack = widen(around.after.received_at_ms - around.before.received_at_ms + thresholds.trip_ms, thresholds)
    return reading.wall_ms + min(offsets) - slack, reading.wall_ms + max(offsets) + slack


def _guess_by_wall(
    reading: Reading, samples: Sequence[ClockSample], received_at_ms: int, thresholds: Thresholds
) -> int | None:
    """Correct the wall time by the offset at the nearest exchange: of the same boot, else after, else before."""
    if reading.wall_ms is None:
        return None
    around = find_neighbours(reading, samples, received_at_ms)
    near = [sample for sample in (*around.beside, around.after, around.before) if sample is not None]
    for sample in sorted(near, key=lambda sample: sample.boot != reading.boot):
        if sample.wall_ms is not None:
            return reading.wall_ms + _place_sample(sample, samples, thresholds)[1] - sample.wall_ms
    return reading.wall_ms


def _place_sample(sample: ClockSample, samples: Sequence[ClockSample], thresholds: Thresholds) -> tuple[int, int]:
    """Give between when and when a request left: before receipt, but, it is assumed, no longer than a trip."""
    same_boot = [other for other in samples if other.boot == sample.boot]
    lowers, uppers = _bound_within_boot(sample.mono_ms, same_boot, thresholds)
    return max([sample.received_at_ms - thresholds.trip_ms, *lowers]), min([sample.received_at_ms, *uppers])


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The exchanges around a reading: the last before it, those within its very tick, the first after it."""

    before: ClockSample | None
    beside: tuple[ClockSample, ...]
    after: ClockSample | None


def find_neighbours(reading: Reading, samples: Iterable[ClockSample], received_at_ms: int) -> Neighbours:
    """
    Find the exchanges of a device around a reading.

    Within a boot the counter tells. Boots follow one another, so a sample of another boot lies before the event if it
    was received before the first exchange of the event's own boot, or, where that boot had none, before the first
    exchange of the boot that brought the event.
    """
    ordered = sorted(samples, key=lambda sample: (sample.received_at_ms, sample.mono_ms))
    own = [sample for sample in ordered if sample.boot == reading.boot]
    others = [sample for sample in ordered if sample.boot != reading.boot]
    if own:
        begin, end = own[0].received_at_ms, own[-1].received_at_ms
    else:
        carrier = next((sample for sample in ordered if sample.received_at_ms >= received_at_ms), None)
        of_carrier = [sample.received_at_ms for sample in ordered if carrier and sample.boot == carrier.boot]
        begin = min(of_carrier, default=received_at_ms)
        end = begin - 1
    earlier = [sample for sample in own if sample.mono_ms < reading.mono_ms]
    earlier = earlier or [sample for sample in others if sample.received_at_ms < begin]
    beside = tuple(sample for sample in own if sample.mono_ms == reading.mono_ms)
    later = [sample for sample in own if sample.mono_ms > reading.mono_ms]
    later = later or [sample for sample in others if sample.received_at_ms > end]
    return Neighbours(earlier[-1] if earlier else None, beside, later[0] if later else None)
