"""Today: each number is that of what it leads to, within the viewer's agencies and roles."""

from __future__ import annotations

import re

from server.services.reconciling import reconcile
from server.storage import tables, voice_tables
from tests.contract.office.desk import Browser, Desk
from tests.contract.office.test_queue import shown
from tests.contract.office.visits import DOOR, FAR, carrier, visit

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


def test_only_a_visit_that_should_have_ended_is_not_heard_from(desk: Desk) -> None:
    """One that began a moment ago is no alarm; an hour and a half later it is, and the page shows just that one."""
    office = desk.office
    phone = carrier(office)
    visit(office, phone, "R1")
    case_id, visit_id = office.add_case("R2"), office.site.new_id()
    office.assign(case_id, phone.agent_id)
    phone.exchange()
    phone.record("visit_started", {"fixes": [DOOR]}, case_id=case_id, visit_id=visit_id, packet_rev=1)
    phone.exchange(phone.log[-1:])
    reconcile(office.site)
    browser = desk.sign_in("reviewer")

    where, early, _ = cards(browser)["visits not heard from"]
    shown_early = shown(browser.get(where))
    office.clock.advance(minutes=91)
    late = cards(browser)["visits not heard from"]

    assert (0, []) == (early, shown_early)
    assert ((where, 1, "stop"), [visit_id]) == (late, shown(browser.get(where)))


def test_the_number_of_devices_is_that_of_their_list(desk: Desk) -> None:
    """Silent, with records set aside, and once at odds: each card counts the devices that its address lists."""
    office = desk.office
    quiet, parked, odd = (carrier(office, code) for code in ("q1", "p1", "o1"))
    office.clock.advance(days=2, minutes=1)
    for phone in (parked, odd):
        phone.exchange()
    for _ in range(2):
        parked.record("no_such_kind", {})
    parked.exchange(parked.log[-2:])
    asked = tables.device.update().where(tables.device.c.agent_id == odd.agent_id).values(manifest_requests=1)
    office.site.store.write(lambda connection: connection.execute(asked) and None)
    browser = desk.sign_in("dispatcher")

    found = cards(browser)
    names = ("devices silent for 2 days", "devices with records set aside", "devices that held something else")

    for name, phone in zip(names, (quiet, parked, odd), strict=True):
        where, count, _ = found[name]
        [listed] = re.findall(r"data-row href=[^>]+>([^<]+)</a>", browser.get(where))
        assert (1, office.rows(tables.agent.select().where(tables.agent.c.id == phone.agent_id))[0].code) == (
            count, listed
        )  # fmt: skip


def test_each_role_sees_the_numbers_of_its_rooms(desk: Desk) -> None:
    """Nobody is shown a card that leads to a page they may not open."""
    for role in ("dispatcher", "reviewer", "supervisor", "auditor", "admin", "support"):
        browser = desk.sign_in(role)
        for where, _, _ in cards(browser).values():
            browser.get(where)
