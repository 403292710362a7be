"""`fairvisit migrate`, `backup`, `restore`, `erase`: the database's own life, and what must leave it."""

from __future__ import annotations

import os
from pathlib import Path

import click

from schemas.errors import FieldError
from schemas.messages import format_time
from server.app import open_site
from server.clock import file_now, system_now
from server.services import erasing, keeping
from server.services.erasure_log import LOG_NAME
from server.settings import Settings
from server.storage.types import is_id

QUESTIONS = {
    "revocations": "Every device revoked since then is revoked again (`fairvisit revoke`)",
    "holds": "Every hold placed or lifted since then is placed or lifted again (`fairvisit holds lift`)",
    "erasures": "Every erasure made since then is done again (the log does those it holds; else `fairvisit erase`)",
}


@click.command("migrate")
def migrate_command() -> None:
    """Bring the database to the newest schema; one that is already there is left as it is."""
    site = open_site()
    try:
        revision = keeping.read_schema(site)
    finally:
        site.store.close()
    click.echo(f"The database is at schema {revision}.")


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--with-files", is_flag=True, help="Put the files (photos, recordings) in as well.")
def backup_command(file: Path, with_files: bool) -> None:
    """Write a consistent backup of the whole site to FILE, while it is serving."""
    site = open_site()
    try:
        backup = keeping.back_up(site, file, with_files=with_files)
    finally:
        site.store.close()
    held = ", ".join(f"{number} {name}" for name, number in backup.counts.items())
    click.echo(f"{file}: {held}; {len(backup.files)} files {'included' if with_files else 'listed'}.")
    click.echo("It holds personal records and the server's keys: keep it as you keep the database.")
    if backup.files and not with_files:
        place = site.settings.files_s3 or site.settings.files_path
        click.echo(f"The files lie in {place}; copy them too. They never change.")
    click.echo(f"Copy {site.settings.folder_path / LOG_NAME} apart from backups, after every erasure.")


@click.command("restore")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Put the backup in place of a database that has devices.")
@click.option("--confirm", is_flag=True, help="Go through what the backup cannot know, then let devices pull again.")
@click.option("--by", default="", help="Who confirms.")
@click.option("--yes", "confirmed", multiple=True, type=click.Choice(keeping.TO_CONFIRM), help="Do not ask about this.")
def restore_command(file: Path | None, replace: bool, confirm: bool, by: str, confirmed: tuple[str, ...]) -> None:
    """
    Restore the site from the backup FILE, paused; or confirm a restore.

    Until it is confirmed the server takes work from devices and hands nothing out.
    """
    if confirm == (file is not None):
        raise click.UsageError("Give a FILE to restore, or --confirm --by WHO afterwards.")
    if file is not None:
        _restore(file, replace=replace)
    else:
        _confirm(by, set(confirmed))


def _restore(file: Path, *, replace: bool) -> None:
    settings = Settings.from_environment()
    now = file_now(Path(settings.clock_file)) if settings.clock_file else system_now
    restored = keeping.put_back(settings, file, now(), os.urandom(4), replace=replace)
    site = open_site(settings)  # migrates it, and does every erasure of the log
    try:
        missing = keeping.settle_files(site)
        unconfirmed = keeping.read_unconfirmed(site)
    finally:
        site.store.close()
    click.echo(f"Restored as of {format_time(restored.backup.made_ms)}.")
    if restored.aside is not None:
        click.echo(f"The database that stood there before is now {restored.aside}.")
    if missing:
        click.echo(f"{missing} files are not there: copy them back, or devices that still have them send them.")
    _say_unconfirmed(unconfirmed)
    click.echo("Start the server; it is paused. Then: fairvisit restore --confirm --by WHO")


def _say_unconfirmed(unconfirmed: keeping.Unconfirmed) -> None:
    span = f"between {format_time(unconfirmed.backup_ms)} and {format_time(unconfirmed.restored_ms)}"
    click.echo(f"The backup knows nothing of what was done {span}. To be gone through:")
    click.echo(f"- revocations: these {len(unconfirmed.devices)} devices would be let in:")
    for device_id, agent_code, state in unconfirmed.devices:
        click.echo(f"    {device_id}  agent {agent_code}  {state}")
    click.echo("- holds placed or lifted then; devices that placed one send it again by themselves")
    known = f"{unconfirmed.erasures} are known and done"
    log = "the erasure log was applied" if unconfirmed.has_log else f"there is NO erasure log ({LOG_NAME}): put it back"
    click.echo(f"- erasures: {known}; {log}")
    click.echo("Enrolment codes not used before the backup are void; issue new ones.")


def _confirm(by: str, confirmed: set[str]) -> None:
    if not by.strip():
        raise click.UsageError("Say who confirms: --by WHO")
    site = open_site()
    try:
        _say_unconfirmed(keeping.read_unconfirmed(site))
        for name, question in QUESTIONS.items():
            if name not in confirmed and click.confirm(f"{question}?", default=False):
                confirmed.add(name)
        keeping.confirm_restore(site, by, confirmed)
    finally:
        site.store.close()
    click.echo("Confirmed. Devices pull again, each after one repair by manifest.")


@click.command("erase")
@click.option("--event", "event_ids", required=True, multiple=True, help="The event's id; may be given several times.")
@click.option("--by", required=True, help="Who erases.")
@click.option("--reason", required=True, help="Why: the request or the law.")
@click.option("--agent", "agent_code", help="Whose event it is, where two agents used one id.")
@click.option("--digest", help="With --agent: erase ahead an event that is not here, by its digest.")
def erase_command(event_ids: tuple[str, ...], by: str, reason: str, agent_code: str | None, digest: str | None) -> None:
    """Erase the content of events for good; the proof of their place stays."""
    _check_ids(event_ids, digest)
    site = open_site()
    try:
        erased = erasing.erase_events(site, event_ids, by, reason, agent_code=agent_code, digest=digest)
    finally:
        site.store.close()
    for each in erased.done:
        files = f", with {len(each.files)} files" if each.files else ""
        click.echo(f"Erased: event {each.event_id}{files} (digest {', '.join(each.digests)}).")
    for event_id in erased.before:
        click.echo(f"Erased before: event {event_id}.")
    for event_id in erased.corrections:
        click.echo(f"Event {event_id} corrects what was erased, and repeats it: consider erasing it too.")
    if not erased.is_scrubbed:
        click.echo("The database's log still holds the bytes until its next checkpoint: run `fairvisit erase` again.")
    click.echo(f"Backups made before still hold them; {site.settings.folder_path / LOG_NAME} erases them on restore.")


def _check_ids(event_ids: tuple[str, ...], digest: str | None) -> None:
    for event_id in event_ids:
        if not is_id(event_id):
            raise FieldError("invalid", {"--event": [f"'{event_id}' is not an event's id"]})
    if digest is not None and (len(digest) != 64 or not all(letter in "0123456789abcdef" for letter in digest)):
        raise FieldError("invalid", {"--digest": ["is not a SHA-256 in hex"]})
