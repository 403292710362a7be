"""
A whole day of the office in a real Chromium, once by keyboard and once by mouse: a file in, a reject mended, a halt in
the way resolved, a crew sent, real devices visit, a flagged visit asked about, answered and approved, a conflict
decided, a complaint answered, a day signed off, an export fetched and its hash compared.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from agent_sync import Device
from server.domain.roles import Role
from server.services.complaints import complain_at_door
from server.services.people import AgentEntry, put_agents
from tests.browser.conftest import Served
from tests.browser.hands import Hand, Keyboard, Mouse

FILE = """Loan No,Borrower Name,Borrower ID,Address,Latitude,Longitude,Currency,Amount Due,Days Past Due
LN-1,Ana Imagined,P-1,1 Hill Rd,37.7700,-122.4200,USD,1200.00,45
LN-2,Bo Imagined,P-2,2 Hill Rd,37.7700,-122.4200,USD,much,45
"""
DOOR = {"lat_e7": 377_700_000, "lon_e7": -1_224_200_000, "radius_dm": 90, "datum": "wgs84", "mock": False}
AWAY = DOOR | {"lat_e7": 377_790_000}
NUMBERS = {"a1": "+1 415 555 0111", "a2": "+1 415 555 0122"}


@pytest.mark.parametrize("hand", [Keyboard(), Mouse()], ids=["keyboard", "mouse"])
def test_a_day_of_the_office(served: Served, hand: Hand) -> None:
    """Every step through the pages, by the people whose work it is."""
    put_agents(served.site, [AgentEntry("a1", "Ann Agent", "North"), AgentEntry("a2", "Bo Agent", "North")])
    devices = {code: served.device(code) for code in NUMBERS}
    complaint_id = complain_at_door(served.site, "", ["stayed"], "They did not leave.", "by letter")
    dispatcher = served.sign_in("dan", Role.DISPATCHER, hand=hand)
    supervisor = served.sign_in("sue", Role.SUPERVISOR, Role.SUPPORT, Role.REVIEWER, hand=hand)
    second = served.sign_in("tom", Role.SUPERVISOR, hand=hand)

    import_and_mend(dispatcher, served, hand)
    resolve_a_halt(supervisor, second, served.url, hand)
    send_a_crew(dispatcher, served.url, hand)
    case_id = visit_together(devices)
    ask_and_approve(supervisor, served.url, hand, lambda: answer(devices["a1"], case_id))
    decide_a_conflict(supervisor, served.url, hand)
    answer_a_complaint(supervisor, f"{served.url}/office/complaints/{complaint_id}", hand)
    sign_off(supervisor, served.url, devices["a1"], hand)
    fetch_an_export(supervisor, served.url, hand)

    for device in devices.values():
        device.exchange()
        assert 0 == device.status().unsent
        device.close()


def import_and_mend(page: Page, served: Served, hand: Hand) -> None:
    """Upload a file, wait for the worker, mend the amount it rejected, wait again."""
    file = served.folder / "cases.csv"
    file.write_text(FILE)
    page.goto(f"{served.url}/office/imports")
    hand.write(page.locator("#lender"), "acme")
    hand.give(page.locator("#file"), file)
    hand.press(page.get_by_role("button", name="Upload and import"))
    expect(page.get_by_text("Rejected rows")).to_be_visible(timeout=30_000)
    hand.write(page.get_by_label("Amount Due"), "900.00")
    hand.press(page.get_by_role("button", name="Import the mended rows"))
    expect(page.locator("[role=status]").filter(has_text="done")).to_be_visible(timeout=30_000)


def resolve_a_halt(placer: Page, lifter: Page, url: str, hand: Hand) -> None:
    """Halt a case, and let another person than the one who placed it lift the halt."""
    placer.goto(f"{url}/office/cases?q=LN-1")
    hand.open_first(placer)
    placer.wait_for_url("**/cases/*")
    where = placer.url
    hand.press(placer.locator("summary:has-text('Halt…')"))
    hand.press(placer.get_by_role("button", name="Halt this case"))
    expect(placer.get_by_role("status")).to_contain_text("Halted.")
    lifter.goto(where)
    hand.press(lifter.locator("summary:has-text('Change this halt')"))
    hand.write(lifter.get_by_label("Why").first, "the person asked us to come")
    hand.press(lifter.get_by_role("button", name="Lift this halt"))
    expect(lifter.get_by_text("lifted")).to_be_visible()


def send_a_crew(page: Page, url: str, hand: Hand) -> None:
    """Choose both cases and hand them to a crew of two, after seeing what the gate says."""
    page.goto(f"{url}/office/dispatch")
    for box in page.locator("input[name=case]").all():
        hand.tick(box)
    hand.choose(page.locator("#lead"), "a1")
    hand.write(page.locator("#companions"), "a2")
    hand.key(page, "t")
    expect(page.get_by_text("2 cases would go out")).to_be_visible()
    hand.key(page, "a")
    expect(page.get_by_role("status")).to_contain_text("2 cases were handed out.")


def visit_together(devices: dict[str, Device]) -> str:
    """
    Visit one case with two real devices, each proposing another telephone number; give the case.

    Both fetch before either sends: what they correct then, they correct without the other.
    """
    for device in devices.values():
        device.exchange()
    case_id = min(each.case_id for each in devices["a1"].packets())
    for (code, device), fix in zip(devices.items(), (AWAY, DOOR), strict=True):
        visit_id = device.record("visit_started", case_id, None, {"fixes": [fix]}).visit_id
        device.record("contact_proposed", case_id, visit_id, {"changes": [{"field": "phone", "new": NUMBERS[code]}]})
        device.record("outcome_noted", case_id, visit_id, {"contact_result": "nobody", "disposition": "none"})
        device.record("visit_ended", case_id, visit_id, {"reason": "completed", "fixes": [fix]})
        device.exchange()
    return case_id


def ask_and_approve(page: Page, url: str, hand: Hand, answer_it: Callable[[], None]) -> None:
    """Find the visit that was checked in far from the door, ask about it, read the answer, approve it."""
    flagged = f"{url}/office/queue?flagged=yes&finding=too_far"
    until_row(page, flagged)
    expect(page.get_by_text(re.compile("Checked in .* m from the door"))).to_be_visible()
    hand.open_first(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hill Rd")
    hand.key(page, "r")
    hand.write(page.get_by_label("Your question"), "Which door did you knock at?")
    hand.press(page.get_by_role("button", name="Return it"))
    expect(page.get_by_role("status")).to_contain_text("Returned with your question")
    answer_it()
    until_row(page, f"{url}/office/queue?state=answered")
    hand.open_first(page)
    expect(page.get_by_text("Its own, the map is off.")).to_be_visible()
    hand.key(page, "a")
    expect(page.get_by_role("status")).to_contain_text("Approved.")


def answer(device: Device, case_id: str) -> None:
    """Fetch the office's question on the device and answer it."""
    device.exchange()
    [question] = device.status().questions
    body = {"decision_id": question["decision_id"], "answer": "Its own, the map is off."}
    device.record("question_answered", case_id, question["visit_id"], body)
    device.exchange()


def decide_a_conflict(page: Page, url: str, hand: Hand) -> None:
    """Take one of two corrections that contradict each other."""
    until_row(page, f"{url}/office/conflicts", "section:has-text('+1 415 555 01')")
    hand.press(page.get_by_role("button", name="Take the agent's").first)
    expect(page.get_by_role("status")).to_contain_text("Decided.")


def answer_a_complaint(page: Page, where: str, hand: Hand) -> None:
    """Match a complaint to its case, which halts it, and answer it."""
    page.goto(where)
    hand.write(page.locator("#reference"), "LN-2")
    hand.press(page.get_by_role("button", name="Match and halt this case"))
    hand.write(page.get_by_label("What the person is answered"), "We are sorry, and have spoken with the crew.")
    hand.press(page.get_by_role("button", name="Keep this answer"))
    expect(page.get_by_role("status")).to_contain_text("The answer is kept.")


def sign_off(page: Page, url: str, device: Device, hand: Hand) -> None:
    """Sign a device's day off."""
    reading = device.clock.read()
    day = datetime.fromtimestamp(reading.wall_ms / 1000 + reading.offset_min * 60, UTC).date().isoformat()
    page.goto(f"{url}/office/statements?day={day}")
    hand.open_first(page)
    expect(page.get_by_role("button", name="Sign this day off")).to_be_visible()
    hand.key(page, "a")
    expect(page.get_by_text("Signed off by")).to_be_visible()


def fetch_an_export(page: Page, url: str, hand: Hand) -> None:
    """Have the visits written; the file is what its manifest says."""
    page.goto(f"{url}/office/exports")
    hand.choose(page.locator("#format"), "jsonl")
    hand.press(page.get_by_role("button", name="Write it"))
    link = page.get_by_role("link", name="Download")
    expect(link).to_be_visible(timeout=30_000)
    with page.expect_download() as loaded:
        hand.press(link)
    body = Path(loaded.value.path()).read_bytes()
    with page.expect_download() as told:
        hand.press(page.get_by_role("link", name="manifest"))
    manifest = json.loads(Path(told.value.path()).read_text())
    assert hashlib.sha256(body).hexdigest() == manifest["sha256"]
    assert 2 == manifest["rows"] == len(body.splitlines())


def until_row(page: Page, where: str, wanted: str = "a[data-row]") -> None:
    """Look again until the office has folded what came in."""
    for _ in range(100):
        page.goto(where)
        if page.locator(wanted).count():
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"nothing appeared at {where}")
