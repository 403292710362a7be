"""Approving many clean visits at once, after a sample of them was looked at one by one."""

from __future__ import annotations

from server.office.pages import Pages


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
