"""Drawing a sample of visits, fairly over agents, from a seed that is kept: anybody can draw it again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

LEAST = 10  # and at least one in twenty


def sample_size(count: int) -> int:
    """
    Give how many of *count* visits are looked at one by one.

    >>> sample_size(4), sample_size(100), sample_size(1000)
    (4, 10, 50)
    """
    return min(count, max(LEAST, -(-count * 5 // 100)))


def draw_sample(visits: Mapping[str, Sequence[str]], seed: str) -> list[str]:
    """
    Draw a sample of visits, given by agent: each agent in turn, until it is large enough.

    Which visit comes first is the order of SHA-256 over seed and id, so neither who asks nor when changes it.
    """
    size = sample_size(sum(len(each) for each in visits.values()))
    lanes = [sorted(each, key=lambda visit: _rank(seed, visit)) for each in visits.values()]
    lanes.sort(key=lambda lane: _rank(seed, lane[0]) if lane else "~")
    drawn: list[str] = []
    for place in range(max((len(lane) for lane in lanes), default=0)):
        for lane in lanes:
            if place < len(lane) and len(drawn) < size:
                drawn.append(lane[place])
    return drawn


def _rank(seed: str, visit: str) -> str:
    return hashlib.sha256(f"{seed} {visit}".encode()).hexdigest()
