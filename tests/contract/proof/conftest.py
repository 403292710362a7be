"""An office on each database with one phone that recorded a visit, for the tests of proof and keeping."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from tests.office import Office, Phone, opened_office

NOTE = "blue door, the lodger Quentin Fallowfield answered"


@dataclass
class Town:
    """An office, a phone, its one case and the visit it recorded."""

    office: Office
    phone: Phone
    case_id: str
    visit_id: str

    def record_visit(self, notes: int = 3) -> None:
        """Record steps of the visit, each with a note of its own."""
        for number in range(notes):
            self.phone.step(self.case_id, self.visit_id, note=f"{NOTE} {number}")

    def send(self) -> None:
        """Send everything, with a checkpoint over the head."""
        self.phone.exchange(checkpoint=self.phone.checkpoint())

    @property
    def event_ids(self) -> list[str]:
        """The ids in the phone's chain, by place."""
        return [entry["id"] for entry in self.phone.log]


def tamper(office: Office, *statements: Any) -> None:
    """Change rows behind the server's back."""

    def job(connection: Connection) -> None:
        for statement in statements:
            connection.execute(statement)

    office.site.store.write(job)


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office with an empty town."""
    with opened_office(database_url, tmp_path / "folder") as opened:
        yield opened


@pytest.fixture
def town(office: Office) -> Town:
    """A town whose phone has sent a visit of four events."""
    phone = Phone.enrolled(office)
    case_id = office.add_case("R1")
    office.assign(case_id, phone.agent_id)
    made = Town(office, phone, case_id, office.site.new_id())
    made.record_visit()
    made.send()
    return made
