"""`fairvisit keys`: what is encrypted here and under which keys, rotating them, sealing what lies in plain."""

from __future__ import annotations

from pathlib import Path

import click

from schemas.errors import FieldError
from server.cli.showing import opened_site, say_time, show_json, show_table
from server.services import keyring
from server.services.keyring import PLAIN, Keys
from server.settings import Settings
from server.storage.master_keys import KeyFile


@click.group("keys")
def keys_command() -> None:
    """Look after the master keys that files and sealed columns are encrypted under."""


@keys_command.command("make")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
def make(file: Path | None) -> None:
    """Make a key file with one new key at FILE (else where FAIRVISIT_KEY_FILE says); one that is there stays."""
    named = Settings.from_environment().key_file
    if file is None and not named:
        raise click.UsageError("Say where: FILE, or FAIRVISIT_KEY_FILE.")
    path = file or Path(named)
    name = KeyFile(path).make()
    click.echo(f"Master key {name} is made: {path}. Only its owner can read it.")
    click.echo("Keep a copy where neither the database nor a backup lies: without it nothing sealed can be read again.")


@keys_command.command("show")
@click.option("--json", "is_json", is_flag=True, help="Print JSON.")
def show(is_json: bool) -> None:
    """Show which master keys there are, how much lies under each, and what lies in plain."""
    with opened_site() as site:
        keys = keyring.read_keys(site)
        is_open = isinstance(site.masters, KeyFile) and not site.masters.is_private()
    if is_json:
        show_json({"is_set": keys.is_set, "masters": [each._asdict() for each in keys.masters],
                   "plain_rows": keys.plain_rows, "plain_files": keys.plain_files})  # fmt: skip
        return
    table = [
        (each.name, each.under, say_time(each.made_ms), say_time(each.retired_ms) if each.retired_ms else "in use")
        for each in keys.masters
    ]
    show_table(("master key", "keys under it", "first used", "retired"), table, "No master key was ever used here.")
    _say_plain(keys)
    if is_open:
        click.echo("Everybody on this machine can read the key file: chmod 600 it.")


def _say_plain(keys: Keys) -> None:
    rows = ", ".join(f"{count} of {place}" for place, count in keys.plain_rows.items())
    if not keys.is_set:
        click.echo(PLAIN)
    elif rows or keys.plain_files:
        click.echo(f"In plain, since they are from before: {keys.plain_files} files; rows: {rows or 'none'}.")
        click.echo("Seal them: fairvisit keys encrypt")
    else:
        click.echo("Nothing that is to be sealed lies in plain.")


@keys_command.command("encrypt")
def encrypt() -> None:
    """Seal files and columns that were written before there was a key; a server may go on serving."""
    with opened_site() as site:
        rows, files = keyring.encrypt_plain(site)
    click.echo(f"Sealed: {rows} rows, {files} files. Backups made before still hold them in plain.")


@keys_command.command("rotate")
def rotate() -> None:
    """Put everything under a new master key; one that was cut short is gone on with. A server may go on serving."""
    with opened_site() as site:
        done = keyring.rotate(site)
    click.echo(f"Master key {done.master} is in use; {done.moved} keys were put under it.")
    for name in done.retired:
        click.echo(f"Master key {name} is retired: nothing lies under it. Backups made before still need it; once none")
        click.echo(f"of them is kept any more: fairvisit keys forget {name}")


@keys_command.command("forget")
@click.argument("name")
@click.option("--yes", "is_sure", is_flag=True, help="Do not ask.")
def forget(name: str, is_sure: bool) -> None:
    """Take the retired master key NAME out of the key file: what only it opens, no backup gives back."""
    if not is_sure and not click.confirm(
        f"No backup from before master key {name} was retired can be read then. Go on?"
    ):
        raise FieldError("conflict", detail="Nothing was changed.")
    with opened_site() as site:
        keyring.forget_master(site, name)
    click.echo(f"Master key {name} is gone from the key file. Destroy the copies of it that were kept elsewhere.")
