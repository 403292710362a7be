"""
How the outbox is sent: how much at once, when again, what goes withheld, which receipts no longer count.

Comes in: sizes, counts, past failures, the server's answer, one random number. Goes out: decisions, as values. Pure,
like `rules.py`. Rules X3, X4, E6 and E10 of PROTOCOL.md live here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from schemas.messages import Quota

BASE_MS, MOST_MS = 2_000, 15 * 60_000


def cut_batches(sizes: Sequence[int], max_events: int, max_bytes: int) -> list[range]:
    """
    Cut the outbox into runs of at most *max_events* and *max_bytes*, keeping its order.

    An event larger than *max_bytes* travels alone, so that it cannot hold up the ones behind it (X3).

    >>> cut_batches([40, 40, 40, 200], max_events=10, max_bytes=100)
    [range(0, 2), range(2, 3), range(3, 4)]
    """
    batches: list[range] = []
    start, total = 0, 0
    for place, size in enumerate(sizes):
        if place > start and (place - start >= max_events or total + size > max_bytes):
            batches.append(range(start, place))
            start, total = place, 0
        total += size
    if start < len(sizes):
        batches.append(range(start, len(sizes)))
    return batches


@dataclass(frozen=True, slots=True)
class Pace:
    """
    How fast the outbox is being sent.

    `limit` is the most events of a batch. `lone_*` remember an event that failed alone: how often, and whether an
    exchange without push has succeeded since (then the network is well, and the event itself is in the way).
    """

    limit: int
    failures: int = 0
    lone_id: str = ""
    lone_failures: int = 0
    is_probed: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What the next request pushes: the first *count* waiting events, and which of them without content."""

    count: int
    withheld: frozenset[int] = frozenset()
    is_probe: bool = False


def next_batch_size(limit: int, sent: int, failures: int, *, succeeded: bool, most: int) -> tuple[int, int]:
    """
    Give the new limit and the failures counted towards the next halving (X3).

    >>> next_batch_size(200, 20, 1, succeeded=False, most=200)
    (10, 0)
    >>> next_batch_size(10, 10, 0, succeeded=True, most=200)
    (20, 0)
    """
    if succeeded:
        return min(most, limit * 2), 0
    if sent <= 1:
        return limit, failures
    return (max(1, sent // 2), 0) if failures + 1 >= 2 else (limit, failures + 1)


def plan_push(pace: Pace, ids: Sequence[str], sizes: Sequence[int], quota: Quota) -> Plan:
    """
    Choose what to push of the waiting events, given their ids and content sizes (0 where no content would travel).

    An event over the quota goes withheld at once; one that failed alone, on both sides of an exchange that went
    well without it, goes withheld too; before that the exchange without push is tried (X3).
    """
    if not ids:
        return Plan(0)
    if pace.lone_id == ids[0] and sizes[0]:
        if pace.is_probed and pace.lone_failures >= 2:
            return Plan(1, frozenset({0}))
        if not pace.is_probed and pace.lone_failures >= 2:
            return Plan(0, is_probe=True)
        return Plan(1, _over(sizes[:1], quota))
    travelling = [0 if size > quota.max_event_bytes else size for size in sizes]
    first = cut_batches(travelling, min(pace.limit, quota.max_events), quota.max_bytes)[0]
    return Plan(len(first), _over(sizes[: len(first)], quota))


def _over(sizes: Sequence[int], quota: Quota) -> frozenset[int]:
    return frozenset(place for place, size in enumerate(sizes) if size > quota.max_event_bytes)


def slow_down(pace: Pace, sent_ids: Sequence[str], *, was_answered: bool) -> Pace:
    """
    Give the pace after a failed exchange that pushed *sent_ids*.

    A lone event's failure that came as an answer is worth two without one: a silent network is the commoner cause.
    """
    if not sent_ids:
        return pace
    limit, failures = next_batch_size(pace.limit, len(sent_ids), pace.failures, succeeded=False, most=pace.limit)
    if len(sent_ids) > 1:
        return replace(pace, limit=limit, failures=failures)
    weight = 2 if was_answered else 1
    if pace.lone_id != sent_ids[0]:
        return Pace(limit, failures, sent_ids[0], weight)
    return replace(pace, lone_failures=pace.lone_failures + weight)


def speed_up(pace: Pace, sent_ids: Sequence[str], most: int) -> Pace:
    """Give the pace after an exchange that went well. One without push proves the network to a lone event (X3)."""
    if not sent_ids:
        return replace(pace, is_probed=True, lone_failures=1) if pace.lone_id and not pace.is_probed else pace
    return Pace(next_batch_size(pace.limit, len(sent_ids), 0, succeeded=True, most=most)[0])


def retry_after(failures: int, draw: float, server_s: int = 0) -> int:
    """
    Give how long to wait, in ms, after *failures* failed exchanges in a row: full jitter, X4.

    *draw* is uniform in [0, 1); *server_s* is the server's `Retry-After`, a lower bound.

    >>> retry_after(2, 0.5), retry_after(40, 0.999), retry_after(1, 0.5, server_s=60)
    (4000, 899100, 60000)
    """
    most = min(MOST_MS, BASE_MS * 2 ** min(failures, 20))
    return max(int(most * draw), server_s * 1000)


def void_receipts(receipts: Iterable[tuple[int, int]], next_seq: int, request_no: int) -> list[int]:
    """
    Give the seqs whose stored receipts no longer count (E10).

    *receipts* are (seq, number of the request that brought it). A server restored from a backup answers a low
    `next_seq`: receipts at or beyond it are void if they were stored before this request was built.

    >>> void_receipts([(1, 1), (2, 1), (3, 2), (4, 5)], next_seq=2, request_no=5)
    [2, 3]
    """
    return [seq for seq, number in receipts if seq >= next_seq and number < request_no]


def join_ranges(seqs: Iterable[int]) -> list[list[int]]:
    """
    Join seqs into the `lost` ranges of a `chain_opened` (E6).

    >>> join_ranges([7, 3, 4, 5])
    [[3, 5], [7, 7]]
    """
    ranges: list[list[int]] = []
    for seq in sorted(set(seqs)):
        if ranges and ranges[-1][1] == seq - 1:
            ranges[-1][1] = seq
        else:
            ranges.append([seq, seq])
    return ranges
