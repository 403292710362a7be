"""What people of the office did and looked at; can be searched, exported, proved whole."""

from __future__ import annotations

from server.office.pages import Pages


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
