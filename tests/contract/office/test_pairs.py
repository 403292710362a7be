"""Persons who may be one: both sides are shown, a person decides, from the list or from the person's page."""

from __future__ import annotations

import pytest

from server.storage import office_tables, tables
from server.storage.portfolio_tables import probable_match
from tests.contract.office.desk import Desk
from tests.contract.office.visits import carrier


@pytest.fixture
def pair(desk: Desk) -> tuple[str, str]:
    """Two persons with a case each, led by one agent, who share a phone number."""
    office = desk.office
    phone = carrier(office)
    ids = [office.add_case(reference) for reference in ("R1", "R2")]
    for case_id in ids:
        office.assign(case_id, phone.agent_id)
    persons = sorted(row.person_id for row in office.rows(tables.case.select()))
    office.insert(probable_match, person_id=persons[0], other_id=persons[1], reason="phone", found_ms=1)
    return persons[0], persons[1]


def test_a_pair_is_shown_side_by_side_and_joined_by_a_person(desk: Desk, pair: tuple[str, str]) -> None:
    """Both names and cases; afterwards both cases are one person's, it is noted, and the pair is gone."""
    browser = desk.sign_in("dispatcher")
    page = browser.get("/conflicts")
    after = browser.follow(f"/people/{pair[0]}/matches/{pair[1]}", act="same")
    people = {row.person_id for row in desk.office.rows(tables.case.select())}
    acts = [row.act for row in desk.office.rows(office_tables.office_act.select()) if row.object_id == pair[0]]

    assert "Perhaps the same person" in page
    assert all(each in page for each in (*pair, "Person R1", "Person R2", "R1 Hill Rd", "R2 Hill Rd", "phone"))
    assert "They are one person from now on" in after
    assert "Perhaps the same person" not in after
    assert {pair[0]} == people
    assert ["joined_persons"] == acts


def test_two_stay_two_and_are_not_asked_about_again(desk: Desk, pair: tuple[str, str]) -> None:
    """From the person's own page as well; an act that is none changes nothing."""
    browser = desk.sign_in("supervisor")
    shown = browser.get(f"/people/{pair[1]}")
    odd = browser.follow(f"/people/{pair[1]}/matches/{pair[0]}", act="perhaps")
    browser.follow(f"/people/{pair[1]}/matches/{pair[0]}", act="different")
    [row] = desk.office.rows(probable_match.select())

    assert "They are two persons" in shown
    assert "say that they are one person, or two" in odd
    assert ("different", "supervisor") == (row.decision, row.decided_by)
    assert 2 == len({each.person_id for each in desk.office.rows(tables.case.select())})
    browser.post(f"/people/{pair[0]}/matches/{pair[1]}", 404, act="same")


def test_a_pair_across_agencies_is_for_those_who_see_both(desk: Desk, pair: tuple[str, str]) -> None:
    """A limited account neither sees nor decides it."""
    office = desk.office
    other = office.site.new_id()
    office.insert(tables.agency, id=other, name="South Field Agency", status="active")
    theirs = carrier(office, "b1", other)
    moved = tables.assignment.update().where(tables.assignment.c.case_id.in_(
        [row.id for row in office.rows(tables.case.select().where(tables.case.c.person_id == pair[1]))]
    )).values(agent_id=theirs.agent_id)  # fmt: skip
    office.site.store.write(lambda connection: connection.execute(moved) and None)
    browser = desk.sign_in("dispatcher", agencies=[office.agency_id])

    assert "Perhaps the same person" not in browser.get("/conflicts")
    [mine] = office.rows(tables.case.select().where(tables.case.c.person_id == pair[0]))
    for path in (f"/cases/{mine.id}", f"/people/{pair[0]}"):
        page = browser.get(path)
        assert "Perhaps the same person" not in page
        assert pair[1] not in page
    browser.post(f"/people/{pair[0]}/matches/{pair[1]}", 404, act="same")
