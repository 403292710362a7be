"""A lender's file: upload it, map its columns, mend what was rejected."""

from __future__ import annotations

from server.office.pages import Pages


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
