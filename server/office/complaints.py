"""Complaints, requests about a person's own data, and calls for help, each with its clock."""

from __future__ import annotations

from server.office.pages import Pages


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
