"""
Rows of a table made into records, each with its doubts, or into rejects, each with reasons and cures.

The last step of reading: what comes out is typed and plain (texts and integers), ready for a service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import cast

from server.domain.coordinates import to_wgs84_e7
from server.importing import number_values as numbers
from server.importing import text_values as texts
from server.importing import usual
from server.importing.cells import Cell, Refusal, Row, is_blank
from server.importing.columns import Column
from server.importing.fields import FieldSpec, FileSpec
from server.importing.settings import FileMapping, ReadingSettings
from server.importing.table import Table
from server.importing.text_values import Doubtful

Value = str | int
Parsed = str | int | Decimal | Doubtful | Refusal | list[str | Doubtful]
WIDE = Refusal(
    "The row has more cells than the header.",
    "Put text that holds the delimiter into quotation marks, or remove the extra delimiter.",
)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something taken as it stands that a person should look at: of which field, in which column."""

    field: str
    column: str
    reason: str
    cure: str


@dataclass(frozen=True, slots=True)
class Record:
    """A good row: its values by field. Money in minor units, coordinates 1e-7 degree WGS-84, days as YYYY-MM-DD."""

    line: int
    values: Mapping[str, Value]
    doubts: tuple[Doubt, ...]
    cells: tuple[Cell, ...]

    def text(self, field: str) -> str:
        """Give a text field, empty where the row has none."""
        return str(self.values.get(field, ""))

    def number(self, field: str) -> int | None:
        """Give a number field, None where the row has none."""
        value = self.values.get(field)
        return value if isinstance(value, int) else None


@dataclass(frozen=True, slots=True)
class Reject:
    """A bad row, or a doubtful one: what is wrong with which columns, and the row as it was."""

    line: int
    faults: tuple[tuple[str, Refusal], ...]
    cells: tuple[Cell, ...]


def read_records(table: Table, spec: FileSpec, mapping: FileMapping) -> Iterator[Record | Reject]:
    """Give a record or a reject for each row of *table*, in order. What must be asked is asked before the first."""
    settings = replace(mapping.settings, counts_from_1904=table.counts_from_1904 or mapping.settings.counts_from_1904)
    fixed = {field: _fix(spec.fields[field], text, settings) for field, text in mapping.fixed.items()}
    parsers = {
        field: [(column, _parser(spec.fields[field], column, table, settings)) for column in columns]
        for field, columns in table.plan.columns.items()
    }
    reader = _Reader(spec, settings, parsers, fixed, len(table.titles))
    return (reader.read(row) for row in table.rows if not all(map(is_blank, row.cells)))


Parser = Callable[[Cell], Parsed]


def _fix(about: FieldSpec, text: str, settings: ReadingSettings) -> Parsed:
    return _plain_parser(about, Column(0, f"fixed.{about.name}"), settings)(text)


def _parser(about: FieldSpec, column: Column, table: Table, settings: ReadingSettings) -> Parser:
    """Give the parser of a column, with what is usual in it learnt from the rows ahead."""
    if about.kind in {"date", "moment"} and settings.dates is None:
        settings = replace(settings, dates=usual.usual_date_order(table.ahead, column))
    elif about.kind == "reference" and not settings.reference_digits:
        settings = replace(settings, reference_digits=usual.usual_reference_digits(table.ahead, column))
    elif about.kind == "postal_code" and not settings.postal_digits:
        settings = replace(settings, postal_digits=usual.usual_postal_digits(table.ahead, column))
    return _plain_parser(about, column, settings)


def _plain_parser(about: FieldSpec, column: Column, settings: ReadingSettings) -> Parser:
    unit = settings.money_unit or column.unit
    parsers: dict[str, Parser] = {
        "text": lambda cell: texts.parse_text(cell, about.most),
        "reference": lambda cell: texts.parse_reference(cell, settings.reference_digits, about.most),
        "identity": lambda cell: texts.parse_identity(cell, settings.identity_kinds),
        "phone": lambda cell: texts.parse_phones(cell, settings.phone_region),
        "postal_code": lambda cell: texts.parse_postal_code(cell, settings.postal_digits),
        "role": texts.parse_role,
        "fact": lambda cell: texts.parse_fact(cell, about.name),
        "money": lambda cell: numbers.parse_money(cell, unit, settings.decimal),
        "currency": numbers.parse_currency,
        "days": lambda cell: numbers.parse_count(cell, "days", "天"),
        "hours": lambda cell: numbers.parse_count(cell, "hours", "h", "小时", "小時"),
        "moment": lambda cell: numbers.parse_moment(cell, settings.dates, settings.zone, settings.counts_from_1904),
        "choice": lambda cell: texts.parse_choice(cell, about.choices),
        "number_reached": lambda cell: texts.parse_number_reached(cell, settings.phone_region),
        "date": lambda cell: numbers.parse_date(cell, settings.dates, settings.counts_from_1904),
        "latitude": lambda cell: numbers.parse_degrees(cell, 90),
        "longitude": lambda cell: numbers.parse_degrees(cell, 180),
        "precision": texts.parse_precision,
    }
    return parsers[about.kind]


class _Reader:
    """Reads one row after another by the same parsers."""

    def __init__(
        self, spec: FileSpec, settings: ReadingSettings, parsers: Mapping[str, list[tuple[Column, Parser]]],
        fixed: Mapping[str, Parsed], width: int,
    ) -> None:  # fmt: skip
        self._spec, self._settings, self._parsers, self._fixed, self._width = spec, settings, parsers, fixed, width
        columns = [column for pairs in parsers.values() for column, _ in pairs]
        self._titles = {field: pairs[0][0].title for field, pairs in parsers.items()}
        self._currencies = {column.title: column.currency for column in columns if column.currency}

    def read(self, row: Row) -> Record | Reject:
        """Make the row a record, or a reject that names all its faults at once."""
        if row.fault or any(not is_blank(cell) for cell in row.cells[self._width :]):
            return Reject(row.line, (("", row.fault or WIDE),), row.cells)
        faults: list[tuple[str, Refusal]] = []
        doubts: list[Doubt] = []
        found: dict[str, list[str | int | Decimal]] = {}
        for field, pairs in self._parsers.items():
            for column, parse in pairs:
                cell = row.cells[column.index] if column.index < len(row.cells) else ""
                if not is_blank(cell):
                    self._sort(field, column.title, parse(cell), found, faults, doubts)
        for field, parsed in self._fixed.items():
            if field not in found:
                self._sort(field, f"fixed.{field}", parsed, found, faults, doubts)
        values = self._join(found, faults)
        self._place(values, faults)
        for about in self._spec.fields.values():
            title = self._titles.get(about.name, about.name)
            if about.required and about.name not in values and title not in {column for column, _ in faults}:
                faults.append((title, Refusal("The cell is empty.", "Fill it in: no row can do without it.")))
        if faults:
            return Reject(row.line, tuple(faults), row.cells)
        return Record(row.line, values, tuple(doubts), row.cells)

    def _sort(
        self, field: str, title: str, parsed: Parsed, found: dict[str, list[str | int | Decimal]],
        faults: list[tuple[str, Refusal]], doubts: list[Doubt],
    ) -> None:  # fmt: skip
        for each in parsed if isinstance(parsed, list) else [parsed]:
            if isinstance(each, Refusal):
                faults.append((title, each))
            elif isinstance(each, Doubtful):
                doubts.append(Doubt(field, title, each.reason, each.cure))
                found.setdefault(field, []).append(each.value)
            elif each != "":
                found.setdefault(field, []).append(each)

    def _join(
        self, found: Mapping[str, list[str | int | Decimal]], faults: list[tuple[str, Refusal]]
    ) -> dict[str, Value]:
        """Give one value a field: several columns joined, money in minor units of the row's currency."""
        values: dict[str, Value] = {}
        currency = str(found["currency"][0]) if "currency" in found else self._settings.currency
        for field, several in found.items():
            if self._spec.fields[field].kind == "money":
                title = self._titles.get(field, field)
                named = self._currencies.get(title)
                if named and currency and named != currency:
                    said = f"The title says {named}, the row {currency}."
                    faults.append((title, Refusal(said, "Use one currency a row.")))
                    continue
                currency = currency or named or ""
                minor = numbers.to_minor(cast(Decimal, several[0]), currency)
                if isinstance(minor, Refusal):
                    faults.append((title, minor))
                else:
                    values[field] = minor
            elif self._spec.fields[field].kind == "phone":
                values[field] = "; ".join(dict.fromkeys(map(str, several)))
            elif isinstance(several[0], str):
                values[field] = join_texts([str(each) for each in several])
            else:
                values[field] = int(several[0])
        if currency:
            values["currency"] = currency
        return values

    def _place(self, values: dict[str, Value], faults: list[tuple[str, Refusal]]) -> None:
        """Make latitude and longitude WGS-84, or leave both out; half a position, or zero and zero, is none."""
        lat, lon = values.pop("lat", None), values.pop("lon", None)
        if not isinstance(lat, int) or not isinstance(lon, int) or (lat, lon) == (0, 0):
            if (lat is None) != (lon is None) and not faults:
                column = "lon" if lon is None else "lat"
                title = self._titles.get(column, column)
                half = Refusal("Half of the position is missing.", "Fill in both coordinates, or neither.")
                faults.append((title, half))
            return
        values["lat"], values["lon"] = to_wgs84_e7(lat, lon, self._settings.datum)
        values.setdefault("precision", self._settings.precision)


def join_texts(parts: list[str]) -> str:
    """
    Join the parts of an address: with a blank, but not between Chinese letters.

    >>> join_texts(["高雄市", "左營區"]), join_texts(["12 Oak St", "Flat 3"])
    ('高雄市左營區', '12 Oak St Flat 3')
    """
    joined = parts[0]
    for part in parts[1:]:
        if part and part not in joined:
            joined += part if not (joined[-1:].isascii() and part[:1].isascii()) else f" {part}"
    return joined
