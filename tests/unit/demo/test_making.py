"""How the portfolios were made: addresses read, coordinates found, bad rows added."""

from __future__ import annotations

from random import Random

from server.demo.making.files import write_csv, write_money
from server.demo.making.loans import Loan, grade_loan, invent_name, overdue_of
from server.demo.making.places import Gazetteer, read_house
from server.demo.making.san_francisco import spoil_rows
from server.demo.portfolio import read_minor


def place(address: str, code: str = "94110", lat: str = "", lon: str = "") -> dict[str, str]:
    """Give a row of the public places."""
    return {"address": address, "postal_code": code, "latitude": lat, "longitude": lon}


KNOWN = [
    place("100 HILL ST ", lat="37.75", lon="-122.42"),
    place("500 HILL ST", lat="37.76", lon="-122.41"),
    *(place(f"{number} OTHER AVE", lat="37.70", lon="-122.40") for number in range(1, 21)),
]


def test_the_same_house_is_known_to_the_building() -> None:
    """A house number that another row has coordinates for is known to the building, whatever suite it names."""
    found = Gazetteer(KNOWN).find(place("100 HILL STREET SUITE 4"))

    assert found is not None
    assert (37.75, "building") == (found.lat, found.precision)


def test_a_neighbour_tells_the_street() -> None:
    """A house with a neighbour in its street is known to the street."""
    found = Gazetteer(KNOWN).find(place("120 HILL ST"))

    assert found is not None
    assert (37.75, "street") == (found.lat, found.precision)


def test_a_postal_code_tells_the_town() -> None:
    """Without any neighbour only the middle of the postal code is known; without that nothing is."""
    gazetteer = Gazetteer(KNOWN)
    found = gazetteer.find(place("PIER 39  SPACE A3"))

    assert found is not None
    assert "town" == found.precision
    assert gazetteer.find(place("PIER 39  SPACE A3", code="CA")) is None


def test_houses_are_read_with_their_mess() -> None:
    """House numbers are read through double blanks, ordinals with zeros, dots and unit words."""
    assert (1399, "9TH") == read_house("1399 09TH AVE ")
    assert (925, "CORTLAND") == read_house("925 CORTLAND AVE.")
    assert read_house("VARIOUS LOCATIONS") is None


def test_names_fit_the_lenders_encoding() -> None:
    """Every invented name can be written in Latin-1."""
    random = Random(3)

    assert all(invent_name(random).encode("latin-1") for _ in range(500))


def test_figures_are_what_the_public_rows_say() -> None:
    """Grade and overdue amount come from months overdue and bill; a negative bill stays negative."""
    assert ["B", "C", "D", "E"] == [grade_loan(Loan("1", 0, months, 0)) for months in (1, 2, 3, 8)]
    assert (200, -50) == (overdue_of(Loan("1", 0, 2, 1200)), overdue_of(Loan("1", 0, 1, -600)))


def test_bad_rows_are_each_bad_in_their_own_way() -> None:
    """Eight bad rows are added, no two alike."""
    rows = [tuple(f"{number}-{column}" for column in range(17)) for number in range(20)]
    spoilt = spoil_rows(rows, Random(1))

    assert 8 == len(set(spoilt))
    assert "1.10101E+17" == spoilt[0][0]


def test_money_is_written_and_read_back() -> None:
    """An amount as the lender writes it reads back as its minor units."""
    assert [0, 5, 123_456_789] == [read_minor(write_money(minor)) for minor in (0, 5, 123_456_789)]


def test_a_file_is_written_in_its_encoding() -> None:
    """A CSV file has a header line and the bytes of its encoding."""
    assert "名稱\r\n山\r\n".encode("cp950") == write_csv(["名稱"], [["山"]], "cp950")
