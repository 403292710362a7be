"""The sealed part beyond its golden vectors: fresh bytes each time, any content, any damage."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import sealing, signing
from schemas.errors import FieldError
from schemas.packet import SealedPartSchema
from tests.builders import make_id

CASE = make_id(1)
WAYS = [("letter_code", b"H7KQ2MRT"), ("two_facts", b'["a","b"]')]
CONTENT = {"lender": "Example Bank", "amount": 12, "options": ["延期"]}


def seal(content: dict[str, Any] = CONTENT, **options: Any) -> dict[str, Any]:
    """Seal with real randomness and few iterations."""
    return sealing.seal(content, CASE, 3, WAYS, secrets.token_bytes, iterations=2, **options)


@pytest.mark.parametrize(("kind", "secret"), [*WAYS, ("document", b"")])
def test_each_way_opens_it(kind: str, secret: bytes) -> None:
    """Each wrap leads to the same content."""
    assert sealing.open_sealed(seal(document=True), CASE, 3, kind, secret) == CONTENT


def test_a_key_derived_before_wraps_revision_after_revision() -> None:
    """With a ready key nothing is derived again: each revision has a wrap of its own that the same code opens."""
    ready = sealing.derive_wrap_key("letter_code", b"H7KQ2MRT", secrets.token_bytes, 2)
    parts = {rev: sealing.seal(CONTENT, CASE, rev, [], secrets.token_bytes, ready=[ready]) for rev in (3, 4)}

    assert [CONTENT] * 2 == [sealing.open_sealed(parts[rev], CASE, rev, *WAYS[0]) for rev in (3, 4)]
    assert sealing.open_sealed(parts[3], CASE, 3, "letter_code", b"H7KQ2MRS") is None
    assert parts[3]["wraps"][0]["key"] != parts[4]["wraps"][0]["key"]
    assert repr(ready.key) not in repr(ready)


def test_without_leave_there_is_no_document_wrap() -> None:
    """The key lies in the open only where a policy allows it."""
    sealed = seal()

    assert [wrap["kind"] for wrap in sealed["wraps"]] == ["letter_code", "two_facts"]
    assert sealing.open_sealed(sealed, CASE, 3, "document") is None


def test_it_keeps_the_schema_of_a_packet() -> None:
    """What is sealed can be sent."""
    assert SealedPartSchema().validate(seal(document=True)) == {}


def test_nothing_is_used_twice() -> None:
    """A content key, an IV or a salt that came again would undo the cipher: each sealing has its own."""
    one, other = seal(document=True), seal(document=True)
    said = [
        text
        for sealed in (one, other)
        for text in (
            sealed["iv"],
            *(wrap[name] for wrap in sealed["wraps"] for name in ("iv", "salt", "key") if name in wrap),
        )
    ]

    assert len(said) == len(set(said))


def test_the_usual_number_of_iterations_is_told() -> None:
    """600,000 unless a test says otherwise; the wrap tells it, so that it can grow."""
    sealed = sealing.seal(CONTENT, CASE, 3, WAYS[:1], secrets.token_bytes)

    assert sealed["wraps"][0]["iterations"] == 600_000


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from("abcd"), st.text(st.characters(exclude_categories=["Cs"])) | st.integers(0, 9)))
def test_any_plain_content_comes_back(content: dict[str, Any]) -> None:
    """E0: whatever keeps the rule is sealed and opened unchanged."""
    assert sealing.open_sealed(seal(content), CASE, 3, *WAYS[0]) == content


@given(st.data())
def test_damage_never_opens(drawn: st.DataObject) -> None:
    """A changed byte anywhere in the content is told as damage; in a wrap it is told as damage or as a wrong secret."""
    sealed = seal()
    member = drawn.draw(st.sampled_from(["iv", "ciphertext", "wraps"]))
    within: dict[str, Any] = sealed["wraps"][0] if member == "wraps" else sealed
    name = drawn.draw(st.sampled_from(["salt", "iv", "key"])) if member == "wraps" else member
    raw = bytearray(signing.unb64url(within[name]))
    raw[drawn.draw(st.integers(0, len(raw) - 1))] ^= drawn.draw(st.integers(1, 255))
    within[name] = signing.b64url(bytes(raw))
    try:
        opened = sealing.open_sealed(sealed, CASE, 3, *WAYS[0])
    except FieldError as error:
        assert error.code == "bad-signature"  # noqa: PT017
        return
    assert member == "wraps"
    assert opened is None


@pytest.mark.parametrize("member", ["iv", "ciphertext", "wraps"])
def test_a_missing_part_is_damage(member: str) -> None:
    """A sealed part without one of its members is refused by name, not by a crash."""
    sealed = seal()
    del sealed[member]

    with pytest.raises(FieldError) as caught:
        sealing.open_sealed(sealed, CASE, 3, *WAYS[0])
    assert caught.value.code == "bad-signature"
