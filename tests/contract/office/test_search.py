"""Searching cases in any script: by parts of a name, a reference, an address, the last digits of a phone."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Table

from server.services.retiring import empty_person
from server.services.searching import index_due
from server.storage import search_rows, search_tables, tables
from tests.contract.office.desk import Desk
from tests.contract.office.visits import carrier
from tests.office import Office

PERSONS = {
    "R1": ("王小明", "人民路三号", "+86 138 0000 1234"),
    "R2": ("李𠮷", "人民路十三号", "+86 138 0000 5678"),
    "R3": ("Ana Imagined", "3 Hill Rd, flat ２", ""),
    "R4": ("欧阳人", "民主街 7", "12"),
}


def found(page: str) -> list[str]:
    """Give the references a page of cases lists."""
    return re.findall(r'<span class="quiet">(R\d+) ·', page)


@pytest.fixture
def town(office: Office) -> dict[str, str]:
    """Four cases, indexed: reference to id."""
    ids = {}
    for reference, (name, address, phone) in PERSONS.items():
        ids[reference] = case_id = office.add_case(reference)
        [case] = office.rows(tables.case.select().where(tables.case.c.id == case_id))
        change(office, tables.person, case.person_id, name=name, contacts={"phone": phone} if phone else {})
        change(office, tables.place, case.place_id, address=address)
    office.site.store.write(search_rows.mark_all)
    while index_due(office.site):
        pass
    return ids


def change(office: Office, table: Table, row_id: str, **values: object) -> None:
    """Change a row as an import would."""
    statement = table.update().where(table.c.id == row_id).values(**values)
    office.site.store.write(lambda connection: connection.execute(statement) and None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("王小明", ["R1"]), ("小明", ["R1"]), ("人民", ["R2", "R1"]), ("三号", ["R2", "R1"]), ("十三号", ["R2"]),
        ("𠮷", ["R2"]), ("李𠮷", ["R2"]), ("人民 王", ["R1"]), ("1234", ["R1"]), ("5678", ["R2"]), ("0000", []),
        ("imag", ["R3"]), ("HILL 3", ["R3"]), ("flat 2", ["R3"]), ("ｆｌａｔ", ["R3"]), ("R4", ["R4"]),
        ("民主", ["R4"]), ("王二", []), ("明小", []), ("12", ["R1"]),
    ],
)  # fmt: skip
def test_every_word_of_a_search_is_in_what_it_finds(
    desk: Desk, town: dict[str, str], text: str, expected: list[str]
) -> None:
    """Two characters, a rare one, full-width digits, capitals, several words; never a digit before the last four."""
    assert expected == found(desk.sign_in("reviewer").get(f"/cases?q={text}"))


def test_what_changes_is_found_anew_and_what_is_erased_not_at_all(desk: Desk, town: dict[str, str]) -> None:
    """An erased person leaves no pair of their name or address in the index, at once."""
    office = desk.office
    [case] = office.rows(tables.case.select().where(tables.case.c.reference == "R1"))

    empty_person(office.site, case.person_id, "test", "asked for", lambda connection: None)
    at_once = [row.pair for row in office.rows(search_tables.search_pair.select()) if row.case_id == case.id]
    texts = [row.text for row in office.rows(search_tables.search_text.select())]
    index_due(office.site)
    browser = desk.sign_in("reviewer")

    assert [] == at_once
    assert not any("小明" in text for text in texts)
    assert [] == found(browser.get("/cases?q=小明"))
    assert ["R1"] == found(browser.get("/cases?q=R1"))


def test_results_come_page_by_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each result stands on one page, the newest first."""
    monkeypatch.setattr("server.office.cases.PAGE", 2)
    office = desk.office
    for number in range(5):
        office.add_case(f"R{number}")
    office.site.store.write(search_rows.mark_all)
    index_due(office.site)
    browser = desk.sign_in("reviewer")

    page = browser.get("/cases?q=hill")
    pages = [found(page)]
    while more := re.search(r'href="/office(/cases\?[^"]*before=[^"]*)"', page):
        page = browser.get(more[1])
        pages.append(found(page))

    assert [["R4", "R3"], ["R2", "R1"], ["R0"]] == pages


def test_another_agencys_cases_are_not_found(desk: Desk, town: dict[str, str]) -> None:
    """Whoever is limited to an agency finds what its agents have, or had."""
    office = desk.office
    office.assign(town["R1"], carrier(office).agent_id)

    assert ["R1"] == found(desk.sign_in("reviewer", agencies=[office.agency_id]).get("/cases?q=人民"))
