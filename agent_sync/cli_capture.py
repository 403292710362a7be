"""Evidence from the command line: `photo`, `signature`, `recorder`, `attach`; and `recover` after a forgotten PIN."""

from __future__ import annotations

import os
from collections.abc import Mapping
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
@click.option("--starts", default="", help="When it began, if FILE does not say so, or wrongly: '2026-05-29 14:05:00'.")
@click.option("--ends", default="", help="When it ended.")
@click.pass_obj
def attach(chosen: dict[str, Any], /, file: str, visit: str, starts: str, ends: str) -> None:
    """Keep the audio or video FILE of a visit, as its packet allows: of a body recorder, say."""
    with open_device(chosen) as device:
        recorded = device.attach_recording(visit, file, starts, ends)
    say_kept(recorded, file)
    click.echo(f"  {say_times(recorded.files[0].to_wire())}")


@click.command()
@click.argument("state", type=click.Choice([each.value for each in v.RecordingState]))
@VISIT
@click.option("--medium", type=click.Choice([each.value for each in v.RecordingMedium]), default="video")
@click.option("--source", help="What records: body recorder, phone.")
@click.option("--serial", help="Its serial number.")
@click.option("--reason", help="Why it was paused or stopped.")
@click.option("--entering-home", is_flag=True, help="It stopped before you go inside: ask before recording there.")
@click.pass_obj
def recorder(chosen: dict[str, Any], /, state: str, visit: str, entering_home: bool, **said: str | None) -> None:
    """Note that a recording was started, paused or stopped (STATE), and by which device."""
    if entering_home and (state != v.RecordingState.STOPPED or said["reason"]):
        raise click.UsageError("--entering-home is a reason of its own, for 'stopped' only.")
    said |= {"reason": v.ENTERING_HOME} if entering_home else {}
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


def say_times(named: Mapping[str, Any]) -> str:
    """
    Say from when until when a recording ran, as it was recorded, and what to do where that is wrong.

    >>> say_times({"starts": "2026-05-29T14:05:00.000+08:00", "ends": "2026-05-29T14:17:30.000+08:00"})
    'It ran from 2026-05-29 14:05:00 to 2026-05-29 14:17:30. If not, attach it again with --starts.'
    """
    starts, ends = (str(named.get(name, ""))[:19].replace("T", " ") for name in ("starts", "ends"))
    if not starts:
        return "It does not say when it began. If you know: attach it again with --starts and --ends."
    until = f" to {ends}" if ends else "; when it ended is not known"
    return f"It ran from {starts}{until}. If not, attach it again with --starts{'' if ends else ' and --ends'}."


def say_warnings(recorded: Recorded) -> None:
    """Say what is to be minded."""
    for warning in recorded.warnings:
        click.echo(f"  Note: {warning}")


CAPTURE_COMMANDS = (photo, signature, recorder, attach, recover)
