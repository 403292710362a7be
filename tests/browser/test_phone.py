"""
The phone app's screens in a real Chromium, in practice: an update that waits for the end of a visit, positions, the
keyboard, and what is typed. Its day against the real server is in test_phone_day.py. Needs the built app (`make pwa`).
"""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.hands import Keyboard
from tests.browser.phone_look import set_up, unlock

NEWER = "fairvisit-shell-000000000000"


def test_an_update_waits_for_the_end_of_a_visit(practice: tuple[Page, Path]) -> None:
    """A new version is announced, cannot be started while a visit is open, and starts by a touch afterwards."""
    page, dist = practice
    set_up(page, "PRACTICE")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.evaluate("location.hash = '#/door/practice-case-1'")
    page.wait_for_selector(".state.good")
    page.locator(".bar .act").click()
    page.wait_for_selector(".steps")
    worker = dist / "sw.js"
    worker.write_text(re.sub("fairvisit-shell-[0-9a-f]{12}", NEWER, worker.read_text()))
    page.evaluate("navigator.serviceWorker.getRegistration().then(found => found.update())")
    page.evaluate("location.hash = '#/'")
    expect(page.get_by_text("A new version is here")).to_be_visible()
    expect(page.get_by_role("button", name="Start it now")).to_have_count(0)
    page.locator(".go-on").click()
    page.locator(".ever .act").nth(1).click()
    page.wait_for_selector(".picks")
    page.locator(".bar .act").click()
    page.locator(".bar .act", has_text="Back to the day").click()
    page.get_by_role("button", name="Start it now").click()
    unlock(page)
    page.wait_for_selector(".stops a")

    assert [NEWER] == page.evaluate("caches.keys()")


def test_positions_are_watched_only_while_arriving_and_leaving(practice: tuple[Page, Path]) -> None:
    """Within a second of check-in, and of the end, nobody looks where the agent is."""
    page, _ = practice
    set_up(page, "PRACTICE")
    page.evaluate("""() => {
        window.watching = 0;
        const { watchPosition, clearWatch } = Geolocation.prototype;
        const known = new Set();
        Geolocation.prototype.watchPosition = function (...given) {
            const id = watchPosition.apply(this, given); known.add(id); window.watching = known.size; return id; };
        Geolocation.prototype.clearWatch = function (id) {
            known.delete(id); window.watching = known.size; return clearWatch.call(this, id); };
    }""")
    watching: list[int] = []

    def count() -> None:
        watching.append(page.evaluate("window.watching"))

    page.evaluate("location.hash = '#/door/practice-case-1'")
    page.wait_for_selector(".state.good")
    count()
    page.locator(".bar .act").click()
    page.wait_for_selector(".steps")
    count()
    page.locator(".ever .act").nth(1).click()
    page.wait_for_selector(".picks")
    for _ in range(100):  # the screen stands before it begins to look; the page's CSP lets nothing wait within it
        if page.evaluate("window.watching"):
            break
        page.wait_for_timeout(20)
    count()
    page.locator(".bar .act").click()
    page.locator(".bar .act", has_text="Back to the day").wait_for()
    count()

    assert [1, 0, 1, 0] == watching


def test_the_whole_door_by_keyboard_alone(practice: tuple[Page, Path]) -> None:
    """From the day to the end of a visit with Tab, Enter and typing; every act is reached by its role and name."""
    page, _ = practice
    set_up(page, "PRACTICE")
    hand = Keyboard()

    def press(name: str) -> None:
        hand.press(page.get_by_role("button", name=name, exact=True))

    hand.press(page.get_by_role("link", name="3 Balmy Street, flat 2"))
    press("Start the visit")
    press("I am here")
    press("Show my card")
    press("They have seen it")
    press("They agree")
    press("The person")
    hand.press(page.get_by_role("button", name="Code in their letter"))
    hand.write(page.get_by_label("The code in their letter"), "4711-2580")
    press("Check")
    for title in ("On whose behalf", "Why you are here", "What is possible"):
        expect(page.locator(".hand h2")).to_have_text(title)
        press("Said")
    press("No hardship")
    press("Says it is paid")
    hand.write(page.get_by_label("Note for the office (optional)"), "Paid on Monday, will send the slip.")
    press("Save the outcome")
    expect(page.locator(".hand h2")).to_have_text("Say goodbye")
    hand.press(page.locator(".hand").get_by_role("button", name="End visit"))
    expect(page.locator("h1")).to_have_text("End the visit")
    press("End visit")

    expect(page.locator("h1")).to_have_text("The visit has ended")
