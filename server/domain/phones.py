"""
Phone numbers and texts in one form, so that two spellings of the same thing are seen as the same.

Stands before merging: what people typed comes in, the form that is compared and stored goes out. Nothing is judged
here: a text that is no number stays a text.
"""

from __future__ import annotations

import unicodedata

import phonenumbers


def fold_text(text: str) -> str:
    r"""
    Give a text in NFKC with its white space folded; the empty text stands for no value.

    >>> fold_text("  １２ Hill　Rd\n")
    '12 Hill Rd'
    """
    return " ".join(unicodedata.normalize("NFKC", text).split())


def fold_phone(text: str, region: str) -> str:
    """
    Give a phone number as +country and digits, read as one dials in *region* (ISO 3166, two letters).

    What cannot be a number there is folded as a text, so that nothing an agent noted is lost.

    >>> fold_phone("(415) 555-0134", "US"), fold_phone("ask the neighbour", "US")
    ('+14155550134', 'ask the neighbour')
    """
    folded = fold_text(text)
    try:
        number = phonenumbers.parse(folded, region)
    except phonenumbers.NumberParseException:
        return folded
    if not phonenumbers.is_possible_number(number):
        return folded
    digits = str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return f"{digits};ext={number.extension}" if number.extension else digits
