"""
What happens to a phone's records while the app is closed, in a real Chromium against a real server: a worker that
cannot read them sends them by Background Sync; a browser that deleted them is found out. Needs the built app.
"""

from __future__ import annotations

from playwright.sync_api import Page, expect
from sqlalchemy import select

from server.services.assigning import assign
from server.services.enrolling import issue_code
from server.services.importing import FileOrder, import_portfolio
from server.services.people import AgentEntry, put_agents
from server.storage import tables
from tests.browser.conftest import Served
from tests.browser.phone_look import open_phone
from tests.browser.test_phone import set_up, unlock

PORTFOLIO = "Loan No,Name,Address,Amount\nLN-1,Ana Example,1 Sample St,9876.54\n"
RECORDED = ["chain_opened", "visit_started"]
SEALED = """async () => {
    const kept = await (await caches.open("fairvisit-ready")).match("/sync/v1/sealed");
    return kept ? await kept.text() : "";
}"""


def give_case(served: Served) -> None:
    """Give agent a1 one case."""
    put_agents(served.site, [AgentEntry("a1", "Ann Agent", "North")])
    path = served.folder / "portfolio.csv"
    path.write_text(PORTFOLIO, "utf-8")
    import_portfolio(served.site, FileOrder(path, lender="Zebra Savings Bank", currency="USD"))
    with served.site.store.read() as connection:
        case_id = connection.execute(tables.case.select()).one().id
    assign(served.site, [case_id], "a1")


def kinds_of(served: Served) -> list[str]:
    """Give the kinds of all events that the server has."""
    with served.site.store.read() as connection:
        return sorted(connection.execute(select(tables.event.c.kind)).scalars())


def fire_sync(page: Page) -> None:
    """Let Chromium tell the worker that there is a network, as it does by itself when one is back."""
    session = page.context.new_cdp_session(page)
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: found.extend(each["registrationId"] for each in told["registrations"]),
    )
    session.send("ServiceWorker.enable")
    for _ in range(50):
        if found:
            break
        page.wait_for_timeout(100)
    origin = page.url.partition("/agent")[0]
    session.send(
        "ServiceWorker.dispatchSyncEvent",
        {"origin": origin, "registrationId": found[0], "tag": "fairvisit-send", "lastChance": False},
    )


def test_a_closed_app_sends_what_it_recorded(served: Served) -> None:
    """X7: sent by the worker once, still unsent to the app until it asks; then received, and nothing twice."""
    give_case(served)
    context = open_phone(served.chromium, "en", "light", 100)
    context.grant_permissions(["geolocation", "background-sync"])
    page = context.new_page()
    page.goto(f"{served.url}/agent/")
    set_up(page, issue_code(served.site, "a1", by="test"))
    context.set_offline(True)
    start_visit(page)
    page.evaluate("location.hash = '#/sending'")
    page.get_by_role("button", name="Send now").click()
    expect(page.get_by_role("alert")).to_contain_text("No network")
    assert "Sample" not in (left := page.evaluate(SEALED))
    assert left
    assert ["chain_opened"] == kinds_of(served)

    page.close()
    context.set_offline(False)
    other = context.new_page()
    other.goto(f"{served.url}/agent/check")
    fire_sync(other)

    until_kinds(other, served, RECORDED)
    assert "" == other.evaluate(SEALED)
    other.route("**/sync/v1/**", lambda route: route.abort())
    other.goto(f"{served.url}/agent/#/sending")
    unlock(other)
    expect(other.get_by_text("saved on this phone and will be sent")).to_be_visible()
    other.unroute("**/sync/v1/**")
    other.get_by_role("button", name="Send now").click()
    expect(other.get_by_text("was received by the office")).to_be_visible(timeout=20_000)
    assert RECORDED == kinds_of(served)
    context.close()


def start_visit(page: Page) -> None:
    """Arrive at the one door of the day."""
    page.locator(".stops a").click()
    page.locator(".bar .act").click()
    page.wait_for_selector(".state.good")
    page.locator(".bar .act").click()
    page.wait_for_selector(".steps")


def until_kinds(page: Page, served: Served, wanted: list[str]) -> None:
    """Wait until the server has events of just these kinds."""
    for _ in range(100):
        if kinds_of(served) == wanted:
            return
        page.wait_for_timeout(100)
    assert wanted == kinds_of(served)


def test_what_a_browser_deleted_is_told(served: Served) -> None:
    """The store is gone, its mark is not: the agent reads what happened, what the office has, and what to do."""
    give_case(served)
    context = open_phone(served.chromium, "en", "light", 100)
    page = context.new_page()
    page.goto(f"{served.url}/agent/")
    expect(page.get_by_role("heading", name="Set this phone up")).to_be_visible()
    expect(page.get_by_text("has deleted what was saved")).to_have_count(0)
    set_up(page, issue_code(served.site, "a1", by="test"))
    page.goto(f"{served.url}/agent/check")
    page.evaluate("new Promise(done => { indexedDB.deleteDatabase('fairvisit').onsuccess = done; }).then(() => true)")

    page.goto(f"{served.url}/agent/")

    expect(page.get_by_text("The browser has deleted what was saved here.")).to_be_visible()
    context.close()
