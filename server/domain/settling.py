"""A month's settlement: what was approved, rejected, contested, still open, each visit once, sums beside their ids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from server.domain.conduct.spans import day_starts

APPROVED, REJECTED = "approved", "rejected"


@dataclass(frozen=True, slots=True)
class SettledVisit:
    """One visit as far as a settlement cares."""

    case_id: str
    visit_id: str
    state: str
    agency: str
    agent: str
    is_contested: bool = False  # the agent disagrees with what was found


@dataclass(slots=True)
class Line:
    """An agent's month: ids, never sums alone. A contested visit stands with its decision as well."""

    agency: str
    agent: str
    approved: list[str] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    contested: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many visits, each once."""
        return len(self.approved) + len(self.rejected) + len(self.open)


def settle(visits: Iterable[SettledVisit]) -> list[Line]:
    """Give a line for each agent, by agency and code; a visit, which is (case, visit) (E11), is counted once."""
    lines: dict[tuple[str, str], Line] = {}
    seen: set[tuple[str, str]] = set()
    for visit in visits:
        if (visit.case_id, visit.visit_id) in seen:
            continue
        seen.add((visit.case_id, visit.visit_id))
        line = lines.setdefault((visit.agency, visit.agent), Line(visit.agency, visit.agent))
        ids = {APPROVED: line.approved, REJECTED: line.rejected}.get(visit.state, line.open)
        ids.append(visit.visit_id)
        if visit.is_contested:
            line.contested.append(visit.visit_id)
    return [lines[key] for key in sorted(lines)]


def month_of(text: str, zone: str) -> tuple[int, int]:
    """
    Give when a month begins and ends, in ms, in a zone; raise ValueError for what is no month.

    >>> month_of("1970-01", "UTC")
    (0, 2678400000)
    """
    first = date.fromisoformat(f"{text}-01")
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return day_starts(first, zone), day_starts(following, zone)
