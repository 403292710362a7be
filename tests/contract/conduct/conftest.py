"""What the tests of conduct may ask for: an office under Chinese rules; a desk that takes in logs and papers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from schemas.errors import FieldError
from server.cli.main import fairvisit
from server.services.contacts import import_contacts
from server.services.importing import FileOrder, ImportReport
from server.services.training import import_papers
from server.storage.facts_tables import agent_paper, contact_log
from tests.contract.people.office import Office, opened_office
from tests.office import Office as Town
from tests.office import opened_office as opened_town

Run = Callable[..., Result]


@dataclass
class Desk:
    """An office that takes in logs of contacts and papers written on the spot."""

    office: Office
    folder: Path

    def log(self, text: str, mapping: str = "", lender: str = "Bank") -> ImportReport:
        """Import a log of contacts."""
        return import_contacts(self.office.site, self.order(text, mapping, lender))

    def file(self, text: str) -> ImportReport:
        """Import papers."""
        return import_papers(self.office.site, self.order(text))

    def order(self, text: str, mapping: str = "", lender: str = "") -> FileOrder:
        """Write a file, and a mapping if there is one."""
        path, mapping_path = self.folder / "file.csv", self.folder / "mapping.yaml"
        path.write_text(text, "utf-8")
        mapping_path.write_text(mapping, "utf-8")
        return FileOrder(path, mapping_path if mapping else None, lender)

    def contacts(self) -> dict[str, Any]:
        """Give the logged contacts by their reference."""
        return {row.reference: row for row in self.office.rows(contact_log)}

    def papers(self) -> list[Any]:
        """Give the agents' papers, by kind and name."""
        return sorted(self.office.rows(agent_paper), key=lambda row: (row.kind, row.name))


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """An office with cases R0 and R1 of Bank and agents a1 and a2 of the agency North, on both databases."""
    with opened_office(database_url, phone_region="CN", zone="Asia/Shanghai", folder=str(tmp_path)) as office:
        office.add_agents("a1", "a2")
        office.add_cases(2)
        yield Desk(office, tmp_path)


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Town]:
    """An office under Chinese rules, on SQLite and again on PostgreSQL."""
    with opened_town(database_url, tmp_path, rulebooks="CN") as opened:
        yield opened


@pytest.fixture
def run(office: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on the office's database, under Chinese rules; an expected error becomes exit code 1."""
    monkeypatch.setenv("FAIRVISIT_DATABASE_URL", office.settings.database_url)
    monkeypatch.setenv("FAIRVISIT_FOLDER", str(tmp_path))
    monkeypatch.setenv("FAIRVISIT_RULEBOOKS", "CN")
    monkeypatch.delenv("FAIRVISIT_HOUSE_RULEBOOK")

    def invoke(*arguments: str) -> Result:
        result = CliRunner().invoke(fairvisit, arguments)
        assert result.exception is None or isinstance(result.exception, (FieldError, SystemExit)), result.exception
        return result

    return invoke


def rejects(report: ImportReport) -> str:
    """Give the text of the rejects file."""
    assert report.rejects_path is not None
    return report.rejects_path.read_text("utf-8-sig")
