"""
A visit being written down, whoever asks for it: prompts, flags or a file. What a person types becomes the wire's words.

Every record is durable before "Saved" is said, one by one, so that a visit cut off in the middle can be gone on with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from agent_sync import rules_door
from agent_sync.cli_script import Script
from agent_sync.cli_words import word
from agent_sync.device import Device
from agent_sync.recording import Recorded
from schemas import vocabulary as v
from schemas.errors import FieldError


def read_fix(text: str) -> dict[str, Any]:
    """
    Read a position as a person types it into the wire's integers.

    >>> read_fix("37.7749,-122.4194,9")
    {'lat_e7': 377749000, 'lon_e7': -1224194000, 'radius_dm': 90, 'datum': 'wgs84'}
    """
    try:
        lat, lon, radius = (float(part) for part in text.split(","))
    except ValueError:
        raise FieldError("invalid", detail=f"'{text}' is not LAT,LON,RADIUS, as in 37.7749,-122.4194,9") from None
    return {"lat_e7": round(lat * 1e7), "lon_e7": round(lon * 1e7), "radius_dm": round(radius * 10), "datum": "wgs84"}


def placed(fixes: Sequence[str]) -> dict[str, Any]:
    """Give the members of a check-in or check-out: its fixes, or that there are none."""
    if fixes:
        return {"fixes": [read_fix(text) for text in fixes]}
    return {"fixes": [], "no_fix_reason": v.NoFixReason.UNAVAILABLE.value}


@dataclass
class Scribe:
    """One visit being written down, a record at a time."""

    device: Device
    case_id: str
    language: str
    visit_id: str | None = None
    kinds: list[str] = field(default_factory=list)

    def note(self, kind: str, body: Mapping[str, Any], files: Sequence[Mapping[str, str]] = ()) -> None:
        """Record one event and say that it is saved."""
        self._told(kind, self.device.record(kind, self.case_id, self.visit_id, body, files))

    def photo(self, path: str) -> None:
        """Keep a photo of this visit, and say that it is saved."""
        assert self.visit_id is not None
        self._told(v.EventKind.FILES_ATTACHED, self.device.attach_photo(self.visit_id, path))

    def _told(self, kind: str, recorded: Recorded) -> None:
        self.visit_id = recorded.visit_id
        self.saved(kind)
        for warning in recorded.warnings:
            click.echo(f"  Note: {warning}")

    def saved(self, kind: str) -> None:
        """Say that an event of this kind is saved."""
        self.kinds.append(kind)
        click.echo(f"Saved: {word(v.EventKind, kind, self.language)}")

    def step(self, step: v.Step, response: str, script: Script, override: str | None = None) -> None:
        """Record a step at the door, with the version of the packet's text for it, and why it was done out of turn."""
        body = {"step": step.value, "text_version": script.version(step), "response": response}
        self.note(v.EventKind.STEP_DONE, body | ({"override_reason": override} if override else {}))

    def may(self, kind: str, body: Mapping[str, Any]) -> bool:
        """Say whether an event may be recorded now; what stops it is shown."""
        verdict = self.device.may_record(kind, self.case_id, self.visit_id, body)
        for sentence in verdict.blocks:
            click.echo(f"  ▲ {sentence}")
        return verdict.is_allowed

    def check_identity(self, method: str, secret: str, answers: Sequence[str]) -> bool:
        """Check what the person said, and say that the result is saved."""
        assert self.visit_id is not None
        fits = self.device.check_identity(self.case_id, self.visit_id, method, secret, answers)
        self.saved(v.EventKind.IDENTITY_CHECKED)
        return fits

    def tries_left(self, method: str) -> int:
        """Give how often identity may still be tried this way."""
        assert self.visit_id is not None
        return rules_door.tries_left(self.device.visit(self.case_id, self.visit_id), method)

    def leave_by(self) -> str:
        """Give the time of day by which to leave; empty where none is set."""
        assert self.visit_id is not None
        return self.device.leave_by(self.case_id, self.visit_id)


def promise_of(text: str) -> dict[str, Any]:
    """
    Read a promise: amount in minor units, currency, day.

    >>> promise_of("120000 USD 2026-12-01")
    {'amount': 120000, 'currency': 'USD', 'due': '2026-12-01'}
    """
    parts = text.split()
    if len(parts) != 3 or not parts[0].isdecimal():
        raise FieldError(
            "invalid", detail=f"'{text}' is not AMOUNT CURRENCY DAY, as in '120000 USD 2026-12-01' (minor units)"
        )
    return {"amount": int(parts[0]), "currency": parts[1], "due": parts[2]}


def outcome_body(contact: str, outcome: str, promise: str | None, note: str | None) -> dict[str, Any]:
    """Give the body of `outcome_noted`."""
    body: dict[str, Any] = {"contact_result": contact, "disposition": outcome}
    if promise:
        body["promise"] = promise_of(promise)
    return body | ({"note": note} if note else {})
