"""Who is at the door: by the letter's code, two facts, a document, or not at all. Nothing is disclosed by asking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from agent_sync import cli_words
from agent_sync.cli_scribe import Scribe
from agent_sync.cli_script import Script
from agent_sync.cli_words import plural
from agent_sync.views import PacketView
from schemas import vocabulary as v
from schemas.errors import FieldError
from schemas.words import say

NONE_OF_THESE = "none"
DOCUMENTS = ("passport", "identity card", "driving licence", "other")
UNPROVEN = (v.Identity.DECLINED, v.Identity.UNSURE)


def ask_identity(scribe: Scribe, view: PacketView, script: Script) -> bool:
    """
    Ask who it is, until it is certain or declined; the sealed part is opened and shown once it is certain.

    Declining is a normal answer: it is recorded, and what to say then is shown.
    """
    script.say(v.Saying.IDENTITY)
    while True:
        ways = [*_ways(scribe, view), *UNPROVEN]
        for each in ways:
            click.echo(f"  {each.value:<16} {say(each, scribe.language)}")
        way = click.prompt("How do they show it?", type=click.Choice([each.value for each in ways]), show_choices=False)
        if way in UNPROVEN:
            scribe.note(v.EventKind.IDENTITY_CHECKED, {"identity": way})
            script.say(v.Saying.DECLINED)
            return False
        if way == v.IdentityMethod.DOCUMENT_SEEN:
            return _see_document(scribe, view, script)
        if _try(scribe, view, script, way):
            return True


def _ways(scribe: Scribe, view: PacketView) -> list[v.IdentityMethod]:
    """Give the ways that this packet knows and that have tries left; a document can always be looked at."""
    guessed = (v.IdentityMethod.LETTER_CODE, v.IdentityMethod.TWO_FACTS)
    known = [way for way in guessed if way in view.ways and scribe.tries_left(way)]
    return [*known, v.IdentityMethod.DOCUMENT_SEEN]


def _try(scribe: Scribe, view: PacketView, script: Script, way: str) -> bool:
    secret, answers = "", tuple[str, ...]()
    if way == v.IdentityMethod.LETTER_CODE:
        secret = click.prompt("The code in their letter")
    else:
        answers = tuple(_which_of_these(ask, scribe.language) for ask in view.asks)
    if scribe.check_identity(way, secret, answers):
        open_sealed(scribe, script, way, secret, answers)
        return True
    click.echo(f"That does not fit. {plural(scribe.tries_left(way), 'try', 'tries')} left this way.")
    return False


def _which_of_these(ask: dict[str, Any], language: str) -> str:
    """Ask for one fact; whoever does not know it says so, and that is no answer that fits."""
    click.echo(f"  {say(v.FactKind(ask['fact']), language)}: {', '.join(ask['choices'])}, {NONE_OF_THESE}")
    answer: str = click.prompt(
        "Which of these?", type=click.Choice([*ask["choices"], NONE_OF_THESE]), show_choices=False
    )
    return answer


def _see_document(scribe: Scribe, view: PacketView, script: Script) -> bool:
    """Note that a document was looked at: its kind, and nothing else of it."""
    kind = click.prompt("Which document?", type=click.Choice(DOCUMENTS), default=DOCUMENTS[0])
    is_person = click.confirm("Is it theirs?", default=True)
    identity = v.Identity.CONFIRMED if is_person else v.Identity.FAILED
    method = v.IdentityMethod.DOCUMENT_SEEN.value
    scribe.note(v.EventKind.IDENTITY_CHECKED, {"identity": identity.value, "method": method, "document_kind": kind})
    if is_person and v.WrapKind.DOCUMENT in view.ways:
        open_sealed(scribe, script, method)
    return is_person


def open_sealed(scribe: Scribe, script: Script, method: str, secret: str = "", answers: Sequence[str] = ()) -> None:
    """Open the sealed part and show it; what stops it is said, and the visit goes on without."""
    assert scribe.visit_id is not None
    try:
        content = scribe.device.open_sealed(scribe.case_id, scribe.visit_id, method, secret, answers)
    except FieldError as error:
        click.echo(f"  {error.detail}")
        return
    scribe.saved(v.EventKind.SEALED_PART_OPENED)
    script.unseal(content)
    for line in cli_words.say_sealed(content):
        click.echo(f"  {line}")
