"""
A whole day of the office in a real Chromium: a file in, a reject mended, a halt in the way resolved, a crew sent, real
devices visit, a conflict decided, a complaint answered, a day signed off, an export fetched and its hash compared.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Page, expect

from agent_sync import Device
from server.domain.roles import Role
from server.services.complaints import complain_at_door
from server.services.people import AgentEntry, put_agents
from tests.browser.conftest import Served

FILE = """Loan No,Borrower Name,Borrower ID,Address,Latitude,Longitude,Currency,Amount Due,Days Past Due
LN-1,Ana Imagined,P-1,1 Hill Rd,37.7700,-122.4200,USD,1200.00,45
LN-2,Bo Imagined,P-2,2 Hill Rd,37.7700,-122.4200,USD,much,45
"""
DOOR = {"lat_e7": 377_700_000, "lon_e7": -1_224_200_000, "radius_dm": 90, "datum": "wgs84", "mock": False}


def import_and_mend(page: Page, url: str, file: Path) -> None:
    """Upload a file, wait for the worker, mend the amount it rejected, wait again."""
    page.goto(f"{url}/office/imports")
    page.fill("#lender", "acme")
    page.set_input_files("#file", str(file))
    page.click("text=Upload and import")
    expect(page.get_by_text("Rejected rows")).to_be_visible(timeout=30_000)
    page.get_by_label("Amount Due").fill("900.00")
    page.click("text=Import the mended rows")
    expect(page.locator("[role=status]").filter(has_text="done")).to_be_visible(timeout=30_000)


def visit(device: Device, case_id: str, **contact: str) -> None:
    """Visit with a real device, and propose a telephone number."""
    visit_id = device.record("visit_started", case_id, None, {"fixes": [DOOR]}).visit_id
    device.record("contact_proposed", case_id, visit_id, {"changes": [{"field": "phone", **contact}]})
    device.record("outcome_noted", case_id, visit_id, {"contact_result": "nobody", "disposition": "none"})
    device.record("visit_ended", case_id, visit_id, {"reason": "completed", "fixes": [DOOR]})
    device.exchange()


def test_a_day_of_the_office(served: Served) -> None:
    """Every step through the pages, by the people whose work it is."""
    file = served.folder / "cases.csv"
    file.write_text(FILE)
    put_agents(served.site, [AgentEntry("a1", "Ann Agent", "North"), AgentEntry("a2", "Bo Agent", "North")])
    devices = {code: served.device(code) for code in ("a1", "a2")}
    complaint_id = complain_at_door(served.site, "", ["stayed"], "They did not leave.", "by letter")
    dispatcher = served.sign_in("dan", Role.DISPATCHER)
    supervisor = served.sign_in("sue", Role.SUPERVISOR, Role.SUPPORT, Role.REVIEWER)
    second = served.sign_in("tom", Role.SUPERVISOR)

    import_and_mend(dispatcher, served.url, file)

    # A halt stands in the way; another person than the one who placed it lifts it.
    supervisor.goto(f"{served.url}/office/cases?q=LN-1")
    supervisor.locator("a[data-row]").first.click()
    where = supervisor.url
    supervisor.click("summary:has-text('Halt…')")
    supervisor.click("text=Halt this case")
    expect(supervisor.get_by_role("status")).to_contain_text("Halted.")
    second.goto(where)
    second.click("text=Change this halt")
    second.get_by_label("Why").first.fill("the person asked us to come")
    second.click("text=Lift this halt")
    expect(second.get_by_text("lifted")).to_be_visible()

    # Both cases go to a crew of two.
    dispatcher.goto(f"{served.url}/office/dispatch")
    for box in dispatcher.locator("input[name=case]").all():
        box.check()
    dispatcher.select_option("#lead", "a1")
    dispatcher.fill("#companions", "a2")
    dispatcher.keyboard.press("Escape")
    dispatcher.keyboard.press("t")
    expect(dispatcher.get_by_text("2 cases would go out")).to_be_visible()
    dispatcher.keyboard.press("a")
    expect(dispatcher.get_by_role("status")).to_contain_text("2 cases were handed out.")

    for device in devices.values():
        device.exchange()  # both fetch before either sends: what they correct then, they correct without the other
    for (code, device), number in zip(devices.items(), ("+1 415 555 0111", "+1 415 555 0122"), strict=True):
        case_id = min(each.case_id for each in device.packets())
        visit(device, case_id, new=number)
        assert device.status().unsent == 0, code

    # The two corrections contradict each other: a person decides.
    for _ in range(100):
        supervisor.goto(f"{served.url}/office/conflicts")
        if supervisor.get_by_text("+1 415 555 0111").count():
            break
        supervisor.wait_for_timeout(100)
    supervisor.locator("section", has_text="+1 415 555 0111").get_by_text("Take the agent's").first.click()
    expect(supervisor.get_by_role("status")).to_contain_text("Decided.")

    # The complaint is matched to its case and answered.
    supervisor.goto(f"{served.url}/office/complaints/{complaint_id}")
    supervisor.fill("#reference", "LN-2")
    supervisor.click("text=Match and halt this case")
    supervisor.get_by_label("What the person is answered").fill("We are sorry, and have spoken with the crew.")
    supervisor.click("text=Keep this answer")
    expect(supervisor.get_by_role("status")).to_contain_text("The answer is kept.")

    # The day is signed off.
    reading = devices["a1"].clock.read()
    day = datetime.fromtimestamp(reading.wall_ms / 1000 + reading.offset_min * 60, UTC).date().isoformat()
    supervisor.goto(f"{served.url}/office/statements?day={day}")
    supervisor.locator("a[data-row]").first.click()
    expect(supervisor.get_by_role("button", name="Sign this day off")).to_be_visible()
    supervisor.keyboard.press("a")
    expect(supervisor.get_by_text("Signed off by")).to_be_visible()

    # An export is what its manifest says.
    supervisor.goto(f"{served.url}/office/exports")
    supervisor.select_option("#format", "jsonl")
    supervisor.click("text=Write it")
    expect(supervisor.get_by_text("Download")).to_be_visible(timeout=30_000)
    with supervisor.expect_download() as loaded:
        supervisor.click("text=Download")
    body = Path(loaded.value.path()).read_bytes()
    with supervisor.expect_download() as told:
        supervisor.click("a:has-text('manifest')")
    manifest = json.loads(Path(told.value.path()).read_text())
    assert manifest["sha256"] == hashlib.sha256(body).hexdigest()
    assert manifest["rows"] == len(body.splitlines()) == 2
    assert re.fullmatch("[0-9a-f]{64}", manifest["sha256"])
    for device in devices.values():
        device.close()
