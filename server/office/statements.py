"""Statements: each device's day from both sides, signed off; a month's settlement."""

from __future__ import annotations

from server.office.pages import Pages


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
