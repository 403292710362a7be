"""
The clock rules against simulated devices.

A device is given every clock fault that PROTOCOL section 5 names, and the true time of each of its events must lie
within the bound the server gives it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import floor

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.vocabulary import EventKind, MonoKind
from server.domain.chain_times import order_estimates
from server.domain.clocks import Basis, ClockSample, LastAnswer, Reading, TimeBound, bound_time

T = 1_700_000_000_000
TEN_YEARS_MS = 315_576_000_000
DAY_MS = 86_400_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000


@dataclass
class World:
    """
    One device and the truth about it: `now` is true ms since T, the counter and the wall clock follow as they do.

    Each span of true time runs at its own drift, and may be partly slept through: then an `awake` counter stops.
    """

    kind: MonoKind
    wall_offset: float
    now: float = 0.0
    mono: float = 5.5
    boot: int = 0
    last: LastAnswer | None = None
    is_set_since_exchange: bool = False
    samples: list[ClockSample] = field(default_factory=list)
    events: list[tuple[float, Reading]] = field(default_factory=list)
    receipts: list[int] = field(default_factory=list)

    def pass_time(self, span_ms: float, asleep: float, drift_ppm: int) -> None:
        """Let true time go on; the true span is the counted one, wrong by *drift_ppm*."""
        counted = span_ms / (1 + drift_ppm / 1_000_000)
        self.now += span_ms
        self.wall_offset += counted - span_ms
        self.mono += counted * (1 - asleep if self.kind is MonoKind.AWAKE else 1)

    def read(self) -> Reading:
        """Read the device's clocks, each cut to whole ms."""
        return Reading(T + floor(self.now + self.wall_offset), floor(self.mono), str(self.boot))

    def record(self) -> None:
        """Record an event."""
        self.events.append((self.now, self.read()))

    def restart(self) -> None:
        """Switch off and on: the counter begins anew and the last answer is forgotten."""
        self.boot += 1
        self.mono = 3.25
        self.last = None

    def set_wall(self, step_ms: int) -> None:
        """Set the wall clock, once at most between two exchanges."""
        if not self.is_set_since_exchange:
            self.wall_offset += step_ms
            self.is_set_since_exchange = True

    def exchange(self, up: Trip, down: Trip, batch: int, is_answered: bool) -> None:
        """Send at most *batch* events; the request travels *up*, the answer *down*; both may record on the way."""
        sent, last = self.read(), self.last
        carried = min(batch, len(self.events) - len(self.receipts))
        self.is_set_since_exchange = False
        up.travel(self)
        received = T + floor(self.now)
        down.travel(self)
        self.receipts += [received] * carried
        self.samples.append(ClockSample(received, sent.wall_ms, sent.mono_ms, sent.boot, self.kind, last))
        if is_answered:
            arrived = self.read().mono_ms
            self.last = LastAnswer(received, arrived, arrived - sent.mono_ms)


@dataclass(frozen=True)
class Trip:
    """One way of a request or answer: true ms before and after an event that is recorded meanwhile."""

    first_ms: int
    second_ms: int
    is_recording: bool
    asleep: float
    drift_ppm: int

    def travel(self, world: World) -> None:
        """Let the time pass, and record on the way."""
        world.pass_time(self.first_ms, self.asleep, self.drift_ppm)
        if self.is_recording:
            world.record()
        world.pass_time(self.second_ms, self.asleep, self.drift_ppm)


def trips(most_ms: int) -> st.SearchStrategy[Trip]:
    """Draw a way that takes at most *most_ms*."""
    half = st.integers(0, most_ms // 2)
    return st.builds(Trip, half, half, st.booleans(), st.sampled_from([0.0, 0.5, 1.0]), st.integers(-50, 50))


@st.composite
def worlds(draw: st.DrawFn, most_trip_ms: int, *, is_whole: bool) -> World:
    """Draw a device's life; *is_whole* lets every exchange carry all that is recorded."""
    kind = draw(st.sampled_from(MonoKind))
    world = World(kind, draw(st.integers(-TEN_YEARS_MS, TEN_YEARS_MS) | st.integers(-2000, 2000)))
    spans = st.integers(0, 3) | st.integers(0, MINUTE_MS) | st.integers(0, 3 * DAY_MS)
    drifts = st.sampled_from([-50, 50]) | st.integers(-50, 50)
    steps = st.integers(-TEN_YEARS_MS, TEN_YEARS_MS) | st.integers(-HOUR_MS, HOUR_MS)
    for _ in range(draw(st.integers(1, 14))):
        match draw(st.sampled_from(["pass", "pass", "record", "record", "exchange", "exchange", "restart", "set"])):
            case "pass":
                world.pass_time(draw(spans), draw(st.sampled_from([0.0, 0.3, 1.0])), draw(drifts))
            case "record":
                world.record()
            case "exchange":
                batch = 10**6 if is_whole else draw(st.integers(0, 3))
                world.exchange(draw(trips(most_trip_ms)), draw(trips(most_trip_ms)), batch, draw(st.booleans()))
            case "restart":
                world.restart()
            case "set":
                world.set_wall(draw(steps))
    quiet = Trip(200, 200, is_recording=False, asleep=0.0, drift_ppm=0)
    world.exchange(quiet, quiet, 10**6, is_answered=True)
    return world


def bound_all(world: World) -> list[TimeBound]:
    """Bound every event as the server would, with all samples in hand."""
    return [
        bound_time(reading, world.samples, received_at_ms=received, not_before_ms=T)
        for (_, reading), received in zip(world.events, world.receipts, strict=True)
    ]


def holds(bound: TimeBound, true_ms: float) -> bool:
    """Say whether the truth lies within the bound."""
    return bound.earliest_ms - T <= true_ms <= bound.latest_ms - T


@settings(max_examples=400, deadline=None)
@given(worlds(2 * HOUR_MS, is_whole=False))
def test_the_true_time_lies_within_every_certain_bound(world: World) -> None:
    """Section 4: whatever sleeps, drifts, is set or restarts, and however long requests travel, certain bounds hold."""
    for (true_ms, _), bound in zip(world.events, bound_all(world), strict=True):
        assert bound.basis is not Basis.CONTRADICTION
        assert bound.earliest_ms <= bound.estimate_ms <= bound.latest_ms
        if bound.is_certain:
            assert holds(bound, true_ms)


@settings(max_examples=400, deadline=None)
@given(worlds(MINUTE_MS, is_whole=True))
def test_the_true_time_lies_within_bounds_from_the_wall_clock(world: World) -> None:
    """Section 4: where trips take a minute at most and the clock is set once between exchanges, every bound holds."""
    for (true_ms, _), bound in zip(world.events, bound_all(world), strict=True):
        assert holds(bound, true_ms)


@settings(max_examples=300, deadline=None)
@given(worlds(MINUTE_MS, is_whole=True))
def test_a_chain_in_order_keeps_the_truth_and_never_goes_back(world: World) -> None:
    """Section 4: narrowed by their order, bounds still hold the truth, and estimates never decrease."""
    ordered = order_estimates([EventKind.STEP_DONE] * len(world.events), bound_all(world))

    estimates = [bound.estimate_ms for bound in ordered]
    assert sorted(estimates) == estimates
    for (true_ms, _), bound in zip(world.events, ordered, strict=True):
        assert bound.earliest_ms <= bound.estimate_ms <= bound.latest_ms
        assert holds(bound, true_ms)


BOUNDS = st.tuples(st.integers(0, 100), st.integers(0, 100), st.integers(0, 100), st.sampled_from(Basis)).map(
    lambda drawn: TimeBound(*sorted(drawn[:3])[::2], sorted(drawn[:3])[1], drawn[3])
)


@given(st.lists(st.tuples(st.sampled_from([EventKind.STEP_DONE, EventKind.CHAIN_OPENED]), BOUNDS)))
def test_estimates_never_decrease_even_where_bounds_lie(chain: list[tuple[EventKind, TimeBound]]) -> None:
    """Section 4: forged or contradictory bounds still give ordered estimates within the bounds that are told."""
    ordered = order_estimates([kind for kind, _ in chain], [bound for _, bound in chain])

    moving = [bound.estimate_ms for (kind, _), bound in zip(chain, ordered, strict=True) if kind != "chain_opened"]
    assert sorted(moving) == moving
    assert all(bound.earliest_ms <= bound.estimate_ms <= bound.latest_ms for bound in ordered)


READINGS = st.builds(Reading, st.none() | st.integers(), st.integers(0), st.sampled_from("ab"))
SAMPLES = st.builds(
    ClockSample,
    st.integers(0),
    st.none() | st.integers(),
    st.integers(0),
    st.sampled_from("ab"),
    st.sampled_from(MonoKind),
    st.none() | st.builds(LastAnswer, st.integers(), st.integers(0), st.none() | st.integers(0)),
)


@given(READINGS, st.lists(SAMPLES, max_size=6), st.integers(0), st.integers())
def test_no_forged_clock_moves_an_event_past_its_receipt(
    reading: Reading, samples: list[ClockSample], received_at_ms: int, not_before_ms: int
) -> None:
    """Section 4: whatever a device claims, a bound is in order, holds its estimate, and ends at receipt."""
    bound = bound_time(reading, samples, received_at_ms=received_at_ms, not_before_ms=not_before_ms)

    assert bound.earliest_ms <= bound.estimate_ms <= bound.latest_ms <= received_at_ms
