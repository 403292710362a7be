"""
What the office does in the demo, through the same services as its commands: import, people, assigning, payments.

Comes in: the scenario and a site. Goes out: counts to show, and the ids that cases and agents got.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from schemas.vocabulary import Act, HoldReason, HoldScope
from server.demo.counting import Refused
from server.demo.paperwork import CONTACT_TITLES, LAWFUL, PAPER_TITLES, write_contacts, write_papers
from server.demo.portfolio import COLUMNS, ENCODINGS, Crew, has_bundled, read_bundled
from server.demo.scenario import Scenario
from server.domain.assigning import Order
from server.domain.conduct.recounting import load
from server.domain.conduct.verdicts import Verdict
from server.domain.roles import Role
from server.services.assigning import assign, assign_orders, close_cases
from server.services.contacts import import_contacts
from server.services.enrolling import issue_code
from server.services.geocoding import place_from_known
from server.services.holding import place_office_hold
from server.services.importing import FileOrder, ImportReport, import_portfolio
from server.services.leases import expire_leases
from server.services.payments import import_payments
from server.services.people import AgentEntry, put_agents, put_team
from server.services.policies import assign_by_policy
from server.services.policy_table import load_policy
from server.services.reviewing import decide_visit
from server.services.signing_in import add_user
from server.services.site import Site
from server.services.training import import_papers
from server.services.vouching import state_words
from server.storage import conduct_rows
from server.storage.case_rows import find_cases, read_for_packing
from server.storage.people_rows import read_agents_by_code

BY = "demo office"
PASSWORD = "two days in 2016"  # of every desk of the demo, which is a rehearsal
DESKS = (Role.REVIEWER, Role.DISPATCHER, Role.SUPERVISOR, Role.SUPPORT, Role.AUDITOR, Role.ADMIN)
LEDGER_TITLES = ("Loan No", "Receipt No", "Payment Date", "Amount")


def open_desks(site: Site) -> None:
    """Give each role of the office an account named after it."""
    for role in DESKS:
        add_user(site, role.value, PASSWORD, [role], needs_totp=False, by=BY)


@dataclass
class Office:
    """The office on stage, and what it knows of its own cases."""

    site: Site
    scenario: Scenario
    folder: Path
    case_ids: dict[str, str] = field(default_factory=dict)
    agent_ids: dict[str, str] = field(default_factory=dict)
    lender: str = ""
    receipts: int = 0

    @property
    def name(self) -> str:
        """Which portfolio it works on."""
        return self.scenario.portfolio.name

    def bundle(self, name: str) -> Path:
        """Put a bundled file into the demo's folder, as if the lender had sent it; give its path."""
        path = self.folder / "lender" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(read_bundled(name))
        return path

    def import_all(self) -> tuple[ImportReport, ImportReport, ImportReport]:
        """Import the lender's portfolio, ledger and log of contacts; give what became of each."""
        portfolio = import_portfolio(self.site, self._order(self.bundle(f"{self.name}_portfolio.csv"), "mapping"))
        ledger = import_payments(self.site, self._order(self.bundle(f"{self.name}_ledger.csv"), "ledger_mapping"))
        rows = write_contacts(self.scenario.portfolio, list(self.scenario.charges), self.scenario.barred)
        log = self._write("contacts.csv", CONTACT_TITLES, rows, "utf-8")
        contacts = import_contacts(self.site, FileOrder(log, lender=portfolio.lender))
        self.lender = portfolio.lender
        self._state(dict.fromkeys((*LAWFUL, "place_is_home"), True), "every claim was looked through")
        barred = [each.case.reference for each in self.scenario.barred]
        with self.site.store.read() as connection:
            keys = [(portfolio.lender, reference) for reference in sorted({*self.scenario.charges, *barred})]
            self.case_ids = {key[1]: case_id for key, case_id in find_cases(connection, keys).items()}
        return portfolio, ledger, contacts

    def engage(self) -> int:
        """Enter agencies, teams and agents; give how many agents."""
        people = self.scenario.portfolio.people
        homes: dict[str, str] = {}
        for agency, teams in people["agencies"].items():
            for team, about in teams.items():
                put_team(self.site, team, agency, about["certificates"], about["languages"], about["capacity"])
                homes[team] = agency
        entries = []
        for crew in [*people["crews"], people["tampered"]]:
            at = (round(crew["at"][0] * 1e7), round(crew["at"][1] * 1e7))
            for code, name in {**crew["lead"], **crew["companions"]}.items():
                entries.append(AgentEntry(code, name, homes[crew["team"]], crew["team"], at=at))
        for code, name in {**people["floater"], **people["lapsed"]}.items():
            entries.append(AgentEntry(code, name, next(iter(homes.values()))))
        put_agents(self.site, entries)
        with self.site.store.read() as connection:
            known = read_agents_by_code(connection, [entry.code for entry in entries])
            self.agent_ids = {code: row.id for code, row in known.items()}
        rows = write_papers(self.scenario.portfolio, self.scenario.crews, self.lender)
        import_papers(self.site, FileOrder(self._write("papers.csv", PAPER_TITLES, rows, "utf-8")))
        return len(entries)

    def assign_all(self) -> int:
        """Give the days' cases to their crews; give how many."""
        lent = [act for act in self.scenario.acts if act.do == "lend"]
        assigned = sum(self._assign([act.reference], act.args["days"]) for act in lent)
        return assigned + self._assign(self.scenario.charges)

    def assign_rest(self) -> int:
        """Give other cases out by policy; give how many."""
        rows = load_policy(read_bundled(f"{self.name}_policy.yaml").decode())
        return assign_by_policy(self.site, rows, BY)[1].assigned

    def try_barred(self) -> list[Refused]:
        """Try to give out what the gate must refuse; give all that it has refused until now."""
        lead, companion = self.scenario.crews[0].codes
        lapsed = next(iter(self.scenario.portfolio.people["lapsed"]))
        today = f"{self.scenario.portfolio.days[0] - timedelta(days=1)}"
        paid = [each.case for each in self.scenario.barred if each.is_paid]
        self.pay([{"reference": case.reference, "paid_on": today, "amount": case.overdue} for case in paid])
        for each in self.scenario.barred:
            if each.is_barred_by_time:
                self._state({"found_not_time_barred": False}, "the last payment is too long ago", each.case.reference)
            if each.hold:
                self.halt(each.case.reference, each.hold)
            others = () if each.is_alone else (lapsed,) if each.has_lapsed else (companion,)
            assign(self.site, [self.case_ids[each.case.reference]], lead, others, BY)
        return self.read_gate()

    def _state(self, words: Mapping[str, bool], reason: str, reference: str = "") -> None:
        """Let the lender say something of all its cases, or of one."""
        until = self.scenario.portfolio.days[-1] + timedelta(days=60)
        case_id = self.case_ids[reference] if reference else None
        state_words(self.site, self.lender, words, "Counsel of the lender", reason, until, case_id)

    def read_gate(self) -> list[Refused]:
        """Give every case that was refused when it was last to be handed out, with what stands in its way."""
        with self.site.store.read() as connection:
            rows = conduct_rows.read_refused(connection)
        return [Refused(row.reference, [load(Verdict, each) for each in row.troubles]) for row in rows]

    def issue_code(self, agent_code: str) -> str:
        """Issue an enrolment code."""
        return issue_code(self.site, agent_code, by=BY)

    def give_to(self, reference: str, crew: Crew) -> None:
        """Give a case to another crew."""
        assign(self.site, [self.case_ids[reference]], crew.lead, crew.companions, BY)

    def _assign(self, references: Iterable[str], days: int | None = None) -> int:
        """Give cases to the crews that the scenario names; those lent for fewer days keep their lease."""
        orders = []
        for reference in sorted(references):
            crew = self.scenario.charges[reference]
            orders.append(Order(self.case_ids[reference], crew.lead, crew.companions))
        return assign_orders(self.site, orders, BY, days).assigned

    def end_leases(self) -> None:
        """Take back the cases whose lease has ended."""
        expire_leases(self.site)

    def close(self, reference: str) -> None:
        """Close a case."""
        close_cases(self.site, [self.case_ids[reference]], by=BY)

    def halt(self, reference: str, reason: str) -> None:
        """Place a hold on the person of a case."""
        place_office_hold(self.site, self.case_ids[reference], HoldScope.PERSON, HoldReason(reason), BY)

    def find_places(self) -> Counter[str]:
        """Fill in coordinates from the file of known addresses, if the portfolio has one; give counts."""
        if not has_bundled(f"{self.name}_known.csv"):
            return Counter()
        return place_from_known(self.site, FileOrder(self.bundle(f"{self.name}_known.csv")))

    def rev_of(self, reference: str) -> int:
        """Give the revision of a case's packet."""
        with self.site.store.read() as connection:
            return int(read_for_packing(connection, [self.case_ids[reference]])[0].rev)

    def approve(self, reference: str, visit_id: str) -> None:
        """Approve a visit."""
        decide_visit(self.site, self.case_ids[reference], visit_id, Act.APPROVED, BY)

    def correct(self, reference: str) -> ImportReport:
        """Import a corrected row of the lender's: another house number, another amount."""
        columns, encoding = COLUMNS[self.name], ENCODINGS[self.name]
        reader = csv.DictReader(io.StringIO(read_bundled(f"{self.name}_portfolio.csv").decode(encoding), newline=""))
        titles = list(reader.fieldnames or ())
        row = next(row for row in reader if row[columns["reference"]] == reference)
        row[columns["address"]] = f"{row[columns['address']].strip()}, REAR"
        row[columns["amount"]] = "12,345.00"
        return import_portfolio(self.site, self._order(self._write("corrected.csv", titles, [row]), "mapping"))

    def pay(self, payments: Sequence[Mapping[str, Any]]) -> ImportReport:
        """Import a ledger with these payments."""
        rows = []
        for paid in payments:
            self.receipts += 1
            amount = f"{paid['amount'] // 100}.{paid['amount'] % 100:02d}"
            cells = (paid["reference"], f"D{self.receipts:05d}", paid["paid_on"], amount)
            rows.append(dict(zip(LEDGER_TITLES, cells, strict=True)))
        path = self._write("payments.csv", LEDGER_TITLES, rows)
        return import_payments(self.site, self._order(path, "ledger_mapping"))

    def _order(self, path: Path, mapping: str) -> FileOrder:
        return FileOrder(path, self.bundle(f"{self.name}_{mapping}.yaml"))

    def _write(
        self, name: str, titles: Sequence[str], rows: Sequence[Mapping[str, str]], encoding: str = ""
    ) -> Path:
        path = self.folder / "lender" / name
        with path.open("w", encoding=encoding or ENCODINGS[self.name], newline="") as file:
            writer = csv.DictWriter(file, titles)
            writer.writeheader()
            writer.writerows(rows)
        return path
