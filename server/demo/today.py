"""
An office of today beside the two days, so that the phone app can be tried: one crew, six invented cases.

The two days were in 2016, and a phone keeps the time of now. Comes in: a folder and a port. Goes out: a server, and the
address at which the app enrols; both last until the office is closed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from server.agent_app import BESIDE_US
from server.demo.office import BY, LEDGER_TITLES, open_desks
from server.demo.paperwork import CONTACT_TITLES, LAWFUL, PAPER_TITLES, write_credentials, write_log
from server.demo.portfolio import read_bundled
from server.demo.stage import Stage
from server.services.assigning import assign
from server.services.contacts import import_contacts
from server.services.enrolling import issue_code
from server.services.importing import FileOrder, import_portfolio
from server.services.payments import import_payments
from server.services.people import AgentEntry, put_agents
from server.services.rulebooks import FLOOR
from server.services.site import Site
from server.services.training import import_papers
from server.services.vouching import state_words
from server.storage.case_rows import find_cases

ZONE = ZoneInfo("America/Los_Angeles")
LENDER = "Harbour Bank"
LEAD, COMPANION = "TD1", "TD2"
CREW = {LEAD: "Wren Halloway", COMPANION: "Tomas Eddowe"}
FACTS = ("1974", "71")  # of all six: the year of birth, and how their document ends
NOT_NOW = {"FLOOR-WIN-001", "FLOOR-DAY-001"}  # hours and holidays: it can be tried at any moment
MONTH_MINUTES = 31 * 24 * 60


@dataclass(frozen=True, slots=True)
class Today:
    """The office of today, open, with a code for one phone of its agent."""

    stage: Stage
    code: str

    @property
    def address(self) -> str:
        """Where the app opens with the code in its field."""
        return f"{self.stage.url}/agent/?code={self.code}"


def is_app_built() -> bool:
    """Say whether there is a phone app to open."""
    return (BESIDE_US / "index.html").is_file()


@contextmanager
def open_today(folder: Path, port: int) -> Iterator[Today]:
    """Open the office on a port, 0 for a free one; its server runs until the `with` block is left."""
    stage = Stage(folder, ZONE.key, "US-CA", "", port)
    stage.clear()
    house = _write_house(stage.folder)
    stage.settings = replace(stage.settings, clock_file="", house_rulebook=str(house), enrol_code_minutes=MONTH_MINUTES)
    site = stage.open_site()
    try:
        _fill(site, stage.folder)
        stage.start_server()
        stage.await_server()
        yield Today(stage, issue_code(site, LEAD, by=BY))
    finally:
        stage.stop_server()
        site.store.close()


def _write_house(folder: Path) -> Path:
    """Write the house's floor without its hours and holidays."""
    floor = yaml.safe_load(FLOOR.read_text("utf-8"))
    floor["title"] += ", without hours and holidays"
    floor["rules"] = [rule for rule in floor["rules"] if rule["id"] not in NOT_NOW]
    path = folder / "house.yaml"
    path.write_text(yaml.safe_dump(floor, allow_unicode=True, sort_keys=False), "utf-8")
    return path


def _fill(site: Site, folder: Path) -> None:
    """Do all that comes before a visit: cases, crew, papers, what was written before, assigning."""
    today = datetime.fromtimestamp(site.now() / 1000, ZONE).date()
    portfolio = folder / "portfolio.csv"
    portfolio.write_bytes(read_bundled("today_portfolio.csv"))
    import_portfolio(site, FileOrder(portfolio, lender=LENDER, currency="USD"))
    references = [row["Loan No"] for row in csv.DictReader(portfolio.read_text("utf-8").splitlines())]
    put_agents(site, [AgentEntry(code, name, "Bayline Field Services") for code, name in CREW.items()])
    papers = [paper for code in CREW for paper in write_credentials(code, LENDER, *_around(today))]
    import_papers(site, FileOrder(_write(folder / "papers.csv", PAPER_TITLES, papers)))
    log = [row for reference in references for row in write_log(today, reference)]
    import_contacts(site, FileOrder(_write(folder / "contacts.csv", CONTACT_TITLES, log), lender=LENDER))
    paid = dict(zip(LEDGER_TITLES, (references[0], "TD-R1", f"{today - timedelta(days=20)}", "25.00"), strict=True))
    ledger = FileOrder(_write(folder / "ledger.csv", LEDGER_TITLES, [paid]), lender=LENDER, currency="USD")
    import_payments(site, ledger)
    words = dict.fromkeys((*LAWFUL, "place_is_home"), True)
    state_words(site, LENDER, words, "Counsel of the lender", "every claim was looked through", _around(today)[1])
    with site.store.read() as connection:
        case_ids = find_cases(connection, [(LENDER, reference) for reference in references])
    assign(site, list(case_ids.values()), LEAD, [COMPANION], BY)
    open_desks(site)


def _around(today: date) -> tuple[date, date]:
    """Give from when until when the papers are good."""
    return today - timedelta(days=200), today + timedelta(days=100)


def _write(path: Path, titles: Sequence[str], rows: Sequence[Mapping[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, titles)
        writer.writeheader()
        writer.writerows(rows)
    return path
