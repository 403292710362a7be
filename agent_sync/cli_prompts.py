"""A visit recorded by prompts: the order at the door, one question at a time, with the words to say."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import click

from agent_sync.cli_identity import ask_identity
from agent_sync.cli_scribe import Scribe, outcome_body, placed
from agent_sync.cli_script import Script
from agent_sync.rules_door import AFTER_IDENTITY, BEFORE_IDENTITY, scope_of
from agent_sync.views import PacketView
from schemas import vocabulary as v
from schemas.words import say

OTHERS = frozenset({v.ContactResult.OTHER_ADULT, v.ContactResult.ONLY_MINOR})
MATTER = tuple(step for step in AFTER_IDENTITY if step != v.Step.PAYMENT_ANSWER)


def choose(question: str, words: type[StrEnum], language: str, default: str | None = None) -> str:
    """Ask for one word of a closed list; what is called what is shown first."""
    for each in words:
        click.echo(f"  {each.value:<16} {say(each, language)}")
    choice: str = click.prompt(
        question, type=click.Choice([each.value for each in words]), default=default, show_choices=False
    )
    return choice


def record_prompts(scribe: Scribe, view: PacketView) -> None:
    """Record a visit step by step, asking."""
    script = Script.of(view, scribe.language)
    for remark in (*view.remarks, *view.warnings):
        click.echo(f"▲ {remark}")
    started = placed(ask_fixes())
    if view.remarks:
        started["override_reason"] = click.prompt("Why do you visit nevertheless? (Ctrl-C to leave it)")
    scribe.note(v.EventKind.VISIT_STARTED, started)
    if leave_by := scribe.leave_by():
        click.echo(f"Leave by {leave_by}.")
    contact = choose("Who is at the door?", v.ContactResult, scribe.language)
    is_known = False
    if contact in OTHERS:
        script.say(v.Saying.SOMEONE_ELSE)
        ask_steps(scribe, (v.Step.CARD_SHOWN,), script)
    elif contact == v.ContactResult.PERSON:
        ask_steps(scribe, BEFORE_IDENTITY, script)
        ask_recording(scribe, view)
        is_known = ask_identity(scribe, view, script)
    if is_known:
        ask_steps(scribe, MATTER, script)
    ask_outcome(scribe, contact, is_known=is_known)
    if is_known:
        ask_steps(scribe, (v.Step.PAYMENT_ANSWER,), script)
    if click.confirm("Halt this case?", default=False):
        reason = choose("Why?", v.HoldReason, scribe.language)
        scribe.note(v.EventKind.HOLD_PLACED, {"reason": reason, "scope": scope_of(reason).value})
    if is_known:
        script.say(v.Saying.LEAVE)
    end = choose("How did the visit end?", v.EndReason, scribe.language, "completed")
    scribe.note(v.EventKind.VISIT_ENDED, placed(ask_fixes()) | {"reason": end})


def ask_fixes() -> tuple[str, ...]:
    """Ask for the position; none is an answer too."""
    text = click.prompt("Position LAT,LON,RADIUS (empty: none)", default="", show_default=False)
    return (text,) if text else ()


def ask_steps(scribe: Scribe, steps: Sequence[v.Step], script: Script) -> None:
    """Go through steps at the door, each with its words; "-" leaves one out."""
    for step in steps:
        script.say(step)
        choices = [response.value for response in v.StepResponse]
        response = click.prompt(say(step, scribe.language), type=click.Choice([*choices, "-"]), default="given")
        if response != "-":
            scribe.step(step, response, script)


def ask_recording(scribe: Scribe, view: PacketView) -> None:
    """Ask whether it records now, where a rulebook wants it or the person agreed to it."""
    allowed = {v.RecordingDuty.DUTY, v.RecordingDuty.ONLY_WITH_CONSENT}
    for medium, duty in sorted(view.open.get("limits", {}).get("recording", {}).items()):
        body = {"state": v.RecordingState.STARTED.value, "medium": medium}
        if duty in allowed and scribe.may(v.EventKind.RECORDING_CHANGED, body):
            name = say(v.RecordingMedium(medium), scribe.language)
            if click.confirm(f"Does it record {name} now?", default=duty == v.RecordingDuty.DUTY):
                scribe.note(v.EventKind.RECORDING_CHANGED, body)


def ask_outcome(scribe: Scribe, contact: str, *, is_known: bool) -> None:
    """Ask what came of it; with nobody but the person, known to be it, can anything have come of it."""
    possible = v.POSSIBLE_PAIRS[v.ContactResult(contact)]
    is_open = len(possible) > 1 and (is_known or contact != v.ContactResult.PERSON)
    outcome = choose("What came of it?", v.Disposition, scribe.language, "none") if is_open else "none"
    promise = click.prompt("Promise: AMOUNT CURRENCY DAY (minor units)") if outcome == v.Disposition.PROMISE else None
    note = click.prompt("Note", default="", show_default=False)
    scribe.note(v.EventKind.OUTCOME_NOTED, outcome_body(contact, outcome, promise, note))
