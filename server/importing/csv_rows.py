"""
Rows of a delimited text file, one at a time, in bounded memory.

A quotation mark that is never closed costs its own row only: a record may run over further lines as long as it
then has the header's width; otherwise the first line is given with a fault and reading goes on with the next.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from server.importing.cells import Refusal, Row

DELIMITERS = (",", "\t", ";", "|")
MOST_LINES_A_ROW = 50
MOST_LETTERS_A_LINE = 1 << 20
SAMPLE_LINES = 50
QUOTES = Refusal(
    "A quotation mark is opened and never closed, or stands in the middle of a cell.",
    "Close the mark, or write it twice inside a quoted cell.",
)
LONG_LINE = Refusal("The line is longer than a million letters.", "Check that the file has line ends.")


def open_lines(path: Path, encoding: str) -> Iterator[str]:
    """Give the file's lines; bytes that do not decode come as lone surrogates, which the parsers refuse by row."""
    errors = "surrogateescape" if not encoding.startswith(("utf-16", "utf-32")) else "replace"
    with path.open(encoding=encoding, errors=errors, newline="") as file:
        while line := file.readline(MOST_LETTERS_A_LINE):
            yield line


def find_delimiter(lines: Iterable[str]) -> str:
    r"""
    Give the delimiter that cuts the first lines most evenly; a comma where none does.

    >>> find_delimiter(["a;b;c", '"1,5";2;3'])
    ';'
    """
    sample = [line for line in islice(lines, SAMPLE_LINES) if line.strip()]
    best, best_score = ",", (0, 0)
    for delimiter in DELIMITERS:
        widths = [len(row) for row in csv.reader(sample, delimiter=delimiter) if len(row) > 1]
        if widths:
            usual = max(set(widths), key=lambda width: (widths.count(width), width))
            score = (widths.count(usual), usual)
            if score > best_score:
                best, best_score = delimiter, score
    return best


def read_rows(lines: Iterator[str], delimiter: str, width: int = 0) -> Iterator[Row]:
    """
    Give each record with the line it begins on; blank lines are passed over.

    *width* is the header's, 0 while it is not known: a record over several lines must have it.
    """
    waiting: deque[str] = deque()
    number = 0

    def next_line() -> str | None:
        return waiting.popleft() if waiting else next(lines, None)

    while (line := next_line()) is not None:
        number += 1
        if not line.strip():
            continue
        cells = _split([line], delimiter)
        if cells is not None:
            yield Row(number, tuple(cells))
            continue
        block, cells = [line], None
        while len(block) < MOST_LINES_A_ROW and (further := next_line()) is not None:
            block.append(further)
            cells = _split(block, delimiter)
            if cells is not None:
                break
        if cells is not None and (not width or len(cells) == width):
            yield Row(number, tuple(cells))
            number += len(block) - 1
            continue
        waiting.extendleft(reversed(block[1:]))
        fault = LONG_LINE if len(line) >= MOST_LETTERS_A_LINE else QUOTES
        yield Row(number, tuple(next(csv.reader([line], delimiter=delimiter, quoting=csv.QUOTE_NONE))), fault)


def _split(block: list[str], delimiter: str) -> list[str] | None:
    """Give the one record that the lines make, or None if they make none, or not yet."""
    try:
        records = list(csv.reader(block, delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return records[0] if len(records) == 1 else None
