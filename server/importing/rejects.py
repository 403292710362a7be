"""
The rejects file: every bad row as it was, with line, column, reason and cure beside it, so that it can be mended.

It has the titles of the original, so the same mapping takes it back in. It is UTF-8 with a mark, which spreadsheets
open rightly; it appears under its name only once it is complete, and may be read by its owner only. Doubts, which a
person looks at though the row was taken, have a file of the same form.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from server.importing.cells import show_cell
from server.importing.columns import REJECT_TITLES
from server.importing.reading import Reject

MOST_DOUBTS = 20  # that are told one by one; if there are more, a file holds them all
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class RejectsFile:
    """
    Writes rejects to *path*, one row each; with no reject there is no file.

    Rows come with the titles of the table they are from. Left by an exception, it leaves no file behind.
    """

    def __init__(self, path: Path, titles: Sequence[str]) -> None:
        self.path = path
        self.count = 0
        self._titles = [title for title in titles if title not in REJECT_TITLES]
        self._kept = [index for index, title in enumerate(titles) if title not in REJECT_TITLES]
        self._part = path.with_name(path.name + ".part")
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        return self

    def write(self, reject: Reject) -> None:
        """Write one bad row; its faults stand one after the other in the added columns."""
        if self._file is None:
            number = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            self._file = os.fdopen(number, "w", encoding="utf-8-sig", errors="replace", newline="")
            csv.writer(self._file).writerow([*self._titles, *REJECT_TITLES])
        shown = [show_cell(cell) for cell in reject.cells]
        cells = [shown[index] if index < len(shown) else "" for index in self._kept]
        columns = " | ".join(column or "the row" for column, _ in reject.faults)
        reasons = " | ".join(fault.reason for _, fault in reject.faults)
        cures = " | ".join(dict.fromkeys(fault.cure for _, fault in reject.faults))
        csv.writer(self._file).writerow([*map(_defuse, cells), reject.line, columns, reasons, cures])
        self.count += 1

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._file is None:
            return
        self._file.close()
        if kind is None:
            os.replace(self._part, self.path)
        else:
            self._part.unlink()


class DoubtsFile(RejectsFile):
    """A run's doubts: the first few in hand as (line, column, sentence), all of them in a file if there are more."""

    def __init__(self, path: Path, titles: Sequence[str]) -> None:
        super().__init__(path, titles)
        self.first: list[tuple[int, str, str]] = []
        self.total = 0
        self._waiting: list[Reject] = []

    def write(self, reject: Reject) -> None:
        """Keep one doubtful row; the file begins with the row whose doubts are too many to tell."""
        told = [(reject.line, column, doubt.reason) for column, doubt in reject.faults]
        self.first += told[: MOST_DOUBTS - len(self.first)]
        self.total += len(told)
        self._waiting.append(reject)
        if self.total > MOST_DOUBTS:
            for each in self._waiting:
                super().write(each)
            self._waiting.clear()


def _defuse(text: str) -> str:
    """
    Keep a spreadsheet from running a cell that begins like a formula; reading takes the apostrophe off again.

    >>> _defuse("=1+1"), _defuse("-12.50"), _defuse("+861380")
    ("'=1+1", '-12.50', '+861380')
    """
    if text.startswith(_FORMULA_STARTS) and not text[1:].replace(".", "").replace(",", "").isdigit():
        return "'" + text
    return text
