"""`agent-sync card`: the credential card as a QR, signed anew by this device every half minute, without any network."""

from __future__ import annotations

import io
import time

import click
import segno

from agent_sync.cli_device import open_device
from schemas.card import RENEW_S

QUIET = 2  # modules around the code: fewer than paper wants, enough for a screen


def draw_qr(text: str) -> str:
    """Give a QR code as lines of half blocks."""
    drawn = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(out=drawn, border=QUIET, compact=True)
    return drawn.getvalue()


@click.command()
@click.option("--once", is_flag=True, help="Show one code with its address, and end: it is good for a short while.")
@click.pass_obj
def card(chosen: dict[str, str], once: bool) -> None:
    """Show the card that a person scans to see who is at their door; end it with Ctrl-C."""
    with open_device(chosen) as device:
        while True:
            address = device.card()
            if not once:
                click.clear()
            click.echo(draw_qr(address))
            agent = device.status().agent
            click.echo(f"{agent.get('name', '?')} (agent {agent.get('code', '?')}), made {device.clock.read().wall}")
            if once:
                click.echo(address)
                return
            click.echo(f"A new code comes every {RENEW_S} seconds. Ctrl-C ends it.")
            time.sleep(RENEW_S)
