"""Codes of the second factor, as they are typed: six digits of a phone's app, or a recovery code."""

from __future__ import annotations

import hmac
import re

import pyotp

STEP_S = 30  # RFC 6238


def step_of(secret: str, code: str, now_ms: int) -> int | None:
    """Give the step whose code this is, among the one now and its neighbours."""
    typed = "".join(code.split())
    now = now_ms // 1000 // STEP_S
    try:
        maker = pyotp.TOTP(secret)
        steps = (now, now - 1, now + 1)
        return next((step for step in steps if hmac.compare_digest(maker.generate_otp(step), typed)), None)
    except (TypeError, ValueError):  # letters no code has, or a secret that is none
        return None


def group_code(code: str) -> str:
    """
    Give a recovery code as it is shown.

    >>> group_code("abcdefgh")
    'abcd-efgh'
    """
    return "-".join(code[place : place + 4] for place in range(0, len(code), 4))


def plain_code(code: str) -> str:
    """
    Give a recovery code as it is kept, however it was typed.

    >>> plain_code("ABCD - efgh ")
    'abcdefgh'
    """
    return re.sub(r"[\s-]", "", code).lower()
