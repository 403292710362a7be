"""
`agent-sync`: the device from the command line. Each command is a few calls of `Device` and what it says about them.

`visit`, `propose`, `answer` and `contest` are in `cli_visit.py`, photos and recordings in `cli_capture.py`, the
sentences in `cli_words.py`.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click
import orjson

from agent_sync import cli_words
from agent_sync.cli_capture import CAPTURE_COMMANDS
from agent_sync.cli_card import card
from agent_sync.cli_device import open_device
from agent_sync.cli_hold import hold
from agent_sync.cli_visit import VISIT_COMMANDS, find_case
from agent_sync.cli_words import SHORT
from agent_sync.store import database_errors
from agent_sync.views import Status
from schemas.errors import FieldError
from schemas.vocabulary import ParkReason

DEFAULT_STORE = str(Path(click.get_app_dir("agent-sync")) / "device.db")
BUSY_S = 5.0  # how long --watch waits while another program exchanges with this store
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class Refusals(click.Group):
    """A group whose commands end with a sentence, not a trace, when something is refused."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a refusal becomes its sentence on standard error and exit status 1."""
        try:
            return super().invoke(ctx)
        except FieldError as error:
            raise click.ClickException(error.detail) from None
        except database_errors() as error:
            sentence = f"The store cannot be read ({error}). Leave it as it is and ask the office for help."
            raise click.ClickException(sentence) from None


@click.group(cls=Refusals)
@click.option(
    "--store", default=DEFAULT_STORE, envvar="AGENT_SYNC_STORE", show_default=True, help="This agent's store."
)
@click.option(
    "--language", type=click.Choice(["en", "zh"]), default="en", envvar="AGENT_SYNC_LANGUAGE", help="Of words."
)
@click.option("--pin", "asks_pin", is_flag=True, help="Encrypt a new store with a PIN: asked, or AGENT_SYNC_PIN.")
@click.option(
    "--keyring", "in_keyring", is_flag=True, envvar="AGENT_SYNC_KEYRING", help="Encrypt it by the system's keyring."
)
@click.pass_context
def main(ctx: click.Context, /, **chosen: Any) -> None:
    """Keep case packets, record visits, exchange with the server."""
    ctx.obj = chosen


def print_json(value: Any) -> None:
    """Print plain values as one line of JSON."""
    click.echo(orjson.dumps(value).decode())


@main.command()
@click.argument("code")
@click.option("--server", help="The server's address: https://office.example. Remembered.")
@click.option("--wait/--no-wait", default=True, help="Wait while a person approves this device.")
@click.pass_context
def enrol(ctx: click.Context, code: str, server: str | None, wait: bool) -> None:
    """Enrol this device with the office's one-time CODE, or enter a new one."""
    with open_device(ctx.obj, server) as device:
        done = device.enrol(code)
        while not done.is_enrolled:
            click.echo("The office has yet to approve this device.")
            if not wait:
                return
            time.sleep(done.poll_s)
            done = device.enrol(code)
        click.echo(
            f"Enrolled for agent {done.agent['code']} ({done.agent['name']}). Fetch packets: agent-sync exchange"
        )


@main.command()
@click.option("--watch", is_flag=True, help="Go on exchanging until stopped.")
@click.option("--metered", is_flag=True, envvar="AGENT_SYNC_METERED", help="Keep photos and recordings back.")
@JSON
@click.pass_context
def exchange(ctx: click.Context, watch: bool, metered: bool, as_json: bool) -> None:
    """Send what is recorded and fetch what is new."""
    with open_device(ctx.obj) as device:
        while True:
            try:
                report = device.exchange(metered=metered)
            except FieldError as error:
                if not watch or error.code != "store-locked":
                    raise
                time.sleep(BUSY_S)
                continue
            status = device.status()
            if as_json:
                print_json(report.to_json())
            else:
                for line in cli_words.say_report(report, status, ctx.obj["language"]):
                    click.echo(line)
            if not watch or status.stage in {"gone", "wiped"}:
                break
            time.sleep(report.next_ms / 1000)
    if not report.is_ok:
        ctx.exit(1)


@main.command()
@JSON
@click.pass_context
def packets(ctx: click.Context, as_json: bool) -> None:
    """List the packets on this device."""
    with open_device(ctx.obj) as device:
        views = device.packets()
    if as_json:
        print_json([view.to_json() for view in views])
        return
    for view in views:
        click.echo(cli_words.say_packet_line(view, ctx.obj["language"]))
    if not views:
        click.echo("No packets. They come by exchange once the office has assigned cases: agent-sync exchange")


@main.command()
@click.argument("case")
@JSON
@click.pass_context
def show(ctx: click.Context, case: str, as_json: bool) -> None:
    """Show the open part of a CASE: its id, the end of its id, or part of its address."""
    with open_device(ctx.obj) as device:
        view = find_case(device, case)
    if as_json:
        print_json(view.to_json())
        return
    for line in cli_words.say_packet(view, ctx.obj["language"]):
        click.echo(line)


@main.command()
@JSON
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Say what is saved here, received there, set aside, waiting."""
    with open_device(ctx.obj) as device:
        state: Status = device.status()
    if as_json:
        print_json(state.to_json())
        return
    for line in cli_words.say_status(state, ctx.obj["language"]):
        click.echo(line)


@main.command()
@click.option("--day", help="YYYY-MM-DD by this device's clock; today unless told.")
@click.option("--out", type=click.Path(dir_okay=False, writable=True), help="Write the signed statement to a file.")
@click.pass_context
def statement(ctx: click.Context, day: str | None, out: str | None) -> None:
    """Give the signed account of one day of this device."""
    with open_device(ctx.obj) as device:
        day = day or device.clock.read().wall[:10]
        account = device.describe_day(day)
        if out is not None:
            Path(out).write_text(device.statement(day) + "\n")
    names = ("recorded", "sent", "accepted", "parked", "id_reuse", "unsent", "lost", "erased_unsent", "duplicates")
    click.echo(f"{day}: " + ", ".join(f"{account[name]} {name.replace('_', ' ')}" for name in names))
    for each in account["reasons"]:
        reason = cli_words.word(ParkReason, each["reason"], ctx.obj["language"])
        click.echo(f"  set aside: {each['count']}, {reason}")
    if account["files"]["missing"]:
        click.echo(f"  files not yet verified: {len(account['files']['missing'])} of {account['files']['named']}")
    for gap in account["gaps"]:
        click.echo(f"  {gap['why']}: {gap['from_seq']} to {gap['to_seq']} of chain {gap['chain_id'][-SHORT:]}")
    if out is None:
        click.echo("Signed: use --out FILE.")


@main.command("export-outbox")
@click.argument("file", type=click.Path(dir_okay=False))
@click.pass_context
def export_outbox(ctx: click.Context, file: str) -> None:
    """Write records not received to an encrypted FILE, for `fairvisit import-outbox`; photos and sound stay here."""
    with open_device(ctx.obj) as device:
        count, files = device.export_outbox(file), device.status().files_waiting
    for line in cli_words.say_export(file, count, files):
        click.echo(line)


@main.command()
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Look store, key, clock, disk and server over."""
    with open_device(ctx.obj) as device:
        checks = device.doctor()
    for check in checks:
        click.echo(f"{'✔' if check.is_well else '▲'} {check.name:<8} {check.sentence}")
    if not all(check.is_well for check in checks):
        ctx.exit(1)


for command in (*VISIT_COMMANDS, *CAPTURE_COMMANDS, hold, card):
    main.add_command(command)


if __name__ == "__main__":
    main()
