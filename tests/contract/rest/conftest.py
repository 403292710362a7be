"""What the tests of the REST API may ask for: an office on both databases, and accounts in it."""

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
    """The office's accounts."""
    return Desk(office)
