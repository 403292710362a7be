"""Parsers for cells that hold words and numbers-as-names: text, references, identity numbers, phones, postal codes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import phonenumbers
import stdnum
from stdnum.exceptions import InvalidChecksum, InvalidComponent, InvalidLength, ValidationError

from schemas.errors import FieldError
from schemas.vocabulary import FactKind, Precision
from schemas.words import say
from server.domain.asking import read_answer
from server.importing.cells import TEXT_CURE, Cell, Refusal, fold_width, read_text
from server.importing.fields import fold_title

_KIND = re.compile(r"[a-z_]{2,}\.[a-z][a-z0-9_]*\Z")
_PHONE_CUTS = re.compile(r"[/;；、,，|]|\s{2,}")
_WORD_CUTS = re.compile(r"[,，、;；|/\n]")
_ROLES = {
    **dict.fromkeys("borrower principal main primary 借款人 主借款人 主借人 债务人".split(), "borrower"),
    **dict.fromkeys("guarantor surety guarantee 担保人 保证人 連帶保證人 保證人 担保".split(), "guarantor"),
    **dict.fromkeys("joint joint-debtor coborrower co-borrower 共同借款人 共借人 共同债务人".split(), "joint"),
}
TOTALS = frozenset("合计 总计 小计 合計 總計 小計 total totals grand-total sum subtotal".split())


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A value that is taken as it stands, and a person is told why it may be wrong."""

    value: str
    reason: str
    cure: str


def parse_text(cell: Cell, most: int = 0) -> str | Refusal:
    """Give trimmed text; refuse what is longer than *most* letters (0: no limit)."""
    text = read_text(cell)
    if isinstance(text, str) and most and len(text) > most:
        return Refusal(f"The text has {len(text)} letters, more than {most}.", "Shorten it.")
    return text


def parse_reference(cell: Cell, digits: int = 0, most: int = 0) -> str | Refusal:
    """
    Give a reference, letter by letter as written; refuse one that has visibly lost its leading zeros.

    >>> parse_reference("7312", digits=8).reason
    'The number 7312 has 4 digits where the others have 8: leading zeros seem lost.'
    """
    text = parse_text(cell, most)
    if isinstance(text, Refusal):
        return text
    text = fold_width(text)
    if text.casefold().replace(" ", "-") in TOTALS:
        return Refusal("The row reads like a total, not like a case.", "Leave it out.")
    if digits and text.isdigit() and len(text) < digits:
        return Refusal(
            f"The number {text} has {len(text)} digits where the others have {digits}: leading zeros seem lost.",
            "Write it in full, with its zeros. " + TEXT_CURE,
        )
    return text


def parse_role(cell: Cell) -> str | Refusal:
    """Give borrower, guarantor or joint."""
    text = read_text(cell)
    if isinstance(text, Refusal):
        return text
    role = _ROLES.get(text.casefold().replace(" ", "-"))
    return role or Refusal(f"The role “{text}” is not known.", "Write borrower, guarantor or joint.")


def parse_fact(cell: Cell, name: str) -> str | Refusal | Doubtful:
    """
    Give the answer to what a person is asked at the door, and nothing else of the cell.

    >>> parse_fact("1974-03-09", "birth_year"), parse_fact("13800130138", "phone_end")
    ('1974', '38')
    """
    text = read_text(cell)
    if isinstance(text, Refusal):
        return text
    answer = read_answer(FactKind(name), text)
    sentence = f"This says nothing of {say(FactKind(name))}: it is not asked at the door."
    return answer or Doubtful("", sentence, "Correct it, or leave it empty.")


def split_words(text: str) -> list[str]:
    """Give the words of a cell that holds several, parted by commas, semicolons or bars."""
    return [word for part in _WORD_CUTS.split(text) if (word := part.strip())]


def as_word(text: str) -> str:
    """
    Give a name as rulebooks write words.

    >>> as_word("Right to refuse")
    'right_to_refuse'
    """
    return "_".join(fold_width(text).casefold().split())


def parse_choice(cell: Cell, choices: Mapping[str, str]) -> str | Refusal:
    """Give what a word stands for, by the words of its field."""
    text = read_text(cell)
    if isinstance(text, Refusal):
        return text
    cure = f"Write one of {', '.join(dict.fromkeys(choices.values()))}."
    return choices.get(fold_title(text)) or Refusal(f"The word “{text[:20]}” is not known.", cure)


def parse_precision(cell: Cell) -> str | Refusal:
    """Give how exactly coordinates are known: door, building, street, village or town."""
    text = read_text(cell)
    if isinstance(text, Refusal) or text.lower() in set(Precision):
        return text.lower() if isinstance(text, str) else text
    return Refusal(f"“{text[:20]}” is no precision.", f"Write one of {', '.join(Precision)}.")


@cache
def load_identity_kind(name: str) -> Any:
    """Give python-stdnum's module for an identity number, e.g. `cn.ric`; raise `FieldError("invalid")` for no such."""
    if _KIND.match(name):
        country, _, kind = name.partition(".")
        module = stdnum.get_cc_module(country, kind)
        if module is not None and hasattr(module, "validate"):
            return module
    raise FieldError("invalid", {"identity_kinds": [f"{name!r} is no python-stdnum module such as cn.ric or us.ssn."]})


def parse_identity(cell: Cell, kinds: tuple[str, ...]) -> str | Doubtful | Refusal:
    """
    Give an identity number in its compact form, checked by the first of *kinds* that accepts it.

    >>> parse_identity("110101 18000307 1239", ("cn.ric",)).reason
    'The identity number is no cn.ric: its check digit does not fit the other digits.'
    """
    text = read_text(cell)
    if isinstance(text, Refusal):
        return text
    text = fold_width(text).replace(" ", "")
    reason = ""
    for name in kinds:
        module = load_identity_kind(name)
        try:
            compact = str(module.validate(text))
        except InvalidLength:
            fault = "its length is wrong"
        except InvalidChecksum:
            fault = "its check digit does not fit the other digits"
        except InvalidComponent:
            fault = "its date or place part cannot be"
        except ValidationError:
            fault = "it holds signs that do not belong there"
        else:
            if len(compact) == 18 and compact.endswith("000"):
                return Doubtful(
                    compact, "The identity number ends in 000, as it does where a spreadsheet dropped the last digits.",
                    "Compare it with the contract.",
                )  # fmt: skip
            return compact
        reason = reason or f"The identity number is no {name}: {fault}."
    if len(text) > 15 and text.endswith("000"):
        return Refusal(reason + " It ends in 000: a spreadsheet seems to have dropped its last digits.", TEXT_CURE)
    return Refusal(reason, "Compare it with the contract and correct it, or leave the cell empty.")


def parse_phones(cell: Cell, region: str) -> list[str | Doubtful] | Refusal:
    """Give the phone numbers of a cell as +country digits; one that is no number of its region is kept with a doubt."""
    text = read_text(cell)
    if isinstance(text, Refusal):
        return text
    return [_parse_phone(part, region) for part in _PHONE_CUTS.split(fold_width(text)) if part.strip()]


def _parse_phone(text: str, region: str) -> str | Doubtful:
    shown = text.strip()[:40]
    try:
        number = phonenumbers.parse(shown, region)
    except phonenumbers.NumberParseException:
        return Doubtful(shown, "This is no phone number.", "Correct it or leave it empty.")
    written = str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    if phonenumbers.is_possible_number(number):
        return written
    return Doubtful(shown, f"The phone number has the wrong length for {region}.", "Correct it.")


def parse_number_reached(cell: Cell, region: str) -> str | Refusal:
    """
    Give where a contact went: a phone number as +country digits, anything else as written, in small letters.

    >>> parse_number_reached("(202) 555-0123", "US"), parse_number_reached("Ana@Example.org", "US")
    ('+12025550123', 'ana@example.org')
    """
    text = parse_text(cell, 200)
    if isinstance(text, Refusal) or not text:
        return text
    phone = _parse_phone(fold_width(text), region)
    return phone if isinstance(phone, str) else text.casefold()


def parse_postal_code(cell: Cell, digits: tuple[int, ...]) -> str | Doubtful | Refusal:
    """
    Give a postal code; one unlike the usual ones is kept with a doubt, since the address still finds the place.

    >>> parse_postal_code("2139", (5,)).reason
    'The postal code has 4 digits instead of 5: a leading zero seems lost.'
    """
    text = parse_text(cell, 20)
    if isinstance(text, Refusal):
        return text
    text = fold_width(text)
    own = text.partition("-")[0].replace(" ", "")
    if not digits or (own.isdigit() and len(own) in digits):
        return text
    usual = " or ".join(str(each) for each in digits)
    if own.isdigit() and len(own) < max(digits):
        return Doubtful(
            text, f"The postal code has {len(own)} digits instead of {usual}: a leading zero seems lost.", TEXT_CURE
        )
    return Doubtful(text, f"The postal code is none of {usual} digits.", "Correct it, or leave it empty.")
