"""`fairvisit conduct-report`: an agency's conduct over a period, in figures with what they were counted among."""

from __future__ import annotations

import csv
import sys
from dataclasses import asdict

import click

from server.cli.showing import opened_site, read_day, show_json
from server.domain.reporting import say_figure
from server.services.reporting import report_conduct

COLUMNS = ("name", "count", "of", "value", "unit", "note")


@click.command("conduct-report")
@click.option("--agency", required=True, help="Whose: the agency's name.")
@click.option("--from", "first", metavar="DAY", help="The first day, YYYY-MM-DD; without it, from the beginning.")
@click.option("--to", "last", metavar="DAY", help="The last day; without it, until now.")
@click.option("--json", "is_json", is_flag=True, help="Print JSON.")
@click.option("--csv", "is_csv", is_flag=True, help="Print CSV: a line for each figure.")
def conduct_report_command(agency: str, first: str | None, last: str | None, is_json: bool, is_csv: bool) -> None:
    """Show how an agency's visits went: no figure without what it was counted among, and nobody is ranked."""
    days = [None if text is None else read_day(name, text) for name, text in (("--from", first), ("--to", last))]
    with opened_site() as site:
        figures = report_conduct(site, agency, *days)
    rows = [{name: value for name, value in asdict(figure).items() if name in COLUMNS} for figure in figures]
    if is_json:
        show_json({"agency": agency, "from": first, "to": last, "figures": rows})
    elif is_csv:
        writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        click.echo(f"{agency}, {first or 'from the beginning'} to {last or 'now'}")
        for figure in figures:
            click.echo(f"  {say_figure(figure)}")
