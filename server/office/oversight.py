"""How agencies' visits went: conduct and work, with feedback; recovery never alone."""

from __future__ import annotations

from server.office.pages import Pages


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
