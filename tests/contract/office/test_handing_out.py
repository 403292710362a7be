"""Handing out in other ways: an area, by work load, by a policy table; what is shown is what goes out."""

from __future__ import annotations

import io
import re

import pytest

from server.services import dispatching
from server.services.people import AgentEntry, put_agents
from server.storage import tables
from tests.contract.office.desk import Browser, Desk
from tests.contract.office.test_dispatch import held

TABLE = """rows:
- name: long overdue
  when: {days_past_due: {from: 61}}
  to: {team: City}
- name: the rest
  when: {days_past_due: {from: 1}}
  to: {team: Nowhere}
"""


def add_cases(desk: Desk, **days: int) -> dict[str, str]:
    """Add a case for each name, so many days past due, in the area Mission; give their ids."""
    ids = {name: desk.office.add_case(name) for name in days}
    for name, count in days.items():
        changed = tables.case.update().where(tables.case.c.id == ids[name])
        values = changed.values(days_past_due=count, area="Mission")
        desk.office.site.store.write(lambda connection, values=values: connection.execute(values) and None)
    return ids


def add_agents(desk: Desk, *codes: str, team: str = "City", agency: str = "North Field Agency") -> None:
    """Add agents of a team."""
    put_agents(desk.office.site, [AgentEntry(code, f"Agent {code}", agency, team) for code in codes])


def orders(page: str) -> list[str]:
    """Give what a page of a proposal would hand out, each with its crew."""
    return re.findall(r'name="order" value="([^"]+)"', page)


def propose(browser: Browser, **form: str) -> str:
    """Ask what would come of it."""
    return browser.post("/dispatch/try", 200, **form).text


def test_a_whole_area_goes_to_one_crew(desk: Desk) -> None:
    """Its free cases by priority, none of another area; without an area it asks for one."""
    ids = add_cases(desk, R1=1, R2=95)
    desk.office.add_case("R3")
    add_agents(desk, "a1", "a2")
    browser = desk.sign_in("dispatcher")

    page = propose(browser, how="area", area="Mission", lead="a1", companions="a2")
    asked = browser.post("/dispatch/try", 422, how="area", area="", lead="a1", companions="").text
    browser.post("/dispatch/assign", order=orders(page))

    assert [f"{ids['R2']} a1 a2", f"{ids['R1']} a1 a2"] == orders(page)
    assert "choose one above" in asked
    assert sorted((each, role) for each in ids.values() for role in ("companion", "lead")) == held(desk)


def test_the_least_loaded_crew_with_room_gets_the_next_case(desk: Desk) -> None:
    """Who leads nothing comes before who leads something; who is full gets none, and a person is asked."""
    add_agents(desk, "a1", "a2")
    busy = desk.office.add_case("R0")
    [lead] = desk.office.rows(tables.agent.select().where(tables.agent.c.code == "a1"))
    desk.office.assign(busy, lead.id)
    full = tables.team.update().values(capacity=2)
    desk.office.site.store.write(lambda connection: connection.execute(full) and None)
    ids = add_cases(desk, R1=95, R2=40, R3=20, R4=1)

    page = propose(desk.sign_in("dispatcher"), how="load", area="Mission", crew="1")

    assert [f"{ids['R1']} a2", f"{ids['R2']} a1", f"{ids['R3']} a2"] == orders(page)
    assert "1 case is for a person to choose" in page
    assert "R4 · every able agent of the office is at capacity" in " ".join(page.split())


def test_a_policy_table_is_seen_before_it_is_followed(desk: Desk) -> None:
    """Each case with the row that chose, what goes to a person with why; then just that is handed out."""
    add_agents(desk, "a1")
    add_agents(desk, "b1", team="Nowhere", agency="South Field Agency")
    inactive = tables.agent.update().where(tables.agent.c.code == "b1").values(status="inactive")
    desk.office.site.store.write(lambda connection: connection.execute(inactive) and None)
    ids = add_cases(desk, R1=95, R2=40)
    browser = desk.sign_in("dispatcher")

    page = browser.post("/dispatch/policy", 200, file=(io.BytesIO(TABLE.encode()), "table.yaml"), area="").text
    before = held(desk)
    browser.post("/dispatch/assign", order=orders(page))

    assert [f"{ids['R1']} a1"] == orders(page)
    assert "row long overdue" in page
    assert "R2 · row the rest · team Nowhere has no active agent" in page
    assert [] == before
    assert [(ids["R1"], "lead")] == held(desk)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("rows: [{name: City, when: {sex: [f]}, to: {team: City}}]", "row 1 “City” · when.sex: "),
        ("rows: [{name: A, to: {team: City}}, {to: {team: City}}]", "row 2 · name: "),
        ("rows: [{name: A, to: {team: Moon}}]", "“A” · to: there is no team Moon"),
        ("rows: [", "is not YAML"),
    ],
)
def test_a_fault_of_a_table_names_row_and_field(desk: Desk, table: str, said: str) -> None:
    """What was written stays in the form; nothing is done."""
    add_agents(desk, "a1")
    answer = desk.sign_in("dispatcher").post("/dispatch/policy", 422, table=table, area="")
    page = answer.text

    assert "text/html" == answer.mimetype
    assert said in " ".join(page.split())
    assert table.replace("&", "&amp;") in page


def test_another_agencys_agents_get_nothing_from_a_limited_account(desk: Desk) -> None:
    """By load and by policy only one's own are chosen."""
    add_agents(desk, "a1")
    add_agents(desk, "b1", team="South", agency="South Field Agency")
    ids = add_cases(desk, R1=95, R2=94)
    browser = desk.sign_in("dispatcher", agencies=[desk.office.agency_id])

    loaded = propose(browser, how="load", area="Mission", crew="1")
    south = browser.post("/dispatch/policy", 200, table="rows: [{name: S, to: {team: South}}]", area="").text

    assert [f"{ids['R1']} a1", f"{ids['R2']} a1"] == orders(loaded)
    assert [] == orders(south)
    assert "2 cases are for a person to choose" in south


def test_more_than_are_handed_out_at_once_wait_for_the_next_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first by priority go, and the page says how many are left."""
    monkeypatch.setattr(dispatching, "MOST_CASES", 1)
    add_agents(desk, "a1")
    ids = add_cases(desk, R1=1, R2=95)

    page = propose(desk.sign_in("dispatcher"), how="load", area="Mission", crew="1")

    assert [f"{ids['R2']} a1"] == orders(page)
    assert "1 more case waits for the next time." in page


def test_the_nearest_is_looked_for_among_ones_own(desk: Desk) -> None:
    """A foreign agent who lives at the door keeps back no case from a limited account."""
    ids = add_cases(desk, R1=1)
    at = {"near": (377_700_000, -1_224_200_000), "far": (377_900_000, -1_224_200_000)}
    entries = [
        AgentEntry("near", "Agent near", "South Field Agency", at=at["near"]),
        AgentEntry("far", "Agent far", "North Field Agency", at=at["far"]),
    ]
    put_agents(desk.office.site, entries)
    mine = desk.sign_in("dispatcher", agencies=[desk.office.agency_id])
    whole = desk.sign_in("everybody", "dispatcher")

    assert [f"{ids['R1']} far"] == orders(propose(mine, how="nearest", area="Mission", crew="1"))
    assert [f"{ids['R1']} near"] == orders(propose(whole, how="nearest", area="Mission", crew="1"))
