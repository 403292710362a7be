"""What shuts the phone app in a real Chromium, and the way back. Needs the built app (`make pwa`)."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from server.services.enrolling import issue_code
from tests.browser.conftest import Served
from tests.browser.door import Phone
from tests.browser.phone_look import set_up, unlock
from tests.browser.test_phone_day import plan_day, street

DAY_MS = 86_400_000
CLOCK_LOCKED = re.compile("The clock was set back by more than a day.*What you recorded is safe.*Send now")


def start(served: Served) -> Phone:
    """Give a phone with two visits on it, and a clock that a test can set."""
    plan_day(served, 2)
    phone = Phone(served.chromium, served.url)
    phone.page.clock.install()
    phone.page.reload()
    set_up(phone.page, issue_code(served.site, "a1", by="test"))
    return phone


def set_clock(page: Page, by_ms: int) -> None:
    """Set the phone's clock, as its settings do: no time passes."""
    page.clock.set_system_time((page.evaluate("Date.now()") + by_ms) / 1000)


def test_a_clock_set_back_shuts_the_visits_until_the_office_is_met(served: Served) -> None:
    """F3: neither list, case, map nor record tells an address; an open visit can be ended; an exchange opens all."""
    phone = start(served)
    page = phone.page
    phone.arrive(street(1))
    phone.context.set_offline(True)
    page.reload()
    set_clock(page, -2 * DAY_MS)
    unlock(page)
    page.wait_for_selector(".steps")
    for place in ("", "map", "record"):
        phone.go(place)
        page.wait_for_selector("h1")
        page.wait_for_timeout(300)
        expect(page.get_by_text("Sample Street")).to_have_count(0)
    phone.go("")
    expect(page.get_by_text(CLOCK_LOCKED)).to_be_visible()
    assert 2 == page.locator(".stops a").get_by_text("shut: the clock was set back").count()
    page.locator(".stops a").last.click()
    expect(page.get_by_text(CLOCK_LOCKED)).to_be_visible()
    expect(page.get_by_role("button", name="Start the visit")).to_have_count(0)
    phone.go("")
    page.locator(".go-on").click()
    page.wait_for_selector(".ever")
    phone.end()
    set_clock(page, 2 * DAY_MS)
    page.reload()
    unlock(page)
    expect(page.get_by_text(CLOCK_LOCKED)).to_be_visible()

    phone.send_all()
    phone.go("")
    expect(page.locator(".stops").get_by_role("link", name=street(2))).to_be_visible()
    expect(page.get_by_text(CLOCK_LOCKED)).to_have_count(0)
