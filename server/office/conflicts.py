"""Contact corrections that contradict each other, side by side, and positions of doors to confirm."""

from __future__ import annotations

from server.office.pages import Pages


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
