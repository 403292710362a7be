"""Rows of an Excel workbook, one at a time (openpyxl, read only), with numbers kept as numbers and dates as dates."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from schemas.errors import FieldError
from server.importing.cells import Cell, Figure, Row

MOST_UNPACKED_BYTES = 2 << 30


class Workbook:
    """An open workbook: its visible sheets by name, each read as a stream. Close it when done."""

    def __init__(self, path: Path) -> None:
        try:
            with zipfile.ZipFile(path) as packed:
                unpacked = sum(part.file_size for part in packed.infolist())
            if unpacked > MOST_UNPACKED_BYTES:
                raise FieldError("invalid", {path.name: ["unpacks to over 2 GB; export the table as CSV."]})
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # openpyxl remarks on styles and validations that do not matter here
                self._book = load_workbook(path, read_only=True, data_only=True)
        except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
            said = "is no workbook that can be read; save it again as XLSX."
            raise FieldError("invalid", {path.name: [said]}) from error
        self.counts_from_1904 = self._book.epoch.year == 1904

    def sheet_names(self) -> list[str]:
        """Give the names of the sheets that a person sees, in order."""
        return [sheet.title for sheet in self._book.worksheets if sheet.sheet_state == "visible"]

    def row_count(self, sheet_name: str) -> int:
        """Give how many rows the sheet says it has, 0 where it does not."""
        return self._book[sheet_name].max_row or 0

    def read_rows(self, sheet_name: str) -> Iterator[Row]:
        """Give each row that holds anything, with its number in the sheet."""
        sheet = self._book[sheet_name]
        sheet.reset_dimensions()  # some programs write a dimension of A1 whatever the sheet holds
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for number, cells in enumerate(sheet.iter_rows(), start=1):
                row = [_read_cell(cell) for cell in cells]
                while row and row[-1] == "":
                    row.pop()
                if row:
                    yield Row(number, tuple(row))

    def close(self) -> None:
        """Close the file."""
        self._book.close()


def _read_cell(cell: Any) -> Cell:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return Figure(value, cell.number_format or "General")
    if isinstance(value, datetime | date):
        return value
    if isinstance(value, time):
        return value.isoformat("seconds")
    if isinstance(value, timedelta):
        return str(value)
    return str(value)
