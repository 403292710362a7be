"""`fairvisit cards`: the photo and the number on an agent's card."""

from __future__ import annotations

from pathlib import Path

import click

from schemas.errors import FieldError
from server.cli.showing import opened_site, say_time
from server.domain.tokens import print_token
from server.services.cards import put_photo
from server.storage import card_rows, people_rows


@click.group("cards")
def cards_command() -> None:
    """Cards that agents show at the door; anybody may check one on the public pages."""


@cards_command.command("photo")
@click.argument("code")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def photo(code: str, file: Path) -> None:
    """Put the photo in FILE (JPEG or PNG, at most 12 kB) on the card of agent CODE."""
    with opened_site() as site:
        number = put_photo(site, code, file)
    click.echo(f"Card {print_token(number)} of agent {code} has its photo.")


@cards_command.command("show")
@click.argument("code")
def show(code: str) -> None:
    """Show the card of agent CODE: its number, and since when its photo stands."""
    with opened_site() as site, site.store.read() as connection:
        found = card_rows.read_card(connection, people_rows.find_agent(connection, code).id)
    if found is None:
        detail = f"Agent {code} has no card yet; `fairvisit cards photo {code} FILE` makes one."
        raise FieldError("not-found", detail=detail)
    size = len(found.photo)
    click.echo(f"Card {print_token(found.number)} of agent {code}: photo of {size} bytes, {say_time(found.made_ms)}.")
