"""
The portfolio of San Francisco: real places with the mess they came with, real loan figures, invented persons.

Comes in: DataSF's places, visits and notes, and the loans. Goes out: the lender's portfolio in Latin-1, the known
addresses of places that came without coordinates, the ledger, and the visits of two real days.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random

from server.demo.making.files import DAYS, write_csv, write_money
from server.demo.making.loans import (
    DAYS_A_MONTH,
    PRODUCTS,
    TWD_PER_USD,
    Loan,
    grade_loan,
    invent_name,
    invent_phone,
    overdue_of,
)
from server.demo.making.places import Gazetteer

Row = Mapping[str, str]
CASES = 2_400
OWING_TWD = 3_200
LENDER_DAY = date(2016, 10, 10)  # when the lender wrote the file
AREAS = {
    "94102": "Civic Center", "94103": "SoMa", "94104": "Financial District", "94105": "South Beach",
    "94107": "Potrero Hill", "94108": "Chinatown", "94109": "Nob Hill", "94110": "Mission", "94111": "Embarcadero",
    "94112": "Excelsior", "94114": "Castro", "94115": "Western Addition", "94116": "Parkside", "94117": "Haight",
    "94118": "Inner Richmond", "94121": "Outer Richmond", "94122": "Sunset", "94123": "Marina", "94124": "Bayview",
    "94127": "West Portal", "94129": "Presidio", "94130": "Treasure Island", "94131": "Glen Park",
    "94132": "Lakeshore", "94133": "North Beach", "94134": "Visitacion Valley", "94158": "Mission Bay",
}  # fmt: skip
LANGUAGES = ("en", "en", "en", "en", "es", "zh", "tl", "vi", "")
TITLES = (
    "Loan No", "Customer No", "Customer Name", "Phone", "Language", "Address", "Area", "Postal Code", "Latitude",
    "Longitude", "Product", "Grade", "Outstanding (USD)", "Overdue (USD)", "Days Past Due", "Due Date", "Letter Code",
)  # fmt: skip
LEDGER_TITLES = ("Loan No", "Receipt No", "Payment Date", "Amount (USD)")


def make_san_francisco(public: Path, loans: Sequence[Loan]) -> dict[str, bytes]:
    """Give the bundled files of this portfolio by name."""
    places = _read(public / "sf_places.csv", "latin-1")
    visits = [row for row in _read(public / "sf_visits_2014_2016.csv") if _day(row["date"]) in DAYS]
    notes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in _read(public / "sf_notes_2016.csv"):
        notes[row["business_id"], row["date"]].append(f"{row['risk_category']}: {row['description']}")
    random = Random("san francisco")
    chosen = choose_places(places, {row["business_id"] for row in visits}, random)
    portfolio = make_rows(chosen, loans, {row["business_id"] for row in visits}, random)
    return {
        "sf_portfolio.csv": write_csv(TITLES, [*portfolio, *spoil_rows(portfolio, random)], "latin-1"),
        "sf_known.csv": write_csv(("address", "postal_code", "lat", "lon", "precision"), known_rows(places, chosen)),
        "sf_ledger.csv": write_csv(LEDGER_TITLES, ledger_rows(portfolio, random)),
        "sf_visits.csv": write_csv(
            ("loan_no", "day", "kind", "score", "notes"),
            [
                (reference_of(row), _day(row["date"]), row["type"], row["Score"], note_text(notes, row))
                for row in sorted(visits, key=lambda row: (row["date"], int(row["business_id"]), row["type"]))
            ],
        ),
    }


def _read(path: Path, encoding: str = "utf-8") -> list[Row]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file))


def _day(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:]}"


def reference_of(row: Row) -> str:
    """
    Give the loan number of a place: its public number in an invented series.

    >>> reference_of({"business_id": "19"})
    'SF-2016-000019'
    """
    return f"SF-2016-{int(row['business_id']):06d}"


def note_text(notes: Mapping[tuple[str, str], list[str]], row: Row) -> str:
    """Give what was noted at a visit, as it stands in the public file, in one line."""
    return " / ".join(notes.get((row["business_id"], row["date"]), ()))


def choose_places(places: Sequence[Row], visited: set[str], random: Random) -> list[Row]:
    """Take every place that is visited, every one with odd postal code, all that share one point, then by chance."""
    points = Counter((row["latitude"], row["longitude"]) for row in places if row["latitude"])
    crowded = points.most_common(1)[0][0]
    wanted = [
        row
        for row in places
        if row["business_id"] in visited
        or (row["postal_code"] and row["postal_code"] not in AREAS)
        or (row["latitude"], row["longitude"]) == crowded
    ]
    taken = {row["business_id"] for row in wanted}
    rest = [row for row in places if row["business_id"] not in taken and row["address"].strip()]
    wanted += random.sample(rest, CASES - len(wanted))
    return sorted(wanted, key=lambda row: int(row["business_id"]))


def make_rows(
    chosen: Sequence[Row], loans: Sequence[Loan], visited: set[str], random: Random
) -> list[tuple[str, ...]]:
    """
    Join each place with a loan and a person; one person in thirty has two loans.

    Some bills are negative, as in the public file; the *visited* places get others, since no one visits a creditor.
    """
    shuffled = random.sample(list(loans), len(loans))
    owing = iter([loan for loan in shuffled if loan.bill >= OWING_TWD])
    others = iter([loan for loan in shuffled if loan.bill < OWING_TWD])
    rows: list[tuple[str, ...]] = []
    for number, place in enumerate(chosen):
        is_owing = place["business_id"] in visited or random.random() < 0.8
        loan = next(owing if is_owing else others)
        bill = loan.bill * 100 // TWD_PER_USD if loan.bill else loan.limit * 100 // TWD_PER_USD // 10
        late = overdue_of(loan) * 100 // TWD_PER_USD
        dpd = loan.months_overdue * DAYS_A_MONTH + random.randrange(DAYS_A_MONTH)
        person = (f"C{100_000 + number}", invent_name(random), invent_phone(random), random.choice(LANGUAGES))
        if rows and random.random() < 1 / 30:
            person = (rows[-1][1], rows[-1][2], rows[-1][3], rows[-1][4])
        code = place["postal_code"]
        row = (
            reference_of(place), *person, place["address"], AREAS.get(code, ""), code, place["latitude"],
            place["longitude"], random.choice(PRODUCTS), grade_loan(loan), write_money(bill),
            write_money(late) if late > 0 else "", str(dpd), f"{LENDER_DAY - timedelta(days=dpd):%Y-%m-%d}",
            f"{random.randrange(10**8):08d}",
        )  # fmt: skip
        rows.append(row)
    return rows


def spoil_rows(rows: Sequence[tuple[str, ...]], random: Random) -> list[tuple[str, ...]]:
    """Give rows with the faults that lenders' files have: the import must reject each with its reason."""
    odd = [list(row) for row in random.sample(list(rows), 8)]
    for number, row in enumerate(odd):
        row[0] = f"SF-2016-9{number:05d}"
    odd[0][0] = "1.10101E+17"  # an account number that a spreadsheet has rounded
    odd[1][0] = ""
    odd[2][12] = "see letter"
    odd[3][5] = ""
    odd[4][2] = ""
    odd[5][15] = "31.06.2016"
    odd[6][8], odd[6][9] = "377.86", "-1224.21"
    odd[7] += ["left over"]
    return [tuple(row) for row in odd]


def known_rows(places: Sequence[Row], chosen: Sequence[Row]) -> list[tuple[object, ...]]:
    """Give where the chosen places without coordinates are, each address once."""
    gazetteer = Gazetteer(places)
    rows: dict[tuple[str, str], tuple[object, ...]] = {}
    for place in chosen:
        key = (place["address"].strip(), place["postal_code"])
        if not place["latitude"] and key not in rows and (known := gazetteer.find(place)):
            rows[key] = (*key, f"{known.lat:.6f}", f"{known.lon:.6f}", known.precision)
    return list(rows.values())


def ledger_rows(rows: Sequence[tuple[str, ...]], random: Random) -> list[tuple[object, ...]]:
    """Give the payments of the weeks before: some rows of the portfolio paid a part."""
    paid: list[tuple[object, ...]] = []
    for row in random.sample(list(rows), 120):
        day = LENDER_DAY - timedelta(days=random.randrange(1, 28))
        paid.append((row[0], f"P{len(paid) + 1:05d}", f"{day:%Y-%m-%d}", write_money(random.randrange(1_000, 20_000))))
    return paid
