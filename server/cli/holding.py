"""`fairvisit holds`: the protective halts in force, and what a person decides about them."""

from __future__ import annotations

from typing import Any

import click

from schemas.vocabulary import HoldReason, HoldScope
from schemas.words import say
from server.cli.showing import opened_site, pick, read_day, say_time, show_json, show_table
from server.services import choosing, holding
from server.storage import hold_rows

HOLD = ("id", "lender", "reference", "reason", "source", "agent_code", "owner", "is_provisional", "placed_ms")
TIMES = ("review_ms", "until_ms")
by = click.option("--by", required=True, help="Who decides; it is kept.")
reason = click.option("--reason", required=True, help="Why; it is kept.")


@click.group("holds")
def holds_command() -> None:
    """Protective halts on a case or a person, in force until they are lifted or their time has passed."""


@holds_command.command("list")
@click.option("--json", "is_json", is_flag=True, help="Print JSON.")
def list_holds(is_json: bool) -> None:
    """Show every hold in force, the next to be looked at first."""
    with opened_site() as site, site.store.read() as connection:
        rows = [{**pick(row, HOLD + TIMES), "scope": _scope(row).value} for row in hold_rows.read_live(connection)]
    if is_json:
        show_json(rows)
        return
    table = [
        (row["id"], row["reference"], say(HoldScope(row["scope"])), say(HoldReason(row["reason"])), row["source"],
         row["agent_code"], row["owner"], "provisional" if row["is_provisional"] else "firm",
         *(None if row[name] is None else say_time(row[name]) for name in TIMES))
        for row in rows
    ]  # fmt: skip
    titles = ("hold", "case", "halts", "reason", "source", "agent", "owner", "state", "review", "until")
    show_table(titles, table, "No hold is in force.")


def _scope(row: Any) -> HoldScope:
    return HoldScope.CASE if row.person_id is None else HoldScope.PERSON


@holds_command.command("place")
@click.argument("reference")
@click.option("--lender", help="Whose reference it is, where two lenders use the same.")
@click.option("--reason", "word", required=True, type=click.Choice([each.value for each in HoldReason]), help="Why.")
@click.option("--scope", required=True, type=click.Choice([each.value for each in HoldScope]), help="What it halts.")
@by
@click.option("--until", metavar="DAY", help="The last day it lasts, YYYY-MM-DD; without it, as a rulebook says.")
def place_hold(reference: str, lender: str | None, word: str, scope: str, by: str, until: str | None) -> None:
    """Halt the case REFERENCE, or all cases of its person; every device that has one hears it at its next exchange."""
    with opened_site() as site:
        [case_id] = choosing.find_cases(site, [reference], lender)
        day = None if until is None else read_day("--until", until)
        hold_id, told = holding.place_office_hold(site, case_id, HoldScope(scope), HoldReason(word), by, day)
    click.echo(f"Hold {hold_id} is placed. Agents who hear of it at their next exchange: {told}.")


@holds_command.command("confirm")
@click.argument("hold")
@by
@reason
def confirm_hold(hold: str, by: str, reason: str) -> None:
    """Make HOLD firm, whose event was set aside; its id, or the end of it."""
    with opened_site() as site:
        hold_id = holding.find_hold(site, hold)
        holding.confirm_hold(site, hold_id, by, reason)
    click.echo(f"Hold {hold_id} is firm; {by} answers for it.")


@holds_command.command("extend")
@click.argument("hold")
@by
@reason
def extend_hold(hold: str, by: str, reason: str) -> None:
    """Let HOLD last longer, by as much as a rulebook says; its id, or the end of it."""
    with opened_site() as site:
        hold_id = holding.find_hold(site, hold)
        until_ms = holding.extend_hold(site, hold_id, by, reason)
    click.echo(f"Hold {hold_id} lasts until {say_time(until_ms)}.")


@holds_command.command("lift")
@click.argument("hold")
@by
@reason
def lift_hold(hold: str, by: str, reason: str) -> None:
    """Lift HOLD, by another person than the one who placed it; its id, or the end of it."""
    with opened_site() as site:
        hold_id = holding.find_hold(site, hold)
        told = holding.lift_hold(site, hold_id, by, reason)
    click.echo(f"Hold {hold_id} is lifted. Agents who hear of it at their next exchange: {told}.")
