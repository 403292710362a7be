"""The dispatch board: who goes where, what is blocked and until when, a crew's day."""

from __future__ import annotations

from server.office.pages import Pages


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
