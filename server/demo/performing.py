"""
One performance, from an empty folder to the counted result: the order in which things are set up and played.

Comes in: portfolio, seed, folder, port, and somebody to tell what is going on. Goes out: a `Result`; the server is left
running until the performance is closed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from server.demo import showing
from server.demo.acting import Act
from server.demo.balancing import DayBalance
from server.demo.counting import GateCount, Quality, Refused, read_found, read_kept, weigh, weigh_gate
from server.demo.director import Director, Happened
from server.demo.network import Network
from server.demo.office import Office, open_desks
from server.demo.portfolio import REGIONS, RULEBOOKS, load_portfolio
from server.demo.scenario import Scenario, write_scenario
from server.demo.stage import Stage
from server.services.reconciling import reconcile
from server.storage.visit_rows import count_states

Say = Callable[[str], None]
Progress = Callable[[str, int, int], None]  # what, done, of
HOUR_MS = 3_600_000


@dataclass
class Performance:
    """A demo that was played and counted, with its server still running."""

    scenario: Scenario
    stage: Stage
    happened: Happened
    states: Mapping[str, int]
    quality: Quality
    gate: GateCount
    persons: Mapping[str, int]
    balances: Sequence[DayBalance]
    broken: Sequence[str]  # agents whose devices' history does not verify
    seconds: float

    @property
    def is_balanced(self) -> bool:
        """Whether every device-day is accounted for."""
        return all(each.is_balanced for each in self.balances)

    def lines(self) -> Iterator[str]:
        """Give everything as lines to print."""
        yield from showing.show_states(self.states)
        yield ""
        yield from showing.show_quality(self.quality, self.scenario.planted)
        yield ""
        yield from showing.show_gate(self.gate, str(self.scenario.portfolio.zone))
        yield ""
        yield from showing.show_balances(self.balances)
        yield from showing.show_histories(len(self.scenario.phones), self.broken, self.scenario.rogue)
        yield ""
        yield from showing.show_persons(self.persons)
        yield from showing.show_counts(self.happened.counts)
        for surprise in self.happened.surprises:
            yield f"unforeseen: {surprise}"


@contextmanager
def perform(
    name: str, seed: int, folder: Path, port: int, say: Say, progress: Progress
) -> Iterator[Performance]:
    """Play the two days of *seed*; the server runs until the `with` block is left."""
    began = time.monotonic()
    scenario = write_scenario(load_portfolio(name), seed)
    stage = Stage(folder, str(scenario.portfolio.zone), REGIONS[name], RULEBOOKS[name], port)
    stage.clear()
    stage.set_clock(scenario.opens_ms)
    site = stage.open_site()
    try:
        office = Office(site, scenario, stage.folder)
        stage.start_server()
        with Network(stage.port) as network:
            director = Director(scenario, stage, office, network)
            try:
                director.start_devices()
                refused = _prepare(director, say)
                _play_days(director, progress)
                played = _count(director, refused, began)
            finally:
                director.close()
        yield played
    finally:
        stage.stop_server()
        site.store.close()


def _prepare(director: Director, say: Say) -> list[Refused]:
    """Set the office up: import, places, people, assigning, devices; give what the gate refused."""
    office, scenario = director.office, director.scenario
    portfolio, ledger, contacts = office.import_all()
    counts = portfolio.counts
    say(
        f"Imported {counts['new']:,} cases of {portfolio.lender} ({portfolio.encoding}); "
        f"{counts['rejected']} rows rejected with a cure, {counts['doubts']} values taken with a doubt, "
        f"{ledger.counts['new']} payments, {contacts.counts['new']:,} contacts and notices."
    )
    places = office.find_places()
    if places:
        say(f"Found {places['found']:,} places by known addresses; {places['missing']} stay without coordinates.")
    agents = office.engage()
    open_desks(office.site)
    assigned, refused, by_policy = office.assign_all(), office.try_barred(), office.assign_rest()
    say(
        f"Entered {agents} agents; assigned {assigned} cases to their crews, {by_policy} by policy; "
        f"the gate refuses {len(office.read_gate()):,}, most for want of any notice."
    )
    director.stage.await_server()
    devices = director.enrol_all(scenario.opens_ms + HOUR_MS)
    fetched = director.happened.counts["items fetched"]
    say(f"Enrolled {devices} devices over HTTP; they fetched {fetched:,} packets and keys.")
    return refused


def _play_days(director: Director, progress: Progress) -> None:
    """Play day after day, and the morning after."""
    zone = director.scenario.portfolio.zone
    days: dict[date, list[Act]] = {}
    for act in director.scenario.acts:
        if act.at_ms >= director.scenario.opens_ms:
            days.setdefault(datetime.fromtimestamp(act.at_ms / 1000, zone).date(), []).append(act)
    for day, acts in sorted(days.items()):
        for number, act in enumerate(acts):
            director.play(act)
            progress(f"{day:%a %-d %b}", number + 1, len(acts))


def _count(director: Director, refused: Sequence[Refused], began: float) -> Performance:
    """Reconcile to the end, then hold everything against the plan."""
    scenario, stage, site = director.scenario, director.stage, director.office.site
    stage.set_clock(scenario.counts_ms)
    reconcile(site)
    happened = director.happened
    (stage.folder / "planted.json").write_text(showing.write_planted(scenario, happened.visit_ids), "utf-8")
    with site.store.read() as connection:
        found = read_found(connection, happened.visit_ids)
        states = dict(sorted(count_states(connection).items()))
        persons = director.persons.did + read_kept(connection, list(director.office.case_ids.values()))
    quality = weigh(scenario.planted, found, scenario.visits)
    gate = weigh_gate(scenario.barred, {visit.case.reference for visit in scenario.visits.values()}, refused)
    balances, broken = director.balance(scenario.counts_ms), director.verify()
    happened.surprises += director.persons.surprises
    happened.counts["programs killed"] = sum(staged.crashes for staged in director.devices.values())
    seconds = time.monotonic() - began
    return Performance(scenario, stage, happened, states, quality, gate, persons, balances, broken, seconds)
