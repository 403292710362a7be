"""Papers of agents that are over, or soon will be: what the office reminds them of before a gate refuses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from server.services.gathering import today_of
from server.services.site import Site
from server.storage import facts_rows, people_rows
from server.storage.types import AnyRow


@dataclass(frozen=True, slots=True)
class Reminder:
    """A paper of an agent that has to be renewed; `days_left` is below 0 once it is over."""

    agent_code: str
    agent_name: str
    agency_name: str
    kind: str
    name: str
    principal: str
    valid_until: str
    days_left: int


def find_expiring(site: Site, days: int) -> list[Reminder]:
    """
    Give the papers of active agents that are over, or will be within *days*, those that end first before the others.

    Of several alike the one that lasts longest counts; hours of one training add up, so each that ends is told.
    """
    today = date.fromisoformat(today_of(site))
    until = (today + timedelta(days=days)).isoformat()
    with site.store.read() as connection:
        agents = {row.id: row for row in people_rows.list_agents(connection) if row.status == "active"}
        papers = facts_rows.read_agent_papers(connection, list(agents))
    due = [paper for paper in _last_of_each(papers) if paper.valid_until <= until]
    reminders = [
        Reminder(
            agents[paper.agent_id].code, agents[paper.agent_id].name, agents[paper.agent_id].agency_name, paper.kind,
            paper.name, paper.principal, paper.valid_until, (date.fromisoformat(paper.valid_until) - today).days,
        )
        for paper in due
    ]  # fmt: skip
    return sorted(reminders, key=lambda each: (each.valid_until, each.agent_code, each.kind, each.name))


def _last_of_each(papers: Iterable[AnyRow]) -> list[AnyRow]:
    """Give the papers that nothing replaces, and that end some day."""
    last: dict[tuple[str, ...], AnyRow] = {}
    for paper in papers:
        own = paper.valid_from if paper.kind == "training" else ""
        key = (paper.agent_id, paper.kind, paper.name, paper.principal, own)
        if key not in last or _end(paper) > _end(last[key]):
            last[key] = paper
    return [paper for paper in last.values() if paper.valid_until is not None]


def _end(paper: AnyRow) -> str:
    return paper.valid_until or "9999-12-31"
