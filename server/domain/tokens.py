"""
The token on a person's letter: how it is written, printed and read again.

Comes in: random bytes, or what somebody typed. Goes out: letters that cannot be taken for one another.
"""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I L O U: what looks like one of these is read as what it looks like
LENGTH = 28  # 140 bits: nobody finds one by trying
GROUP = 4
_READ_AS = str.maketrans("OIL", "011")


def make_token(random_bytes: bytes) -> str:
    """
    Make a token of at least 18 random bytes.

    >>> make_token(bytes(18))
    '0000000000000000000000000000'
    """
    number = int.from_bytes(random_bytes, "big")
    return "".join(ALPHABET[number >> 5 * place & 31] for place in range(LENGTH))


def print_token(token: str) -> str:
    """
    Write a token in groups of four, as it stands on paper.

    >>> print_token("7K3MQW9X2BTZ")
    '7K3M-QW9X-2BTZ'
    """
    return "-".join(token[start : start + GROUP] for start in range(0, len(token), GROUP))


def read_token(typed: str) -> str:
    """
    Read a token as it was typed: case, spaces and dashes mean nothing, O is 0, I and L are 1.

    >>> read_token(" 7k3m qw9x-2bto")
    '7K3MQW9X2BT0'
    """
    return "".join(letter for letter in typed.upper().translate(_READ_AS) if letter in ALPHABET)
