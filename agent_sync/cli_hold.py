"""`agent-sync hold VISIT REASON`: one touch that leaves a person in peace, and says what to do now."""

from __future__ import annotations

import click

from agent_sync.cli_device import open_device
from agent_sync.cli_script import Script
from agent_sync.cli_words import SHORT, word
from agent_sync.rules_door import scope_of
from schemas import vocabulary as v

# Reasons that end a visit at once: what is said then is a goodbye, if anything.
LEAVE_NOW = "Leave now. Nothing more is asked or said."
REASONS = "\n\n\b\nREASON is one of:\n" + "\n".join(f"  {each.value}" for each in v.HoldReason)


@click.command(help="Halt the case of VISIT at once: its id or its case's, or the end of either." + REASONS)
@click.argument("visit")
@click.argument("reason", metavar="REASON", type=click.Choice([each.value for each in v.HoldReason]))
@click.option("--case-only", is_flag=True, help="Halt this case alone, not every case of the person.")
@click.option("--note", default="", help="What happened, for the office.")
@click.pass_obj
def hold(chosen: dict[str, str], visit: str, reason: str, case_only: bool, note: str) -> None:
    """Place the hold; say that it acts, and on what."""
    language = chosen["language"]
    with open_device(chosen) as device:
        scope = v.HoldScope.CASE.value if case_only else ""
        recorded = device.hold(visit, reason, scope, note)
        views = [view for view in device.packets() if view.case_id == recorded.case_id]
        is_open = any(each["visit_id"] == recorded.visit_id for each in device.status().open_visits)
    case_id = str(recorded.case_id)
    click.echo(f"Saved: case {case_id[-SHORT:]} is halted ({word(v.HoldReason, reason, language)}).")
    click.echo("With this device's next exchange every other device and the office hear it.")
    if not case_only and scope_of(reason) == v.HoldScope.PERSON:
        click.echo("The person's other cases are halted once this device has exchanged.")
    if is_open:
        click.echo(LEAVE_NOW)
        for view in views:
            Script.of(view, language).say(v.Saying.LEAVE)
        click.echo(f"Then end the visit {recorded.visit_id}, and exchange: agent-sync exchange")
