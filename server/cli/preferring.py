"""`fairvisit prefer`: what a person asked for, kept for all of their cases until it is ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from schemas.errors import FieldError
from server.cli.showing import opened_site, pick, say_time, show_json, show_table
from server.domain.conduct.wording import say_weekdays
from server.services import choosing, preferring

KINDS = ("not_between", "only_between", "not_on", "not_at", "not_by")
WISH = ("id", "kind", "starts", "ends", "weekdays", "value", "source", "given_ms")


@click.command("prefer")
@click.argument("reference")
@click.option("--lender", help="Whose reference it is, where two lenders use the same.")
@click.option("--not-between", metavar="HH:MM-HH:MM", help="Hours at which nobody shall come, local to the place.")
@click.option("--only-between", metavar="HH:MM-HH:MM", help="Hours at which one may come; several are alternatives.")
@click.option("--not-on", metavar="DAYS", help="Days of the week on which nobody shall come: sat,sun.")
@click.option("--not-at", metavar="PLACE", help=f"Where nobody shall come: {', '.join(preferring.PLACES)}.")
@click.option("--not-by", metavar="MEDIUM", help=f"How not to be reached: {', '.join(preferring.MEDIA)}.")
@click.option("--by", default="person", show_default=True, help="Who told it; it is kept.")
@click.option("--end", metavar="ID", help="End a wish; its id, or the end of it.")
@click.option("--list", "is_list", is_flag=True, help="Show what this person asks for now.")
@click.option("--json", "is_json", is_flag=True, help="Print JSON, with --list.")
def prefer_command(
    reference: str,
    lender: str | None,
    by: str,
    end: str | None,
    is_list: bool,
    is_json: bool,
    **wishes: str | None,
) -> None:
    """
    Keep what the person of the case REFERENCE asked for; it holds for all of their cases.

    A wish narrows when a visit may be, and never widens it. It is judged when a case is assigned or its lease extended.
    """
    asked = [(kind, text) for kind in KINDS if (text := wishes[kind]) is not None]
    if len(asked) + (end is not None) + is_list != 1:
        named = ", ".join(f"--{kind.replace('_', '-')}" for kind in KINDS)
        raise FieldError("invalid", detail=f"Name one of {named}, --list or --end.")
    with opened_site() as site:
        [case_id] = choosing.find_cases(site, [reference], lender)
        if end is not None:
            click.echo(f"Ended: {preferring.end_wish(site, case_id, end)}.")
            return
        for kind, text in asked:
            wish_id = preferring.keep_wish(site, case_id, preferring.read_wish(kind, text), by)
            click.echo(f"Kept for every case of this person: {wish_id}.")
            return
        rows = [pick(row, WISH) for row in preferring.list_wishes(site, case_id)]
    if is_json:
        show_json(rows)
        return
    table = [
        (row["id"], row["kind"].replace("_", " "), _say_what(row), row["source"], say_time(row["given_ms"]))
        for row in rows
    ]
    show_table(("wish", "kind", "what", "told by", "since"), table, "This person asked for nothing.")


def _say_what(row: Mapping[str, Any]) -> str:
    times = say_weekdays(row["weekdays"]) if row["weekdays"] else f"{row['starts']}-{row['ends']}"
    return str(row["value"] or times)
