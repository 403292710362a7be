"""Today: what waits, what is overdue, who was not heard from; every number leads to what it counts."""

from __future__ import annotations

from server.office.pages import Pages


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
