"""A photograph's whole way: named and sent by a real device, opened by keyboard in the office, and the look noted."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from server.domain.roles import Role
from server.services.assigning import assign
from server.services.importing import FileOrder, import_portfolio
from server.services.people import AgentEntry, put_agents
from server.storage.case_rows import find_cases
from server.storage.office_tables import office_act
from tests.browser.conftest import Served
from tests.browser.hands import Keyboard
from tests.browser.test_day import DOOR
from tests.contract.office.pictures import WEBM, draw_picture

TITLES = "Loan No,Borrower Name,Borrower ID,Address,Latitude,Longitude,Currency,Amount Due,Days Past Due"


def visit_with_photo(served: Served) -> str:
    """Let a device visit a case, take a photograph, and send both; give the visit."""
    file = served.folder / "portfolio.csv"
    file.write_text(f"{TITLES}\nLN-1,Person 1,P-1,1 Hill Rd,37.7700,-122.4200,USD,900.00,45\n")
    import_portfolio(served.site, FileOrder(file, lender="acme"))
    put_agents(served.site, [AgentEntry("a1", "Agent a1", "North")])
    with served.site.store.read() as connection:
        [case_id] = find_cases(connection, [("acme", "LN-1")]).values()
    assign(served.site, [case_id], "a1", [])
    device = served.device("a1")
    device.exchange()
    photo = served.folder / "door.jpg"
    photo.write_bytes(draw_picture("JPEG", (800, 600)))
    named = [{"path": str(photo), "role": "photo", "media_type": "image/jpeg"}]
    visit_id = device.record("visit_started", case_id, None, {"fixes": [DOOR]}).visit_id
    device.record("step_done", case_id, visit_id, {"step": "card_shown", "text_version": "1", "response": "given"})
    device.record("outcome_noted", case_id, visit_id, {"contact_result": "nobody", "disposition": "none"})
    device.record("visit_ended", case_id, visit_id, {"reason": "completed", "fixes": [DOOR]}, named)
    device.exchange()
    device.close()
    assert visit_id is not None
    return visit_id


def check_look(page: Page, folder: Path, name: str) -> None:
    """Look at a page at both widths in both languages: nothing serious by axe, and no wider than the window."""
    for language in ("zh", "en"):
        here = page.url
        page.goto(f"{here.split('/office/')[0]}/office/me")
        set_language(page, language)
        page.goto(here)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 800})
            page.wait_for_load_state("networkidle")
            page.screenshot(path=folder / f"{name}-{width}-{language}.png", full_page=True)
            found = Axe().run(page).response["violations"]
            assert [] == [each["id"] for each in found if each["impact"] in {"serious", "critical"}], (name, width)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width, language)
        page.set_viewport_size({"width": 1280, "height": 800})


def set_language(page: Page, language: str) -> None:
    """Choose the language of the account, as its page does."""
    page.evaluate(
        """async language => {
            const form = new URLSearchParams({language, csrf: document.querySelector("[name=csrf]").value});
            await fetch("/office/me/language", {method: "POST", body: form});
        }""",
        language,
    )


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where what was seen is kept."""
    folder = tmp_path / "seen"
    folder.mkdir()
    return folder


def test_a_photograph_is_sent_seen_and_the_look_noted(served: Served, pictures: Path) -> None:
    """By keyboard: the visit says that its file is here; f and Enter open it, the picture is drawn, u leads back."""
    visit_id = visit_with_photo(served)
    page = served.sign_in("rae", Role.REVIEWER, hand=Keyboard())
    page.goto(f"{served.url}/office/visits/{visit_id}")
    page.get_by_text("1 of 1 verified").wait_for()
    check_look(page, pictures, "visit")
    page.keyboard.press("f")
    picture = page.locator("img.evidence")
    picture.wait_for()
    page.wait_for_function("document.querySelector('img.evidence').complete")
    size = picture.evaluate("picture => [picture.naturalWidth, picture.naturalHeight]")
    check_look(page, pictures, "file")
    page.keyboard.press("u")
    page.wait_for_url(f"**/visits/{visit_id}**")

    with served.site.store.read() as connection:
        looks = [row for row in connection.execute(office_act.select()) if row.act == "looked" and "file" in row.facts]
    assert [800, 600] == size
    assert {("rae", "visit", visit_id)} == {(row.name, row.object_type, row.object_id) for row in looks}


def test_the_office_adds_a_recorders_video_by_keyboard(served: Served, pictures: Path) -> None:
    """The form is reached by Tab, what was added stands on the visit with who did it, and a player is offered."""
    visit_id = visit_with_photo(served)
    page = served.sign_in("sam", Role.SUPERVISOR, hand=Keyboard())
    page.goto(f"{served.url}/office/visits/{visit_id}")
    Keyboard().press(page.get_by_text("Add a file that did not come from a phone"))
    page.set_input_files("#file", {"name": "clip.webm", "mimeType": "video/webm", "buffer": WEBM})
    Keyboard().write(page.locator("#serial"), "BR-0042")
    Keyboard().press(page.get_by_role("button", name="Add it to this visit"))
    page.get_by_text("Added to the visit, with your name.").wait_for()
    page.get_by_text("2 of 2 verified").wait_for()
    page.get_by_role("link", name="recording").click()

    expect(page.locator("video.evidence")).to_be_visible()
    expect(page.get_by_text("added by the office: sam")).to_be_visible()
    check_look(page, pictures, "recording")
