"""`fairvisit requests`: what persons asked for on the public pages: copies, erasure, help, an address put right."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

from schemas.errors import FieldError
from server.cli.showing import opened_site, pick, say_time, show_json, show_table
from server.public.printing import print_copy
from server.services.copying import copy_person
from server.services.forgetting import Plan, erase_for_person, plan_erasure
from server.services.requests import close_request, find_request
from server.storage import voice_rows

SHOWN = ("id", "kind", "lender", "reference", "made_ms", "done_ms", "done_by", "certificate")
by = click.option("--by", required=True, help="Who does it; it is kept.")


@click.group("requests")
def requests_command() -> None:
    """Show and fulfil what persons ask for: a copy, erasure, help, an address put right."""


@requests_command.command("list")
@click.option("--all", "with_done", is_flag=True, help="Those that are done, too.")
@click.option("--json", "is_json", is_flag=True, help="Print JSON.")
def list_requests(with_done: bool, is_json: bool) -> None:
    """Show requests, the oldest first."""
    with opened_site() as site, site.store.read() as connection:
        rows = [pick(row, SHOWN) for row in voice_rows.read_requests(connection, with_done=with_done)]
    if is_json:
        show_json(rows)
        return
    table = [
        (row["id"], row["kind"], row["reference"], say_time(row["made_ms"]),
         None if row["done_ms"] is None else f"{say_time(row['done_ms'])} by {row['done_by']}")
        for row in rows
    ]  # fmt: skip
    show_table(("request", "kind", "case", "made", "done"), table, "Nothing is asked for.")


@requests_command.command("copy")
@click.argument("request")
@click.option("--folder", required=True, type=click.Path(file_okay=False, path_type=Path), help="Where to write it.")
@click.option("--language", default="en", show_default=True, type=click.Choice(["en", "zh"]), help="Of the print.")
@by
def copy(request: str, folder: Path, language: str, by: str) -> None:
    """Write all that is held of the person of REQUEST as copy.json and copy.html, for them alone."""
    with opened_site() as site:
        row = find_request(site, request, "copy")
        held = copy_person(site, row.person_id)
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in (
            ("copy.json", orjson.dumps(held, option=orjson.OPT_INDENT_2)),
            ("copy.html", print_copy(held, language).encode()),
        ):
            path = folder / name
            path.touch(mode=0o600)
            path.write_bytes(content)
        close_request(site, row.id, by)
    click.echo(f"Written to {folder}: copy.json and copy.html. Hand them to the person, then delete them here.")


@requests_command.command("erase")
@click.argument("request")
@click.option("--yes", "is_sure", is_flag=True, help="Erase; without it, what would go and what is kept is shown only.")
@by
def erase(request: str, is_sure: bool, by: str) -> None:
    """Erase what nothing keeps of the person of REQUEST, and give the certificate."""
    with opened_site() as site:
        row = find_request(site, request, "erasure")
        if not is_sure:
            _tell(plan_erasure(site, row.id), "Would be erased")
            click.echo("Nothing was erased. Say --yes to do it.")
            return
        plan, certificate = erase_for_person(site, row.id, by)
    _tell(plan, "Erased")
    click.echo(f"Certificate: {certificate}")


def _tell(plan: Plan, verb: str) -> None:
    for case_id, record, count in plan.removed:
        click.echo(f"{verb}: {record.value} of {'the person' if case_id is None else f'case {case_id}'} ({count})")
    for kept in plan.kept:
        until = "until it is over" if kept.until is None else f"until {kept.until.isoformat()}"
        click.echo(f"Kept {until}: {kept.record.value} ({kept.rule_id}: {kept.sentence})")


@requests_command.command("close")
@click.argument("request")
@by
def close(request: str, by: str) -> None:
    """Note that a request for help, or about an address, was seen to."""
    with opened_site() as site:
        row = find_request(site, request)
        if row.kind == "erasure":
            detail = "An erasure is done by `fairvisit requests erase`, once nothing of the person is kept."
            raise FieldError("conflict", detail=detail)
        close_request(site, row.id, by)
    click.echo("Closed.")
