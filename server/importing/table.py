"""
A lender's file opened as a table: titles first, then its rows as a stream, whatever the file is.

Comes in: a path, a mapping, perhaps an encoding. Goes out: a `Table`. The first rows are read ahead to find the header
and to see what dates, references and postal codes usually look like; the rest is never held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, dropwhile, islice
from pathlib import Path

from schemas.errors import FieldError
from server.importing.cells import Row
from server.importing.columns import Plan, plan_columns, score_titles
from server.importing.csv_rows import find_delimiter, open_lines, read_rows
from server.importing.encodings import check_encoding, decide_encoding
from server.importing.fields import FileSpec
from server.importing.headers import Header, find_header
from server.importing.settings import FileMapping
from server.importing.xlsx_rows import Workbook

AHEAD_ROWS = 1_000
AHEAD_LINES = 50


@dataclass(frozen=True)
class Table:
    """An open table: its titles, the plan of its columns, and its rows below the header, once."""

    titles: tuple[str, ...]
    plan: Plan
    ahead: Sequence[Row]
    rows: Iterator[Row]
    encoding: str  # "xlsx" for a workbook
    counts_from_1904: bool
    position: Callable[[], int]  # how much of `size` was read, for a progress bar
    size: int


@contextmanager
def open_table(path: Path, spec: FileSpec, mapping: FileMapping, encoding: str = "") -> Iterator[Table]:
    """Open *path*; raise `FieldError("invalid")` where its form, encoding, header or columns cannot be told."""
    try:
        with path.open("rb") as file:
            start = file.read(512)
    except OSError as error:
        raise FieldError("invalid", {str(path): [f"cannot be read: {error.strerror}."]}) from error
    if not start.strip():
        raise FieldError("invalid", {path.name: ["is empty."]})
    if start.startswith(b"PK\x03\x04"):
        book = Workbook(path)
        try:
            yield _open_sheet(path, book, spec, mapping)
        finally:
            book.close()
        return
    if start.startswith(b"\xd0\xcf\x11\xe0") or start.lstrip()[:6].lower() in (b"<html>", b"<html ", b"<!doct"):
        said = "is an old workbook or a web page, whatever its name says. Save it as XLSX or CSV."
        raise FieldError("invalid", {path.name: [said]})
    yield _open_text(path, spec, mapping, encoding)


def _open_text(path: Path, spec: FileSpec, mapping: FileMapping, encoding: str) -> Table:
    codec = check_encoding(encoding) if encoding else decide_encoding(path, spec.by_word)
    delimiter = find_delimiter(open_lines(path, codec))
    header = _find_header(read_rows(open_lines(path, codec), delimiter), spec, mapping)
    if header is None:
        raise _no_header(path, spec)
    counted = _Counted(open_lines(path, codec))
    # read from the start again: only now is it known how wide a row is
    rows = read_rows(counted, delimiter, len(header.titles))
    letters = max(path.stat().st_size // (2 if codec.startswith("utf-16") else 1), 1)
    return _build(rows, header, spec, mapping, codec, False, counted.position, letters)


def _open_sheet(path: Path, book: Workbook, spec: FileSpec, mapping: FileMapping) -> Table:
    names = book.sheet_names()
    if mapping.sheet and mapping.sheet not in names:
        raise FieldError("invalid", {"sheet": [f"“{mapping.sheet}” is no sheet of {path.name}: {', '.join(names)}."]})
    for name in [mapping.sheet] if mapping.sheet else names:
        header = _find_header(book.read_rows(name), spec, mapping)
        if header is not None:
            rows = _CountedRows(book.read_rows(name))
            size = max(book.row_count(name), 1)
            return _build(rows, header, spec, mapping, "xlsx", book.counts_from_1904, rows.position, size)
    raise _no_header(path, spec)


def _find_header(rows: Iterator[Row], spec: FileSpec, mapping: FileMapping) -> Header | None:
    first = list(islice(rows, max(AHEAD_LINES, mapping.header_row + 1)))
    return find_header(first, lambda titles: score_titles(titles, spec, mapping), mapping.header_row)


def _build(
    rows: Iterator[Row], header: Header, spec: FileSpec, mapping: FileMapping, encoding: str,
    counts_from_1904: bool, position: Callable[[], int], size: int,
) -> Table:  # fmt: skip
    plan = plan_columns(header.titles, spec, mapping)
    below = dropwhile(lambda row: row.line <= header.last_line, rows)
    ahead = list(islice(below, AHEAD_ROWS))
    return Table(header.titles, plan, ahead, chain(ahead, below), encoding, counts_from_1904, position, size)


def _no_header(path: Path, spec: FileSpec) -> FieldError:
    needed = ", ".join(name for name, about in spec.fields.items() if about.required)
    sentence = f"no row of titles was found in the first rows. Needed are columns for {needed}; "
    return FieldError("invalid", {path.name: [sentence + "name them in a mapping file (columns, header_row)."]})


class _Counted:
    """Lines, with a count of the letters that went by."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._letters = 0

    def position(self) -> int:
        """Give the count."""
        return self._letters

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self._letters += len(line) if line.isascii() else len(line.encode("utf-8", "replace"))
        return line


class _CountedRows:
    """Rows, with the number of the last one."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._line = 0

    def position(self) -> int:
        """Give the number."""
        return self._line

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        row = next(self._rows)
        self._line = row.line
        return row
