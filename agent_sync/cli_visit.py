"""Recording from the command line: `visit` by prompts, flags or a JSON file; `propose`, `answer`, `contest`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import orjson

from agent_sync.capturing import guess_type
from agent_sync.cli_device import open_device
from agent_sync.cli_prompts import MATTER, record_prompts
from agent_sync.cli_scribe import Scribe, outcome_body, placed
from agent_sync.cli_script import Script
from agent_sync.cli_words import SHORT
from agent_sync.device import Device
from agent_sync.rules_door import BEFORE_IDENTITY, scope_of
from agent_sync.views import PacketView
from schemas import vocabulary as v
from schemas.errors import FieldError
from schemas.event import FIELD_NAMES

POSITION_HELP = "Position as LAT,LON,RADIUS in degrees and metres; repeat for more."


def find_case(device: Device, text: str) -> PacketView:
    """Find one packet by its id, the end of its id, or part of its address; raise `FieldError("invalid")` otherwise."""
    views = device.packets()
    found = [view for view in views if view.case_id.endswith(text.lower())]
    found = found or [
        view for view in views if text.casefold() in str(view.open.get("place", {}).get("address", "")).casefold()
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        raise FieldError("invalid", detail=f"No packet on this device is '{text}'. List them: agent-sync packets")
    listed = ", ".join(view.case_id[-SHORT:] for view in found[:5])
    raise FieldError("invalid", detail=f"{len(found)} packets are '{text}': {listed}. Name one of these.")


@dataclass(frozen=True)
class Flags:
    """What the command line said of a visit."""

    fixes: tuple[str, ...]
    contact: str | None
    outcome: str
    identity: str | None
    method: str | None
    code: str | None
    facts: tuple[str, ...]
    recorded: tuple[str, ...]
    steps: tuple[str, ...]
    promise: str | None
    note: str | None
    hold: str | None
    files: tuple[str, ...]
    end: str
    override: str | None


def record_flags(scribe: Scribe, view: PacketView, flags: Flags) -> None:
    """Record a whole visit from flags."""
    assert flags.contact is not None
    started = placed(flags.fixes) | ({"override_reason": flags.override} if flags.override else {})
    scribe.note(v.EventKind.VISIT_STARTED, started)
    steps = dict(text.partition("=")[::2] for text in flags.steps)
    script = Script.of(view, scribe.language)

    _take(scribe, script, steps, BEFORE_IDENTITY)
    for medium in flags.recorded:
        scribe.note(v.EventKind.RECORDING_CHANGED, {"state": v.RecordingState.STARTED.value, "medium": medium})
    override = None if _check_identity(scribe, flags) else flags.override
    _take(scribe, script, steps, MATTER, override)
    if flags.hold:
        scribe.note(v.EventKind.HOLD_PLACED, {"reason": flags.hold, "scope": scope_of(flags.hold).value})
    pictures = [path for path in flags.files if guess_type(Path(path)).startswith("image/")]
    for path in pictures:
        scribe.photo(path)
    named = [{"path": path, "role": "attachment"} for path in flags.files if path not in pictures]
    if named:
        scribe.note(v.EventKind.FILES_ATTACHED, {}, named)
    scribe.note(v.EventKind.OUTCOME_NOTED, outcome_body(flags.contact, flags.outcome, flags.promise, flags.note))
    _take(scribe, script, steps, (v.Step.PAYMENT_ANSWER,), override)
    scribe.note(v.EventKind.VISIT_ENDED, placed(flags.fixes) | {"reason": flags.end})


def _take(
    scribe: Scribe, script: Script, said: Mapping[str, str], steps: Iterable[v.Step], override: str | None = None
) -> None:
    """Record those of *steps* that the command line named."""
    for step in steps:
        if step in said:
            scribe.step(step, said[step] or "given", script, override)


def _check_identity(scribe: Scribe, flags: Flags) -> bool:
    """Record who it was: a code and facts are checked against the packet, anything else is the agent's word."""
    if flags.code:
        return scribe.check_identity(v.IdentityMethod.LETTER_CODE, flags.code, ())
    if flags.facts:
        return scribe.check_identity(v.IdentityMethod.TWO_FACTS, "", flags.facts)
    if flags.identity:
        method = {"method": flags.method} if flags.method else {}
        scribe.note(v.EventKind.IDENTITY_CHECKED, {"identity": flags.identity} | method)
    return flags.identity == v.Identity.CONFIRMED


def record_file(scribe: Scribe, path: str) -> None:
    """Record the events of a JSON file: {"events": [{"kind", "body"?, "files"?}…]}, in order."""
    try:
        told = orjson.loads(Path(path).read_bytes())
        events = [(each["kind"], each.get("body", {}), each.get("files", ())) for each in told["events"]]
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise FieldError("invalid", detail=f"{path} cannot be read as a visit ({error}). Nothing was saved.") from None
    for kind, body, files in events:
        scribe.note(kind, body, files)


@click.command()
@click.argument("case")
@click.option(
    "--file", "path", type=click.Path(exists=True, dir_okay=False), help='JSON: {"events": [{"kind", "body"}]}.'
)
@click.option("--visit", "visit_id", help="Go on with a visit that was started before.")
@click.option("--fix", "fixes", multiple=True, help=POSITION_HELP)
@click.option(
    "--contact", type=click.Choice([each.value for each in v.ContactResult]), help="Who was met: no prompts then."
)
@click.option(
    "--outcome", type=click.Choice([each.value for each in v.Disposition]), default="none", help="What came of it."
)
@click.option("--identity", type=click.Choice([each.value for each in v.Identity]), help="The identity check's result.")
@click.option("--method", type=click.Choice([each.value for each in v.IdentityMethod]), help="How it was checked.")
@click.option("--code", help="The code in the person's letter: it is checked, and the result recorded.")
@click.option("--fact", "facts", multiple=True, help="The answer to a fact that was asked; give two. They are checked.")
@click.option(
    "--recorded",
    multiple=True,
    type=click.Choice([each.value for each in v.RecordingMedium]),
    help="What was recorded, from the notice on. Repeat for more.",
)
@click.option(
    "--step", "steps", multiple=True, help="A step done: card_shown, or payment_answer=refused. Repeat for more."
)
@click.option("--promise", help="AMOUNT CURRENCY DAY, amount in minor units: '120000 USD 2026-12-01'.")
@click.option("--note", help="A note on the outcome.")
@click.option("--hold", type=click.Choice([each.value for each in v.HoldReason]), help="Halt the case for this reason.")
@click.option(
    "--attach",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False),
    help="A file; a picture is kept as a photo. Repeat for more.",
)
@click.option(
    "--end", type=click.Choice([each.value for each in v.EndReason]), default="completed", help="How it ended."
)
@click.option("--override-reason", "override", help="Why it is done although this device advises against it.")
@click.pass_obj
def visit(chosen: dict[str, str], /, case: str, path: str | None, visit_id: str | None, **said: Any) -> None:
    """Record a whole visit to CASE: by prompts, by flags (with --contact), or from a JSON file."""
    flags = Flags(**said)
    with open_device(chosen) as device:
        view = find_case(device, case)
        scribe = Scribe(device, view.case_id, chosen["language"], visit_id)
        try:
            if path is not None:
                record_file(scribe, path)
            elif flags.contact is not None:
                record_flags(scribe, view, flags)
            else:
                record_prompts(scribe, view)
        except FieldError as error:
            kept = f"{len(scribe.kinds)} records of visit {scribe.visit_id} are saved." if scribe.kinds else ""
            raise FieldError(error.code, error.fields, f"{error.detail} {kept or 'Nothing was saved.'}") from None
    click.echo(f"{len(scribe.kinds)} records of visit {scribe.visit_id} are saved. Send them: agent-sync exchange")


@click.command()
@click.argument("case")
@click.argument("field", type=click.Choice(FIELD_NAMES))
@click.argument("new")
@click.option("--base", help="What the packet says now, if the packet's own word is not meant.")
@click.pass_context
def propose(ctx: click.Context, case: str, field: str, new: str, base: str | None) -> None:
    """Propose a correction: that FIELD of the person of CASE should be NEW."""
    with open_device(ctx.obj) as device:
        view = find_case(device, case)
        opened = view.open
        now = {**opened.get("person", {}).get("contacts", {}), "address": opened.get("place", {}).get("address")}
        base = base if base is not None else now.get(field)
        change = {"field": field, "new": new} | ({"base": base} if base is not None else {})
        device.record(v.EventKind.CONTACT_PROPOSED, view.case_id, None, {"changes": [change]})
    click.echo("Saved. The office decides on it.")


@click.command()
@click.argument("decision")
@click.argument("text")
@click.pass_context
def answer(ctx: click.Context, decision: str, text: str) -> None:
    """Answer the question of a DECISION that came back from review."""
    with open_device(ctx.obj) as device:
        found = [each for each in device.status().questions if each["decision_id"].endswith(decision)]
        if len(found) != 1:
            raise FieldError("invalid", detail=f"No question on this device is '{decision}'. See: agent-sync status")
        body = {"decision_id": found[0]["decision_id"], "answer": text}
        device.record(v.EventKind.QUESTION_ANSWERED, found[0].get("case_id"), found[0].get("visit_id"), body)
    click.echo("Saved. The office reads it after the next exchange.")


@click.command()
@click.argument("finding")
@click.argument("reason")
@click.pass_context
def contest(ctx: click.Context, finding: str, reason: str) -> None:
    """Say why a FINDING about a visit is wrong."""
    with open_device(ctx.obj) as device:
        device.record(v.EventKind.FINDING_CONTESTED, None, None, {"finding_id": finding, "reason": reason})
    click.echo("Saved. The office reads it after the next exchange.")


VISIT_COMMANDS = (visit, propose, answer, contest)
