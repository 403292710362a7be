"""
Take the pictures of README: the phone app from its code to My record, and the office's page of the same visit.

    make pictures

Opens the demo's office of today (`server/demo/today.py`), makes one visit in Chromium at 360x640, and writes small PNG
files into docs/pictures. Needs the built app (`make pwa`) and a Chromium on PATH.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from server.demo.office import PASSWORD
from server.demo.today import FACTS, ZONE, Today, open_today
from tests.browser.door import Phone
from tests.browser.look import FLAGS, HEIGHT, WIDTH, find_chromium
from tests.browser.phone_look import set_up

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
MOST_BYTES = 60_000
COLOURS = 64
DOOR = "12 Larkspur Rise, flat 3"
NEAR_IT = {"latitude": 37.76125, "longitude": -122.41932, "accuracy": 9}


class SharpPhone(Phone):
    """A phone with two pixels a point that stands before the first door."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.context = browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=2, locale="en-GB", timezone_id=ZONE.key,
            has_touch=True, reduced_motion="reduce", geolocation=NEAR_IT, permissions=["geolocation"],
        )  # fmt: skip
        self.page = self.context.new_page()
        self.page.goto(address)


def take(page: Page, name: str) -> None:
    """Keep what the window shows, in few colours."""
    page.wait_for_timeout(500)
    shown = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    path = PICTURES / f"{name}.png"
    shown.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    assert size <= MOST_BYTES, f"{path.name} has {size} bytes"
    print(f"{path.name}: {size} bytes")


def use_phone(browser: Browser, today: Today) -> None:
    """Set a phone up, make a visit, send it, and look at the record."""
    phone = SharpPhone(browser, today.address)
    page = phone.page
    expect(page.get_by_label("Code from the office")).to_have_value(today.code)
    take(page, "phone-enrol")
    set_up(page, today.code)
    expect(page.locator(".dot")).to_have_text("all sent")
    take(page, "phone-day")
    phone.arrive(DOOR)
    phone.show_card()
    phone.press("They agree")
    phone.expect_step("Who is at the door?")
    phone.meet()
    phone.expect_step("Is it the person?")
    take(page, "phone-door")
    phone.ask_facts(*FACTS)
    phone.tell()
    phone.press("No hardship")
    phone.note_outcome("Promised to pay", promise)
    phone.answer_payment()
    phone.press("End visit", ".hand")
    page.wait_for_selector(".state.good")
    take(page, "phone-end")
    phone.press("End visit")
    phone.send_all()
    phone.go("record")
    page.get_by_role("link", name=DOOR).click()
    page.wait_for_selector(".steps li")
    take(page, "phone-record")
    phone.context.close()


def promise(page: Page) -> None:
    """Promise half of it in a week."""
    page.get_by_role("button", name="Half").click()
    page.locator(".quick .small").nth(2).click()


def look_at_office(browser: Browser, today: Today) -> None:
    """Read the visit as a reviewer does."""
    page = browser.new_context(viewport={"width": 1280, "height": 860}, locale="en-GB").new_page()
    page.goto(f"{today.stage.url}/office/queue")
    page.fill("#name", "reviewer")
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{today.stage.url}/office/queue")
    page.locator("a[data-row]").first.click()
    page.get_by_text(DOOR).first.wait_for()
    take(page, "office-visit")
    page.context.close()


def main() -> None:
    """Take them all."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        with open_today(Path(folder) / "today", 0) as today:
            use_phone(browser, today)
            look_at_office(browser, today)
        browser.close()


if __name__ == "__main__":
    main()
