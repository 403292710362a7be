"""The rules in force: text, citation, confidence, departures; and a visit to try them on."""

from __future__ import annotations

from server.office.pages import Pages


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
