"""What shuts the phone app in a real Chromium, and the way back. Needs the built app (`make pwa`)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from schemas.vocabulary import DirectiveKind
from server.services.device_keys import open_data_key
from server.services.enrolling import issue_code
from server.services.revoking import order_device
from server.storage import tables
from tests.browser.conftest import Served
from tests.browser.door import Phone
from tests.browser.look import SERIOUS, WIDTH
from tests.browser.phone_look import SMALL, set_up, unlock
from tests.browser.test_phone_day import plan_day, street

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
NEW_PIN, WRONG_PIN = "829304", "111222"
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


def guess(page: Page, count: int) -> None:
    """Try a wrong PIN so many times, each after its wait."""
    field = page.locator("input[type=password]")
    for _ in range(count):
        set_clock(page, HOUR_MS)
        field.fill(WRONG_PIN)
        page.locator("button[type=submit]").click()
        expect(page.locator("button[type=submit]")).not_to_have_attribute("aria-disabled", "true")
        page.wait_for_function("[...document.querySelectorAll('input[type=password]')].every((each) => !each.value)")


def enter_key(page: Page, key: str) -> None:
    """Enter what the office gave, and choose a new PIN."""
    page.get_by_label("Key from the office").fill(key)
    page.get_by_label("PIN", exact=True).fill(NEW_PIN)
    page.get_by_label("PIN again").fill(NEW_PIN)
    page.get_by_role("button", name="Open with the new PIN").click()


def test_a_pin_that_was_wrong_ten_times_loses_the_visits_and_nothing_that_was_recorded(served: Served) -> None:
    """The phone says so, its file goes to the office, the office's key opens it, and what was not sent arrives."""
    phone = start(served)
    page = phone.page
    phone.arrive(street(1))
    phone.context.set_offline(True)
    phone.show_card()
    page.reload()
    guess(page, 9)
    expect(page.get_by_text(re.compile("1 try left.*After the last one the visits"))).to_be_visible()
    guess(page, 1)
    expect(page.get_by_text(re.compile("The PIN was wrong 10 times.*is safe"))).to_be_visible()
    page.reload()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save the file").click()
    _, key = open_data_key(served.site, Path(saved.value.path()).read_bytes(), "Dana")

    enter_key(page, "ab" * 32)
    expect(page.get_by_text("This is not the key of this phone. Nothing was changed.")).to_be_visible()
    enter_key(page, " ".join(key[at : at + 8] for at in range(0, 64, 8)))
    page.wait_for_selector(".steps")
    phone.go("")
    expect(page.get_by_text("its time on this phone has ended")).to_have_count(2)
    phone.send_all()
    phone.go("")
    expect(page.locator(".stops").get_by_role("link", name=street(2))).to_be_visible()
    page.reload()
    page.locator("input[type=password]").fill(NEW_PIN)
    page.locator("button[type=submit]").click()
    page.wait_for_selector(".steps")
    with served.site.store.read() as connection:
        kinds = [row.kind for row in connection.execute(tables.event.select()).all()]
    assert ["step_done", "visit_started"] == sorted(set(kinds) - {"chain_opened"})


def test_a_forgotten_pin_leads_to_the_same_way(served: Served) -> None:
    """Nobody has to try ten times first; and whoever remembers it goes back."""
    phone = start(served)
    phone.page.reload()
    phone.press("PIN forgotten?")
    expect(phone.page.get_by_label("Key from the office")).to_be_visible()
    found = Axe().run(phone.page).response["violations"]
    assert [] == [each["id"] for each in found if each["impact"] in SERIOUS]
    assert [] == phone.page.evaluate(SMALL)
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= WIDTH
    phone.press("Back")
    unlock(phone.page)
    phone.page.wait_for_selector(".stops a")


def read_memory(page: Page) -> str:
    """Give every text that the page's memory holds, after what nothing needs any more was thrown away."""
    session = page.context.new_cdp_session(page)
    parts: list[str] = []
    session.on("HeapProfiler.addHeapSnapshotChunk", lambda told: parts.append(told["chunk"]))
    session.send("HeapProfiler.enable")
    session.send("HeapProfiler.collectGarbage")
    session.send("HeapProfiler.takeHeapSnapshot")
    session.detach()
    return "\n".join(json.loads("".join(parts))["strings"])


def wipe(served: Served, phone: Phone) -> None:
    """Have the office clear the phone."""
    with served.site.store.read() as connection:
        [device] = connection.execute(tables.device.select()).all()
    order_device(served.site, device.id, DirectiveKind.WIPE_NOW, by="test")
    phone.go("sending")
    phone.press("Send now")
    expect(phone.page.get_by_text("This phone was cleared.")).to_be_visible(timeout=20_000)


def set_back(_: Served, phone: Phone) -> None:
    """Set the clock back in the middle of a visit, without a network, and go on with the visit."""
    phone.context.set_offline(True)
    set_clock(phone.page, -2 * DAY_MS)
    phone.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # back from the phone's settings
    phone.go("")
    expect(phone.page.get_by_text(CLOCK_LOCKED)).to_be_visible()
    phone.page.locator(".go-on").click()
    phone.expect_step("On whose behalf")


@pytest.mark.parametrize("shut", [wipe, set_back])
def test_what_was_opened_at_a_door_is_forgotten(served: Served, shut: Callable[[Served, Phone], None]) -> None:
    """Not only gone from the screen and the store: nothing of the sealed part is left in the page's memory."""
    phone = start(served)
    page = phone.page
    phone.arrive(street(1))
    phone.show_card()
    phone.meet()
    phone.ask_facts("1974", "71")
    expect(page.get_by_text("I come on behalf of Zebra Savings Bank.")).to_be_visible()
    before = read_memory(page)
    shut(served, phone)

    assert "Zebra Savings Bank" in before
    assert "Zebra Savings Bank" not in read_memory(page)
