"""
Which fields a kind of file has, and the words its columns are known by, read from the YAML files beside this one.

To teach the import a column title, add a word to `portfolio.yaml`, `ledger.yaml`, `contacts.yaml` ….
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml

FileKind = Literal["portfolio", "ledger", "known", "contacts", "training"]
UNITS = {"元": 1, "圆": 1, "圓": 1, "千元": 1_000, "万": 10_000, "万元": 10_000, "萬": 10_000, "萬元": 10_000,
         "百万元": 1_000_000, "亿": 100_000_000, "亿元": 100_000_000, "億元": 100_000_000}  # fmt: skip
CURRENCY_WORDS = {
    "人民币": "CNY", "人民幣": "CNY", "RMB": "CNY",
    "新台币": "TWD", "新臺幣": "TWD", "新台幣": "TWD", "NT$": "TWD", "NTD": "TWD",
    "美元": "USD", "US$": "USD", "港元": "HKD", "港币": "HKD", "港幣": "HKD", "HK$": "HKD",
    "€": "EUR", "£": "GBP", "₹": "INR", "₱": "PHP", "₩": "KRW",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field: how its cells are read, whether each row must have it, whether several columns may feed it."""

    name: str
    kind: str
    words: tuple[str, ...]
    required: bool = False
    several: bool = False
    most: int = 0  # letters; 0: no limit
    choices: Mapping[str, str] = field(default_factory=dict)  # of a choice: folded word -> what it stands for


@dataclass(frozen=True, slots=True)
class FileSpec:
    """All fields of a kind of file, and the fields by the folded words of their titles."""

    kind: FileKind
    fields: Mapping[str, FieldSpec]
    by_word: Mapping[str, str]


@cache
def load_spec(kind: FileKind) -> FileSpec:
    """Give the fields of *kind*."""
    raw = yaml.safe_load(files("server.importing").joinpath(f"{kind}.yaml").read_text("utf-8"))
    specs = {
        name: FieldSpec(
            name, about["kind"], tuple(dict.fromkeys(about["words"])), about.get("required", False),
            about.get("several", False), about.get("most", 0),
            _fold_choices(about.get("choices", {})),
        )
        for name, about in raw.items()
    }  # fmt: skip
    by_word = {fold_title(word): spec.name for spec in specs.values() for word in (spec.name, *spec.words)}
    return FileSpec(kind, specs, by_word)


def _fold_choices(choices: Mapping[str, list[str]]) -> dict[str, str]:
    return {fold_title(each): choice for choice, words in choices.items() for each in (choice, *words)}


def fold_title(title: str) -> str:
    """
    Give a column title without case, width, blanks, punctuation and what stands in brackets.

    >>> fold_title(" Loan_No. "), fold_title("逾期金额（万元）")
    ('loanno', '逾期金额')
    """
    text = unicodedata.normalize("NFKC", title).casefold()
    return "".join(letter for letter in text.partition("(")[0] if letter.isalnum())


def title_unit(title: str) -> tuple[int | None, str | None]:
    """
    Give the money unit and the currency that a title names in brackets or after an underscore, where it does.

    >>> title_unit("逾期金额（万元）"), title_unit("Amount (USD)"), title_unit("Amount")
    ((10000, None), (None, 'USD'), (None, None))
    """
    text = unicodedata.normalize("NFKC", title)
    mark = text.partition("(")[2].rpartition(")")[0] or text.rpartition("_")[2]
    unit: int | None = None
    currency: str | None = None
    for part in mark.replace("/", " ").replace(",", " ").split():
        upper = part.upper()
        unit = UNITS.get(part, unit)
        currency = CURRENCY_WORDS.get(upper, upper if upper in CURRENCIES else currency)
    for word, code in CURRENCY_WORDS.items():
        if mark.startswith(word) and mark[len(word) :] in UNITS:
            unit, currency = UNITS[mark[len(word) :]], code
    return unit, currency


def known_field(title: str, spec: FileSpec) -> str | None:
    """
    Give the field that a title names, also with a trailing number (`Phone 2`) or unit (`overdue_cny`).

    >>> known_field("联系电话2", load_spec("portfolio")), known_field("Shoe size", load_spec("portfolio"))
    ('phone', None)
    """
    folded = fold_title(title)
    if found := spec.by_word.get(folded):
        return found
    bare = folded.rstrip("0123456789")
    if bare != folded and (found := spec.by_word.get(bare)) and spec.fields[found].several:
        return found
    _, currency = title_unit(title)
    if currency and (found := spec.by_word.get(folded.removesuffix(currency.lower()))):
        return found if spec.fields[found].kind == "money" else None
    return None


# ISO 4217 codes in use, with the digits of their minor unit where that is not 2.
_DIGITS = {"BHD": 3, "CLP": 0, "IQD": 3, "ISK": 0, "JOD": 3, "JPY": 0, "KRW": 0, "KWD": 3, "LYD": 3, "OMR": 3, "PYG": 0,
           "RWF": 0, "TND": 3, "UGX": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0}  # fmt: skip
CURRENCIES = frozenset(
    "AED ARS AUD BDT BRL CAD CHF CNY COP CZK DKK DZD EGP ETB EUR GBP GHS GTQ HKD HUF IDR ILS INR KES KHR KZT LAK LKR "
    "MAD MMK MNT MOP MXN MYR MZN NAD NGN NOK NPR NZD PEN PHP PKR PLN QAR RON RSD RUB SAR SEK SGD THB TRY TWD TZS UAH "
    "USD UYU UZS ZAR ZMW".split()
) | frozenset(_DIGITS)


def minor_digits(currency: str) -> int:
    """
    Give how many decimal digits the minor unit of *currency* has.

    >>> minor_digits("CNY"), minor_digits("JPY")
    (2, 0)
    """
    return _DIGITS.get(currency, 2)
