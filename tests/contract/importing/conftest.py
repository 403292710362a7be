"""What the tests of the import may ask for: an office on both databases, and files taken in there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from server.services.importing import FileOrder, ImportReport, import_portfolio
from server.services.payments import import_payments
from server.storage import tables
from tests.contract.people.office import Office, opened_office


@dataclass
class Desk:
    """An office that imports files written on the spot."""

    office: Office
    folder: Path

    def put(self, text: str, name: str = "portfolio.csv") -> Path:
        """Write a file."""
        path = self.folder / name
        path.write_text(text, "utf-8")
        return path

    def take(self, text: str, lender: str = "Bank", name: str = "portfolio.csv") -> ImportReport:
        """Import a portfolio with amounts in CNY."""
        return import_portfolio(self.office.site, FileOrder(self.put(text, name), lender=lender, currency="CNY"))

    def pay(self, text: str, lender: str = "Bank") -> ImportReport:
        """Import a ledger in CNY."""
        order = FileOrder(self.put(text, "ledger.csv"), lender=lender, currency="CNY")
        return import_payments(self.office.site, order)

    def case(self, reference: str) -> Any:
        """Give the row of a case."""
        (found,) = (row for row in self.office.rows(tables.case) if row.reference == reference)
        return found

    def person_of(self, reference: str) -> Any:
        """Give the row of a case's person."""
        case = self.case(reference)
        return next(row for row in self.office.rows(tables.person) if row.id == case.person_id)

    def place_of(self, reference: str) -> Any:
        """Give the row of a case's place."""
        case = self.case(reference)
        return next(row for row in self.office.rows(tables.place) if row.id == case.place_id)


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """An office with two agents, on SQLite and again on PostgreSQL."""
    with opened_office(database_url, phone_region="CN", folder=str(tmp_path)) as office:
        office.add_agents("a1", "a2")
        yield Desk(office, tmp_path)
