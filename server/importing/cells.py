"""
What one cell of a lender's table may hold, and how it is read as text without losing digits.

Stands between the readers (CSV, XLSX) and the parsers of single fields. A parser gives a value or a `Refusal`,
never an exception: a bad cell is ordinary life.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime

MOST_EXACT = 10**15  # a spreadsheet keeps 15 digits of a number


@dataclass(frozen=True, slots=True)
class Figure:
    """A number cell of a spreadsheet, with the format it is shown in."""

    value: int | float
    number_format: str = "General"


Cell = str | Figure | date | datetime


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a cell or row cannot be taken, and what to do about it, each as a plain sentence."""

    reason: str
    cure: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: the line it begins on (1-based), its cells, and what is wrong with the row as a whole."""

    line: int
    cells: tuple[Cell, ...]
    fault: Refusal | None = None


TEXT_CURE = (
    "Format the column as text in the source and export it again, or type the whole value in full; "
    "digits that a spreadsheet dropped cannot be restored."
)
_SCIENTIFIC = re.compile(r"[+-]?(?:\d[.,]\d+E\+?\d+|\dE\+\d+)\Z", re.IGNORECASE)
_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!|####*)", re.IGNORECASE)
_QUOTED_FORMULA = re.compile(r'="([^"]*)"\Z')
_ZEROS = re.compile(r"0{2,}\Z")
_INVISIBLE = str.maketrans("", "", "\ufeff\u200b\u200c\u200d\u2060\u00ad")
_BLANKS = re.compile(r"\s+")


def show_cell(cell: Cell) -> str:
    """
    Give a cell as a person sees it; number formats of plain zeros keep their leading zeros.

    >>> show_cell(Figure(94109.0)), show_cell(Figure(731, "000000"))
    ('94109', '000731')
    """
    if isinstance(cell, str):
        return cell
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == cell.min.time() else cell.isoformat(" ", "seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    if cell.value == int(cell.value):
        digits = str(int(cell.value))
        if _has_lost_digits(cell):
            return f"{cell.value:.5E}"
        return digits.zfill(len(cell.number_format)) if _ZEROS.match(cell.number_format) else digits
    return f"{cell.value:.15g}"


def read_text(cell: Cell) -> str | Refusal:
    """
    Give a cell as trimmed text, or refuse what has visibly lost something on its way.

    >>> read_text(" '00731 ")
    '00731'
    >>> read_text("1.10101E+17").reason
    'The number is shown as 1.10101E+17: its last digits are lost.'
    """
    if isinstance(cell, Figure) and _has_lost_digits(cell):
        return Refusal(f"The number is shown as {show_cell(cell)}: its last digits are lost.", TEXT_CURE)
    text = _BLANKS.sub(" ", show_cell(cell).translate(_INVISIBLE)).strip()
    if text.isascii() and text.isalnum():
        return text
    if formula := _QUOTED_FORMULA.match(text):
        text = formula[1].strip()
    if text.startswith("'"):
        text = text[1:].lstrip()
    if _SCIENTIFIC.match(text):
        return Refusal(f"The number is shown as {text}: its last digits are lost.", TEXT_CURE)
    if _ERROR.match(text):
        return Refusal(f"The cell holds the spreadsheet's own error {text}.", "Mend the formula, or type the value.")
    if any(letter in "\0\ufffd" or "\ud800" <= letter <= "\udfff" for letter in text):
        return Refusal(
            "Some letters cannot be read in the file's encoding.",
            "Type the value again, or export the file again as UTF-8 (or name its encoding with --encoding).",
        )
    return unicodedata.normalize("NFC", text)


def fold_width(text: str) -> str:
    """
    Give full-width digits and signs as plain ones, for numbers and codes.

    >>> fold_width("１２３．５")
    '123.5'
    """
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def is_blank(cell: Cell) -> bool:
    """Say whether nothing is written in the cell."""
    return isinstance(cell, str) and not cell.strip()


def _has_lost_digits(cell: Figure) -> bool:
    return abs(cell.value) >= MOST_EXACT
