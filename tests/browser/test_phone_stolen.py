"""
A phone that is stolen while it is locked: its browser's profile, copied and read byte by byte, holds nothing that can
be read of the persons visited. Needs the built app (`make pwa`).
"""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

from PIL import Image
from playwright.sync_api import BrowserContext, BrowserType, Page, Request, expect

from server.services.enrolling import issue_code
from tests.browser.conftest import Served, find_chromium
from tests.browser.door import Phone
from tests.browser.look import FLAGS, HEIGHT, WIDTH
from tests.browser.phone_look import set_up, sign, take_photo, unlock
from tests.browser.test_phone_day import MATTER, plan_day, street

NAME, ADDRESS = "Person 1 Example", street(1)
SECRETS = (
    NAME, "Person 2 Example", ADDRESS, street(2), "9876.54", 'amount":987654', "9,876.54", "4938.27", 'amount":493827',
    "LN-01", "Zebra Savings Bank", "Three parts from June", "They sell the car in spring", "+1 415 555 0199",
    "Person 2 Exam",
)  # fmt: skip
LEAST_PACKED = 10  # letters of base64 that are no accident
LEAST_RUN = 64  # bytes of a picture that are no accident


def open_profile(browser_type: BrowserType, profile: Path) -> BrowserContext:
    """Start a browser on a profile that stays on the disk, as a phone's does."""
    return browser_type.launch_persistent_context(
        profile, executable_path=find_chromium(), args=FLAGS, viewport={"width": WIDTH, "height": HEIGHT},
        locale="en-GB", has_touch=True, permissions=["geolocation"],
        geolocation={"latitude": 37.7701, "longitude": -122.4199, "accuracy": 9},
    )  # fmt: skip


class StayingPhone(Phone):
    """A phone whose browser keeps its profile."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context, self.page = context, context.pages[0]
        self.page.goto(f"{address}/agent/")


def spell(text: str) -> set[bytes]:
    """Give the ways in which a text may stand in a file, whatever stands before it."""
    ways = {text.encode(each) for each in ("utf-8", "utf-16-le", "utf-16-be")}
    for plain in (text.encode(), text.encode("utf-16-le")):
        for shift in range(3):  # base64 packs three bytes into four letters, from wherever it begins
            packed = base64.b64encode(b"\0" * shift + plain)[4 if shift else 0 : -4]
            if len(packed) >= LEAST_PACKED:
                ways.add(packed)
    percent = "".join(f"%{byte:02X}" if not chr(byte).isalnum() else chr(byte) for byte in text.encode())
    return ways | {percent.encode(), percent.lower().encode()}


def find_readable(profile: Path, secrets: set[bytes], picture: bytes) -> list[str]:
    """Give where something of these can be read in the profile's files, with what stands around it."""
    runs = {picture[at : at + LEAST_RUN] for at in range(700, len(picture) - LEAST_RUN, LEAST_RUN)}
    pattern = re.compile(b"|".join(re.escape(each) for each in secrets), re.IGNORECASE)
    found = []
    for path in sorted(profile.rglob("*")):
        if not path.is_file() or path.is_symlink():
            continue
        content = path.read_bytes()
        told = [content[max(0, each.start() - 40) : each.end() + 20] for each in pattern.finditer(content)]
        told += [b"a picture" for _ in range(is_picture_in(content, runs))]
        found += [f"{path.relative_to(profile)}: {each!r}" for each in told[:5]]
    return found


def is_picture_in(content: bytes, runs: set[bytes]) -> bool:
    """Say whether any run of the picture stands anywhere in a file, or a photo of our own making does."""
    marks = [match.start() for match in re.finditer(rb"\xff\xd8\xff\xe0..JFIF", content, re.DOTALL)]
    marks += [match.start() for match in re.finditer(rb"\x89PNG\r\n\x1a\n", content)]
    return any(is_own(content[at : at + 2_000_000]) for at in marks) or any(run in content for run in runs)


def is_own(content: bytes) -> bool:
    """Say whether a picture begins here that is as large as ours are; a browser's own icons are not."""
    try:
        return max(Image.open(io.BytesIO(content)).size) >= 120
    except OSError:
        return False


def visit_and_lock(phone: StayingPhone) -> bytes:
    """Look around, visit, type, photograph, sign; leave some of it unsent; lock. Gives the photo as it was kept."""
    page = phone.page
    kept: list[bytes] = []
    page.on("request", lambda request: keep_photo(request, kept))
    page.locator(".stops").get_by_role("link", name=street(2)).click()
    page.get_by_role("button", name="Back").click()
    phone.press("Search")
    page.get_by_role("searchbox").fill("Person 2 Exam")
    page.get_by_role("searchbox").fill("")
    phone.arrive(ADDRESS)
    phone.show_card()
    phone.meet()
    phone.ask_facts("1974", "71")
    page.locator("summary").first.click()
    phone.tell(*MATTER)
    phone.press("No hardship")
    page.locator(".camera input").set_input_files(
        {"name": "taken.jpg", "mimeType": "image/jpeg", "buffer": take_photo(1200, 900)}
    )
    page.wait_for_selector(".thumbs img")
    phone.send_all()
    phone.context.set_offline(True)
    phone.go("")
    page.locator(".go-on").click()
    page.locator(".camera input").set_input_files(
        {"name": "taken.jpg", "mimeType": "image/jpeg", "buffer": take_photo(1200, 900)}
    )
    expect(page.locator(".thumbs img")).to_have_count(1)  # the first one is at the office, and gone from here
    page.get_by_role("link", name="Signature").click()
    sign(page)
    phone.press("Save")
    page.get_by_role("link", name="Propose a correction").click()
    page.locator("textarea").fill("+1 415 555 0199")
    page.get_by_role("button", name="Back").click()
    phone.note_outcome("Promised to pay", promise)
    phone.go("record")
    page.locator(".stops a").click()
    page.wait_for_selector(".thumbs")
    phone.go("menu")
    phone.press("Lock now")
    page.wait_for_selector("input[type=password]")
    page.wait_for_timeout(3_000)  # a browser writes its history and its session a little later
    return kept[0]


def promise(page: Page) -> None:
    """Fill in what they promise, and a note."""
    page.get_by_label("Amount in USD").fill("4938.27")
    page.locator(".quick").last.locator("button").nth(1).click()
    page.get_by_label("Note for the office").fill("They sell the car in spring")


def keep_photo(request: Request, kept: list[bytes]) -> None:
    """Keep the first piece of a photo that goes up."""
    if "/sync/v1/files" in request.url and request.method == "POST":
        kept.append(request.post_data_buffer or b"")


def test_a_profile_copied_while_locked_tells_nothing(served: Served, tmp_path: Path) -> None:
    """No name, address, amount, reference, note, search or picture can be read in any file of it."""
    plan_day(served, 2)
    profile = tmp_path / "profile"
    with_phone = open_profile(served.chromium.browser_type, profile)
    phone = StayingPhone(with_phone, served.url)
    set_up(phone.page, issue_code(served.site, "a1", by="test"))
    photo = visit_and_lock(phone)
    with_phone.close()

    secrets = set[bytes]().union(*(spell(each) for each in SECRETS))
    assert photo.startswith(b"\xff\xd8")
    assert [] == find_readable(profile, secrets, photo)

    opened = open_profile(served.chromium.browser_type, profile)
    page = opened.pages[0]
    page.goto(f"{served.url}/agent/")
    unlock(page)  # all of it was there nevertheless
    page.wait_for_selector(".stops a, .steps")
    page.evaluate("location.hash = '#/record'")
    page.locator(".stops a").click()
    expect(page.locator(".thumbs li")).to_have_count(3)
    opened.close()


def test_the_scan_finds_what_a_careless_page_leaves(served: Served, tmp_path: Path) -> None:
    """The same search over a profile in which a page kept a name, a title and a picture in the clear."""
    profile = tmp_path / "profile"
    opened = open_profile(served.chromium.browser_type, profile)
    page = opened.pages[0]
    page.goto(f"{served.url}/agent/check")
    photo = take_photo(600, 400)
    page.evaluate("name => localStorage.setItem('kept', name)", NAME)
    page.evaluate("address => { document.title = address; location.hash = '#one'; }", ADDRESS)
    page.evaluate(
        """bytes => new Promise((done) => { const asked = indexedDB.open('careless', 1);
        asked.onupgradeneeded = () => asked.result.createObjectStore('kept');
        asked.onsuccess = () => { const tx = asked.result.transaction('kept', 'readwrite');
          tx.objectStore('kept').put(new Uint8Array(bytes), 'photo'); tx.oncomplete = () => done(0); }; })""",
        list(photo),
    )
    page.wait_for_timeout(1_000)
    opened.close()

    found = find_readable(profile, spell(NAME) | spell(ADDRESS), photo)
    for each in ("Local Storage", "History", "a picture"):
        assert any(each in line for line in found), found
