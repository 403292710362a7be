"""
Loan figures from real rows of Taiwan's credit data (2005), and the invented persons they are given to.

Comes in: the public file's rows. Goes out: figures of overdue accounts, as they stand there, and persons who do not
exist. Which figures go to which place is chance, and ours: no such loan was ever made to anyone at such a place.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from random import Random

DAYS_A_MONTH = 30
TWD_PER_USD = 32  # about what a US dollar cost in 2005
GRADES = ((1, "B"), (2, "C"), (3, "D"), (9, "E"))  # months overdue up to -> the lender's grade, which is invented
PRODUCTS = ("credit card", "instalment loan", "business overdraft")

GIVEN = tuple(
    (
        "Ada Amaro Anke Benoît Bram Cara Célia Dario Dov Edda Elif Fenna François Gail Hana Håkon Ilse Inés Jonas "
        "José Kaia Léa Lior Maël Mira Noor Nuño Odette Oren Pía Quill René Romy Saša Sofía Tariq Tilde Ulla Vera "
        "Wim Xenia Yael Zoë Zsófia"
    ).split()
)
FAMILY = tuple(
    (
        "Abelsen Ardmore Ávila Bellweather Brannoch Çelik Corvane Dalgaard Drummel Eastgrove Ebbesen Fairweather "
        "Falkner Garrowby Güntner Hollinshed Ibsby Jarnefeld Kestrelman Lindqvær Lorimant Maddern Muñezal "
        "Nightswood Núñovar Oakhanger Öberling Pellworth Quistgaard Ravensby Rødlund Sandoval-Wray Silverthorn "
        "Søndrup Thistledew Tørnwald Underbough Vantongeren Wetherell Wychmore Yarrowdale Zabłonsky Zeilstra"
    ).split()
)
ZH_FAMILY = "喬歐溫藍安白雲江夏花谷岳冉石"
ZH_GIVEN = ("子虛", "烏有", "無名", "假如", "某甲", "某乙", "示例", "樣本", "試行", "虛構", "擬人", "演示")
# 555-0100 to 555-0199 are kept free for fiction in every North American area: they ring at no one's.
FICTION_AREAS = ("209", "408", "415", "510", "628", "650", "707", "916", "925")


@dataclass(frozen=True, slots=True)
class Loan:
    """One real account: TWD of 2005, negative where the bank owed the client."""

    row: str
    limit: int
    months_overdue: int
    bill: int


def read_loans(path: Path) -> list[Loan]:
    """Read the accounts that were overdue, in the file's order."""
    with path.open(encoding="ascii", newline="") as file:
        return [
            Loan(row["ID"], int(row["LIMIT_BAL"]), int(row["PAY_0"]), int(row["BILL_AMT1"]))
            for row in csv.DictReader(file)
            if int(row["PAY_0"]) >= 1
        ]


def grade_loan(loan: Loan) -> str:
    """
    Give the lender's grade for how long a loan is overdue.

    >>> grade_loan(Loan("1", 20_000, 2, 3_913))
    'C'
    """
    return next(grade for months, grade in GRADES if loan.months_overdue <= months)


def overdue_of(loan: Loan) -> int:
    """Give how much of a bill counts as overdue: a twelfth of it for each month it is late, all of it at most."""
    return loan.bill * min(loan.months_overdue, 12) // 12


def invent_name(random: Random) -> str:
    """Give a name that Latin-1 can write."""
    while True:
        name = f"{random.choice(GIVEN)} {random.choice(FAMILY)}"
        if _is_latin(name):
            return name


def _is_latin(text: str) -> bool:
    return all(ord(letter) < 256 for letter in text)


def invent_zh_name(random: Random) -> str:
    """Give a Chinese name that says of itself that it is none: 喬子虛, 歐烏有."""
    return random.choice(ZH_FAMILY) + random.choice(ZH_GIVEN)


def invent_phone(random: Random) -> str:
    """Give a number that belongs to no one, written in one of the ways people write it."""
    area, last = random.choice(FICTION_AREAS), random.randrange(100, 200)
    return random.choice(("({0}) 555-0{1}", "{0}-555-0{1}", "{0}.555.0{1}", "+1 {0} 555 0{1}", "+1{0}5550{1}")).format(
        area, last
    )
