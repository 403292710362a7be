"""
Nonces: what a device signs its requests over, so that an overheard one is worth little and soon nothing.

Stateless (A2): a day's number and an HMAC over it and the device, by a secret that all workers share. Comes in: the
secret, the device, the time. Goes out: 24 characters, or whether they still count.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from schemas.signing import b64url

BUCKET_MS = 24 * 3_600_000


def make_nonce(secret: bytes, device_id: str, now_ms: int) -> str:
    """
    Make the nonce of a device for the day that *now_ms* lies in: the same one all day.

    >>> len(make_nonce(b"secret", "0190", 1_700_000_000_000))
    24
    """
    return _make(secret, device_id, now_ms // BUCKET_MS)


def _make(secret: bytes, device_id: str, bucket: int) -> str:
    day = bucket.to_bytes(3, "big")
    mac = hmac.digest(secret, b"nonce." + device_id.encode() + b"." + day, "sha256")
    return b64url(day + mac[:15])


def is_nonce_good(secrets: Sequence[bytes], device_id: str, nonce: str, now_ms: int) -> bool:
    """
    Say whether *nonce* was made for this device today or the day before, by any of *secrets*.

    So each is good for at least 24 hours and at most 48.
    """
    today = now_ms // BUCKET_MS
    if len(nonce) != 24 or not nonce.isascii():
        return False
    return any(
        hmac.compare_digest(nonce, _make(secret, device_id, bucket))
        for bucket in (today, today - 1)
        for secret in secrets
    )
