"""
What a column usually looks like, learnt from the rows read ahead, where the mapping does not say it.

Only enough agreement counts: three values and three quarters of them. What stays open is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from schemas.errors import FieldError
from server.importing.cells import Cell, Row, fold_width, read_text
from server.importing.columns import Column
from server.importing.number_values import year_last_parts
from server.importing.settings import DateOrder

LEAST_VALUES = 3
LEAST_SHARE = 0.75


def usual_reference_digits(ahead: Sequence[Row], column: Column) -> int:
    """Give the usual number of digits where all-digit references have leading zeros at all; 0 where none is usual."""
    texts = [text for text in _texts(ahead, column) if text.isdigit()]
    digits = _usual_length(texts)
    return digits if any(text.startswith("0") for text in texts) else 0


def usual_postal_digits(ahead: Sequence[Row], column: Column) -> tuple[int, ...]:
    """Give the usual number of digits of postal codes; none where nothing is usual, as with codes that hold letters."""
    texts = [text.partition("-")[0] for text in _texts(ahead, column)]
    numbers = [text for text in texts if text.isdigit()]
    digits = _usual_length(numbers)
    return (digits,) if digits and len(numbers) >= LEAST_SHARE * len(texts) else ()


def usual_date_order(ahead: Sequence[Row], column: Column) -> DateOrder | None:
    """
    Give which of day and month comes first in dates with the year last; None where there are none such.

    Raises `FieldError("invalid")` where there are some and none of them tells.
    """
    pairs = [pair for row in ahead if (pair := year_last_parts(_cell(row, column)))]
    if not pairs:
        return None
    day_first = any(first > 12 for first, _ in pairs)
    month_first = any(second > 12 for _, second in pairs)
    if day_first != month_first:
        return "dmy" if day_first else "mdy"
    sentence = f"in column “{column.title}” day and month cannot be told apart."
    cure = "Say it in a mapping file: settings: {dates: dmy} or {dates: mdy}."
    raise FieldError("invalid", {"dates": [sentence, cure]})


def _usual_length(texts: Sequence[str]) -> int:
    if len(texts) < LEAST_VALUES:
        return 0
    length, count = Counter(len(text) for text in texts).most_common(1)[0]
    return length if count >= LEAST_SHARE * len(texts) else 0


def _texts(ahead: Sequence[Row], column: Column) -> Iterator[str]:
    for row in ahead:
        text = read_text(_cell(row, column))
        if isinstance(text, str) and text:
            yield fold_width(text)


def _cell(row: Row, column: Column) -> Cell:
    return row.cells[column.index] if column.index < len(row.cells) else ""
