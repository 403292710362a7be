"""Dispatching: what would come of handing cases out, before anybody does."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from schemas.errors import FieldError
from server.domain.assigning import Order
from server.domain.policy import PolicyRow
from server.domain.priority import Factor, Ranked, Weights
from server.domain.roles import Viewer
from server.services import policies
from server.services.assigning import AssignReport, assign_orders, by_chunks
from server.services.choosing import choose_nearest
from server.services.gating import ask_gate, rulebooks_of
from server.services.prioritizing import rank_few, score_case
from server.services.priority_table import load_usual
from server.services.site import Site
from server.services.trying import Tried, crew_ids, try_crews
from server.settings import DAY_MS
from server.storage import dispatch_rows
from server.storage.types import AnyRow

MOST_CASES = 500  # that are handed out at once on the board; more are a matter for the command
MOST_RANKED = 2000  # free cases that a page puts in order; where there are more, an area is to be chosen
NOT_NEAR = "it has no coordinates, or too few agents near it have room"


def rank_board(site: Site, area: str) -> list[Ranked] | None:
    """Give the free cases of an area, or of all, in order of priority; None where there are too many for a page."""
    return rank_few(site, load_usual(), area, MOST_RANKED)


@dataclass(frozen=True)
class Explained:
    """A case's score with its reasons; its place among how many free cases of which area, where that is known."""

    score: Ranked
    weights: Weights
    area: str = ""
    of: int | None = None

    @property
    def why(self) -> Mapping[Factor, str]:
        """Why each factor counts, as the weights have it."""
        return {each.factor: each.why for each in self.weights.factors}


def explain_priority(site: Site, row: AnyRow) -> Explained:
    """
    Say what a case's priority is made of.

    Its place is that among the free cases of its area, and is left out where there are too many to be put in order.
    """
    weights, area = load_usual(), row.area or row.place_area or ""
    ranked = rank_few(site, weights, area, MOST_RANKED) or ()
    found = next((each for each in ranked if each.standing.case_id == row.id), None)
    if found is None:
        return Explained(score_case(site, weights, row.id), weights, area)
    return Explained(found, weights, area, len(ranked))


@dataclass(frozen=True)
class Proposal:
    """What would be done: each order with its case, and what the gate would answer."""

    orders: tuple[Order, ...]
    cases: Mapping[str, AnyRow]
    answers: Mapping[str, Tried]
    unplaced: tuple[tuple[str, str, str], ...] = ()  # policy's row, reference, why a person has to choose
    beyond: int = 0  # cases that would go out as well, but are more than are handed out at once
    rows: Mapping[str, str] = field(default_factory=dict)  # case -> the row of a policy that chose
    only: Collection[str] | None = None  # cases that may be handed out; the others were refused when they were shown

    @property
    def passing(self) -> list[Order]:
        """The orders that the gate would let through."""
        return [each for each in self.orders if self._passes(each)]

    @property
    def refused(self) -> list[Order]:
        """The orders that the gate would refuse."""
        return [each for each in self.orders if not self._passes(each)]

    def _passes(self, order: Order) -> bool:
        may = self.only is None or order.case_id in self.only
        return may and self.answers[order.case_id].is_open


def propose(
    site: Site, viewer: Viewer, orders: Sequence[Sequence[str]], only: Collection[str] | None = None
) -> Proposal:
    """
    Say what would come of these orders: each a case and its crew by code, the lead first.

    Of them go out those of *only*, where that is named. Raises `invalid` for none, or too many.
    """
    if not 0 < len(orders) <= MOST_CASES:
        raise FieldError("invalid", {"cases": [f"choose between 1 and {MOST_CASES}"]})
    proposal = _try(site, viewer, [Order(each[0], each[1], tuple(each[2:])) for each in orders])
    return replace(proposal, only=only)


def propose_area(site: Site, viewer: Viewer, area: str, crew: Sequence[str]) -> Proposal:
    """Say what would come of giving every free case of an area to one crew (codes, the lead first)."""
    if not area:
        raise FieldError("invalid", {"area": ["choose one above, then hand out what is free in it"]})
    ordered = _order(site, area)
    if not ordered:
        with site.store.read() as connection:
            ordered = dispatch_rows.read_free(connection, area, MOST_RANKED + 1)
    return _cut(site, viewer, [Order(each, crew[0], tuple(crew[1:])) for each in ordered])


def propose_nearest(site: Site, viewer: Viewer, area: str, crew: int) -> Proposal:
    """Say what would come of giving each free case of an area to the nearest crew that has room."""
    orders, unplaced = choose_nearest(site, area or None, crew, _codes(site, viewer))
    return _cut(site, viewer, orders, [("", each, NOT_NEAR) for each in unplaced])


def propose_load(site: Site, viewer: Viewer, area: str, crew: int) -> Proposal:
    """Say what would come of giving each free case of an area, by priority, to the crew that carries least."""
    plan = policies.plan_by_load(site, area or None, crew, _order(site, area), _codes(site, viewer))
    return replace(_follow(site, viewer, plan), rows={})


def propose_policy(site: Site, viewer: Viewer, rows: Sequence[PolicyRow], area: str) -> Proposal:
    """Say what a policy table does with the free cases of an area, by priority; others' agents get none."""
    plan = policies.plan_by_policy(site, rows, area or None, _order(site, area), _codes(site, viewer))
    return _follow(site, viewer, plan)


def _follow(site: Site, viewer: Viewer, plan: policies.Plan) -> Proposal:
    unplaced = [(each.row or "", each.reference, each.sentence) for each in plan.unmatched]
    proposal = _cut(site, viewer, plan.orders, unplaced)
    return replace(proposal, rows={each.case_id: each.row or "" for each in plan.choices})


def _cut(
    site: Site, viewer: Viewer, orders: Sequence[Order], unplaced: Sequence[tuple[str, str, str]] = ()
) -> Proposal:  # fmt: skip
    """Try as many orders as are handed out at once; say how many are left for the next time."""
    proposal = _try(site, viewer, orders[:MOST_CASES])
    return replace(proposal, unplaced=tuple(unplaced), beyond=max(0, len(orders) - MOST_CASES))


def _order(site: Site, area: str) -> list[str]:
    """Give the free cases in order of priority; none where they are too many to be put in order."""
    return [each.standing.case_id for each in rank_board(site, area) or ()]


def _codes(site: Site, viewer: Viewer) -> set[str]:
    with site.store.read() as connection:
        return {row.code for row in dispatch_rows.list_crews(connection, sorted(viewer.agencies))}


def _try(site: Site, viewer: Viewer, orders: Sequence[Order]) -> Proposal:
    agencies = sorted(viewer.agencies)
    with site.store.read() as connection:
        known = {row.code: row.id for row in dispatch_rows.list_crews(connection, agencies)}
        strangers = sorted({code for each in orders for code in each.codes} - set(known))
        if strangers:
            said = [f"'{code}' is no active agent of your agencies" for code in strangers]
            raise FieldError("invalid", {"crew": said})
        ids = [each.case_id for each in orders]
        cases = {row.id: row for row in dispatch_rows.read_open(connection, ids, agencies)}
        crews = {each.case_id: crew_ids(connection, each.codes) for each in orders if each.case_id in cases}
    answers = try_crews(site, crews)
    return Proposal(tuple(each for each in orders if each.case_id in answers), cases, answers)


def hand_out(site: Site, viewer: Viewer, proposal: Proposal) -> AssignReport:
    """
    Hand out what was proposed; the gate is asked again, and what it refuses then is not handed out.

    What was refused already is asked and kept, too, so that the board shows it under its rule; it is not handed out
    even if the gate lets it through by now.
    """
    report = assign_orders(site, proposal.passing, viewer.name)
    refused = {each.case_id: each.codes for each in proposal.refused}
    rulebooks, lease_ms = rulebooks_of(site), site.settings.lease_days * DAY_MS

    def keep(connection: Connection, case_ids: Sequence[str]) -> int:
        crews = {each: crew_ids(connection, refused[each]) for each in case_ids}
        ask_gate(connection, site, rulebooks, crews, lease_ms)
        return len(crews)

    by_chunks(site, list(refused), keep)
    return report
