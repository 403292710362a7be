"""
Policies: say what a policy table does with the cases nobody has, and carry it out.

Comes in: rows of `policy_table.py`. Goes out: a plan that can be printed without writing anything, or its assignments.
Capacities are those seen when the plan was made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields

from schemas.errors import FieldError
from server.domain.assigning import Order
from server.domain.policy import Candidate, CaseFacts, Choice, PolicyRow, choose
from server.services.assigning import AssignReport, assign_orders
from server.services.site import Site
from server.storage import case_rows, people_rows

FACTS = tuple(each.name for each in dataclass_fields(CaseFacts))


@dataclass(frozen=True, slots=True)
class Plan:
    """What the table says of every open case that nobody has."""

    choices: tuple[Choice, ...]

    @property
    def orders(self) -> list[Order]:
        """The cases that get an agent."""
        given = [each for each in self.choices if each.agent is not None]
        return [Order(each.case_id, each.agent or "", each.companions) for each in given]

    @property
    def unmatched(self) -> list[Choice]:
        """The cases that go to a person."""
        return [choice for choice in self.choices if choice.agent is None]

    @property
    def by_row(self) -> dict[str, int]:
        """How many cases each row gives to an agent."""
        return dict(Counter(choice.row for choice in self.choices if choice.agent and choice.row))

    @property
    def by_agent(self) -> dict[str, int]:
        """How many cases each agent gets."""
        return dict(Counter(choice.agent for choice in self.choices if choice.agent is not None))


def plan_by_policy(
    site: Site,
    rows: Sequence[PolicyRow],
    area: str | None = None,
    order: Sequence[str] = (),
    agents: Collection[str] | None = None,
) -> Plan:
    """
    Say what *rows* do with the open cases nobody has; nothing is written. Raises `invalid` for unknown names.

    *order* names cases that come first, in this order, where there are more cases than room; only *agents* (codes) get
    any, where they are named.
    """
    places = {case_id: place for place, case_id in enumerate(order)}
    with site.store.read() as connection:
        _check_targets(rows, set(people_rows.read_teams(connection)), set(people_rows.read_agencies(connection)))
        candidates = [
            Candidate(
                row.code,
                row.team_name,
                row.agency_name,
                frozenset(row.certificates) | frozenset(row.team_certificates or ()),
                frozenset(row.languages) | frozenset(row.team_languages or ()),
                row.cases,
                row.capacity,
            )
            for row in people_rows.list_agents(connection)
            if row.status == "active" and (agents is None or row.code in agents)
        ]
        cases = [
            CaseFacts(**{name: getattr(row, name) for name in FACTS})
            for row in case_rows.read_unassigned(connection, area)
        ]
    cases.sort(key=lambda each: places.get(each.id, len(places)))
    return Plan(tuple(choose(rows, cases, candidates)))


def _check_targets(rows: Sequence[PolicyRow], teams: set[str], agencies: set[str]) -> None:
    wrong: dict[str, list[str]] = {}
    for row in rows:
        if (row.team is not None and row.team not in teams) or (row.agency is not None and row.agency not in agencies):
            wrong[f"rows.{row.name}.to"] = [f"there is no {row.target}; `fairvisit agents teams` shows what there is"]
    if wrong:
        raise FieldError("invalid", wrong)


def plan_by_load(site: Site, area: str | None, crew: int, order: Sequence[str], agents: Collection[str]) -> Plan:
    """Say which of *agents* would get each open case nobody has: who speaks its language, then who carries least."""
    return plan_by_policy(site, [PolicyRow("", crew=crew)], area, order, agents)


def assign_by_policy(
    site: Site,
    rows: Sequence[PolicyRow],
    by: str,
    lease_days: int | None = None,
    area: str | None = None,
    order: Sequence[str] = (),
) -> tuple[Plan, AssignReport]:
    """Assign every open case that nobody has as *rows* say; give the plan and what became of it."""
    plan = plan_by_policy(site, rows, area, order)
    return plan, assign_orders(site, plan.orders, by, lease_days)
