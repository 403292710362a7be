"""
The bundled portfolio as the director knows it: who works, which visits happened, where the doors are.

Comes in: the files of `data/`. Goes out: plain frozen values. The server never reads these files itself: it gets the
lender's file through the import, like any other.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import yaml

E7 = 10_000_000
ENCODINGS = {"sf": "latin-1", "zh": "cp950"}
COLUMNS = {
    "sf": {"reference": "Loan No", "person": "Customer No", "lat": "Latitude", "lon": "Longitude", "address": "Address",
           "postal": "Postal Code", "overdue": "Overdue (USD)", "amount": "Outstanding (USD)"},
    "zh": {"reference": "貸款編號", "person": "客戶編號", "lat": "緯度", "lon": "經度", "address": "地址",
           "postal": "郵遞區號", "overdue": "逾期金額（元）", "amount": "欠款金額（元）"},
}  # fmt: skip
CURRENCIES = {"sf": "USD", "zh": "TWD"}
REGIONS = {"sf": "US-CA", "zh": "TW"}
RULEBOOKS = {"sf": "US", "zh": ""}  # beside the house's floor; there is none for Taiwan
# The numbers of the rows that came as they are; those that were given a fault begin with 9, or are no numbers at all.
_SOUND = re.compile(r"(SF-2016|KH)-0\d{5}\Z")


@dataclass(frozen=True, slots=True)
class Crew:
    """A lead and companions, by their codes, and where they start."""

    number: int
    team: str
    lead: str
    companions: tuple[str, ...]
    at: tuple[float, float]
    is_honest: bool = True  # False: the lead's phone was tampered with

    @property
    def codes(self) -> tuple[str, ...]:
        """Every agent of the crew, the lead first."""
        return (self.lead, *self.companions)


@dataclass(frozen=True, slots=True)
class Case:
    """What the director must know of a case: its door as the office knows it, and what is overdue, in minor units."""

    reference: str
    lat: float
    lon: float
    precision: str  # building, street, town; unknown where the office has no coordinates at all
    overdue: int
    currency: str
    person: str = ""  # the lender's number of the person


@dataclass(frozen=True, slots=True)
class Stop:
    """One visit that really happened: which case's place, which day, and what was noted of it."""

    reference: str
    day: date
    kind: str
    score: int | None
    notes: str


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Everything of one bundled portfolio."""

    name: str
    zone: ZoneInfo
    people: Mapping[str, Any]
    crews: tuple[Crew, ...]
    cases: Mapping[str, Case]
    stops: tuple[Stop, ...]
    others: tuple[Case, ...]  # the only ones of persons nobody visits in these days

    @property
    def days(self) -> tuple[date, ...]:
        """The working days, in order."""
        return tuple(sorted({stop.day for stop in self.stops}))


def load_portfolio(name: str) -> Portfolio:
    """Read the bundled portfolio *name*: sf or zh."""
    people = yaml.safe_load(read_bundled(f"{name}_people.yaml"))
    crews = tuple(
        Crew(number, crew["team"], next(iter(crew["lead"])), tuple(crew["companions"]), (crew["at"][0], crew["at"][1]))
        for number, crew in enumerate(people["crews"])
    )
    stops = tuple(
        Stop(
            row["loan_no"], date.fromisoformat(row["day"]), row["kind"], int(row["score"]) if row["score"] else None,
            row["notes"],
        )
        for row in _rows(read_bundled(f"{name}_visits.csv").decode())
    )  # fmt: skip
    every = _load_cases(name)
    cases = {stop.reference: every[stop.reference] for stop in stops}
    persons = Counter(case.person for case in every.values())
    others = tuple(
        case
        for case in every.values()
        if persons[case.person] == 1
        and case.reference not in cases
        and case.precision == "building"
        and case.overdue > 0
    )
    return Portfolio(name, ZoneInfo(people["zone"]), people, crews, cases, stops, others)


def read_bundled(name: str) -> bytes:
    """Give the bytes of a bundled file."""
    return files("server.demo").joinpath("data", name).read_bytes()


def has_bundled(name: str) -> bool:
    """Say whether there is such a bundled file."""
    return files("server.demo").joinpath("data", name).is_file()


def _rows(text: str) -> Sequence[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _load_cases(name: str) -> dict[str, Case]:
    columns = COLUMNS[name]
    known: dict[tuple[str, str], tuple[float, float, str]] = {}
    if has_bundled(f"{name}_known.csv"):
        for row in _rows(read_bundled(f"{name}_known.csv").decode()):
            known[row["address"], row["postal_code"]] = (float(row["lat"]), float(row["lon"]), row["precision"])
    rows = _rows(read_bundled(f"{name}_portfolio.csv").decode(ENCODINGS[name]))
    points = [(float(row[columns["lat"]]), float(row[columns["lon"]])) for row in rows if row[columns["lat"]]]
    middle = (sorted(lat for lat, _ in points)[len(points) // 2], sorted(lon for _, lon in points)[len(points) // 2])
    cases: dict[str, Case] = {}
    for row in rows:
        reference = row[columns["reference"]]
        if reference in cases or not _SOUND.match(reference):
            continue
        if row[columns["lat"]]:
            place = (float(row[columns["lat"]]), float(row[columns["lon"]]), "building")
        else:
            place = known.get((row[columns["address"]].strip(), row[columns["postal"]]), (*middle, "unknown"))
        owed = row[columns["overdue"]] or row[columns["amount"]]
        cases[reference] = Case(reference, *place, read_minor(owed), CURRENCIES[name], row[columns["person"]])
    return cases


def read_minor(text: str) -> int:
    """
    Read an amount of the bundled files as minor units.

    >>> read_minor("1,234.56"), read_minor("1,748")
    (123456, 174800)
    """
    whole, _, part = text.replace(",", "").partition(".")
    return int(whole) * 100 + int(f"{part:0<2}"[:2])
