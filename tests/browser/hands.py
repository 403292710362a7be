"""The two ways to use a page: by keyboard alone, and by mouse. A test that takes a hand passes with either."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from playwright.sync_api import Locator, Page

MOST_TABS = 400


class Hand(Protocol):
    """What a person does on a page; *key* is an act that has a key of its own."""

    def press(self, target: Locator) -> None:
        """Press a button, a link or a fold."""

    def write(self, target: Locator, text: str) -> None:
        """Write into a field what it holds from then on."""

    def choose(self, target: Locator, value: str) -> None:
        """Choose an option of a list by its value."""

    def tick(self, target: Locator) -> None:
        """Tick a box."""

    def give(self, target: Locator, file: Path) -> None:
        """Choose a file."""

    def key(self, page: Page, key: str) -> None:
        """Do what a key of the page does."""

    def open_first(self, page: Page) -> None:
        """Open the first row of the list."""


class Mouse:
    """Clicks; what has a key is clicked as well."""

    def press(self, target: Locator) -> None:
        """Click it."""
        target.click()

    def write(self, target: Locator, text: str) -> None:
        """Click into the field and type."""
        target.click()
        target.fill(text)

    def choose(self, target: Locator, value: str) -> None:
        """Choose from the list."""
        target.select_option(value)

    def tick(self, target: Locator) -> None:
        """Click the box."""
        target.click()

    def give(self, target: Locator, file: Path) -> None:
        """Choose in the window that opens."""
        with target.page.expect_file_chooser() as opened:
            target.click()
        opened.value.set_files(file)

    def key(self, page: Page, key: str) -> None:
        """Click what has the key."""
        page.locator(f'[data-key="{key}"]').first.click()

    def open_first(self, page: Page) -> None:
        """Click the first row."""
        page.locator("a[data-row]").first.click()


class Keyboard:
    """Keys only: what has none of its own is reached by Tab, which shows that it can be."""

    def press(self, target: Locator) -> None:
        """Walk there and press Enter."""
        self._reach(target)
        target.page.keyboard.press("Enter")

    def write(self, target: Locator, text: str) -> None:
        """Walk there, and type over what it held."""
        self._reach(target)
        target.page.keyboard.press("ControlOrMeta+A")
        target.page.keyboard.type(text)

    def choose(self, target: Locator, value: str) -> None:
        """Walk there, and type the option's name as people do."""
        name = target.evaluate("(at, value) => [...at.options].find(each => each.value === value).text", value)
        self._reach(target)
        target.page.keyboard.type(name)
        assert target.input_value() == value, f"the list stands at {target.input_value()}"

    def tick(self, target: Locator) -> None:
        """Walk there and press Space."""
        self._reach(target)
        target.page.keyboard.press("Space")

    def give(self, target: Locator, file: Path) -> None:
        """Walk there, press Space, and choose in the window that opens."""
        self._reach(target)
        with target.page.expect_file_chooser() as opened:
            target.page.keyboard.press("Space")
        opened.value.set_files(file)

    def key(self, page: Page, key: str) -> None:
        """Leave the field one may be in, and press the key."""
        page.keyboard.press("Escape")
        page.keyboard.press(key)

    def open_first(self, page: Page) -> None:
        """Step to the first row and open it."""
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        page.keyboard.press("Enter")

    def _reach(self, target: Locator) -> None:
        """Press Tab until it is there; what cannot be reached fails the test."""
        target.wait_for()
        for _ in range(MOST_TABS):
            if target.evaluate("at => document.activeElement === at"):
                return
            target.page.keyboard.press("Tab")
        raise AssertionError(f"{target} cannot be reached by keyboard")
