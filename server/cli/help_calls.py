"""`fairvisit help`: calls for help from the public pages and the telephone, with a timer."""

from __future__ import annotations

from typing import Any

import click

from schemas.vocabulary import HoldReason
from server.cli.showing import opened_site, pick, say_span, say_time, show_json, show_table
from server.domain.tokens import read_token
from server.services import choosing, help_calls
from server.services.site import Site
from server.storage import voice_rows

SHOWN = ("id", "reference", "address", "code", "channel", "reach", "made_ms", "alerted_ms", "taken_by", "closed_by")
by = click.option("--by", required=True, help="Who does it; it is kept.")
case = click.option("--case", "reference", help="The case's reference, where the call does not name it.")
lender = click.option("--lender", help="Whose reference it is, where two lenders use the same.")


@click.group("help")
def help_command() -> None:
    """Answer calls for help: take one, halt the case, message the crew, close it with what came of it."""


@help_command.command("list")
@click.option("--all", "with_closed", is_flag=True, help="Those that were closed, too.")
@click.option("--json", "is_json", is_flag=True, help="Print JSON.")
def list_calls(with_closed: bool, is_json: bool) -> None:
    """Show calls: first those that nobody took within two minutes."""
    with opened_site() as site:
        help_calls.alert_calls(site)
        with site.store.read() as connection:
            rows = [pick(row, SHOWN) for row in voice_rows.read_calls(connection, with_closed=with_closed)]
        now_ms = site.now()
    if is_json:
        show_json(rows)
        return
    table = [
        (row["id"], _state(row), say_span(now_ms - row["made_ms"]), say_time(row["made_ms"]), row["reference"],
         row["address"], row["code"], row["channel"], row["reach"] or None)
        for row in rows
    ]  # fmt: skip
    titles = ("call", "state", "waits", "made", "case", "address", "agent", "came by", "reach")
    show_table(titles, table, "Nobody asked for help.")


def _state(row: Any) -> str:
    if row["closed_by"]:
        return f"closed by {row['closed_by']}"
    if row["taken_by"]:
        return f"taken by {row['taken_by']}"
    return "UNANSWERED" if row["alerted_ms"] is not None else "new"


@help_command.command("call")
@click.option("--card", default="", help="The number on the agent's card, as the caller reads it out.")
@case
@lender
@click.option("--reach", default="", help="How the caller can be reached.")
def call(card: str, reference: str | None, lender: str | None, reach: str) -> None:
    """Note a call that was answered on the telephone."""
    with opened_site() as site:
        call_id = help_calls.call_by_telephone(site, read_token(card), _case(site, reference, lender), reach)
    click.echo(f"Call {call_id} is noted. Take it: fairvisit help take {call_id[-8:]} --by NAME")


@help_command.command("take")
@click.argument("call")
@by
def take(call: str, by: str) -> None:
    """Take CALL: its id, or the end of it."""
    with opened_site() as site:
        help_calls.take_call(site, help_calls.find_call(site, call), by)
    click.echo(f"The call is with {by}.")


@help_command.command("hold")
@click.argument("call")
@click.option("--reason", "word", default=HoldReason.DISTRESS.value, show_default=True,
              type=click.Choice([each.value for each in HoldReason]), help="Why.")  # fmt: skip
@case
@lender
@by
def hold(call: str, word: str, reference: str | None, lender: str | None, by: str) -> None:
    """Halt the case that CALL is about."""
    with opened_site() as site:
        call_id = help_calls.find_call(site, call)
        told = help_calls.hold_for_call(site, call_id, by, HoldReason(word), _case(site, reference, lender))
    click.echo(f"The case is halted. Agents who hear of it at their next exchange: {told}.")


@help_command.command("message")
@click.argument("call")
@click.argument("text")
@by
def message(call: str, text: str, by: str) -> None:
    """Send TEXT to the agents that CALL is about; an agent without network sees it only when connected again."""
    with opened_site() as site:
        codes = help_calls.message_crew(site, help_calls.find_call(site, call), by, text)
    click.echo(f"Sent to {', '.join(codes)}: seen at the next exchange. To be sure, ring them.")


@help_command.command("close")
@click.argument("call")
@click.option("--result", required=True, help="What came of it; it is kept.")
@by
def close(call: str, result: str, by: str) -> None:
    """Close CALL with what came of it."""
    with opened_site() as site:
        help_calls.close_call(site, help_calls.find_call(site, call), by, result)
    click.echo("Closed.")


def _case(site: Site, reference: str | None, lender: str | None) -> str | None:
    return None if reference is None else choosing.find_cases(site, [reference], lender)[0]
