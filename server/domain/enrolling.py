"""
Enrolling: the shape of a one-time code, and what presenting one means.

Comes in: random bytes, or a code's row and the key that presents it. Goes out: the code as a person types it, or a
`Standing` of a closed set (A1). All refusals look alike outside; the words here are for the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# Digits and capitals without 0 O 1 I L U: nothing in it can be taken for something else. 12 of 30 letters: 58 bits.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12
GROUP = 4
GRACE_MS = 24 * 3_600_000  # how long a decided code still gives its answer again (A1)


def make_code(random_bytes: bytes) -> str:
    """
    Make a code of at least 16 random bytes.

    >>> make_code(bytes(16))
    '2222-2222-2222'
    """
    number = int.from_bytes(random_bytes, "big")
    letters = []
    for _ in range(LENGTH):
        number, place = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[place])
    return group_code("".join(letters))


def group_code(plain: str) -> str:
    """Write a code's letters in groups of four."""
    return "-".join(plain[start : start + GROUP] for start in range(0, len(plain), GROUP))


def read_code(typed: str) -> str:
    """
    Read a code as it was typed: case, spaces and dashes mean nothing.

    >>> read_code(" 7k3m qw9x-2btz")
    '7K3MQW9X2BTZ'
    """
    return "".join(letter for letter in typed.upper() if letter in ALPHABET)


@dataclass(frozen=True, slots=True)
class CodeState:
    """What is known of a code that is presented."""

    agent_id: str
    made_ms: int
    expires_ms: int
    jkt: str | None
    decided_ms: int | None
    refused: bool


@dataclass(frozen=True, slots=True)
class KeyState:
    """What is known of the device whose key presents a code."""

    agent_id: str
    state: str  # awaiting, active, upload_only, gone


class Presented(StrEnum):
    """What presenting a code means; everything after `AWAITING` is refused."""

    NEW_DEVICE = "new_device"
    KNOWN_DEVICE = "known_device"
    REPEAT = "repeat"
    AWAITING = "awaiting"
    UNKNOWN_CODE = "unknown_code"
    USED_CODE = "used_code"
    EXPIRED_CODE = "expired_code"
    VOID_CODE = "void_code"
    REFUSED_DEVICE = "refused_device"
    OTHER_AGENTS_KEY = "other_agents_key"
    WITHDRAWN_DEVICE = "withdrawn_device"


TAKEN = frozenset({Presented.NEW_DEVICE, Presented.KNOWN_DEVICE, Presented.REPEAT, Presented.AWAITING})


def judge_code(
    code: CodeState | None, known: KeyState | None, jkt: str, now_ms: int, restored_ms: int | None = None
) -> Presented:
    """
    Say what it means that the key *jkt* presents *code* (A1); *known* is the device that has the key, if any.

    A code not yet used when the server was restored from a backup is void: nobody knows whether it was used since
    (F5). A device that is gone stays gone.
    """
    if code is None:
        return Presented.UNKNOWN_CODE
    if known is not None and known.agent_id != code.agent_id:
        return Presented.OTHER_AGENTS_KEY
    if known is not None and known.state == "gone":
        return Presented.WITHDRAWN_DEVICE
    if code.jkt is None:
        return _judge_unused(code, known, now_ms, restored_ms)
    if code.jkt != jkt:
        return Presented.USED_CODE
    if code.refused:
        return Presented.REFUSED_DEVICE
    if known is None:
        return Presented.USED_CODE
    if code.decided_ms is None:
        return Presented.AWAITING
    if now_ms >= code.decided_ms + GRACE_MS:
        return Presented.USED_CODE
    return Presented.REPEAT


def _judge_unused(code: CodeState, known: KeyState | None, now_ms: int, restored_ms: int | None) -> Presented:
    if restored_ms is not None and code.made_ms < restored_ms:
        return Presented.VOID_CODE
    if now_ms >= code.expires_ms:
        return Presented.EXPIRED_CODE
    return Presented.NEW_DEVICE if known is None else Presented.KNOWN_DEVICE
