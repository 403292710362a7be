"""
The phone's camera without Google services: a real Chromium with a fake camera enrols by the office's QR, and joins a
crew by the QR on the lead's phone. Needs the built app (`npm run build` in agent_sync/pwa).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from server.services.assigning import assign
from server.services.enrolling import issue_code
from server.services.importing import FileOrder, import_portfolio
from server.services.people import AgentEntry, put_agents
from server.storage import tables
from tests.browser.camera import film_qr
from tests.browser.conftest import Served, find_chromium
from tests.browser.look import FLAGS
from tests.browser.phone_look import PIN, open_phone

PORTFOLIO = "Loan No,Name,Address,Amount\nLN-1,Ana Example,1 Sample St,9876.54\n"
NONE = "delete globalThis.BarcodeDetector"
# As on an Android phone without Play services: it is there, and either knows no format or fails when it is asked.
EMPTY = "globalThis.BarcodeDetector = class { static async getSupportedFormats() { return []; } }"
FAILING = """globalThis.BarcodeDetector = class {
    static async getSupportedFormats() { return ["qr_code"]; }
    async detect() { throw new DOMException("Barcode detection service unavailable.", "NotSupportedError"); }
}"""
KEEP_TRACKS = """() => {
    globalThis.tracks = [];
    const { getUserMedia } = MediaDevices.prototype;
    MediaDevices.prototype.getUserMedia = async function (...asked) {
        const stream = await getUserMedia.apply(this, asked); tracks.push(...stream.getTracks()); return stream; };
}"""


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """What the camera sees; written anew, it sees something else the next time it is opened."""
    return tmp_path / "camera.y4m"


@pytest.fixture
def camera(chromium: Browser, film: Path) -> Iterator[Browser]:
    """A Chromium whose camera shows the film."""
    seen = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}"]
    browser = chromium.browser_type.launch(executable_path=find_chromium(), args=[*FLAGS, *seen])
    yield browser
    browser.close()


def open_camera(browser: Browser, url: str, detector: str) -> Page:
    """Open the app on a phone that has this BarcodeDetector and lets the camera be used."""
    context = open_phone(browser, "en", "light", 100)
    context.grant_permissions(["camera", "geolocation"])
    context.add_init_script(detector)
    page = context.new_page()
    page.goto(f"{url}/agent/")
    return page


def enrol_by_scan(page: Page) -> None:
    """Let the camera read the code, choose the PIN, and wait for the day."""
    page.get_by_role("button", name="Scan the code").click()
    page.locator("input[name=pin]").fill(PIN, timeout=20_000)
    page.locator("input[name=again]").fill(PIN)
    page.locator("button[type=submit]").click()
    page.wait_for_selector(".stops a")


@pytest.mark.parametrize("detector", [NONE, EMPTY, FAILING], ids=["none", "knows no format", "fails"])
def test_a_phone_without_google_services_enrols_by_scanning(
    served: Served, camera: Browser, film: Path, detector: str
) -> None:
    """Whatever its BarcodeDetector is like, the office's QR is read, and the camera is let go."""
    prepare_crew(served)
    film_qr(film, issue_code(served.site, "a2", by="test"))
    page = open_camera(camera, served.url, detector)
    page.evaluate(KEEP_TRACKS)

    enrol_by_scan(page)

    assert ["ended"] == page.evaluate("tracks.map(track => track.readyState)")
    page.context.close()


def test_a_companion_joins_by_scanning_the_leads_qr_offline(served: Served, camera: Browser, film: Path) -> None:
    """The visit's signed code is read without a network, and the joining reaches the server with it."""
    case_id = prepare_crew(served)
    film_qr(film, issue_code(served.site, "a2", by="test"))
    page = open_camera(camera, served.url, NONE)
    enrol_by_scan(page)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    lead = served.device("a1")
    lead.exchange()
    visit_id = lead.record("visit_started", case_id, None, {"fixes": [], "no_fix_reason": "denied"}).visit_id
    qr = lead.visit_qr(case_id, visit_id)
    lead.exchange()
    film_qr(film, qr)
    page.context.set_offline(True)

    page.evaluate("location.hash = '#/join'")
    page.get_by_role("button", name="Scan their code").click()
    page.wait_for_selector(".steps", timeout=20_000)

    page.context.set_offline(False)
    page.evaluate("location.hash = '#/sending'")
    expect(page.get_by_text("was received by the office")).to_be_visible(timeout=20_000)
    with served.site.store.read() as connection:
        joined = connection.execute(tables.event.select().where(tables.event.c.kind == "crew_joined")).one()
    assert (case_id, visit_id) == (joined.case_id, joined.visit_id)
    page.context.close()
    lead.close()


def prepare_crew(served: Served) -> str:
    """Make a case of a lead, a1, and a companion, a2; give its id."""
    put_agents(served.site, [AgentEntry("a1", "Ann Agent", "North"), AgentEntry("a2", "Bo Agent", "North")])
    path = served.folder / "portfolio.csv"
    path.write_text(PORTFOLIO, "utf-8")
    import_portfolio(served.site, FileOrder(path, lender="Zebra Savings Bank", currency="USD"))
    with served.site.store.read() as connection:
        case_id: str = connection.execute(tables.case.select()).one().id
    assign(served.site, [case_id], "a1", ["a2"])
    return case_id
