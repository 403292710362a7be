"""What the tests of what persons do may ask for: an office on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.office import Office, opened_office


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office, on SQLite and again on PostgreSQL."""
    with opened_office(database_url, tmp_path, house_rulebook="") as opened:
        yield opened
