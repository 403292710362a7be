"""Dispatch: nothing is handed out before it was tried, and nothing past the gate."""

from __future__ import annotations

from html import unescape

from server.storage import tables
from tests.contract.office.desk import Browser, Desk
from tests.contract.office.visits import carrier


def held(desk: Desk) -> list[tuple[str, str]]:
    """Give (case, role) of every live assignment."""
    table = tables.assignment
    return sorted((row.case_id, row.role) for row in desk.office.rows(table.select().where(table.c.until_ms.is_(None))))


def send(browser: Browser, path: str, *case_ids: str, status: int = 200, **form: str) -> str:
    """Send the board's form."""
    browser.get("/dispatch")
    return unescape(browser.post(path, status, case=list(case_ids), how="chosen", **form).text)


def test_trying_writes_nothing_and_assigning_hands_out(desk: Desk) -> None:
    """The trial shows what would go out; the one button then does it, and takes back as well."""
    office = desk.office
    office.add_agent("a1")
    office.add_agent("a2")
    case_id = office.add_case("R1")
    browser = desk.sign_in("dispatcher")

    page = send(browser, "/dispatch/try", case_id, lead="a1", companions="a2")
    tried = held(desk)
    browser.post("/dispatch/assign", order=[f"{case_id} a1 a2"])
    assigned = held(desk)
    listed = browser.get("/dispatch?way=given")
    send(browser, "/dispatch/unassign", case_id, status=303)

    assert "1 case would go out" in page
    assert f'name="order" value="{case_id} a1 a2"' in page
    assert [] == tried
    assert [(case_id, "companion"), (case_id, "lead")] == assigned
    assert case_id in listed
    assert [] == held(desk)


def test_what_the_gate_refuses_is_shown_and_not_handed_out(desk: Desk) -> None:
    """A halted case stays with nobody, whichever form is sent, and the rule is named."""
    office = desk.office
    office.add_agent("a1")
    halted, free = office.add_case("R1"), office.add_case("R2")
    supervisor = desk.sign_in("supervisor")
    supervisor.get(f"/cases/{halted}")
    supervisor.post(f"/cases/{halted}/holds", reason="illness", scope="case", until="")
    office.settings = office.settings.__class__(**{**office.settings.__dict__, "house_rulebook": "", "rulebooks": "US"})
    office.site.store.close()
    office.start()
    browser = desk.open("supervisor")
    page = browser.get(f"/cases/{halted}")
    dispatcher = desk.sign_in("dispatcher")

    tried = send(dispatcher, "/dispatch/try", halted, free, lead="a1", companions="")
    dispatcher.post("/dispatch/assign", order=[f"{halted} a1", f"{free} a1"])

    assert "no halt is in force" in page
    assert "GATE-HOLD" in tried
    assert "The gate refuses 2" in tried
    assert [] == held(desk)


def test_nobody_hands_out_to_another_agency(desk: Desk) -> None:
    """Limited to an agency, its agents only; what another agency has is not theirs to take back."""
    office = desk.office
    other = office.site.new_id()
    office.insert(tables.agency, id=other, name="South Field Agency", status="active")
    theirs = carrier(office, "b1", other)
    taken, free = office.add_case("R1"), office.add_case("R2")
    office.assign(taken, theirs.agent_id)
    browser = desk.sign_in("dispatcher", agencies=[office.agency_id])

    refused = send(browser, "/dispatch/try", free, lead="b1", companions="", status=422)
    browser.post("/dispatch/assign", 422, order=[f"{free} b1"])
    send(browser, "/dispatch/unassign", taken, status=303)

    assert "'b1' is no active agent of your agencies" in refused
    assert [(taken, "lead")] == held(desk)
    browser.get("/dispatch/crews/b1", 404)


def test_a_crews_day_names_each_case_it_has(desk: Desk) -> None:
    """In an order, with a time each; made to be printed."""
    office = desk.office
    phone = carrier(office)
    for reference in ("R1", "R2"):
        office.assign(office.add_case(reference), phone.agent_id)

    page = desk.sign_in("dispatcher").get("/dispatch/crews/a1?day=2016-04-08")

    assert all(f"{reference} Hill Rd" in page for reference in ("R1", "R2"))


def test_an_address_that_asks_for_nonsense_is_answered(desk: Desk) -> None:
    """A place beyond all numbers, a day beyond all calendars: the first page and today are shown."""
    office = desk.office
    office.add_agent("a1")
    office.add_case("R1")
    browser = desk.sign_in("dispatcher")

    assert "R1 Hill Rd" in browser.get("/dispatch?before=" + "9" * 5000)
    for day in ("0001-01-01", "9999-12-31", "tomorrow"):
        assert 'href="/office/dispatch/crews/a1?day=2016-04-07"' in browser.get("/dispatch")
        assert "2016-04-07" in browser.get(f"/dispatch/crews/a1?day={day}")
    for path in ("garbage/phone", "01900000-0000-7000-8000-000000000000/phone", "doors/garbage"):
        browser.post(f"/conflicts/{path}", 404, act="keep")
