"""`fairvisit complaints`: what persons complain of, until somebody unconnected has answered."""

from __future__ import annotations

from typing import Any

import click

from schemas.errors import FieldError
from schemas.messages import format_time
from server.cli.showing import opened_site, pick, say_time, show_json, show_table
from server.services import choosing, complaints
from server.storage import voice_rows

SHOWN = ("id", "lender", "reference", "channel", "codes", "made_ms", "triage_by_ms", "acknowledge_by_ms",
         "acknowledged_ms", "answer_by_ms", "answered_ms", "answered_by")  # fmt: skip
by = click.option("--by", required=True, help="Who does it; nobody connected with the case may.")


@click.group("complaints")
def complaints_command() -> None:
    """Complaints: those that name no case wait to be matched; each is answered by somebody unconnected."""


@complaints_command.command("list")
@click.option("--all", "with_closed", is_flag=True, help="Those that were answered, too.")
@click.option("--json", "is_json", is_flag=True, help="Print JSON.")
def list_complaints(with_closed: bool, is_json: bool) -> None:
    """Show complaints, those to be matched first, and what is due next."""
    with opened_site() as site, site.store.read() as connection:
        rows = [pick(row, SHOWN) for row in voice_rows.read_complaints(connection, with_closed=with_closed)]
        now_ms = site.now()
    if is_json:
        show_json(rows)
        return
    table = [
        (row["id"], row["reference"], row["channel"], row["codes"], say_time(row["made_ms"]), *_next(row, now_ms))
        for row in rows
    ]
    titles = ("complaint", "case", "came by", "about", "made", "next", "due")
    show_table(titles, table, "No complaint is open.")


def _next(row: Any, now_ms: int) -> tuple[str, str]:
    """Give what is to be done next, and by when; late where the time has passed."""
    if row["answered_ms"] is not None:
        return f"answered by {row['answered_by']}", say_time(row["answered_ms"])
    names = ("acknowledge", "acknowledge_by_ms") if row["acknowledged_ms"] is None else ("answer", "answer_by_ms")
    what, name = ("match", "triage_by_ms") if row["triage_by_ms"] is not None else names
    return what, say_time(row[name]) + (" (late)" if row[name] < now_ms else "")


@complaints_command.command("show")
@click.argument("complaint")
def show_complaint(complaint: str) -> None:
    """Show COMPLAINT whole: its id, or the end of it."""
    with opened_site() as site:
        complaint_id = complaints.find_complaint(site, complaint)
        with site.store.read() as connection:
            found = next(
                row
                for row in voice_rows.read_complaints(connection, with_closed=True)
                if row.id == complaint_id
            )
    for name, value in found._mapping.items():
        if value is not None and value != "":
            told = format_time(value) if name.endswith("_ms") else ", ".join(value) if name == "codes" else value
            click.echo(f"{name.removesuffix('_ms').replace('_', ' ')}: {told}")


@complaints_command.command("match")
@click.argument("complaint")
@click.argument("reference")
@click.option("--lender", help="Whose reference it is, where two lenders use the same.")
@by
def match(complaint: str, reference: str, lender: str | None, by: str) -> None:
    """Say that COMPLAINT is about the case REFERENCE; the case is halted at once."""
    with opened_site() as site:
        complaint_id = complaints.find_complaint(site, complaint)
        [case_id] = choosing.find_cases(site, [reference], lender)
        told = complaints.match_complaint(site, complaint_id, case_id, by)
    click.echo(f"Case {reference} is halted. Agents who hear of it at their next exchange: {told}.")


@complaints_command.command("acknowledge")
@click.argument("complaint")
@by
def acknowledge(complaint: str, by: str) -> None:
    """Note that the person was told that COMPLAINT has arrived."""
    with opened_site() as site:
        complaints.acknowledge_complaint(site, complaints.find_complaint(site, complaint), by)
    click.echo("Acknowledged.")


@complaints_command.command("answer")
@click.argument("complaint")
@click.argument("text")
@by
def answer(complaint: str, text: str, by: str) -> None:
    """Keep TEXT as the answer to COMPLAINT; its halt stays until `fairvisit holds lift`."""
    if not text.strip():
        raise FieldError("invalid", {"TEXT": ["is empty; the answer is kept with the complaint"]})
    with opened_site() as site:
        complaints.answer_complaint(site, complaints.find_complaint(site, complaint), by, text)
    click.echo("Answered. The case's halt stays until somebody lifts it: fairvisit holds list.")
