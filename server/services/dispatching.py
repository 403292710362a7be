"""Dispatching: what would come of handing cases out, before anybody does; a crew's day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from schemas.errors import FieldError
from server.domain.assigning import Order
from server.domain.day_plan import Leg, Stop, plan_day
from server.domain.packing import HOUSE
from server.domain.roles import Viewer
from server.services.assigning import AssignReport, assign_orders
from server.services.choosing import choose_nearest
from server.services.site import Site
from server.services.trying import Tried, crew_ids, try_crews
from server.storage import case_rows, dispatch_rows, people_rows
from server.storage.types import AnyRow

MOST_CASES = 500  # that are handed out at once on the board; more are a matter for the command
DAY_BEGINS, DAY_ENDS = time(8), time(21)


@dataclass(frozen=True)
class Proposal:
    """What would be done: each order with its case, and what the gate would answer."""

    orders: tuple[Order, ...]
    cases: Mapping[str, AnyRow]
    answers: Mapping[str, Tried]
    unplaced: tuple[str, ...] = ()  # references nobody can be chosen for

    @property
    def passing(self) -> list[Order]:
        """The orders that the gate would let through."""
        return [each for each in self.orders if self.answers[each.case_id].is_open]

    @property
    def refused(self) -> list[Order]:
        """The orders that the gate would refuse."""
        return [each for each in self.orders if not self.answers[each.case_id].is_open]


def propose(site: Site, viewer: Viewer, orders: Sequence[Sequence[str]]) -> Proposal:
    """
    Say what would come of these orders: each a case and its crew by code, the lead first.

    Raises `invalid` for none, or too many.
    """
    if not 0 < len(orders) <= MOST_CASES:
        raise FieldError("invalid", {"cases": [f"choose between 1 and {MOST_CASES}"]})
    return _try(site, viewer, [Order(each[0], each[1], tuple(each[2:])) for each in orders])


def propose_nearest(site: Site, viewer: Viewer, area: str, crew: int) -> Proposal:
    """Say what would come of giving each free case of an area to the nearest crew that has room."""
    orders, unplaced = choose_nearest(site, area or None, crew)
    with site.store.read() as connection:
        codes = {row.code for row in dispatch_rows.list_crews(connection, sorted(viewer.agencies))}
    mine = [each for each in orders if {each.lead, *each.companions} <= codes][:MOST_CASES]
    return _try(site, viewer, mine, unplaced)


def _try(site: Site, viewer: Viewer, orders: Sequence[Order], unplaced: Sequence[str] = ()) -> Proposal:
    agencies = sorted(viewer.agencies)
    with site.store.read() as connection:
        known = {row.code: row.id for row in dispatch_rows.list_crews(connection, agencies)}
        strangers = sorted({code for each in orders for code in (each.lead, *each.companions)} - set(known))
        if strangers:
            said = [f"'{code}' is no active agent of your agencies" for code in strangers]
            raise FieldError("invalid", {"crew": said})
        ids = [each.case_id for each in orders]
        cases = {row.id: row for row in dispatch_rows.read_open(connection, ids, agencies)}
        crews = {
            each.case_id: crew_ids(connection, [each.lead, *each.companions])
            for each in orders if each.case_id in cases
        }  # fmt: skip
    answers = try_crews(site, crews)
    return Proposal(tuple(each for each in orders if each.case_id in answers), cases, answers, tuple(unplaced))


def hand_out(site: Site, viewer: Viewer, proposal: Proposal) -> AssignReport:
    """Hand out what was proposed; the gate is asked again, and what it refuses then is not handed out."""
    return assign_orders(site, proposal.passing, viewer.name)


@dataclass(frozen=True)
class CrewDay:
    """A crew's day: the legs in order, what does not fit, the cases by id."""

    agent: AnyRow
    legs: Sequence[Leg]
    left: Sequence[Stop]
    cases: Mapping[str, AnyRow]


def plan_crew_day(site: Site, viewer: Viewer, code: str, day: date) -> CrewDay:
    """Plan the day of the crew that an agent leads; raise `not-found` for one of another agency."""
    zone = ZoneInfo(site.settings.zone)
    with site.store.read() as connection:
        agent = people_rows.find_agent(connection, code)
        if not viewer.sees(agent.agency_id):
            raise FieldError("not-found", detail=f"There is no agent {code} in your agencies.")
        rows = dispatch_rows.read_led(connection, agent.id)
        agreed = {row.case_id: row for row in case_rows.read_appointments(connection, [row.id for row in rows])}
    starts, ends = (_ms(datetime.combine(day, at, zone)) for at in (DAY_BEGINS, DAY_ENDS))
    stops = [_stop(row, agreed.get(row.id), (starts, ends), day, zone) for row in rows]
    begins = (agent.lat_e7, agent.lon_e7) if agent.lat_e7 is not None else None
    due = [each for each in stops if each.intervals]
    legs, left = plan_day(due, starts, ends, HOUSE.longest_stay_ms, begins)
    left = [*left, *(each for each in stops if not each.intervals)]
    return CrewDay(agent, legs, left, {row.id: row for row in rows})


def _stop(row: AnyRow, agreed: Any, hours: tuple[int, int], day: date, zone: ZoneInfo) -> Stop:
    """Give a case as a stop: when the limits and what was agreed let a visit begin on the day."""
    told = (row.limits or {}).get("intervals") or []
    intervals = [(_ms(datetime.fromisoformat(one)), _ms(datetime.fromisoformat(other))) for one, other in told]
    cut = [(max(one, hours[0]), min(other, hours[1])) for one, other in intervals or [hours]]
    is_appointed = agreed is not None and datetime.fromisoformat(agreed.starts).astimezone(zone).date() == day
    if is_appointed:
        window = (_ms(datetime.fromisoformat(agreed.starts)), _ms(datetime.fromisoformat(agreed.ends)))
        cut = [(max(one, window[0]), min(other, window[1])) for one, other in cut]
    at = None if row.lat_e7 is None else (row.lat_e7, row.lon_e7)
    return Stop(row.id, at, tuple(each for each in cut if each[0] < each[1]), is_appointed)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


