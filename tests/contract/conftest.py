"""What tests of contracts may ask for, unless their room has its own: an office, and people at its desks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.office.desk import Desk
from tests.office import Office, opened_office


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office, on SQLite and again on PostgreSQL."""
    with opened_office(database_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def desk(office: Office) -> Desk:
    """The office's desks: `desk.sign_in("reviewer")` gives somebody's browser."""
    return Desk(office)
