"""
The whole story of the two days, from a seed: every act in order of time, and the list of what was planted.

Comes in: a portfolio and a seed. Goes out: a `Scenario`, which the director plays and the count is held against. Pure:
the same seed gives the same story.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from schemas.vocabulary import EventKind
from server.demo import (
    faults_case,
    faults_clock,
    faults_conduct,
    faults_crew,
    faults_files,
    faults_place,
    faults_rogue,
    faults_store,
)
from server.demo.acting import AT_DOOR, Act, Stage, act_visit
from server.demo.fixing import Point, find_door
from server.demo.paperwork import Barred, choose_barred
from server.demo.phones import Phone, make_phone
from server.demo.plot import NoRoomError, Planted, Plot
from server.demo.portfolio import Crew, Portfolio
from server.demo.routing import Visit, at_time, plan_visits, share_out
from server.demo.scheduling import schedule
from server.domain.findings.codes import Code

ROGUE_VISITS = 8
MOST_VISITS = 2  # FLOOR-FREQ-002
FAULTS: tuple[Callable[[Plot], None], ...] = (
    *faults_rogue.FAULTS, *faults_store.FAULTS, *faults_clock.FAULTS, *faults_place.FAULTS, *faults_crew.FAULTS,
    *faults_case.FAULTS, *faults_conduct.FAULTS, *faults_files.FAULTS,
)  # fmt: skip
PAID_SHARE = 0.6  # of the promises that fall due in the two days


@dataclass(frozen=True, slots=True)
class Scenario:
    """What will happen, and what must be found."""

    portfolio: Portfolio
    seed: int
    crews: tuple[Crew, ...]
    charges: Mapping[str, Crew]  # reference -> the crew it is given to
    visits: Mapping[str, Visit]
    phones: Mapping[str, Phone]
    rogue: str
    acts: tuple[Act, ...]
    planted: tuple[Planted, ...]
    barred: tuple[Barred, ...]  # cases that the gate must refuse

    @property
    def opens_ms(self) -> int:
        """When the office sets everything up: the evening before."""
        return at_time(self.portfolio, self.portfolio.days[0] - timedelta(days=1), time(16, 0))

    @property
    def counts_ms(self) -> int:
        """When the two days are counted: the next morning."""
        return at_time(self.portfolio, self.portfolio.days[-1] + timedelta(days=1), time(9, 0))


def write_scenario(portfolio: Portfolio, seed: int) -> Scenario:
    """Make up the two days of *seed*."""
    random = Random(f"{portfolio.name} {seed}")
    charges = share_out(portfolio)
    tampered = portfolio.people["tampered"]
    rogue = Crew(
        len(portfolio.crews), tampered["team"], next(iter(tampered["lead"])), tuple(tampered["companions"]),
        tuple(tampered["at"]), is_honest=False,
    )  # fmt: skip
    crews = (*portfolio.crews, rogue)
    charges |= dict.fromkeys(_choose_rogue_cases(portfolio, random), rogue)
    visits = {visit.key: visit for visit in keep_few(plan_visits(portfolio, crews, charges, random))}
    stages = _set_stages(portfolio, visits, random)
    plot = Plot(
        portfolio, random, visits, stages,
        {key: act_visit(visit, stages[key]) for key, visit in visits.items()},
        _make_phones(portfolio, crews, random),
    )  # fmt: skip
    for fault in FAULTS:
        try:
            fault(plot)
        except NoRoomError:
            continue  # a small portfolio has no room for every fault
    pay_promises(plot)
    acts = schedule(plot) + [act for played in plot.acts.values() for act in played]
    ordered = sorted(acts, key=lambda act: (act.at_ms, act.who, act.do, act.visit))
    return Scenario(
        portfolio, seed, crews, charges, plot.visits, plot.phones, rogue.lead, tuple(ordered), tuple(plot.planted),
        choose_barred(portfolio, random),
    )


def keep_few(visits: Sequence[Visit]) -> list[Visit]:
    """
    Leave out what the house's floor forbids.

    That is a third visit to a person, one after somebody was met, and any to a place that nobody knows: its hours are
    not known either.
    """
    tries: Counter[str] = Counter()
    met: set[str] = set()
    kept = []
    for visit in sorted(visits, key=lambda visit: (visit.start_ms, visit.key)):
        person = visit.case.person
        if visit.case.precision != "unknown" and tries[person] < MOST_VISITS and visit.case.reference not in met:
            tries[person] += 1
            kept.append(visit)
            if visit.talk.contact in AT_DOOR:
                met.add(visit.case.reference)
    return kept


def _choose_rogue_cases(portfolio: Portfolio, random: Random) -> Sequence[str]:
    """Choose cases of the first day, visited once and at doors the office knows, for the tampered phone."""
    stops = [stop.reference for stop in portfolio.stops]
    able = sorted(
        stop.reference
        for stop in portfolio.stops
        if stop.day == portfolio.days[0]
        and stops.count(stop.reference) == 1
        and portfolio.cases[stop.reference].precision == "building"
    )
    return random.sample(able, min(ROGUE_VISITS, len(able)))


def _set_stages(portfolio: Portfolio, visits: Mapping[str, Visit], random: Random) -> dict[str, Stage]:
    doors: dict[str, Point] = {}
    for visit in sorted(visits.values(), key=lambda visit: visit.key):
        case = visit.case
        if case.reference not in doors:
            doors[case.reference] = find_door(Point(case.lat, case.lon), case.precision, random)
    return {key: Stage(doors[visit.case.reference], portfolio.zone, random) for key, visit in visits.items()}


def _make_phones(portfolio: Portfolio, crews: Sequence[Crew], random: Random) -> dict[str, Phone]:
    first = at_time(portfolio, portfolio.days[0] - timedelta(days=1), time(16, 0))
    offset = datetime.fromtimestamp(first / 1000, portfolio.zone).utcoffset() or timedelta()
    codes = [*(code for crew in crews for code in crew.codes), *portfolio.people["floater"]]
    return {code: make_phone(code, round(offset.total_seconds() / 60), first, random) for code in codes}


def pay_promises(plot: Plot) -> None:
    """Let some promises that fall due be paid, and write down what must be found of every promise."""
    counted = plot.portfolio.days[-1] + timedelta(days=1)
    payments: list[dict[str, Any]] = []
    for key, visit in sorted(plot.visits.items()):
        promise = _promise_of(plot, key)
        if promise is None:
            continue
        due = date.fromisoformat(promise["due"])
        is_paid = due < counted and plot.random.random() < PAID_SHARE
        if is_paid:
            payments.append({"reference": visit.case.reference, "paid_on": promise["due"], "amount": promise["amount"]})
        code = Code.PROMISE_KEPT if is_paid else Code.PROMISE_OPEN if due >= counted else Code.PROMISE_BROKEN
        why = f"a promise due {due}, {'paid' if is_paid else 'not paid'}"
        plot.plant(code, visit, why=why, is_fault=False)
    plot.office(at_time(plot.portfolio, plot.portfolio.days[-1], time(19, 30)), "pay", payments=payments)


def _promise_of(plot: Plot, key: str) -> Mapping[str, Any] | None:
    noted = [act for act in plot.acts[key] if act.args.get("kind") == EventKind.OUTCOME_NOTED]
    promise: Mapping[str, Any] | None = noted[-1].args["body"].get("promise") if noted else None
    return promise

