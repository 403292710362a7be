"""What the tests in a real browser may ask for: Chromium, a served office, and desks with somebody at them."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyotp
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from agent_sync import Device
from server.agent_app import BESIDE_US, register_agent_app
from server.app import open_site
from server.domain.roles import Role
from server.services import signing_in
from server.services.enrolling import issue_code
from server.services.site import Site
from server.settings import Settings
from tests.browser import look
from tests.browser.hands import Hand, Mouse
from tests.browser.look import FLAGS, Quiet
from tests.browser.phone_look import open_phone
from tests.houses import NO_RULES
from tests.processes import serving

PASSWORD = "a long enough one"
MOUSE = Mouse()


def find_chromium() -> str:
    """Give where the machine's Chromium is."""
    found = look.find_chromium()
    assert found is not None, "There is no Chromium on PATH; install one (Debian: chromium)."
    return found


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A running Chromium; a machine without one fails, it does not skip."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
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

    def sign_in(self, name: str, *roles: Role, hand: Hand = MOUSE) -> Page:
        """Make an account, set its second factor up by the pages, and sign in by it; give its browser."""
        signing_in.add_user(self.site, name, PASSWORD, roles, by="test")
        page = self.open()
        self._send(page, hand, name)
        totp = pyotp.TOTP(page.input_value("input[name=secret]"))
        hand.write(page.locator("#code"), totp.now())
        hand.press(page.get_by_role("button", name="Set it up"))
        page.get_by_text("They are not shown again").wait_for()
        hand.press(page.get_by_text("I have kept them"))
        hand.press(page.get_by_role("button", name="Sign out"))
        page.locator("#name").wait_for()
        self._send(page, hand, name, totp.at(self.site.now() // 1000 + 30))  # the next one: none is taken twice
        page.get_by_role("navigation").wait_for()
        return page

    def _send(self, page: Page, hand: Hand, name: str, code: str = "") -> None:
        page.goto(f"{self.url}/office/")
        hand.write(page.locator("#name"), name)
        hand.write(page.locator("#password"), PASSWORD)
        hand.write(page.locator("#code"), code)
        hand.press(page.get_by_role("button", name="Sign in"))

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


@pytest.fixture
def practice(chromium: Browser, tmp_path: Path) -> Iterator[tuple[Page, Path]]:
    """A phone in practice, and the folder its app is served from."""
    dist = tmp_path / "dist"
    shutil.copytree(BESIDE_US, dist)
    app = Flask("practice")
    register_agent_app(app, Settings(agent_app=str(dist)))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = open_phone(chromium, "en", "light", 100)
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/agent/?rehearse")
    yield page, dist
    context.close()
    server.shutdown()
