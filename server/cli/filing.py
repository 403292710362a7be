"""`fairvisit files`: what the files of events hold, and sweeping what leads nowhere."""

from __future__ import annotations

import click

from server.cli.showing import opened_site
from server.services.sweeping import sweep_files


@click.group("files")
def files_command() -> None:
    """Photos, signatures and recordings that events name."""


@files_command.command("sweep")
@click.option("--look", is_flag=True, help="Only say what would be done.")
def sweep(look: bool) -> None:
    """Remove parts of uploads that lead nowhere and whole files that no event names; the worker does it hourly."""
    with opened_site() as site:
        swept = sweep_files(site, only_look=look)
    would = "Would remove" if look else "Removed"
    click.echo(f"{would} {swept.parts} parts and {swept.files} files; {swept.finished} parts were whole.")
    click.echo(f"Kept: {swept.held_files} files, {swept.held_bytes} bytes.")
