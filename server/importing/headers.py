"""
Finding the header of a table: not always the first row, and sometimes two rows with merged cells.

The first rows come in; the titles and the place where the rows of cases begin go out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from server.importing.cells import Row, show_cell

SEARCHED_ROWS = 20
Score = Callable[[Sequence[str]], int]


@dataclass(frozen=True, slots=True)
class Header:
    """The titles, and the line that the rows of cases begin after."""

    titles: tuple[str, ...]
    last_line: int


def find_header(rows: Sequence[Row], score: Score, at_line: int = 0) -> Header | None:
    """
    Give the row, or the two merged rows, whose titles have the best *score*; None where none scores 2 or more.

    *at_line* fixes the row instead. Of equal scores the first and the plainer one counts.
    """
    best: Header | None = None
    best_score = 1 if not at_line else -1
    for place, row in enumerate(rows if at_line else rows[:SEARCHED_ROWS]):
        if at_line and row.line != at_line:
            continue
        upper = [show_cell(cell).strip() for cell in row.cells]
        choices = [Header(tuple(upper), row.line)]
        if place + 1 < len(rows) and "" in upper + [""] * (len(rows[place + 1].cells) - len(upper)):
            lower = [show_cell(cell).strip() for cell in rows[place + 1].cells]
            if not any(title.isdigit() for title in lower):
                choices.append(Header(tuple(merge_titles(upper, lower)), rows[place + 1].line))
        for header in choices:
            found = score(header.titles)
            if found > best_score:
                best, best_score = header, found
    return best


def merge_titles(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """
    Give one title a column for a header whose upper cells are merged over several lower ones.

    >>> merge_titles(["Loan no", "Borrower", "", "Guarantor", ""], ["", "Name", "Phone", "Name", "Phone"])
    ['Loan no', 'Borrower Name', 'Borrower Phone', 'Guarantor Name', 'Guarantor Phone']
    >>> merge_titles(["Loan no", "Borrower", ""], ["", "Name", "Phone"])
    ['Loan no', 'Name', 'Phone']
    """
    width = max(len(upper), len(lower))
    above = [*upper, *[""] * (width - len(upper))]
    below = [*lower, *[""] * (width - len(lower))]
    titles = []
    group = ""
    for parent, child in zip(above, below, strict=True):
        group = parent or (group if child else "")
        if child and group and below.count(child) > 1:
            titles.append(f"{group} {child}")
        else:
            titles.append(child or parent)
    return titles
