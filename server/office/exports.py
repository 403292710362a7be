"""What leaves the office as a file: made as a job, counted, with a checksum; one visit's whole record."""

from __future__ import annotations

from server.office.pages import Pages


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
