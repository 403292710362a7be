"""Statements in the office: a day is signed off as it was seen, and says so when more comes in."""

from __future__ import annotations

import re

from server.services.settling import settle_month
from tests.contract.office.desk import Browser, Desk
from tests.contract.office.visits import carrier, visit

DAY = "2016-04-07"


def sight(browser: Browser, device_id: str) -> str:
    """Look at a device's day; give what says which events were seen."""
    seen = re.search(r'name="seen" value="([0-9a-f]{64})"', browser.get(f"/statements/{device_id}/{DAY}"))
    assert seen is not None
    return seen[1]


def test_a_day_is_signed_off_and_tells_when_it_changed(desk: Desk) -> None:
    """Who signed stands there; an event of that day that comes later shows, and the old sight cannot be signed."""
    office = desk.office
    phone = carrier(office)
    visit(office, phone, "R1")
    browser = desk.sign_in("reviewer")
    seen = sight(browser, phone.device_id)

    signed = browser.follow(f"/statements/{phone.device_id}/{DAY}", seen=seen)
    visit(office, phone, "R2")
    changed = browser.get(f"/statements?day={DAY}")
    browser.get(f"/statements/{phone.device_id}/{DAY}")
    again = browser.follow(f"/statements/{phone.device_id}/{DAY}", seen=seen)

    assert "Signed off by" in signed
    assert "changed since" in changed
    assert "More came in since you looked" in again


def test_another_days_work_changes_no_signed_day_and_late_work_is_listed(desk: Desk) -> None:
    """A day stays signed off while the device works on; recorded offline and sent days later, it stands on its day."""
    office = desk.office
    phone = carrier(office)
    visit(office, phone, "R1")
    browser = desk.sign_in("reviewer")
    browser.post(f"/statements/{phone.device_id}/{DAY}", seen=sight(browser, phone.device_id))

    office.clock.advance(days=1)
    visit(office, phone, "R2")
    step = phone.record("step_done", {"step": "card_shown", "text_version": "1", "response": "given"})
    office.clock.advance(days=4)
    phone.exchange([step])
    browser = desk.open("reviewer")

    assert "changed since" not in browser.get(f"/statements?day={DAY}")
    assert phone.device_id in browser.get("/statements?day=2016-04-08")
    for odd in ("0001-01-01", "9999-12-31", "2016-02-31", "today"):
        browser.get(f"/statements?day={odd}")


def test_a_month_counts_each_visit_once_with_its_id(desk: Desk) -> None:
    """Approved and open ones stand apart; the page shows the ids behind each sum, signed; another agency's are not."""
    office = desk.office
    phone = carrier(office)
    visits = [visit(office, phone, f"R{number}") for number in range(3)]
    browser = desk.sign_in("reviewer", agencies=[office.agency_id])
    browser.post(f"/visits/{visits[0]}/decide", act="approved")

    [line] = settle_month(office.site, "2016-04")
    page = browser.get("/settlement?month=2016-04")

    assert ([visits[0]], sorted(visits[1:])) == (line.approved, sorted(line.open))
    assert all(f"/office/visits/{each}" in page for each in visits)
    assert [] == settle_month(office.site, "2016-04", [office.site.new_id()])
    assert [] == settle_month(office.site, "2016-05")
    browser.get("/settlement?month=April", 422)
