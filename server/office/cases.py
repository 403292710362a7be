"""Cases and people: search, one case with all that is known of it, why nobody can go there today."""

from __future__ import annotations

from server.office.pages import Pages


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
