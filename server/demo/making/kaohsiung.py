"""
The small portfolio of Kaohsiung: real places with Chinese addresses, real loan figures, invented persons and visits.

Comes in: the city's list of places, and the loans. Goes out: the lender's portfolio in Big5, its ledger, and two days
of visits, which are invented: nobody visited these places.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from random import Random

from server.demo.making.files import DAYS, write_csv
from server.demo.making.loans import DAYS_A_MONTH, Loan, grade_loan, invent_phone, invent_zh_name, overdue_of
from server.demo.making.san_francisco import LENDER_DAY

VISITS_A_DAY = 24
CITY = "高雄市"
PRODUCTS = ("信用卡", "分期貸款", "週轉金")
KINDS = (
    ("Routine - Unscheduled", 6), ("Reinspection/Followup", 3), ("Complaint", 1), ("New Ownership", 1),
    ("Non-inspection site visit", 1),
)  # fmt: skip
TITLES = (
    "貸款編號", "客戶編號", "姓名", "行動電話", "語言", "地址", "行政區", "郵遞區號", "緯度", "經度", "貸款種類",
    "逾期階段", "欠款金額（元）", "逾期金額（元）", "逾期天數", "信函碼",
)  # fmt: skip
SAID = ("", "社區大樓", "一樓店面", "巷內第三戶", "門牌不清楚")


def make_kaohsiung(public: Path, loans: Sequence[Loan]) -> dict[str, bytes]:
    """Give the bundled files of this portfolio by name."""
    random = Random("kaohsiung")
    with (public / "kaohsiung_places.csv").open(encoding="utf-8", newline="") as file:
        places = [row for row in csv.DictReader(file) if _fits_big5(row["Add"])]
    chosen = random.sample(loans, len(places))
    rows = [make_row(number, *pair, random) for number, pair in enumerate(zip(places, chosen, strict=True), 1)]
    spoilt = [list(row) for row in random.sample(rows, 3)]
    spoilt[0][0], spoilt[1][0], spoilt[2][0] = "1.10101E+17", "KH-900001", "KH-900002"
    spoilt[1][12], spoilt[2][5] = "未知", ""
    kinds = [kind for kind, weight in KINDS for _ in range(weight)]
    visits = []
    for day, references in zip(DAYS, _split(random.sample([row[0] for row in rows], 2 * VISITS_A_DAY)), strict=True):
        for reference in sorted(references):
            kind = random.choice(kinds)
            score = random.randrange(60, 101) if kind.startswith("Routine") else ""
            visits.append((reference, day, kind, score, random.choice(SAID)))
    paid_on = [f"{LENDER_DAY - timedelta(days=random.randrange(1, 28)):%Y-%m-%d}" for _ in range(20)]
    ledger = [
        (row[0], f"R{number:05d}", day, f"{random.randrange(500, 5_000):,}")
        for number, (row, day) in enumerate(zip(random.sample(rows, 20), paid_on, strict=True), 1)
    ]
    return {
        "zh_portfolio.csv": write_csv(TITLES, [*rows, *spoilt], "cp950"),
        "zh_ledger.csv": write_csv(("貸款編號", "收據編號", "繳款日期", "繳款金額"), ledger, "cp950"),
        "zh_visits.csv": write_csv(("loan_no", "day", "kind", "score", "notes"), visits),
    }


def make_row(number: int, place: Mapping[str, str], loan: Loan, random: Random) -> tuple[str, ...]:
    """Join a place with a loan and a person."""
    owed = loan.bill if loan.bill > 0 else loan.limit // 10
    late = overdue_of(loan)
    return (
        f"KH-{number:06d}", f"K{10_000 + number}", invent_zh_name(random), invent_phone(random), "zh", place["Add"],
        read_district(place["Add"]), place["Zipcode"], place["Py"], place["Px"], random.choice(PRODUCTS),
        grade_loan(loan), f"{owed:,}", f"{late:,}" if late > 0 else "",
        str(loan.months_overdue * DAYS_A_MONTH + random.randrange(DAYS_A_MONTH)), f"{random.randrange(10**8):08d}",
    )  # fmt: skip


def _fits_big5(text: str) -> bool:
    try:
        text.encode("cp950")
    except UnicodeEncodeError:
        return False
    return True


def _split(references: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    half = len(references) // 2
    return references[:half], references[half:]


def read_district(address: str) -> str:
    """
    Give the district of an address, empty where none is written.

    >>> read_district("高雄市814仁武區八卦里八德一路"), read_district("高雄市")
    ('仁武區', '')
    """
    rest = address.removeprefix(CITY).lstrip("0123456789")
    district, found, _ = rest.partition("區")
    return district + found if found and len(district) <= 4 else ""
