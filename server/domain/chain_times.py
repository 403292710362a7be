"""
The times of a whole chain: what one event's bound says about the next.

Stands after `clocks.bound_time`: the bounds of a chain's events, in chain order, come in; bounds narrowed by that
order and estimates that never decrease go out (PROTOCOL section 4).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate

from schemas.vocabulary import EventKind
from server.domain.clocks import Basis, TimeBound


def order_estimates(kinds: Sequence[str], bounds: Sequence[TimeBound]) -> list[TimeBound]:
    """
    Narrow each bound by the events before and after it, and let estimates never decrease.

    *kinds* and *bounds* name the same events in chain order. A `chain_opened` is left as it is and moves no other: it
    stands first in its chain, but was recorded after the events that are sent again behind it (E6). Only certain
    bounds narrow others, so that a wrong wall clock harms its own event alone; where even certain bounds
    contradict the order, the bound covers both claims and says so.

    >>> first, second = TimeBound(10, 90, 80, Basis.EXCHANGE), TimeBound(20, 60, 40, Basis.EXCHANGE)
    >>> ordered = order_estimates(["step_done", "visit_ended"], [first, second])
    >>> [(bound.earliest_ms, bound.latest_ms, bound.estimate_ms) for bound in ordered]
    [(10, 60, 60), (20, 60, 60)]
    """
    moving = [place for place, kind in enumerate(kinds) if kind != EventKind.CHAIN_OPENED]
    chain = [bounds[place] for place in moving]
    floors = _running([bound.earliest_ms if bound.is_certain else None for bound in chain], max)
    ceilings = _running([bound.latest_ms if bound.is_certain else None for bound in reversed(chain)], min)[::-1]
    ordered = list(bounds)
    previous: int | None = None
    for place, bound, floor, ceiling in zip(moving, chain, floors, ceilings, strict=True):
        narrowed = _narrow(bound, floor, ceiling)
        estimate = narrowed.estimate_ms if previous is None else max(narrowed.estimate_ms, previous)
        # Only behind an uncertain or contradictory event: the bound grows rather than the order breaks.
        latest = max(narrowed.latest_ms, estimate)
        ordered[place] = replace(narrowed, estimate_ms=estimate, latest_ms=latest)
        previous = estimate
    return ordered


def _running(edges: Sequence[int | None], keep: Callable[[int, int], int]) -> list[int | None]:
    """Give the strictest edge so far at each place; None until one is known."""
    return list(accumulate(edges, lambda so_far, edge: _strictest(so_far, edge, keep)))


def _strictest(so_far: int | None, edge: int | None, keep: Callable[[int, int], int]) -> int | None:
    if so_far is None or edge is None:
        return edge if so_far is None else so_far
    return keep(so_far, edge)


def _narrow(bound: TimeBound, floor: int | None, ceiling: int | None) -> TimeBound:
    """Cut *bound* to the certain edges around it; where nothing of it is left, the edges are right and it is not."""
    low = bound.earliest_ms if floor is None else max(bound.earliest_ms, floor)
    high = bound.latest_ms if ceiling is None else min(bound.latest_ms, ceiling)
    basis = bound.basis
    if low > high:
        edges = sorted(edge for edge in (floor, ceiling) if edge is not None)
        if floor is not None and ceiling is not None and floor > ceiling:
            basis = Basis.CONTRADICTION
        low, high = edges[0], edges[-1]
    return TimeBound(low, high, min(max(bound.estimate_ms, low), high), basis)
