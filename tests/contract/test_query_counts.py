"""How many statements an exchange asks of the database: few, and never more for more events or items."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event

from server.storage.feed import Change
from tests.office import Phone, opened_office

ASKED: list[str] = []
TRANSACTIONS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")


def _note(statement: Any) -> None:
    words = str(statement).strip()
    if not words.upper().startswith(TRANSACTIONS):
        ASKED.append(" ".join(words.split()))


class SqliteCursor(sqlite3.Cursor):
    """Notes what it is asked."""

    def execute(self, sql: str, *parameters: Any) -> Any:
        """Ask."""
        _note(sql)
        return super().execute(sql, *parameters)

    def executemany(self, sql: str, rows: Any) -> Any:
        """Ask for each row."""
        _note(sql)
        return super().executemany(sql, rows)


class SqliteConnection(sqlite3.Connection):
    """Gives cursors that note what they are asked."""

    def cursor(self, factory: Any = SqliteCursor) -> Any:
        """Give a cursor."""
        return super().cursor(factory)

    def execute(self, sql: str, *parameters: Any) -> Any:
        """Ask without a cursor."""
        return self.cursor().execute(sql, *parameters)


class PostgresCursor(psycopg.Cursor[Any]):
    """Notes what it is asked."""

    def execute(self, query: Any, *parameters: Any, **options: Any) -> Any:
        """Ask."""
        _note(query)
        return super().execute(query, *parameters, **options)

    def executemany(self, query: Any, *rows: Any, **options: Any) -> None:
        """Ask for each row."""
        _note(query)
        super().executemany(query, *rows, **options)

    def copy(self, statement: Any, *parameters: Any, **options: Any) -> Any:
        """Send rows."""
        _note(statement)
        return super().copy(statement, *parameters, **options)


def _listen(dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> None:
    if dialect.name == "sqlite":
        options["factory"] = SqliteConnection
    else:
        options["cursor_factory"] = PostgresCursor


@pytest.fixture
def phone(database_url: str, tmp_path: Path) -> Iterator[Phone]:
    """A phone whose office's database is listened to, its chain opened and its feed read."""
    event.listen(Engine, "do_connect", _listen)
    try:
        with opened_office(database_url, tmp_path / "folder") as office:
            phone = Phone.enrolled(office)
            phone.exchange()
            yield phone
    finally:
        event.remove(Engine, "do_connect", _listen)


def _asked_by(phone: Phone, *arguments: Any, **options: Any) -> list[str]:
    ASKED.clear()
    phone.exchange(*arguments, **options)
    return list(ASKED)


def _record(phone: Phone, count: int, case_id: str, visit_id: str) -> list[dict[str, Any]]:
    return [phone.step(case_id, visit_id) for _ in range(count)]


def test_an_idle_exchange_asks_one_thing(phone: Phone) -> None:
    """An idle exchange is one statement on either database."""
    phone.exchange([])

    assert 1 == len(_asked_by(phone, []))


def test_twenty_events_ask_no_more_than_one(phone: Phone) -> None:
    """A push of 20 events of a visit asks as many statements as a push of one."""
    case_id, visit_id = phone.office.add_case("L-1"), phone.office.site.new_id()
    phone.office.assign(case_id, phone.agent_id)
    phone.exchange(_record(phone, 1, case_id, visit_id), checkpoint=phone.checkpoint())
    one = _asked_by(phone, _record(phone, 1, case_id, visit_id), checkpoint=phone.checkpoint())
    twenty = _asked_by(phone, _record(phone, 20, case_id, visit_id), checkpoint=phone.checkpoint())

    assert len(one) == len(twenty)
    assert len(twenty) <= 13, twenty


def test_a_repeat_of_twenty_events_writes_nothing(phone: Phone) -> None:
    """A batch that was taken before is answered by three reads, whatever it holds."""
    case_id, visit_id = phone.office.add_case("L-1"), phone.office.site.new_id()
    phone.office.assign(case_id, phone.agent_id)
    batch = _record(phone, 20, case_id, visit_id)
    phone.exchange(batch, checkpoint=phone.checkpoint())
    phone.exchange([])
    asked = _asked_by(phone, batch, checkpoint=phone.checkpoint())

    assert ["SELECT"] * 3 == [statement.split()[0] for statement in asked]


def test_fifty_items_ask_no_more_than_one(phone: Phone) -> None:
    """A page of 50 items asks as many statements as a page of one."""
    office = phone.office
    counts = []
    for size in (1, 50):
        office.publish(*(Change(phone.agent_id, "packet", office.site.new_id(), 1, {"n": at}) for at in range(size)))
        counts.append(len(_asked_by(phone, [])))

    assert counts[0] == counts[1]
    assert counts[1] <= 4
