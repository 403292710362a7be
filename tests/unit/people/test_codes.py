"""Enrolment codes: how they are written, and what presenting one means (A1)."""

from __future__ import annotations

from hashlib import sha256
from math import log2

import pytest

from server.domain.enrolling import (
    ALPHABET,
    GRACE_MS,
    LENGTH,
    CodeState,
    KeyState,
    Presented,
    judge_code,
    make_code,
    read_code,
)

CODE = CodeState("agent", made_ms=1_000, expires_ms=2_000, jkt=None, decided_ms=None, refused=False)
USED = CodeState("agent", 1_000, 2_000, "mine", 1_500, refused=False)
WAITING = CodeState("agent", 1_000, 2_000, "mine", None, refused=False)
REFUSED = CodeState("agent", 1_000, 2_000, "mine", 1_500, refused=True)
ACTIVE = KeyState("agent", "active")


def test_a_code_has_58_bits_and_no_look_alikes() -> None:
    """A code cannot be guessed within its time, and no letter of it can be taken for another."""
    assert LENGTH * log2(len(ALPHABET)) > 58
    assert not set("0O1ILU") & set(ALPHABET)


def test_every_letter_of_a_code_can_be_any() -> None:
    """Codes use the whole alphabet at every place."""
    codes = [read_code(make_code(sha256(bytes([n])).digest()[:16])) for n in range(256)]

    assert all(len({code[place] for code in codes}) > 20 for place in range(LENGTH))


@pytest.mark.parametrize(
    ("code", "known", "jkt", "now_ms", "expected"),
    [
        (None, None, "mine", 1_999, Presented.UNKNOWN_CODE),
        (CODE, None, "mine", 1_999, Presented.NEW_DEVICE),
        (CODE, None, "mine", 2_000, Presented.EXPIRED_CODE),
        (CODE, ACTIVE, "mine", 1_999, Presented.KNOWN_DEVICE),
        (CODE, KeyState("agent", "upload_only"), "mine", 1_999, Presented.KNOWN_DEVICE),
        (CODE, KeyState("agent", "gone"), "mine", 1_999, Presented.WITHDRAWN_DEVICE),
        (CODE, KeyState("other", "active"), "mine", 1_999, Presented.OTHER_AGENTS_KEY),
        (USED, ACTIVE, "mine", 1_500 + GRACE_MS - 1, Presented.REPEAT),
        (USED, ACTIVE, "mine", 1_500 + GRACE_MS, Presented.USED_CODE),
        (USED, ACTIVE, "yours", 1_600, Presented.USED_CODE),
        (USED, None, "mine", 1_600, Presented.USED_CODE),
        (WAITING, KeyState("agent", "awaiting"), "mine", 10 * GRACE_MS, Presented.AWAITING),
        (WAITING, None, "mine", 1_600, Presented.USED_CODE),
        (REFUSED, None, "mine", 1_600, Presented.REFUSED_DEVICE),
    ],
)
def test_presenting_a_code(
    code: CodeState | None, known: KeyState | None, jkt: str, now_ms: int, expected: Presented
) -> None:
    """A1: each state of code and key has one meaning."""
    assert expected is judge_code(code, known, jkt, now_ms)


def test_only_unused_codes_are_void_after_a_restore() -> None:
    """F5: a restore voids a code made before it, unless it was used; one made after it counts."""
    assert judge_code(CODE, None, "mine", 1_999, restored_ms=1_001) is Presented.VOID_CODE
    assert judge_code(CODE, None, "mine", 1_999, restored_ms=1_000) is Presented.NEW_DEVICE
    assert judge_code(USED, ACTIVE, "mine", 1_999, restored_ms=1_600) is Presented.REPEAT
