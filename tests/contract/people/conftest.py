"""What the tests of people, packing, holds and assigning may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from schemas.errors import FieldError
from server.cli.main import fairvisit
from tests.contract.people.office import Office, opened_office

Run = Callable[..., Result]


@pytest.fixture
def office(database_url: str) -> Iterator[Office]:
    """An office with three agents, on SQLite and again on PostgreSQL."""
    with opened_office(database_url) as opened:
        opened.add_agents("a1", "a2", "a3")
        yield opened


@pytest.fixture
def run(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on the office's database; an expected error becomes exit code 1, as `main` makes it."""
    monkeypatch.setenv("FAIRVISIT_DATABASE_URL", office.site.settings.database_url)
    monkeypatch.setenv("FAIRVISIT_FOLDER", str(tmp_path))

    def invoke(*arguments: str, typed: str = "") -> Result:
        result = CliRunner().invoke(fairvisit, arguments, input=typed)
        assert result.exception is None or isinstance(result.exception, (FieldError, SystemExit)), result.exception
        return result

    return invoke
