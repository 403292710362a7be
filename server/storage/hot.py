"""
Statements of the exchange, written in Core like all others, compiled once, and run straight on the driver.

SQLAlchemy's own way costs 60 to 280 µs a statement, the driver 5 (SQLite) or 35 (PostgreSQL), and an exchange has a
few hundred in all. The price: values go in by position and come out as the database has them, ids and hashes as
bytes (`types.id_bytes`, `id_text`). Only statements that the benchmark names are written this way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import ClauseElement, Connection, Table, insert
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError

Values = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """A statement in one dialect's words; *arrange* puts the caller's values where its marks are."""

    sql: str
    mark: str
    arrange: Callable[[Values], Values] | None
    options: dict[str, Any]


class Hot:
    """
    One statement. *names* are those of its bound parameters, in the order values are given in.

    The last may be expanding (`IN`): its value is a sequence, asked for in powers of two by saying the last of it
    again, so that few texts of one statement are ever prepared. With *is_planned_anew* PostgreSQL plans it each time:
    a plan kept from a table's first minutes reads a range of the index where single places are asked for.
    """

    def __init__(self, statement: ClauseElement, *names: str, is_planned_anew: bool = False) -> None:
        self.statement, self.names, self.is_planned_anew = statement, names, is_planned_anew
        self._plans: dict[str, _Plan] = {}
        self._texts: dict[tuple[str, int], str] = {}

    def rows(self, connection: Connection, *values: Any) -> list[Values]:
        """Run it and give its rows."""
        found: list[Values] = self._execute(connection, values).fetchall()
        return found

    def row(self, connection: Connection, *values: Any) -> Values | None:
        """Run it and give its first row, None if there is none."""
        found: Values | None = self._execute(connection, values).fetchone()
        return found

    def run(self, connection: Connection, *values: Any) -> None:
        """Run it for what it does."""
        self._execute(connection, values)

    def each(self, connection: Connection, rows: Sequence[Values]) -> None:
        """Run it for each of *rows*."""
        plan = self._plan(connection)
        arranged = rows if plan.arrange is None else [plan.arrange(row) for row in rows]
        cursor = _driver(connection).cursor()
        try:
            cursor.executemany(plan.sql, arranged)
        except Exception as error:
            raise _as_ours(error, connection.dialect, plan.sql) from error

    def spread(self, connection: Connection, *values: Any) -> list[Values]:
        """Run it with an expanding last parameter, a sequence, and give its rows."""
        plan, listed = self._plan(connection), values[-1]
        size = 1 << (len(listed) - 1).bit_length()
        sql = self._texts.get((plan.mark, size))
        if sql is None:
            marks = ", ".join([plan.mark] * size)
            sql = self._texts[plan.mark, size] = plan.sql.replace(f"__[POSTCOMPILE_{self.names[-1]}]", marks)
        padded = [*listed, *[listed[-1]] * (size - len(listed))]
        arranged = values if plan.arrange is None else plan.arrange(values)
        flat = [one for value in arranged for one in (padded if value is listed else (value,))]
        try:
            found: list[Values] = _driver(connection).execute(sql, flat, **plan.options).fetchall()
        except Exception as error:
            raise _as_ours(error, connection.dialect, sql) from error
        return found

    def _execute(self, connection: Connection, values: Values) -> Any:
        plan = self._plan(connection)
        arranged = values if plan.arrange is None else plan.arrange(values)
        try:
            return _driver(connection).execute(plan.sql, arranged, **plan.options)
        except Exception as error:
            raise _as_ours(error, connection.dialect, plan.sql) from error

    def _plan(self, connection: Connection) -> _Plan:
        dialect = connection.dialect
        plan = self._plans.get(dialect.name)
        if plan is None:
            plan = self._plans[dialect.name] = _compile(self.statement, self.names, dialect)
            if self.is_planned_anew and plan.options:
                plan.options["prepare"] = False
        return plan


def _compile(statement: ClauseElement, names: Sequence[str], dialect: Dialect) -> _Plan:
    is_sqlite = dialect.name == "sqlite"
    style = "qmark" if is_sqlite else "format"
    compiled: Any = statement.compile(dialect=type(dialect)(paramstyle=style))  # type: ignore[call-arg]
    constants = {name: value for name, value in compiled.params.items() if name not in names}
    places = [*names, *constants]
    order = [places.index(name) for name in compiled.positiontup]
    arrange = None
    if order != list(range(len(names))):
        fixed, pick = tuple(constants.values()), itemgetter(*order)

        def arrange(values: Values) -> Values:
            return pick((*values, *fixed)) if len(order) > 1 else (pick((*values, *fixed)),)

    return _Plan(str(compiled), "?" if is_sqlite else "%s", arrange, {} if is_sqlite else {"binary": True})


class HotInsert:
    """Rows put into one table: SQLite takes them one by one in C, PostgreSQL by COPY (a third of unnest's time)."""

    def __init__(self, table: Table, *columns: str) -> None:
        self.table, self.columns = table, columns
        self._one_by_one = Hot(insert(table).values(dict.fromkeys(columns)), *columns)
        self._types: list[str] = []

    def put(self, connection: Connection, rows: Sequence[Values]) -> None:
        """Put *rows* in, each in the order of the columns."""
        if connection.dialect.name == "sqlite":
            self._one_by_one.each(connection, rows)
            return
        if not self._types:
            self._types = [self.table.c[name].type.compile(connection.dialect).lower() for name in self.columns]
        sql = f"COPY {self.table.name} ({', '.join(self.columns)}) FROM STDIN (FORMAT BINARY)"
        try:
            with _driver(connection).cursor() as cursor, cursor.copy(sql) as copy:
                copy.set_types(self._types)
                for row in rows:
                    copy.write_row(row)
        except Exception as error:
            raise _as_ours(error, connection.dialect, sql) from error


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _as_ours(error: Exception, dialect: Dialect, sql: str) -> BaseException:
    """Give a driver's error as SQLAlchemy's, as from any other statement."""
    assert dialect.dbapi is not None
    base = dialect.dbapi.Error
    return DBAPIError.instance(sql, None, error, base, hide_parameters=True, dialect=dialect)
