"""
Asking: how a person is asked for two facts so that asking discloses nothing: which of these, one right among others.

Comes in: a fact as the lender's file has it, a secret seed. Goes out: its answer, and what to choose from. The same
person is always given the same choices, so that nobody learns the right one by comparing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from schemas.vocabulary import FactKind

CHOICES = 5
SPAN_YEARS = 25
YOUNGEST = 2008  # no year after it is offered, unless it is the right one: it would be seen to be wrong
DIGITS = re.compile(r"\d")
YEAR = re.compile(r"(19|20)\d\d")
MONTH_IN_DATE = re.compile(r"\d{4}[-/.年]?(\d{1,2})|(\d{1,2})\Z")


def read_answer(kind: FactKind, text: str) -> str:
    """
    Give the answer to *kind* in a cell, "" where there is none: a year, a month without zeros, the last two digits.

    >>> [read_answer(FactKind.BIRTH_YEAR, "1974-03-09"), read_answer(FactKind.BIRTH_MONTH, "1974-03-09")]
    ['1974', '3']
    >>> [read_answer(FactKind.PHONE_END, "+1 415 555 0138"), read_answer(FactKind.BIRTH_MONTH, "13")]
    ['38', '']
    """
    if kind is FactKind.BIRTH_YEAR:
        year = YEAR.search(text)
        return year[0] if year else ""
    if kind is FactKind.BIRTH_MONTH:
        month = MONTH_IN_DATE.match(text.strip())
        number = int(month[1] or month[2]) if month else 0
        return str(number) if 1 <= number <= 12 else ""
    digits = "".join(DIGITS.findall(text))
    return digits[-2:] if len(digits) >= 2 else ""


def choose_pair(answers: Mapping[str, str]) -> tuple[FactKind, FactKind] | None:
    """
    Give the two facts to ask for: the first two known, in the order of the vocabulary; None where there are not two.

    >>> [kind.value for kind in choose_pair({"phone_end": "38", "birth_year": "1974"}) or ()]
    ['birth_year', 'phone_end']
    """
    known = [kind for kind in FactKind if answers.get(kind)]
    return (known[0], known[1]) if len(known) >= 2 else None


def write_choices(kind: FactKind, answer: str, seed: bytes) -> list[str]:
    """
    Give what to choose from: the answer among others that *seed* picks, in order of size.

    Where it stands among them follows from the seed too, never from the answer alone.
    """
    others = sorted((each for each in _pool(kind, answer, seed) if each != answer), key=lambda each: _rank(seed, each))
    return sorted([answer, *others[: CHOICES - 1]], key=int)


def _pool(kind: FactKind, answer: str, seed: bytes) -> list[str]:
    """Give what could be the answer; years lie around it, in a span that begins where the seed says."""
    if kind is FactKind.BIRTH_MONTH:
        return [str(month) for month in range(1, 13)]
    if kind is FactKind.BIRTH_YEAR:
        first = int(answer) - int(_rank(seed, "span"), 16) % SPAN_YEARS
        first = min(first, max(YOUNGEST, int(answer)) - SPAN_YEARS + 1)
        return [str(year) for year in range(first, first + SPAN_YEARS)]
    return [f"{number:02}" for number in range(100)]


def _rank(seed: bytes, text: str) -> str:
    return hashlib.sha256(seed + text.encode()).hexdigest()
