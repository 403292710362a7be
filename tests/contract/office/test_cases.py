"""A case's page: what is known, why nobody can go there, and halts that a person places and lifts."""

from __future__ import annotations

import re

from server.storage import office_tables, tables
from tests.contract.office.desk import Desk
from tests.contract.office.visits import carrier, visit
from tests.contract.rest.towns import build_towns


def test_a_case_shows_its_visits_and_what_stands_in_the_way(desk: Desk) -> None:
    """The page names the visit, and a halt that was placed on it is the gate's reason; each look is noted."""
    office = desk.office
    visit_id = visit(office, carrier(office), "R1")
    [case] = office.rows(tables.case.select())
    browser = desk.sign_in("supervisor")

    before = browser.get(f"/cases/{case.id}")
    browser.post(f"/cases/{case.id}/holds", reason="illness", scope="person", until="")
    after = browser.get(f"/cases/{case.id}")

    assert f"/office/visits/{visit_id}" in before
    assert "No halt was ever placed." in before
    assert "illness" in after
    table = office_tables.office_act
    said = [row.act for row in office.rows(table.select().order_by(table.c.seq)) if row.object_id == case.id]
    assert ["looked", "placed_hold", "looked"] == said


def test_who_placed_a_halt_does_not_lift_it(desk: Desk) -> None:
    """Another person does, with a reason; without one nothing changes."""
    office = desk.office
    case_id = office.add_case("R1")
    first, second = desk.sign_in("first", "supervisor"), desk.sign_in("second", "supervisor")
    first.post(f"/cases/{case_id}/holds", reason="dispute", scope="case", until="")
    found = re.search(rf'action="/office(/cases/{case_id}/holds/[0-9a-f-]+/lift)"', first.get(f"/cases/{case_id}"))
    assert found is not None

    def lifted() -> bool:
        [row] = office.rows(tables.hold.select())
        return row.lifted_ms is not None

    first.follow(found[1], why="mine")
    by_the_same = lifted()
    second.get(f"/cases/{case_id}")
    second.follow(found[1], why="")
    without_reason = lifted()
    second.follow(found[1], why="settled with the lender")

    assert [False, False, True] == [by_the_same, without_reason, lifted()]


def test_a_person_shows_all_their_cases(desk: Desk) -> None:
    """Cases of one person stand on one page."""
    office = desk.office
    first = office.add_case("R1")
    [case] = office.rows(tables.case.select())
    office.add_case("R2", case.person_id)
    browser = desk.sign_in("reviewer")

    assert {"R1", "R2"} <= set(re.findall(r"<strong>(R\d)</strong>", browser.get(f"/people/{case.person_id}")))
    assert "1 other case" in browser.get(f"/cases/{first}")


def test_a_page_names_nobody_of_another_agency(desk: Desk) -> None:
    """Neither who has the case now, nor who answers for a halt that the same person's case elsewhere brought."""
    office = desk.office
    ours, theirs = build_towns(office)
    case_id, person_id = ours.parts["case_id"], ours.parts["person_id"]
    office.end_assignment(case_id, ours.parts["agent_id"], "unassigned")
    office.assign(case_id, theirs.parts["agent_id"])
    mine, whole = desk.sign_in("supervisor", agencies=[office.agency_id]), desk.sign_in("auditor")

    for path in (f"/cases/{case_id}", f"/people/{person_id}"):
        assert theirs.name not in mine.get(path)
        assert "illness" in mine.get(path)
    assert theirs.name in whole.get(f"/cases/{case_id}")
    assert f"{theirs.name} owner" in whole.get(f"/people/{person_id}")


def test_a_case_is_of_the_area_of_its_place_where_it_names_none(desk: Desk) -> None:
    """As on the board."""
    office = desk.office
    case_id = office.add_case("R1")
    office.add_case("R2")
    [case] = office.rows(tables.case.select().where(tables.case.c.id == case_id))
    moved = tables.place.update().where(tables.place.c.id == case.place_id).values(area="Mission")
    office.site.store.write(lambda connection: connection.execute(moved) and None)
    browser = desk.sign_in("dispatcher")

    for path in ("/cases", "/dispatch"):
        page = browser.get(f"{path}?area=Mission")
        assert (True, False) == ("R1 Hill Rd" in page, "R2 Hill Rd" in page)
