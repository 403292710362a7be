"""Ids: UUIDv7, ordered by time, from a time and random bytes handed in."""

from __future__ import annotations


def make_id(ms: int, random_bytes: bytes) -> str:
    """
    Make a UUIDv7 (RFC 9562) of *ms* since the epoch and 10 random bytes.

    >>> make_id(0x0190_0000_0000, bytes(10))
    '01900000-0000-7000-8000-000000000000'
    """
    noise = int.from_bytes(random_bytes[:10], "big")
    bits = (ms & (2**48 - 1)) << 80 | 7 << 76 | (noise >> 64 & 0xFFF) << 64 | 2 << 62 | noise & (2**62 - 1)
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
