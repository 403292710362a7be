"""
Holds: until when one lasts, and what each agent's device is told of it.

Comes in: the device's words, the office's zone, who has which case. Goes out: times, and feed bodies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from schemas.messages import format_time
from server.domain.conduct.spans import day_starts

REVIEW_MS = 14 * 24 * 3_600_000  # a hold without an end is looked at again by then


def read_until(text: object, zone: str, now_ms: int) -> int | None:
    """
    Give the end of the day *text* in the office's zone, as ms; None if it names no day to come.

    A parked event may say anything, and a device's calendar may be wrong: a hold then lasts until a person lifts it.

    >>> read_until("2026-03-01", "UTC", 0)
    1772409600000
    >>> read_until("soon", "UTC", 0) is None
    True
    """
    try:
        following = date.fromisoformat(str(text)) + timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    until_ms = day_starts(following, zone)
    return until_ms if until_ms > now_ms else None


def other_id(hold_id: str, agent_id: str, case_id: str) -> str:
    """
    Give another id, always the same, for a hold whose own id another hold has: ids are unique only in their agent.

    >>> other_id("a", "b", "c") == other_id("a", "b", "c") != other_id("a", "b", "d")
    True
    """
    letters = hashlib.sha256(f"hold.{hold_id}.{agent_id}.{case_id}".encode()).hexdigest()
    return f"{letters[:8]}-{letters[8:12]}-8{letters[12:15]}-a{letters[15:18]}-{letters[18:30]}"


def is_one_name(name: str, other: str) -> bool:
    """
    Say whether two names are written alike, whatever their blanks and capitals: who placed a hold does not lift it.

    >>> is_one_name(" ann  Agent", "Ann Agent"), is_one_name("Ann", "Ann Agent")
    (True, False)
    """
    return " ".join(name.split()).casefold() == " ".join(other.split()).casefold()


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold as packing needs it: `person_id` is set where all of the person's cases halt."""

    id: str
    case_id: str | None
    person_id: str | None
    reason: str
    until_ms: int | None


@dataclass(frozen=True, slots=True)
class Charge:
    """One case of one person, in the hands of one agent."""

    agent_id: str
    case_id: str
    person_id: str


def cases_by_agent(hold: Hold, charges: Iterable[Charge]) -> dict[str, list[str]]:
    """Give which cases of each agent the hold halts, sorted; an agent without any is left out."""
    halted: dict[str, set[str]] = {}
    for charge in charges:
        if charge.case_id == hold.case_id or charge.person_id == hold.person_id:
            halted.setdefault(charge.agent_id, set()).add(charge.case_id)
    return {agent_id: sorted(case_ids) for agent_id, case_ids in halted.items()}


def hold_body(hold: Hold, case_ids: list[str]) -> dict[str, object]:
    """Write the feed body of a hold for one agent."""
    body: dict[str, object] = {"hold_id": hold.id, "case_ids": case_ids, "reason": hold.reason}
    return body if hold.until_ms is None else body | {"until": format_time(hold.until_ms)}
