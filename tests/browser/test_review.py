"""A reviewer's work in a real Chromium, with real devices beside it: once by keyboard, once by mouse."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from agent_sync import Device
from server.domain.roles import Role
from server.services.assigning import assign
from server.services.importing import FileOrder, import_portfolio
from server.services.people import AgentEntry, put_agents
from server.storage.case_rows import find_cases
from tests.browser.conftest import Served

AWAY = {"lat_e7": 377_790_000, "lon_e7": -1_224_200_000, "radius_dm": 90, "datum": "wgs84", "mock": False}
PORTFOLIO = """Loan No,Borrower Name,Borrower ID,Address,Latitude,Longitude,Currency,Amount Due,Days Past Due
LN-1,Ana Imagined,P-1,1 Hill Rd,37.7700,-122.4200,USD,1200.00,45
"""


def make_visit(served: Served) -> tuple[Device, str]:
    """Import a case, hand it out, and visit it with a real device, a kilometre from its door; give device and case."""
    path = served.folder / "portfolio.csv"
    path.write_text(PORTFOLIO)
    import_portfolio(served.site, FileOrder(path, lender="acme"))
    put_agents(served.site, [AgentEntry("a12", "Ann Agent", "North Field")])
    device = served.device("a12")
    with served.site.store.read() as connection:
        [case_id] = find_cases(connection, [("acme", "LN-1")]).values()
    assign(served.site, [case_id], "a12", [])
    device.exchange()
    visit_id = device.record("visit_started", case_id, None, {"fixes": [AWAY]}).visit_id
    note = {"contact_result": "nobody", "disposition": "none"}
    for kind, body in (("outcome_noted", note), ("visit_ended", {"reason": "completed", "fixes": [AWAY]})):
        device.record(kind, case_id, visit_id, body)
    device.exchange()
    return device, case_id


def answer(device: Device, case_id: str, words: str) -> None:
    """Fetch the office's question on the device and answer it."""
    device.exchange()
    [question] = device.status().questions
    body = {"decision_id": question["decision_id"], "answer": words}
    device.record("question_answered", case_id, question["visit_id"], body)
    device.exchange()


def by_keyboard(page: Page) -> dict[str, Any]:
    """Give the reviewer's acts as keys."""

    def ask(words: str) -> None:
        page.keyboard.press("r")
        page.keyboard.type(words)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")

    def open_first() -> None:
        page.keyboard.press("j")
        page.keyboard.press("Enter")

    return {"open": open_first, "ask": ask, "approve": lambda: page.keyboard.press("a")}


def by_mouse(page: Page) -> dict[str, Any]:
    """Give the reviewer's acts as clicks."""

    def ask(words: str) -> None:
        page.click("summary:has-text('Ask the crew')")
        page.get_by_label("Your question").fill(words)
        page.click("text=Return it")

    return {
        "open": lambda: page.locator("a[data-row]").first.click(), "ask": ask,
        "approve": lambda: page.get_by_role("button", name="Approve").click(),
    }  # fmt: skip


@pytest.mark.parametrize("hand", [by_keyboard, by_mouse])
def test_a_flagged_visit_is_asked_about_answered_and_approved(served: Served, hand: Any) -> None:
    """From signing in with a second factor to the approval: the question reaches the device, its answer the page."""
    device, case_id = make_visit(served)
    page = served.sign_in("rita", Role.REVIEWER)
    acts = hand(page)

    page.goto(f"{served.url}/office/queue")
    expect(page.get_by_text(re.compile("Checked in .* m from the door"))).to_be_visible(timeout=20_000)
    acts["open"]()
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 Hill Rd")
    acts["ask"]("Which door did you knock at?")
    expect(page.get_by_role("status")).to_contain_text("Returned with your question")
    answer(device, case_id, "The one of number 1, the map is off.")
    for _ in range(100):
        page.goto(f"{served.url}/office/queue")
        if page.locator("a[data-row]").count():
            break
        page.wait_for_timeout(100)
    acts["open"]()
    expect(page.get_by_text("The one of number 1, the map is off.")).to_be_visible()
    acts["approve"]()
    expect(page.get_by_role("status")).to_contain_text("Approved.")
    device.exchange()
    device.close()

    page.goto(f"{served.url}/office/queue?state=approved")
    expect(page.locator("a[data-row]")).to_have_count(1)
