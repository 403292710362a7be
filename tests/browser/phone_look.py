"""
Look at the phone app as an agent does: practice from the code to the end of the visit, in both languages and schemes.

    python -m tests.browser.phone_look [--out FOLDER] [--dist FOLDER]

Needs a built app (`npm run build` in agent_sync/pwa) and a Chromium on PATH. Writes a picture of each screen
(number-name-language-scheme.png) at 360x640 and ends with 1 where axe finds anything serious, a screen is wider than
the window, a script fails, or a button is smaller than a finger. The last round is with letters twice as large.
"""

from __future__ import annotations

import argparse
import io
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from PIL import ExifTags, Image, ImageDraw
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, sync_playwright
from werkzeug.serving import make_server

from server.agent_app import BESIDE_US, register_agent_app
from server.settings import Settings
from tests.browser.look import FLAGS, HEIGHT, SERIOUS, WIDTH, Quiet, find_chromium

VIEWS = (("en", "light", 100), ("en", "dark", 100), ("zh", "light", 100), ("zh", "dark", 100), ("en", "light", 200))
PIN, WRONG_PIN = "739146", "111222"
MAKE = "Zebraphone"
FIRST, APPOINTED, FACTS, DUTY, QUIET, HALTED, OFTEN, ALONG = (f"practice-case-{at}" for at in (1, 2, 3, 4, 6, 7, 8, 9))
# What a finger touches is 44 px high at least; WCAG asks 24.
SMALL = """() => [...document.querySelectorAll('button, a.act, a.row, .pick, .stops a, input, select')]
  .filter(each => each.getClientRects().length && !each.closest('.pick input, p'))
  .filter(each => each.type !== 'radio' && each.getBoundingClientRect().height < 44)
  .map(each => each.outerHTML.slice(0, 80))"""


class Walk:
    """One agent's walk through practice; every screen is looked at where it stands."""

    def __init__(self, page: Page, address: str, out: Path, view: str) -> None:
        self.page, self.address, self.out, self.view = page, address, out, view
        self.wrong: list[str] = []
        self.count = 0
        page.on("pageerror", lambda error: self.wrong.append(f"{view}: a script failed: {error}"))
        page.on("console", self.hear)

    def hear(self, said: ConsoleMessage) -> None:
        """Take an error of the page as wrong, but not that there is no network: that is how it is walked."""
        if said.type == "error" and "ERR_INTERNET_DISCONNECTED" not in said.text:
            self.wrong.append(f"{self.view}: {said.text}")

    def look(self, name: str) -> None:
        """Keep a picture of the screen, and what is wrong with it."""
        self.count += 1
        self.page.wait_for_selector("h1")
        self.page.wait_for_timeout(200)
        where = f"{self.count:02}-{name}-{self.view}"
        self.page.screenshot(path=self.out / f"{where}.png")
        high = self.page.evaluate("document.documentElement.scrollHeight")
        if high > HEIGHT + 40:
            self.page.screenshot(path=self.out / f"{where}-whole.png", full_page=True)
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        if wide > WIDTH:
            self.wrong.append(f"{where}: {wide} px wide")
        self.wrong += [f"{where}: too small for a finger: {each}" for each in self.page.evaluate(SMALL)]
        for each in Axe().run(self.page).response["violations"]:
            if each["impact"] in SERIOUS:
                nodes = "; ".join(node["html"][:120] for node in each["nodes"][:3])
                self.wrong.append(f"{where}: {each['id']} ({each['impact']}): {nodes}")

    def go(self, *route: str, name: str = "") -> None:
        """Open a place of the app by its address, and look."""
        self.page.evaluate("route => { location.hash = '#/' + route.map(encodeURIComponent).join('/') }", list(route))
        if name:
            self.look(name)

    def press(self, selector: str, at: int = 0) -> None:
        """Touch something."""
        self.page.locator(selector).nth(at).click()

    def arrive(self, case_id: str) -> None:
        """Start a visit at a door; it is recorded before the steps are shown."""
        self.go("door", case_id)
        self.page.wait_for_selector(".state.good")
        self.press(".bar .act")
        self.page.wait_for_selector(".steps")

    def set_up(self) -> None:
        """From nothing to the day, and back in after a wrong PIN."""
        self.page.goto(f"{self.address}/agent/")
        self.look("enrol")
        self.page.goto(f"{self.address}/agent/?rehearse")
        self.page.locator("input").fill("PRACTICE")
        self.press("button[type=submit]")
        self.page.locator("input[name=pin]").fill("1111")
        self.press("button[type=submit]")
        self.look("pin")
        self.page.locator("input[name=pin]").fill(PIN)
        self.page.locator("input[name=again]").fill(PIN)
        self.press("button[type=submit]")
        self.page.wait_for_selector(".stops")
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        self.page.context.set_offline(True)  # from here on there is no network: the shell is on the phone
        self.page.reload()
        self.page.locator("input[type=password]").fill(WRONG_PIN)
        self.press("button[type=submit]")
        self.page.wait_for_selector("[aria-invalid]")
        self.look("unlock")
        self.press(".calm")
        self.page.wait_for_selector("h1:has-text('?'), h1:has-text('？')")
        self.look("forgotten")
        self.press(".calm")
        self.page.locator("input[type=password]").fill(PIN)
        self.press("button[type=submit]")
        self.page.wait_for_selector(".stops")

    def look_around(self) -> None:
        """The day and everything beside the door."""
        self.look("day")
        self.press(".tabs .bare")
        self.page.fill("#search", "2")
        self.look("search")
        self.go("map", name="map")
        self.press(".plain")
        self.page.wait_for_selector(".here")
        self.look("map-here")
        for case_id, name in ((FIRST, "case"), (QUIET, "case-quiet"), (HALTED, "case-halted"), (ALONG, "case-along")):
            self.go("case", case_id, name=name)
        self.go("door", OFTEN, name="arrive-against")
        for place in ("sending", "questions", "menu", "settings", "code", "join", "record"):
            self.go(place, name=place)
        past = "practice-past-27 Birch"
        self.go("record", past, past, name="record-rejected")
        self.press(".calm")
        self.look("record-disagree")
        self.go("propose", FIRST, name="propose")
        self.go("nothing")

    def visit(self) -> None:
        """The whole door: card, notice, who, identity, matter, promise, end."""
        self.go("door", FIRST, name="arrive")
        self.arrive(FIRST)
        self.look("door-card")
        self.press(".in-hand")
        self.page.wait_for_selector(".qr")
        self.look("card")
        self.press(".bar .act")
        self.page.wait_for_selector(".steps")
        self.look("door-notice")
        self.press(".in-hand")
        self.page.wait_for_selector(".strip")
        self.look("door-who")
        self.press(".strip .small", 1)
        self.look("door-recorder")
        self.press("fieldset .calm", 1)
        self.press(".strip .small")
        self.page.wait_for_selector(".strip.look")
        self.press(".choice")
        self.page.wait_for_selector("blockquote")
        self.look("door-identity")
        self.press(".choice")
        self.page.locator("form input").fill("0000")
        self.press("button[type=submit]")
        self.page.wait_for_selector("[role=alert]")
        self.look("door-identity-wrong")
        self.press(".choice", 1)
        self.look("door-facts")
        self.press("form + .calm")
        self.press(".choice", 2)
        self.look("door-document")
        self.press(".in-hand + .calm + .calm")
        self.press(".choice")
        self.page.locator("form input").fill("4711-2580")
        self.press("button[type=submit]")
        self.page.wait_for_selector(".sealed")
        self.look("door-principal")
        self.press("summary")
        self.look("door-sealed")
        self.add_files()
        for name in ("purpose", "options", "hardship"):
            self.press(".in-hand")
            self.page.wait_for_timeout(200)
            self.look(f"door-{name}")
        self.press(".in-hand")
        self.page.wait_for_selector(".grid")
        self.look("door-outcome")
        self.press(".tap", 6)
        self.look("door-appointment")
        self.press(".tap")
        self.press(".tap")
        self.press(".quick .small")
        self.press(".quick .small", 3)
        self.look("door-promise")
        self.press(".in-hand")
        self.page.wait_for_selector(".grid", state="detached")
        self.look("door-leave")
        self.page.reload()  # killed and opened again: it asks for the PIN, then goes on where it was
        self.page.locator("input[type=password]").fill(PIN)
        self.press("button[type=submit]")
        self.page.wait_for_selector(".steps")
        self.press(".folded")
        self.look("door-again")
        self.press("a.folded", 2)
        self.page.wait_for_selector(".picks")
        self.look("correct")
        self.page.locator("textarea").fill("Touched the wrong line")
        self.press(".bar .act")
        self.page.wait_for_selector(".steps")
        self.press(".in-hand")
        self.page.wait_for_selector(".picks")
        self.look("end")
        self.press(".bar .act")
        self.page.wait_for_selector(".picks", state="detached")
        self.look("ended")
        self.go("record")
        self.press(".stops a")
        self.look("record-visit")

    def add_files(self) -> None:
        """A photo, one that cannot be read, and a signature."""
        camera = self.page.locator(".camera input")
        camera.set_input_files({"name": "taken.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"})
        self.page.wait_for_selector("[role=alert]")
        self.look("photo-unreadable")
        camera.set_input_files({"name": "taken.jpg", "mimeType": "image/jpeg", "buffer": take_photo()})
        self.page.wait_for_selector(".thumbs img")
        self.page.locator(".thumbs").scroll_into_view_if_needed()
        self.look("photo")
        self.press(".also a", 2)
        self.page.wait_for_selector(".sign")
        self.look("sign")
        sign(self.page)
        self.look("signed")
        self.press(".bar .act")
        self.page.wait_for_selector(".steps")

    def others(self) -> None:
        """Someone else, nobody, a halt, danger; the code for a companion, and the companion's own door."""
        self.arrive(FACTS)
        self.press(".hand .calm")  # nobody opens
        self.look("door-nobody")
        self.go("")
        self.look("day-open")
        self.arrive(DUTY)
        self.press(".in-hand")
        self.press(".bar .act")
        self.page.wait_for_selector(".steps")
        self.press(".in-hand")
        self.page.wait_for_selector(".choice")
        self.press(".choice", 1)
        self.look("door-other")
        self.press(".choice")
        self.look("door-neutral")
        self.press(".also a")
        self.page.wait_for_selector(".qr")
        self.look("crew-code")
        self.press(".bar .act")
        self.page.wait_for_selector(".steps")
        self.press(".ever .stop")
        self.look("halt")
        self.press(".tap")
        self.page.wait_for_selector(".tap", state="detached")
        self.look("halt-done")
        self.press(".bar .act")
        self.page.wait_for_selector(".picks")
        self.look("end-halted")
        self.arrive(APPOINTED)
        self.press(".ever .stop")
        self.press(".danger")
        self.page.wait_for_selector(".tap", state="detached")
        self.look("safe")
        self.go("join")
        self.page.locator("textarea").fill("practice-visit.4f5c.signature")
        self.press(".bar .act")
        self.page.wait_for_selector(".steps")
        self.look("door-companion")
        self.go("", name="day-later")
        self.go("menu")
        self.press("main > .calm")
        self.look("locked")
        self.page.goto(f"{self.address}/agent/check")
        self.page.wait_for_selector("[role=status] .state:not(.wait)", timeout=15_000)
        self.look("check")


def open_phone(browser: Browser, language: str, scheme: str, size: int) -> BrowserContext:
    """Give a phone of 360x640 that knows where it is."""
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="dark" if scheme == "dark" else "light",
        locale="zh-CN" if language == "zh" else "en-GB", has_touch=True, reduced_motion="reduce",
        geolocation={"latitude": 37.7701, "longitude": -122.4199, "accuracy": 9}, permissions=["geolocation"],
    )  # fmt: skip
    if size != 100:
        context.add_init_script(f"localStorage.setItem('fairvisit.settings', JSON.stringify({{size: '{size}'}}))")
    return context


def take_photo(width: int = 640, height: int = 480) -> bytes:
    """Give a JPEG as a phone's camera writes it: turned on its side, and telling where it was and by what."""
    picture = Image.new("RGB", (width, height), "#8ab4d8")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((width // 3, height // 4, width * 2 // 3, height), fill="#7a4b2a")
    grain = Image.effect_noise((width, height), 64).convert("RGB")
    picture = Image.blend(picture, grain, 0.4)  # as large as a photo is
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model], exif[ExifTags.Base.Orientation] = MAKE, "X-1", 6
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (37.0, 46.0, 12.3), 3: "W", 4: (122.0, 25.0, 11.6)})
    kept = io.BytesIO()
    picture.save(kept, "JPEG", exif=exif, quality=92)
    return kept.getvalue()


def sign(page: Page) -> None:
    """Write something into the field to sign in."""
    box = page.locator(".sign").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 100)
    page.mouse.down()
    for at in range(1, 12):
        page.mouse.move(box["x"] + 40 + at * 20, box["y"] + (60 if at % 2 else 110))
    page.mouse.up()


def unlock(page: Page) -> None:
    """Enter the PIN."""
    page.locator("input[type=password]").fill(PIN)
    page.locator("button[type=submit]").click()


def set_up(page: Page, code: str) -> None:
    """Enter a code, choose the PIN, and wait for the day."""
    page.locator("input").fill(code)
    page.locator("button[type=submit]").click()
    page.locator("input[name=pin]").fill(PIN)
    page.locator("input[name=again]").fill(PIN)
    page.locator("button[type=submit]").click()
    page.locator(".stops a").first.wait_for()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")


def look(browser: Browser, address: str, out: Path) -> Iterator[str]:
    """Walk in each view, and give what is wrong."""
    for language, scheme, size in VIEWS:
        context = open_phone(browser, language, scheme, size)
        walk = Walk(context.new_page(), address, out, f"{language}-{scheme}" + (f"-{size}" if size != 100 else ""))
        walk.page.set_default_timeout(10_000)
        try:
            for part in (walk.set_up, walk.look_around, walk.visit, walk.others):
                part()
        except Error as error:
            walk.page.screenshot(path=out / f"stuck-{walk.view}.png")
            walk.wrong.append(f"{walk.view}: stuck after picture {walk.count}: {str(error)[:400]}")
        yield from walk.wrong
        context.close()


def main() -> int:
    """Look at everything; give 1 where something is wrong."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--out", type=Path, default=Path("var/look-phone"))
    asked.add_argument("--dist", type=Path, default=BESIDE_US)
    options = asked.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    chromium = find_chromium()
    if chromium is None or not (options.dist / "index.html").is_file():
        print("This needs a Chromium on PATH (Debian: chromium) and a built app (agent_sync/pwa: npm run build).")
        return 1
    app = Flask("phone")
    register_agent_app(app, Settings(agent_app=str(options.dist.resolve())))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        wrong = list(look(browser, f"http://127.0.0.1:{server.server_port}", options.out))
        browser.close()
    server.shutdown()
    print("\n".join(wrong) or f"Nothing serious. Look: {options.out}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
