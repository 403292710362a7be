"""
The agent's card: a short-lived code that a phone signs by itself, shown as a QR at the door, with or without network.

The device signs a new one every `RENEW_S` seconds; the QR is the address `<public_url>/verify?c=<code>`. Comes in at
the device: its key, who it belongs to, its clocks' reading. Goes out at the server: the same, once the signature is
verified with that device's key. Nothing in it says what the visit is about; `case_id` is told only while a visit is
open, so that whoever scanned it can name that visit without knowing anything else of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError, fields, validate

from schemas import signing
from schemas.errors import FieldError
from schemas.event import AtSchema
from schemas.shapes import Strict, uuid_text

TYP = "card"
RENEW_S = 30
MOST_CODE = 1200  # characters


class CardSchema(Strict):
    """What a code says: whose card, and when by the device's clocks it was made."""

    typ = fields.String(required=True, validate=validate.Equal(TYP))
    agent_id = uuid_text()
    at = fields.Nested(AtSchema, required=True)
    case_id = uuid_text(required=False)


@dataclass(frozen=True, slots=True)
class Card:
    """A code whose signature is good; `wall`, `mono_ms` and `boot` are the device's own clocks, raw."""

    device_id: str
    agent_id: str
    wall: str
    mono_ms: int
    boot: str
    case_id: str | None = None


def write_card(
    key: signing.PrivateKey, device_id: str, agent_id: str, at: Mapping[str, Any], case_id: str | None = None
) -> str:
    """Sign a code: *at* is an event's `at` of this moment, *case_id* that of the visit that is open, if one is."""
    payload: dict[str, Any] = {"typ": "card", "agent_id": agent_id, "at": dict(at)}
    if case_id is not None:
        payload["case_id"] = case_id
    return signing.sign(payload, key, device_id)


def address_of(public_url: str, code: str) -> str:
    """
    Give the address that the QR holds.

    >>> address_of("https://visits.example/", "a.b.c")
    'https://visits.example/verify?c=a.b.c'
    """
    return f"{public_url.rstrip('/')}/verify?c={code}"


def device_of(code: str) -> str:
    """Give the device a code claims to be from, not yet verified; raise `bad-signature` for what is no code."""
    if len(code) > MOST_CODE:
        raise FieldError("bad-signature", detail="longer than any card's code")
    return signing.kid_of(code)


def read_card(code: str, key: signing.PublicKey) -> Card:
    """Give what a code says if *key* signed it; raise `bad-signature` for anything else."""
    device_id = device_of(code)
    payload = signing.verify(code, key, TYP)
    try:
        CardSchema().load(payload)
    except ValidationError:
        raise FieldError("bad-signature", detail="signed, but not as a card is") from None
    at = payload["at"]
    return Card(device_id, payload["agent_id"], at["wall"], at["mono_ms"], at["boot"], payload.get("case_id"))
