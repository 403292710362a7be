"""An office on each database, for the tests of the exchange."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.office import Office, opened_office


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office with an empty town."""
    with opened_office(database_url, tmp_path / "folder") as opened:
        yield opened
