"""A phone in an agent's hand: set up, killed, and used at a door by the words on its screens."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.phone_look import open_phone, unlock

SENDS_WITHIN_MS = 120_000


class Phone:
    """One phone with the app at *address*; its browser knows where it is."""

    def __init__(self, browser: Browser, address: str, without: str = "") -> None:
        self.context: BrowserContext = open_phone(browser, "en", "light", 100)
        if without:
            self.context.add_init_script(without)
        self.page: Page = self.context.new_page()
        self.page.goto(f"{address}/agent/")

    def kill(self) -> None:
        """End the page as the system does, and open the app again: it asks for the PIN and goes on where it was."""
        self.page.goto("about:blank")
        self.page.go_back()
        self.page.reload()
        unlock(self.page)
        self.page.wait_for_selector("main")

    def press(self, name: str | re.Pattern[str], within: str = "body") -> None:
        """Touch a button by its words."""
        self.page.locator(within).get_by_role("button", name=name, exact=isinstance(name, str)).click()

    def go(self, *route: str) -> None:
        """Open a place of the app by its address."""
        self.page.evaluate("route => { location.hash = '#/' + route.map(encodeURIComponent).join('/') }", list(route))

    def expect_step(self, title: str) -> None:
        """Wait until a step is the one in hand: the one before it is durable by then."""
        expect(self.page.locator(".hand h2")).to_have_text(title)

    # --- the door ---

    def arrive(self, address: str) -> None:
        """From the day to a door, and check in."""
        self.page.locator(".stops").get_by_role("link", name=address).press("Enter")  # rows move as visits end
        self.press("Start the visit")
        self.page.locator(".state.good").first.wait_for()
        self.press("I am here")
        self.expect_step("Show your card")

    def show_card(self) -> None:
        """Show the card, until it was seen."""
        self.press("Show my card")
        self.page.locator(".qr").wait_for()
        self.press("They have seen it")
        expect(self.page.locator(".hand h2")).not_to_have_text("Show your card")

    def meet(self, who: str = "The person") -> None:
        """Say who is at the door."""
        self.press(who)

    def ask_facts(self, *answers: str) -> None:
        """Ask for two facts."""
        self.press(re.compile("^Two facts"))
        for at, answer in enumerate(answers):
            self.page.locator("fieldset").nth(at).locator(f"input[value='{answer}']").check()
        self.press("Check")

    def see_document(self) -> None:
        """Look at a document instead."""
        self.press(re.compile("^A document"))
        self.press("It is theirs")

    def tell(self, *titles: str) -> None:
        """Say what is to be said, step by step."""
        for title in titles or ("On whose behalf", "Why you are here", "What is possible"):
            self.expect_step(title)
            self.press("Said")
            expect(self.page.locator(".hand h2")).not_to_have_text(title)

    def note_outcome(self, outcome: str = "", fill: Callable[[Page], None] = lambda page: None) -> None:
        """Note what came of it, or what stands there already; *fill* writes what a promise or an appointment needs."""
        self.expect_step("What came of it")
        if outcome:
            self.press(outcome)
        fill(self.page)
        self.press("Save the outcome")
        expect(self.page.locator(".hand h2")).not_to_have_text("What came of it")

    def answer_payment(self) -> None:
        """Note that they answered whether they have paid."""
        self.expect_step("Answer about payment")
        self.press("They answered")
        self.expect_step("Say goodbye")

    def halt(self, reason: str) -> None:
        """Halt the case by one touch."""
        self.press("Halt…")
        self.press(reason)
        expect(self.page.get_by_role("status")).to_contain_text("Halted")
        self.press("End visit")

    def end(self) -> None:
        """Check out, from the visit or from where that is asked already, and go back to the day."""
        if self.page.locator(".ever").count():
            self.press("End visit", ".ever")
        expect(self.page.locator("h1")).to_have_text("End the visit")
        self.press("End visit")
        expect(self.page.locator("h1")).to_have_text("The visit has ended")
        self.press("Back to the day")
        self.page.wait_for_selector(".stops a")

    # --- sending ---

    def send_all(self) -> None:
        """With a network again: touch *Send now* until all is received, as somebody would who wants to go home."""
        self.context.set_offline(False)
        self.go("sending")
        all_safe = self.page.get_by_text("Everything recorded on this phone was received by the office.")
        now = self.page.get_by_role("button", name="Send now", exact=True)
        for _ in range(SENDS_WITHIN_MS // 500):
            if all_safe.is_visible():
                break
            if now.is_visible() and now.get_attribute("aria-disabled") != "true":
                now.click()
            self.page.wait_for_timeout(500)
        expect(all_safe).to_be_visible()

    def statement(self) -> str:
        """Give the phone's signed account of today."""
        self.go("record")
        self.press("Make it")
        return self.page.locator(".signed").inner_text()


def modules_of(qr: Locator) -> list[list[bool]]:
    """Give the modules of a code that the app shows, dark ones true, with the quiet zone it has on the screen."""
    size = int((qr.get_attribute("viewBox") or "").split()[2])
    dark = [[False] * size for _ in range(size)]
    for x, y in re.findall(r"M(\d+) (\d+)h", qr.locator("path").get_attribute("d") or ""):
        dark[int(y)][int(x)] = True
    return dark
