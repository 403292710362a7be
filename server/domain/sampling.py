"""
Approving in bulk: which visits may go along, and a sample of them, fairly over agents, from a seed that is kept.

Anybody can draw the same sample again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.domain.findings.codes import CLEAN_RANK
from server.domain.reviewing import State

FIRST_VISITS = 20  # of an agent, which are always looked at
LEAST = 10  # and at least one in twenty


@dataclass(frozen=True, slots=True)
class Standing:
    """A visit as far as approving it in bulk cares; *earlier*: how many its lead had made before."""

    visit_id: str
    lead_agent_id: str
    state: str
    rank: int
    disposition: str | None
    earlier: int
    is_halted: bool
    is_complained_of: bool
    is_in_bulk: bool
    is_overridden: bool


def is_clean(visit: Standing, first_visits: int = FIRST_VISITS) -> bool:
    """
    Say whether a visit may be approved in bulk at all.

    Not an agent's first ones, nor those with findings, hardship, an overridden warning, or on a case with a halt ever
    placed or a complaint.
    """
    is_plain = visit.rank == CLEAN_RANK and visit.disposition != "hardship" and visit.earlier >= first_visits
    is_marked = visit.is_halted or visit.is_complained_of or visit.is_overridden
    return visit.state == State.AWAITING_REVIEW and is_plain and not is_marked


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
