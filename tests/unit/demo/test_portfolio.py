"""The bundled portfolios: real mess kept, nobody real in them, small enough to travel with the code."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from importlib.resources import files

import pytest

from server.demo.making.__main__ import MOST_BYTES
from server.demo.portfolio import ENCODINGS, load_portfolio, read_bundled

FICTION = re.compile(r"\D*1?(209|408|415|510|628|650|707|916|925)55501\d\d\Z")


def rows_of(name: str) -> list[dict[str, str]]:
    """Read a lender's portfolio."""
    text = read_bundled(f"{name}_portfolio.csv").decode(ENCODINGS[name])
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_bundle_is_small() -> None:
    """Everything bundled is under 2 MB together."""
    total = sum(len(entry.read_bytes()) for entry in files("server.demo").joinpath("data").iterdir())

    assert total < MOST_BYTES


def test_every_bundled_file_is_explained() -> None:
    """The README beside the files names each of them, and the licences."""
    readme = read_bundled("README.md").decode()
    names = {entry.name for entry in files("server.demo").joinpath("data").iterdir()} - {"README.md"}
    unnamed = {
        name for name in names if name not in readme and f"*_{name.partition('_')[2]}" not in readme
    } - {"sf_ledger_mapping.yaml", "zh_ledger_mapping.yaml"}

    assert set() == unnamed
    for licence in ("PDDL", "CC BY 4.0", "Open Government Data Licence"):
        assert licence in readme


@pytest.mark.parametrize("name", ["sf", "zh"])
def test_every_telephone_number_is_kept_free_for_fiction(name: str) -> None:
    """No number in a portfolio can ring at anyone's: all are 555-0100 to 555-0199."""
    column = {"sf": "Phone", "zh": "行動電話"}[name]
    wrong = [row[column] for row in rows_of(name) if not FICTION.match(re.sub(r"\D", "", row[column]))]

    assert [] == wrong


def test_the_mess_of_san_francisco_is_kept() -> None:
    """Odd and blank postal codes, places without coordinates, and 44 on one point are all in the lender's file."""
    rows = rows_of("sf")
    codes = {row["Postal Code"] for row in rows}
    points = Counter((row["Latitude"], row["Longitude"]) for row in rows if row["Latitude"])

    assert {"", "CA", "941", "Ca"} <= codes
    assert 44 <= points.most_common(1)[0][1]
    assert any(not row["Latitude"] for row in rows)
    assert any(row["Outstanding (USD)"].startswith("-") for row in rows)


def test_the_lenders_files_need_their_own_encodings() -> None:
    """The San Francisco file is no UTF-8, the Kaohsiung file is Big5."""
    for name in ENCODINGS:
        with pytest.raises(UnicodeDecodeError):
            read_bundled(f"{name}_portfolio.csv").decode()


def test_two_days_on_end_are_played() -> None:
    """San Francisco's 168 visits lie on two working days on end of 2016."""
    portfolio = load_portfolio("sf")
    first, second = portfolio.days

    assert 168 == len(portfolio.stops)
    assert (2016, 1) == (first.year, (second - first).days)
    assert all(day.weekday() < 5 for day in (first, second))


@pytest.mark.parametrize("name", ["sf", "zh"])
def test_each_visited_case_is_in_the_portfolio(name: str) -> None:
    """Each visit is to a case of the lender's file, with something to pay."""
    portfolio = load_portfolio(name)

    assert {stop.reference for stop in portfolio.stops} == set(portfolio.cases)
    assert all(case.overdue > 0 for case in portfolio.cases.values())
