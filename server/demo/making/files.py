"""The bundled files as bytes: rows in, CSV out, and what both portfolios share."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

DAYS = ("2016-10-11", "2016-10-12")  # the two working days on end of 2016 with the most visits: 123 and 45


def write_csv(titles: Sequence[str], rows: Iterable[Sequence[object]], encoding: str = "utf-8") -> bytes:
    """Give the rows as a CSV file's bytes."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(titles)
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def write_money(minor: int) -> str:
    """
    Write minor units the way lenders' files do.

    >>> write_money(123_456), write_money(-5)
    ('1,234.56', '-0.05')
    """
    sign, minor = ("-", -minor) if minor < 0 else ("", minor)
    return f"{sign}{minor // 100:,}.{minor % 100:02d}"
