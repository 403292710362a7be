"""Devices: enrol with a picture to scan, last seen, what is unsent or parked, revoke."""

from __future__ import annotations

from server.office.pages import Pages


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
