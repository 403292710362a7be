"""Positions of doors: proposed by visits, put beside what is held, moved by a person only."""

from __future__ import annotations

import re
from typing import Any

import pytest

from server.storage import office_tables, tables, visit_tables
from server.storage.board_tables import door_word
from tests.contract.office.desk import Browser, Desk
from tests.contract.office.visits import DOOR, TruePhone, carrier, visit

ROUGH = {"lat_e7": DOOR["lat_e7"] + 9_000, "lon_e7": DOOR["lon_e7"], "precision": "street", "source": "geocoder"}


class Street:
    """A place known to its street, and visits to it at which the person was met."""

    def __init__(self, desk: Desk, phone: TruePhone) -> None:
        self.desk, self.phone, self.place_id, self.visits = desk, phone, "", list[str]()

    def meet(self, phone: TruePhone | None = None, **fix: Any) -> str:
        """Visit somebody there and meet them; give the visit."""
        office, reference = self.desk.office, f"R{len(self.visits)}"
        visit_id = visit(office, phone or self.phone, reference, DOOR | fix, contact_result="person")
        [case] = office.rows(tables.case.select().where(tables.case.c.reference == reference))
        self.place_id = self.place_id or case.place_id
        moved = tables.case.update().where(tables.case.c.id == case.id).values(place_id=self.place_id)
        rough = tables.place.update().where(tables.place.c.id == self.place_id).values(**ROUGH)
        office.site.store.write(lambda connection: [connection.execute(each) for each in (moved, rough)] and None)
        self.visits.append(visit_id)
        return visit_id

    def held(self) -> tuple[int, int, str, str]:
        """Give the place's position, precision and source."""
        [row] = self.desk.office.rows(tables.place.select().where(tables.place.c.id == self.place_id))
        return row.lat_e7, row.lon_e7, row.precision, row.source


@pytest.fixture
def street(desk: Desk) -> Street:
    """A street with two visits of one agent."""
    made = Street(desk, carrier(desk.office))
    made.meet()
    made.meet()
    return made


def decide(browser: Browser, street: Street, act: str, status: int = 303) -> None:
    """Press a button beside the proposal that is shown."""
    found = re.search(r'name="evidence" value="([0-9a-f]{64})"', browser.get("/conflicts"))
    assert found is not None
    browser.post(f"/conflicts/doors/{street.place_id}", status, act=act, evidence=found[1])


def test_a_position_is_shown_beside_what_is_held(desk: Desk, street: Street) -> None:
    """How far apart, how exact, which visits agree; that one agent alone says so."""
    page = desk.sign_in("reviewer").get("/conflicts")
    rows = " ".join(page.split())

    assert "Positions of doors to confirm" in page
    assert "<dt>apart</dt><dd>100 m</dd>" in rows
    assert "2 of 2 · 1 agent" in rows
    assert "All by one agent" in page
    assert all(f"/office/visits/{each}" in page for each in street.visits)
    assert ROUGH["precision"] == street.held()[2]


def test_a_confirmed_position_is_the_places_and_in_every_packet(desk: Desk, street: Street) -> None:
    """Precision door, from the agents; packets made anew for who has them; noted; gone from the list."""
    office = desk.office
    before = {row.id: row.rev for row in office.rows(tables.case.select())}
    browser = desk.sign_in("reviewer")
    decide(browser, street, "confirm")
    lat_e7, lon_e7, precision, source = street.held()
    after = {row.id: row.rev for row in office.rows(tables.case.select())}
    items = street.phone.exchange([])["pull"]["items"]
    places = [each["body"]["open"]["place"] for each in items if each["type"] == "packet"]

    assert abs(DOOR["lat_e7"] - lat_e7) < 20
    assert abs(DOOR["lon_e7"] - lon_e7) < 20
    assert ("door", "agent") == (precision, source)
    assert all(after[each] > before[each] for each in before)
    assert {(lat_e7, lon_e7, "door")} == {(each["lat_e7"], each["lon_e7"], each["precision"]) for each in places}
    assert "Positions of doors" not in browser.get("/conflicts")
    acts = [row.act for row in office.rows(office_tables.office_act.select()) if row.object_id == street.place_id]
    assert ["confirmed_door"] == acts
    assert [(True, "reviewer")] == [(row.is_confirmed, row.by) for row in office.rows(door_word.select())]


def test_a_refused_position_comes_back_only_with_another_visit(desk: Desk, street: Street) -> None:
    """The place stays as it is; the same evidence is not shown again."""
    browser = desk.sign_in("dispatcher")
    decide(browser, street, "refuse")
    quiet = browser.get("/conflicts")
    street.meet(carrier(desk.office, "a2"))
    again = browser.get("/conflicts")

    assert ROUGH["precision"] == street.held()[2]
    assert "Positions of doors" not in quiet
    assert "3 of 3 · 2 agents" in " ".join(again.split())


def test_what_changed_meanwhile_is_not_confirmed_unseen(desk: Desk, street: Street) -> None:
    """Another visit makes another proposal: the form of the old one changes nothing and says so."""
    browser = desk.sign_in("reviewer")
    found = re.search(r'name="evidence" value="([0-9a-f]{64})"', browser.get("/conflicts"))
    assert found is not None
    street.meet()

    page = browser.follow(f"/conflicts/doors/{street.place_id}", act="confirm", evidence=found[1])

    assert "Other visits came meanwhile" in page
    assert "street" == street.held()[2]


@pytest.mark.parametrize("doubt", ["mock", "rejected", "nobody"])
def test_visits_in_doubt_do_not_speak(desk: Desk, street: Street, doubt: str) -> None:
    """A made-up position, a rejected visit, nobody met: one visit is left, which is too few."""
    table, mine = visit_tables.visit, visit_tables.visit.c.visit_id == street.visits[1]
    values: dict[str, str] = {"rejected": {"state": "rejected"}, "nobody": {"contact_result": "nobody"}}.get(doubt, {})
    if values:
        changed = table.update().where(mine).values(**values)
    else:
        [row] = desk.office.rows(table.select().where(mine))
        desk.office.insert(
            visit_tables.finding, id=desk.office.site.new_id(), case_id=row.case_id, visit_id=row.visit_id,
            code="fix_mocked", key="", severity="look", facts={}, sentence="", found_ms=0,
        )  # fmt: skip
        changed = table.update().where(mine).values(rank=1)
    desk.office.site.store.write(lambda connection: connection.execute(changed) and None)

    assert "Positions of doors" not in desk.sign_in("reviewer").get("/conflicts")


def test_another_agencys_door_is_not_shown_or_moved(desk: Desk, street: Street) -> None:
    """Neither the list nor the form of a limited account reaches it."""
    office = desk.office
    other = office.site.new_id()
    office.insert(tables.agency, id=other, name="South Field Agency", status="active")
    browser = desk.sign_in("reviewer", agencies=[other])

    assert "Positions of doors" not in browser.get("/conflicts")
    browser.post(f"/conflicts/doors/{street.place_id}", 404, act="confirm", evidence="0" * 64)
    assert "street" == street.held()[2]
