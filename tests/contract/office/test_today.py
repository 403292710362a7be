"""Today: each number is that of what it leads to, within the viewer's agencies and roles."""

from __future__ import annotations

import re

from server.storage import tables, voice_tables
from tests.contract.office.desk import Browser, Desk
from tests.contract.office.test_queue import shown
from tests.contract.office.visits import FAR, carrier, visit

CARD = re.compile(
    r'<a class="card" href="/office([^"]+)"><b>([0-9+]+)</b>\s*<span class="(\w+)">.*?</svg> ([^<]+)</span>', re.DOTALL
)


def cards(browser: Browser) -> dict[str, tuple[str, int, str]]:
    """Give (address, count, state) of each card by its title."""
    return {title: (where, int(count), state) for where, count, state, title in CARD.findall(browser.get("/today"))}


def test_each_number_is_that_of_the_page_it_leads_to(desk: Desk) -> None:
    """What waits for a decision is counted, and the address shows just as many."""
    phone = carrier(desk.office)
    visit(desk.office, phone, "R1", FAR)
    visit(desk.office, phone, "R2")
    browser = desk.sign_in("reviewer")

    where, count, state = cards(browser)["visits to decide on"]
    today, came, _ = cards(browser)["visits today"]

    assert (2, "look") == (count, state)
    assert 2 == len(shown(browser.get(where))) == came == len(shown(browser.get(today)))


def test_another_agencys_work_is_not_counted(desk: Desk) -> None:
    """Whoever is limited to an agency has its numbers only."""
    office = desk.office
    other = office.site.new_id()
    office.insert(tables.agency, id=other, name="South Field Agency", status="active")
    visit(office, carrier(office, "b1", other), "R1")
    now_ms = office.clock()
    office.insert(
        voice_tables.complaint, id=office.site.new_id(), channel="verify", codes=[], words="", reach="",
        agent_id=office.rows(tables.agent.select())[0].id, made_ms=now_ms, acknowledge_by_ms=now_ms,
        answer_by_ms=now_ms - 1,
    )  # fmt: skip

    ours = cards(desk.sign_in("ours", "reviewer", "support", agencies=[office.agency_id]))
    theirs = cards(desk.sign_in("theirs", "reviewer", "support", agencies=[other]))

    assert [(0, "good"), (1, "look")] == [each["visits to decide on"][1:] for each in (ours, theirs)]
    assert [(0, "good"), (1, "stop")] == [each["complaints open"][1:] for each in (ours, theirs)]


def test_a_question_without_an_answer_is_called_out(desk: Desk) -> None:
    """A question three days without an answer is counted, and one click away; a fresh one is not."""
    office = desk.office
    phone = carrier(office)
    asked = visit(office, phone, "R1")
    browser = desk.sign_in("supervisor")
    browser.post(f"/visits/{asked}/decide", act="returned", question="Who opened?")
    early = cards(browser)

    office.clock.advance(days=3, minutes=5)
    browser = desk.open("supervisor")
    late = cards(browser)

    title = "questions without an answer for 3 days"
    assert [0, 1] == [each[title][1] for each in (early, late)]
    assert [asked] == shown(browser.get(late[title][0]))


def test_each_role_sees_the_numbers_of_its_rooms(desk: Desk) -> None:
    """Nobody is shown a card that leads to a page they may not open."""
    for role in ("dispatcher", "reviewer", "supervisor", "auditor", "admin", "support"):
        browser = desk.sign_in(role)
        for where, _, _ in cards(browser).values():
            browser.get(where)
