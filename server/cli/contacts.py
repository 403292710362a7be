"""`fairvisit contacts` and `training`: what a lender did before, and what agents may show, read from files."""

from __future__ import annotations

from pathlib import Path

import click

from server.cli.importing import log_options, paper_options, say_report, shown_progress
from server.cli.showing import opened_site
from server.services.contacts import import_contacts
from server.services.importing import FileOrder
from server.services.training import import_papers


@click.command("contacts")
@log_options
def contacts_command(file: Path, mapping_path: Path | None, lender: str, encoding: str,
                     rejects_path: Path | None) -> None:  # fmt: skip
    """
    Import a lender's log of contacts from CSV or XLSX: calls, messages, letters, app, visits.

    Idempotent by the lender's reference of the contact; a changed row takes the place of the one before. Times that
    name no offset are read in FAIRVISIT_ZONE, or in the zone a mapping names.
    """
    order = FileOrder(file, mapping_path, lender, encoding, rejects_path=rejects_path)
    with opened_site() as site, shown_progress(file.name) as on_progress:
        report = import_contacts(site, order, on_progress)
    say_report(report, "new", "changed", "unchanged")


@click.command("training")
@paper_options
def training_command(file: Path, mapping_path: Path | None, encoding: str, rejects_path: Path | None) -> None:
    """
    Import papers of agents and agencies from CSV or XLSX.

    Of agents: trainings with hours, certificates, background checks, letters of a lender, cards, recorders. Of
    agencies: contracts, inspections, licences, published lists, their standing (agency or lender staff), checks of
    their record (clean or violent). Idempotent; papers that the file does not name stay.
    """
    order = FileOrder(file, mapping_path, encoding=encoding, rejects_path=rejects_path)
    with opened_site() as site, shown_progress(file.name) as on_progress:
        report = import_papers(site, order, on_progress)
    say_report(report, "new", "changed", "unchanged")
