"""Webhooks as rules: what may be told, the message, its signature, and when a failed try is made again."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from enum import StrEnum

BACK_OFF_S = (30, 120, 600, 3_600, 21_600)  # after the first, second … failure; after one more it is dead
TRIES = len(BACK_OFF_S) + 1
IN_ALL_S = sum(BACK_OFF_S)  # a good seven hours
MOST_ASKED_S = 6 * 3_600  # what a receiver's `Retry-After` can ask for
JITTER = 0.2  # of the wait, added by chance: what failed together does not come back together


class Kind(StrEnum):
    """What a webhook may be told of."""

    VISIT_CREATED = "visit.created"
    VISIT_CHANGED = "visit.changed"
    DECISION_MADE = "decision.made"
    CASE_CREATED = "case.created"
    CASE_CHANGED = "case.changed"
    COMPLAINT_CREATED = "complaint.created"
    COMPLAINT_CHANGED = "complaint.changed"
    STATEMENT_SIGNED_OFF = "statement.signed_off"
    TEST = "test"  # sent by hand, to one


KINDS = tuple(kind for kind in Kind if kind is not Kind.TEST)


def write_message(members: Mapping[str, object]) -> bytes:
    """Give the bytes of a message, the same at each try."""
    return json.dumps(members, sort_keys=True, separators=(",", ":")).encode()


def sign(secret: str, at_s: int, body: bytes) -> str:
    """
    Give the signature header of a message sent at a time (s since the epoch).

    >>> sign("s", 1, b"{}")[:12]
    't=1,v1=b2536'
    """
    signed = hmac.digest(secret.encode(), b"%d." % at_s + body, hashlib.sha256)
    return f"t={at_s},v1={signed.hex()}"


def wait_ms(tries: int, chance: float, asked_s: int = 0) -> int | None:
    """
    Give how long to wait after so many failed tries (*chance*: 0 to 1), or None: there is none left.

    >>> wait_ms(1, 0), wait_ms(2, 1), wait_ms(1, 0, asked_s=90), wait_ms(6, 0)
    (30000, 144000, 90000, None)
    """
    if tries >= TRIES:
        return None
    return round(1000 * (1 + JITTER * chance) * max(BACK_OFF_S[tries - 1], min(asked_s, MOST_ASKED_S)))


def read_retry_after(text: str, now_ms: int) -> int:
    """
    Give the seconds that a `Retry-After` asks for; 0 where it asks for none, or cannot be read.

    >>> read_retry_after("120", 0), read_retry_after("Thu, 01 Jan 1970 00:02:00 GMT", 60_000), read_retry_after("x", 0)
    (120, 60, 0)
    """
    if text.isascii() and text.isdigit():
        return int(text[:9])
    try:
        return max(0, round(parsedate_to_datetime(text).timestamp() - now_ms / 1000))
    except (ValueError, OverflowError, TypeError, IndexError):  # it is somebody else's text
        return 0
