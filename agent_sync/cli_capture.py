"""Evidence from the command line: `photo`, `signature`, `recorder`, `attach`; and `recover` after a forgotten PIN."""

from __future__ import annotations

import os
from typing import Any

import click

from agent_sync import escrow
from agent_sync.capturing import name_visit
from agent_sync.cli_device import new_pin, open_device, store_of
from agent_sync.recording import Recorded
from schemas import vocabulary as v

FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False))
VISIT = click.option("--visit", required=True, help="Which visit: its id or its case's, or the end of either.")


@click.command()
@FILE
@VISIT
@click.pass_obj
def photo(chosen: dict[str, Any], file: str, visit: str) -> None:
    """Keep the photo FILE: scaled, without place and camera, marked with time and case."""
    with open_device(chosen) as device:
        say_kept(device.attach_photo(visit, file), file)


@click.command()
@FILE
@VISIT
@click.pass_obj
def signature(chosen: dict[str, Any], file: str, visit: str) -> None:
    """Keep the signature FILE: a picture, or an SVG of strokes."""
    with open_device(chosen) as device:
        say_kept(device.attach_signature(visit, file), file)


@click.command()
@FILE
@VISIT
@click.pass_obj
def attach(chosen: dict[str, Any], file: str, visit: str) -> None:
    """Keep the audio or video FILE of a visit, as its packet allows: of a body recorder, say."""
    with open_device(chosen) as device:
        say_kept(device.attach_recording(visit, file), file)


@click.command()
@click.argument("state", type=click.Choice([each.value for each in v.RecordingState]))
@VISIT
@click.option("--medium", type=click.Choice([each.value for each in v.RecordingMedium]), default="video")
@click.option("--source", help="What records: body recorder, phone.")
@click.option("--serial", help="Its serial number.")
@click.option("--reason", help="Why it was paused or stopped.")
@click.pass_obj
def recorder(chosen: dict[str, Any], /, state: str, visit: str, **said: str | None) -> None:
    """Note that a recording was started, paused or stopped (STATE), and by which device."""
    body = {"state": state} | {name: value for name, value in said.items() if value}
    with open_device(chosen) as device:
        recorded = device.record(v.EventKind.RECORDING_CHANGED, *name_visit(device.store, visit), body)
    click.echo("Saved.")
    say_warnings(recorded)


@click.command()
@click.argument("key")
@click.pass_obj
def recover(chosen: dict[str, Any], key: str) -> None:
    """Open this store with the KEY that the office gave, and set a new PIN. Packets go; what was recorded stays."""
    escrow.recover(store_of(chosen), key, new_pin(), os.urandom)
    click.echo("The store opens with the new PIN. Packets were removed; what was recorded is kept.")
    click.echo("Send it: agent-sync exchange. Or write it to a file: agent-sync export-outbox FILE")


def say_kept(recorded: Recorded, file: str) -> None:
    """Say that a file is kept, and that the original is the agent's to delete."""
    click.echo(f"Saved. It is sent after the records, by: agent-sync exchange. {file} itself is as it was: delete it.")
    say_warnings(recorded)


def say_warnings(recorded: Recorded) -> None:
    """Say what is to be minded."""
    for warning in recorded.warnings:
        click.echo(f"  Note: {warning}")


CAPTURE_COMMANDS = (photo, signature, recorder, attach, recover)
