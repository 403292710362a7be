"""The card's code: what a device signs is what the server reads, and nothing else passes for it."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import card, signing
from schemas.errors import FieldError

KEY = signing.new_private_key()
DEVICE = "01900000-0000-7000-8000-00000000000d"
AGENT = "01900000-0000-7000-8000-00000000000a"
CASE = "01900000-0000-7000-8000-00000000000c"
AT: dict[str, Any] = {"wall": "2026-11-16T22:31:02.250+08:00", "mono_ms": 81_000, "boot": "boot-1"}


def refused(code: str, key: signing.PublicKey | None = None) -> str:
    """Give the error's code when *code* is read."""
    with pytest.raises(FieldError) as caught:
        card.read_card(code, key or KEY.public_key())
    return caught.value.code


def test_a_code_is_read_as_it_was_written() -> None:
    """Device, agent, clocks and the open visit's case come out as they went in."""
    code = card.write_card(KEY, DEVICE, AGENT, AT, CASE)

    assert card.Card(DEVICE, AGENT, AT["wall"], 81_000, "boot-1", CASE) == card.read_card(code, KEY.public_key())


def test_a_code_without_an_open_visit_names_no_case() -> None:
    """Between visits the card says who, and nothing of any case."""
    assert card.read_card(card.write_card(KEY, DEVICE, AGENT, AT), KEY.public_key()).case_id is None


def test_another_key_makes_no_code() -> None:
    """A code signed by anyone else is refused."""
    assert "bad-signature" == refused(card.write_card(signing.new_private_key(), DEVICE, AGENT, AT))


@pytest.mark.parametrize(
    "change", [{"agent_id": "me"}, {"at": {}}, {"more": 1}, {"case_id": ""}], ids=["agent", "clocks", "more", "case"]
)
def test_a_signed_text_of_another_shape_is_no_code(change: dict[str, Any]) -> None:
    """A good signature over anything but a card's members is refused."""
    payload = {"typ": "card", "agent_id": AGENT, "at": AT} | change

    assert "bad-signature" == refused(signing.sign(payload, KEY, DEVICE))


def test_a_signature_for_another_purpose_is_no_code() -> None:
    """A checkpoint, however well signed, does not open a card's page."""
    assert "bad-signature" == refused(signing.sign({"typ": "checkpoint", "agent_id": AGENT, "at": AT}, KEY, DEVICE))


@pytest.mark.parametrize("text", ["", "a.b", "x" * 2000, "é.é.é"])
def test_what_is_no_code_is_refused(text: str) -> None:
    """Nothing, rubbish, and a text longer than any code are told apart from nothing."""
    assert "bad-signature" == refused(text)


def test_a_code_fits_a_small_code_to_scan() -> None:
    """A code stays under 600 characters: a cheap phone reads its QR at arm's length."""
    assert len(card.write_card(KEY, DEVICE, AGENT, AT | {"boot": "b" * 36}, CASE)) < 600
