"""
How text is found in any script: as overlapping pairs of characters, so that Chinese needs no dictionary.

"王小明" is kept as 王小, 小明 and 明 with the end behind it; a word of one character is found as a pair's beginning.
Each word is kept whole as well.
Text is folded first: full-width letters and digits as their plain forms, capitals as small letters (NFKC, casefold).
"""

from __future__ import annotations

import unicodedata

END = " "  # stands behind a word's last character
LONGEST_WORD = 60
LAST_DIGITS = 4  # of a phone number, the only ones that are kept for searching


def fold_text(text: str) -> str:
    """
    Give text as it is compared.

    >>> fold_text("３号 Hill RD")
    '3号 hill rd'
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def words_of(text: str) -> list[str]:
    """Give the folded words of a text, none twice."""
    return list(dict.fromkeys(fold_text(text).split()))


def keys_of(text: str) -> set[str]:
    """
    Give all that a text is kept under: its pairs, and each word whole.

    >>> sorted(keys_of("王小明"))
    ['=王小明', '小明', '明 ', '王小']
    """
    words = words_of(text)
    pairs = {word[at : at + 2].ljust(2, END) for word in words for at in range(len(word))}
    return pairs | {whole(word) for word in words}


def whole(word: str) -> str:
    """Give what a folded word is kept under as a whole: a reference is found at once, however common its pairs."""
    return f"={word[:LONGEST_WORD]}"


def pairs_sought(word: str) -> list[str]:
    """
    Give the pairs that a folded word must have; of a single character none, it is found as a pair's beginning.

    >>> pairs_sought("人民"), pairs_sought("号")
    (['人民'], [])
    """
    return list(dict.fromkeys(word[at : at + 2] for at in range(len(word) - 1)))


def last_digits(number: str) -> str:
    """
    Give the last four digits of a phone number; nothing where it has fewer.

    >>> last_digits("+1 415 555 0123")
    '0123'
    """
    digits = "".join(letter for letter in number if letter.isdecimal())
    return digits[-LAST_DIGITS:] if len(digits) >= LAST_DIGITS else ""
