"""A crew's day: planned from what its lead has, shown, and sent to the crew in its packets."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from schemas.errors import FieldError
from server.domain.day_plan import Leg, Stop, plan_day
from server.domain.packing import HOUSE
from server.domain.roles import Viewer
from server.services.packing import bump_and_repack
from server.services.site import Site
from server.services.zones import find_zone
from server.storage import case_rows, dispatch_rows, people_rows, plan_rows
from server.storage.feed import publish
from server.storage.types import AnyRow

DAY_BEGINS, DAY_ENDS = time(8), time(21)


@dataclass(frozen=True)
class CrewDay:
    """A crew's day: the legs in order, what does not fit, the cases by id, the zone its times are told in."""

    agent: AnyRow
    legs: Sequence[Leg]
    left: Sequence[Stop]
    cases: Mapping[str, AnyRow]
    zone: str
    sent: Mapping[str, str] = field(default_factory=dict)  # case -> when it was told to be there, as sent before

    def starts(self, leg: Leg) -> str:
        """Give from which minute on to be there, local with its offset, as the wire writes it."""
        at = datetime.fromtimestamp(leg.at_ms // 60_000 * 60, ZoneInfo(self.zone))
        return at.isoformat(timespec="milliseconds")

    @property
    def mark(self) -> str:
        """Give what tells this plan from another, so that just what was shown is sent."""
        said = "\n".join(f"{leg.stop.id} {self.starts(leg)}" for leg in self.legs)
        return hashlib.sha256(said.encode()).hexdigest()

    @property
    def is_sent(self) -> bool:
        """Whether the crew has just this plan."""
        return {leg.stop.id: self.starts(leg) for leg in self.legs} == dict(self.sent)


def plan_crew_day(site: Site, viewer: Viewer, code: str, day: date) -> CrewDay:
    """Plan the day of the crew that an agent leads; raise `not-found` for one of another agency."""
    with site.store.read() as connection:
        return _plan(connection, site, _find_agent(connection, viewer, code), day)


def _find_agent(connection: Connection, viewer: Viewer, code: str) -> AnyRow:
    agent = people_rows.find_agent(connection, code)
    if not viewer.sees(agent.agency_id):
        raise FieldError("not-found", detail=f"There is no agent {code} in your agencies.")
    return agent


def _plan(connection: Connection, site: Site, agent: AnyRow, day: date) -> CrewDay:
    rows = dispatch_rows.read_led(connection, agent.id)
    agreed = {row.case_id: row for row in case_rows.read_appointments(connection, [row.id for row in rows])}
    sent = {row.case_id: row.starts for row in plan_rows.read_stops(connection, agent.id, day.isoformat())}
    zone = ZoneInfo(_zone_of(site, agent, rows))
    starts, ends = (_ms(datetime.combine(day, at, zone)) for at in (DAY_BEGINS, DAY_ENDS))
    stops = [_stop(row, agreed.get(row.id), (starts, ends), day, zone) for row in rows]
    begins = (agent.lat_e7, agent.lon_e7) if agent.lat_e7 is not None else None
    due = [each for each in stops if each.intervals]
    legs, left = plan_day(due, starts, ends, HOUSE.longest_stay_ms, begins)
    left = [*left, *(each for each in stops if not each.intervals)]
    return CrewDay(agent, legs, left, {row.id: row for row in rows}, zone.key, sent)


def _zone_of(site: Site, agent: AnyRow, rows: Sequence[AnyRow]) -> str:
    """Give the zone a crew works in: where it starts from, else where its first case is, else the office's."""
    places = [(row.lat_e7, row.lon_e7) for row in (agent, *rows) if row.lat_e7 is not None]
    return (find_zone(*places[0]) if places else None) or site.settings.zone


def send_plan(site: Site, viewer: Viewer, code: str, day: date, seen: str) -> int:
    """
    Put the plan of a crew's day into its packets; give how many cases stand in it.

    Cases that stood in this day's plan before and no longer do leave it. Packets that would say the same are left
    alone. Raises `conflict` where the plan is no longer the one that was *seen*.
    """

    def job(connection: Connection) -> int:
        agent = _find_agent(connection, viewer, code)
        case_rows.lock_agents(connection, [agent.id])  # what the crew has stays as it is
        plan = _plan(connection, site, agent, day)
        if plan.mark != seen:
            raise FieldError("conflict", detail="The plan changed meanwhile. Look at it once more; nothing was sent.")
        legs = {leg.stop.id: (order, plan.starts(leg)) for order, leg in enumerate(plan.legs, 1)}
        before = plan_rows.read_stops(connection, plan.agent.id, day.isoformat())
        stood = {row.case_id: (row.place, row.starts) for row in before}
        changed = sorted(each for each in {*legs, *stood} if legs.get(each) != stood.get(each))
        for chunk in case_rows.chunks(changed):
            case_rows.lock_cases(connection, chunk)
            plan_rows.drop_stops(connection, chunk)
        common = {"agent_id": plan.agent.id, "day": day.isoformat(), "by": viewer.name, "made_ms": site.now()}
        rows = [{"case_id": each, "place": legs[each][0], "starts": legs[each][1], **common}
                for each in changed if each in legs]  # fmt: skip
        plan_rows.add_stops(connection, rows)
        if changed:
            publish(connection, bump_and_repack(connection, site, changed, mattered=False))
        return len(legs)

    return site.store.write(job)


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


