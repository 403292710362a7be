"""
Gather what rules are judged by, for many cases at once.

Comes in: cases, who would go, when they would be at the door. Goes out: `Facts` for each case, read in as many
statements for 250 cases as for one. What no table can know stays None: not known, which is never the same as none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection

from schemas.vocabulary import HoldReason, HoldScope
from server.domain.conduct.facts import (
    AgencyFacts,
    AgentFacts,
    Facts,
    HoldFacts,
    Interval,
    Preference,
)
from server.domain.conduct.lender_words import NOT_TIME_BARRED, TRANSFERRED, consents, place_kind, with_offer
from server.domain.conduct.periods import local_day
from server.services.filed_papers import agency_facts, agent_facts, has_recorder
from server.services.known_rows import (
    Known,
    appointment_of,
    by_member,
    complaint_of,
    notice_of,
    read_known,
)
from server.services.site import Site
from server.storage import facts_rows
from server.storage.case_rows import chunks
from server.storage.types import AnyRow

IntervalOf = Callable[[str], Interval | None]  # of a case
ZoneOf = Callable[[int, int], str | None]  # of a point in 1e-7 degree
RestDays = Mapping[str, Mapping[date, bool]]  # calendar -> day -> whether nobody works
T = TypeVar("T")
RestDaysOf = Callable[[str, date, date], RestDays]  # of a region, from the first day to the last
LOOK_AHEAD = timedelta(days=31)  # rest days that are asked for, so that a rule can name the next day that would pass
_REGION = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}\Z")


def gather(
    connection: Connection,
    site: Site,
    case_ids: Collection[str],
    crews: Mapping[str, Sequence[str]],
    interval_of: IntervalOf,
    zone_of: ZoneOf,
    rest_days_of: RestDaysOf,
) -> dict[str, Facts]:
    """
    Give the facts of each case that there is; *crews* names agents by id, the one who leads first.

    Contacts, holds, preferences and papers are those of the moment the interval begins, or of now where there is none.
    """
    now_ms = site.now()
    attested = {rule: date.fromisoformat(until) for rule, until in facts_rows.read_attested(connection).items()}
    found: dict[str, Facts] = {}
    for chunk in chunks(list(case_ids)):
        known = read_known(connection, chunk, {agent_id for each in chunk for agent_id in crews.get(each, ())})
        makes = _Maker(site, known, zone_of, rest_days_of, attested, now_ms)
        found |= {
            each: makes.facts(known.cases[each], interval_of(each), crews.get(each))
            for each in chunk
            if each in known.cases
        }
    return found


@dataclass(slots=True)
class _Maker:
    """
    Makes the facts of one case after another.

    What cases have in common is made once and is the same object in each of them, so that it is also judged once.
    """

    site: Site
    known: Known
    zone_of: ZoneOf
    rest_days_of: RestDaysOf
    attested: Mapping[str, date]
    now_ms: int
    _made: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def facts(self, case: AnyRow, interval: Interval | None, crew: Sequence[str] | None) -> Facts:
        known, now_ms = self.known, self.now_ms
        moment_ms = now_ms if interval is None else interval.starts_ms
        zone = self._zone(case)
        day = local_day(moment_ms, zone or self.site.settings.zone)
        region = region_of(case.area, self.site.settings.region)
        theirs = known.of_person[case.person_id]
        contacts = None
        if all(("contacts", each.lender) in known.told for each in theirs):
            contacts = tuple(each for each in known.contacts.get(case.person_id, ()) if each.at_ms < moment_ms)
        going = None if crew is None else tuple(crew)
        own = None if contacts is None else [each for each in contacts if each.case_id == case.id]
        said = self._said(case, moment_ms, day)
        holds = tuple(self._holds(case, moment_ms, moment_ms if interval is None else interval.ends_ms))
        reasons = {each.reason for each in holds}
        return Facts(
            now_ms=now_ms,
            case_id=case.id,
            person_id=case.person_id,
            lender=case.lender,
            interval=interval,
            place_zone=zone,
            other_zones=tuple(sorted({other for each in theirs if (other := self._zone(each))} - {zone})),
            region=region,
            place_kind=place_kind(said),
            rest_days=self._once(self._rest, region, day),
            contacts=contacts,
            notices=None if contacts is None else tuple(notice_of(each) for each in contacts if each.content),
            steps=self._once(self._steps, *sorted(with_offer(said, own).items())),
            attested=self.attested,
            crew=self._once(self._crew, going, day),
            agency=self._once(self._agency, going[0], case.lender, day) if going else None,
            has_recorder=None if going is None else self._once(self._has_recorder, going, day),
            is_paid=_is_paid(case, known.told, known.payments, self.site.settings.zone),
            is_disputed=HoldReason.DISPUTE in reasons,
            is_represented=HoldReason.REPRESENTATIVE in reasons,
            is_time_barred=None if NOT_TIME_BARRED not in said else not said[NOT_TIME_BARRED],
            is_transferred=said.get(TRANSFERRED),
            holds=holds,
            preferences=tuple(
                Preference(row.kind, row.starts, row.ends, tuple(row.weekdays), row.value, row.given_ms, row.source)
                for row in known.preferences.get(case.person_id, ())
                if row.given_ms <= moment_ms and (row.ended_ms is None or row.ended_ms > moment_ms)
            ),
            appointments=tuple(appointment_of(row) for row in known.appointments.get(case.id, ())),
            complaints=tuple(complaint_of(row) for row in known.complaints.get(case.person_id, ())),
            consents=consents(own),
        )

    def _said(self, case: AnyRow, moment_ms: int, day: date) -> dict[str, bool]:
        """Give what the lender says of a case on a day."""
        rows = self.known.words.get(case.lender, ())
        return {
            row.word: row.is_so
            for row in rows
            if row.case_id in {None, case.id} and row.made_ms <= moment_ms and row.until >= day.isoformat()
        }

    def _once(self, make: Callable[..., T], *of: Any) -> T:
        """Give what *make* makes of something hashable, made once."""
        key = (make.__name__, *of)
        if key not in self._made:
            self._made[key] = make(*of)
        made: T = self._made[key]
        return made

    def _crew(self, crew: tuple[str, ...] | None, day: date) -> tuple[AgentFacts, ...] | None:
        if crew is None:
            return None
        agents = [self.known.agents[each] for each in crew]
        return tuple(agent_facts(each.code, self.known.agent_papers.get(each.id, ()), day) for each in agents)

    def _agency(self, lead: str, lender: str, day: date) -> AgencyFacts:
        """Give the agency of whoever leads."""
        agent = self.known.agents[lead]
        return agency_facts(agent.agency_name, self.known.agency_papers.get(agent.agency_id, ()), lender, day)

    def _has_recorder(self, crew: tuple[str, ...], day: date) -> bool:
        return has_recorder((paper for each in crew for paper in self.known.agent_papers.get(each, ())), day)

    def _steps(self, *said: tuple[str, bool]) -> Mapping[str, bool] | None:
        return dict(said) or None

    def _zone(self, row: AnyRow) -> str | None:
        if row.lat_e7 is None or row.lon_e7 is None:
            return None
        return self._once(self.zone_of, row.lat_e7, row.lon_e7)

    def _rest(self, region: str, day: date) -> RestDays:
        return self.rest_days_of(region, day, day + LOOK_AHEAD)

    def _rows_of_holds(self, case: AnyRow) -> list[AnyRow]:
        return [*self.known.holds.get(case.id, ()), *self.known.holds.get(case.person_id, ())]

    def _holds(self, case: AnyRow, starts_ms: int, ends_ms: int) -> Iterable[HoldFacts]:
        for row in self._rows_of_holds(case):
            ended = [each for each in (row.until_ms, row.lifted_ms) if each is not None]
            if row.placed_ms <= ends_ms and all(each > starts_ms for each in ended):
                scope = HoldScope.CASE if row.person_id is None else HoldScope.PERSON
                yield HoldFacts(row.id, row.reason, scope.value, row.placed_ms, row.until_ms, row.source)


def find_paid(connection: Connection, site: Site, case_ids: Collection[str]) -> list[str]:
    """Give those of a chunk of cases of which it is known that nothing is owed any more."""
    cases = [row for row in facts_rows.read_person_cases(connection, case_ids) if row.id in case_ids]
    told = facts_rows.read_told_lenders(connection, {row.lender for row in cases})
    payments = by_member("case_id", facts_rows.read_payments(connection, case_ids))
    return [row.id for row in cases if _is_paid(row, told, payments, site.settings.zone)]


def _is_paid(
    case: AnyRow, told: Collection[tuple[str, str]], payments: Mapping[str, list[AnyRow]], zone: str
) -> bool | None:
    """Say whether the lender calls it paid, or its ledger covers what was overdue when the lender last told it."""
    if case.status == "paid":
        return True
    if ("ledger", case.lender) not in told:
        return None
    told_on = local_day(case.updated_ms, zone).isoformat()
    paid = sum(
        int(row.amount)
        for row in payments.get(case.id, ())
        if row.currency == case.currency and row.paid_on >= told_on
    )
    return bool(paid >= (case.amount if case.overdue is None else case.overdue))


def region_of(area: str | None, setting: str) -> str:
    """
    Give the region of a place: its area where that is a code of a part of the country, else what the setting says.

    >>> region_of("US-MA", "US"), region_of("Mission", "US"), region_of("NW-3", "US"), region_of(None, "")
    ('US-MA', 'US', 'US', '')
    """
    is_code = area is not None and _REGION.match(area) is not None
    return area if is_code and area is not None and area.startswith(setting[:2]) else setting


