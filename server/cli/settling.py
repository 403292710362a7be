"""`fairvisit settlement`: a month's visits per agency and agent, approved, rejected, open, contested; signed."""

from __future__ import annotations

from dataclasses import asdict

import click

from schemas.errors import FieldError
from server.cli.showing import opened_site, show_json, show_table
from server.services.settling import settle_month, sign_settlement
from server.storage import people_rows


@click.command("settlement")
@click.option("--month", required=True, metavar="YYYY-MM", help="The month in which the visits began.")
@click.option("--agency", help="Only this agency (its name).")
@click.option("--json", "is_json", is_flag=True, help="Print JSON, with the ids behind each sum and the signature.")
def settlement_command(month: str, agency: str | None, is_json: bool) -> None:
    """Count a month's visits, each once; every sum is that of the ids beside it."""
    with opened_site() as site:
        with site.store.read() as connection:
            known = people_rows.read_agencies(connection)
        if agency is not None and agency not in known:
            raise FieldError("not-found", detail=f"There is no agency '{agency}'.")
        lines = settle_month(site, month, [] if agency is None else [known[agency].id])
        signed = sign_settlement(site, month, lines)
    if is_json:
        show_json({"month": month, "lines": [asdict(line) for line in lines], "signed": signed})
        return
    rows = [
        (line.agency, line.agent, len(line.approved), len(line.rejected), len(line.open), len(line.contested))
        for line in lines
    ]
    titles = ("agency", "agent", "approved", "rejected", "still open", "contested")
    show_table(titles, rows, f"No visit began in {month}.")
