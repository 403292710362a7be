"""
The phone app in a real Chromium: a visit without a network, killed after every step, against a real server; an update
that waits for the end of a visit. Needs the built app (`npm run build` in agent_sync/pwa).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from server.services.asking import prepare_pairs
from server.services.assigning import assign
from server.services.enrolling import issue_code
from server.services.importing import FileOrder, import_portfolio
from server.services.people import AgentEntry, put_agents
from server.services.statements import compare_with_device
from server.storage import tables
from tests.browser.conftest import Served
from tests.browser.hands import Keyboard
from tests.browser.phone_look import open_phone, set_up, unlock

PORTFOLIO = """Loan No,Name,Language,Phone,Address,Amount,Options,Date of birth,Last two digits of ID
LN-1,Ana Example,en,,1 Sample St,9876.54,Three parts from June,1974-03-09,71
"""
NEWER = "fairvisit-shell-000000000000"
RECORDED = [
    "visit_started", "step_done", "identity_checked", "identity_checked", "sealed_part_opened", "step_done",
    "step_done", "step_done", "step_done", "outcome_noted", "visit_ended",
]  # fmt: skip


def kill(page: Page) -> None:
    """End the page as the system does, and open the app again: it asks for the PIN and goes on at the open visit."""
    page.goto("about:blank")
    page.go_back()
    page.reload()
    unlock(page)
    page.wait_for_selector(".steps")


def say_facts(page: Page, *answers: str) -> None:
    """Answer the two questions."""
    page.locator(".choice").first.click()
    for at, answer in enumerate(answers):
        page.locator("fieldset").nth(at).locator(f"input[value='{answer}']").check()
    page.locator("button[type=submit]").click()


def steps_of(page: Page) -> list[tuple[str, Callable[[], None]]]:
    """Give what is done at the door, each with the heading under which it stands."""

    def show_card() -> None:
        page.locator(".in-hand").click()
        page.wait_for_selector(".qr")
        page.locator(".bar .act").first.click()

    def refuse() -> None:
        page.locator(".tap").nth(2).click()
        page.locator(".in-hand").click()

    said = page.locator(".in-hand").click
    return [
        ("Show your card", show_card), ("Who is at the door?", page.locator(".choice").first.click),
        ("Is it the person?", lambda: say_facts(page, "1974", "none")),
        ("Is it the person?", lambda: say_facts(page, "1974", "71")), ("On whose behalf", said),
        ("Why you are here", said), ("What is possible", said), ("Ask about hardship", said),
        ("What came of it", refuse),
    ]  # fmt: skip


def test_a_visit_killed_after_every_step_loses_nothing(served: Served, tmp_path: Path) -> None:
    """Each step is recorded once, the visit goes on where it was, and both accounts of the day are equal."""
    put_agents(served.site, [AgentEntry("a1", "Ann Agent", "North")])
    path = tmp_path / "portfolio.csv"
    path.write_text(PORTFOLIO, "utf-8")
    import_portfolio(served.site, FileOrder(path, lender="Zebra Savings Bank", currency="USD"))
    with served.site.store.read() as connection:
        case_id = connection.execute(tables.case.select()).one().id
    assign(served.site, [case_id], "a1")
    prepare_pairs(served.site, 5)
    context = open_phone(served.chromium, "en", "light", 100)
    page = context.new_page()
    page.goto(f"{served.url}/agent/")
    set_up(page, issue_code(served.site, "a1", by="test"))
    context.set_offline(True)

    page.locator(".stops a").click()
    page.locator(".bar .act").click()
    page.wait_for_selector(".state.good")
    page.locator(".bar .act").click()
    page.wait_for_selector(".steps")
    for title, act in steps_of(page):
        kill(page)
        expect(page.locator(".hand h2")).to_have_text(title)
        act()
        page.wait_for_timeout(1_500)  # PBKDF2, then strict durability
    kill(page)
    page.locator(".ever .act").nth(1).click()
    page.wait_for_selector(".picks")
    page.locator(".bar .act").click()
    expect(page.locator("h1")).to_have_text("The visit has ended")
    context.set_offline(False)
    page.evaluate("location.hash = '#/sending'")
    expect(page.get_by_text("was received by the office")).to_be_visible(timeout=20_000)
    page.evaluate("location.hash = '#/record'")
    page.get_by_role("button", name="Make it").click()
    compared = compare_with_device(served.site, page.locator(".signed").inner_text())
    with served.site.store.read() as connection:
        rows = connection.execute(tables.event.select().where(tables.event.c.case_id == case_id)).all()
    context.close()

    assert [] == list(compared.differences)
    assert sorted(RECORDED) == sorted(row.kind for row in rows)


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
