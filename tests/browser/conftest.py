"""What the tests in a real browser may ask for: Chromium, a served office, and desks with somebody at them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from agent_sync import Device
from server.app import open_site
from server.domain.roles import Role
from server.services import signing_in
from server.services.enrolling import issue_code
from server.services.site import Site
from server.settings import Settings
from tests.browser.look import FLAGS
from tests.houses import NO_RULES
from tests.processes import serving

PASSWORD = "a long enough one"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A running Chromium; a machine without one fails, it does not skip."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found is not None, "There is no Chromium on PATH; install one (Debian: chromium)."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Served:
    """A real server of two processes, the office's own view of its database, and browsers on it."""

    url: str
    site: Site
    chromium: Browser
    folder: Path

    def open(self) -> Page:
        """Open a browser of somebody's own; anything a page's script complains of fails the test."""
        page = self.chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB").new_page()
        page.on("pageerror", lambda error: pytest.fail(f"a script failed: {error}"))
        return page

    def sign_in(self, name: str, *roles: Role) -> Page:
        """Make an account with a second factor, set that up by the pages, and sign in by it; give its browser."""
        signing_in.add_user(self.site, name, PASSWORD, roles, by="test")
        page = self.open()
        self._send(page, name)
        secret = page.input_value("input[name=secret]")
        page.fill("#code", pyotp.TOTP(secret).now())
        page.click("text=Set it up")
        page.get_by_text("They are not shown again").wait_for()
        recovery = page.locator("li code").first.inner_text()
        page.click("text=I have kept them")
        page.click("text=Sign out")
        self._send(page, name, recovery)
        page.get_by_role("navigation").wait_for()
        return page

    def _send(self, page: Page, name: str, code: str = "") -> None:
        page.goto(f"{self.url}/office/")
        page.fill("#name", name)
        page.fill("#password", PASSWORD)
        page.fill("#code", code)
        page.press("#code", "Enter")

    def device(self, code: str) -> Device:
        """Give a real device of an agent, enrolled over the network."""
        device = Device(self.folder / f"{code}.db", self.url)
        device.enrol(issue_code(self.site, code, by="test"))
        return device


@pytest.fixture
def served(chromium: Browser, tmp_path: Path) -> Iterator[Served]:
    """An office that is served as `fairvisit serve` does it, folding as visits come in."""
    url = f"sqlite:///{tmp_path / 'fairvisit.db'}"
    folder = tmp_path / "files"
    site = open_site(Settings(database_url=url, folder=str(folder), house_rulebook=NO_RULES))
    settings = {"FAIRVISIT_HOUSE_RULEBOOK": NO_RULES, "FAIRVISIT_RECONCILE_EVERY_MS": "100"}
    with serving(url, folder, environ=settings) as (address, _):
        yield Served(address, site, chromium, tmp_path)
    site.store.close()
