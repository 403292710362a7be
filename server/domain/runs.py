"""
Runs of places in a chain: (first, last), both included.

A device may declare any range lost, however large; so ranges are reckoned with as ranges, never counted out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Run = tuple[int, int]


def join_runs(runs: Iterable[Sequence[int]]) -> list[Run]:
    """
    Put runs in order and join those that touch; empty ones go.

    >>> join_runs([(7, 7), (3, 4), (5, 5), (9, 8)])
    [(3, 5), (7, 7)]
    """
    joined: list[Run] = []
    for first, last in sorted((run[0], run[1]) for run in runs):
        if last < first:
            continue
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


def take_away(runs: Iterable[Sequence[int]], taken: Iterable[Sequence[int]]) -> list[Run]:
    """
    Give what is left of *runs* without *taken*.

    >>> take_away([(1, 9)], [(2, 3), (5, 5), (9, 12)])
    [(1, 1), (4, 4), (6, 8)]
    """
    left = join_runs(runs)
    for low, high in join_runs(taken):
        kept: list[Run] = []
        for first, last in left:
            kept += [run for run in ((first, min(last, low - 1)), (max(first, high + 1), last)) if run[0] <= run[1]]
        left = kept
    return left
