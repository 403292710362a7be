"""
Assigning: what an order to give a case to a crew means where the case stands, and who is nearest to it.

Comes in: an order, the case's status, its live crew; or points and agents. Goes out: an outcome of a closed set, or
the agent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import cos, radians

from geopy.distance import great_circle

from schemas.vocabulary import Role

Point = tuple[int, int]  # latitude, longitude in 1e-7 degree
SHORTLIST = 3  # agents measured exactly, after a rough sorting


@dataclass(frozen=True, slots=True)
class Order:
    """One case for a lead and companions, by their agent codes."""

    case_id: str
    lead: str
    companions: tuple[str, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """Every agent named."""
        return (self.lead, *self.companions)

    @property
    def words(self) -> tuple[str, ...]:
        """The case, then every agent named: how a form carries it."""
        return (self.case_id, *self.codes)


@dataclass(frozen=True, slots=True)
class Member:
    """An agent's present part in a case."""

    agent_id: str
    role: str
    lease_until_ms: int


class CaseStatus(StrEnum):
    """How a case stands; only an open one is gone to."""

    OPEN = "open"
    PAID = "paid"
    CLOSED = "closed"
    EXPIRED = "expired"


class Outcome(StrEnum):
    """What became of an order."""

    ASSIGNED = "assigned"
    MOVED = "moved"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


def judge_order(
    order: Order, agent_ids: Mapping[str, str], status: str | None, crew: Sequence[Member], now_ms: int
) -> tuple[Outcome, str]:
    """
    Say what *order* means for a case of *status* (None: unknown) with a live *crew*; the sentence tells why not.

    The same crew again changes nothing while its lease lasts. *agent_ids* maps codes to ids.
    """
    if status is None:
        return Outcome.REFUSED, "there is no such case"
    if status != "open":
        return Outcome.REFUSED, f"the case is {status}; only an open case can be assigned"
    if len(set(order.codes)) < len(order.codes):
        return Outcome.REFUSED, "an agent is named twice; each has one part in a crew"
    wanted = {agent_ids[code]: Role.COMPANION for code in order.companions} | {agent_ids[order.lead]: Role.LEAD}
    lasting = {member.agent_id: member.role for member in crew if member.lease_until_ms > now_ms}
    if lasting == wanted:
        return Outcome.UNCHANGED, ""
    return (Outcome.MOVED if crew else Outcome.ASSIGNED), ""


@dataclass(slots=True)
class Carrier:
    """An agent who may be given more: where they start from, what they carry, and how much they can."""

    code: str
    at: Point
    load: int
    capacity: int | None = None

    @property
    def has_room(self) -> bool:
        """Whether one more case fits."""
        return self.capacity is None or self.load < self.capacity


def rough_distance(one: Point, other: Point) -> float:
    """Give something that grows with the distance of two points that lie near each other; for sorting only."""
    around = abs(one[1] - other[1])
    across = min(around, 3_600_000_000 - around) * cos(radians((one[0] + other[0]) / 2e7))
    return float((one[0] - other[0]) ** 2 + across**2)


def nearest(point: Point, carriers: Iterable[Carrier]) -> Carrier | None:
    """Give the nearest agent with room for one more; None if nobody has."""
    able = [carrier for carrier in carriers if carrier.has_room]
    able.sort(key=lambda carrier: rough_distance(point, carrier.at))
    here = (point[0] / 1e7, point[1] / 1e7)
    shortlist = [
        (great_circle(here, (carrier.at[0] / 1e7, carrier.at[1] / 1e7)).meters, carrier.load, carrier.code, carrier)
        for carrier in able[:SHORTLIST]
    ]
    return min(shortlist, key=lambda each: each[:3])[3] if shortlist else None
