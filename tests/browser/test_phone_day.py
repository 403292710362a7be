"""
A whole day of a field agent in a real Chromium, against the real server: ten visits without a network, a companion's
second phone, and the way home through a bad network. Needs the built app (`make pwa`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from server.domain.comparing import DifferenceKind
from server.services.asking import prepare_pairs
from server.services.assigning import assign
from server.services.enrolling import issue_code
from server.services.importing import FileOrder, import_portfolio
from server.services.people import AgentEntry, put_agents
from server.services.statements import compare_with_device
from server.storage import tables
from tests.browser.camera import film
from tests.browser.conftest import Served, find_chromium
from tests.browser.door import Phone, modules_of
from tests.browser.look import FLAGS
from tests.browser.old_chromium import VERSION, fetch_old_chromium, help_playwright
from tests.browser.phone_look import set_up, unlock
from tests.fault.proxy import Faults, Proxy, faulty

HEAD = "Loan No,Name,Language,Phone,Address,Amount,Options,Date of birth,Last two digits of ID\n"
CASES = 10
WITH_COMPANION = 2
SEED = 7
FILES_WITHIN_S = 30
SEES = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
MATTER = ("On whose behalf", "Why you are here", "What is possible")
OLD_CHROMIUM = Path(__file__).parents[2] / ".venv" / "old-chromium"
# What a phone may lack: how it is taken away, and what is then true.
LACKS = {
    "background sync": (
        "delete ServiceWorkerRegistration.prototype.sync; delete window.SyncManager;", "!window.SyncManager",
    ),
    "compression stream": ("delete window.CompressionStream;", "!window.CompressionStream"),
    "persistent storage": ("delete StorageManager.prototype.persist;", "!navigator.storage.persist"),
    "wake lock": ("delete Navigator.prototype.wakeLock;", "!navigator.wakeLock"),
}  # fmt: skip
RECORDED = {"visit_started": 10, "crew_joined": 1, "visit_ended": 11, "outcome_noted": 9, "hold_placed": 2}
WHOLE_VISIT = [
    "visit_started", "step_done", "identity_checked", "identity_checked", "sealed_part_opened", "step_done",
    "step_done", "step_done", "step_done", "outcome_noted", "step_done", "visit_ended",
]  # fmt: skip


def street(at: int) -> str:
    """Give where case *at* is."""
    return f"{at:02} Sample Street"


def plan_day(served: Served, count: int) -> list[str]:
    """Give agent a1 *count* cases, one of them together with a2; their ids in order."""
    put_agents(served.site, [AgentEntry("a1", "Ann Agent", "North"), AgentEntry("a2", "Ben Beside", "North")])
    path = served.folder / "portfolio.csv"
    lines = [
        f"LN-{at:02},Person {at} Example,en,,{street(at)},9876.54,Three parts from June,1974-03-09,71\n"
        for at in range(1, count + 1)
    ]
    path.write_text(HEAD + "".join(lines), "utf-8")
    import_portfolio(served.site, FileOrder(path, lender="Zebra Savings Bank", currency="USD"))
    with served.site.store.read() as connection:
        ids = [row.id for row in connection.execute(tables.case.select().order_by(tables.case.c.reference)).all()]
    for at, case_id in enumerate(ids, 1):
        assign(served.site, [case_id], "a1", ["a2"] if at == WITH_COMPANION else [])
    prepare_pairs(served.site, 5 * count)
    return ids


@pytest.fixture
def network(served: Served) -> Iterator[Proxy]:
    """A network between the phones and the server that behaves until it is told not to."""
    where = urlsplit(served.url)
    with faulty((where.hostname or "", where.port or 0), Faults(SEED)) as proxy:
        proxy.faults.is_calm = True
        yield proxy


def refuse_killed_at_every_step(phone: Phone) -> None:
    """A whole visit; before each step the page is killed, and the visit goes on where it was."""
    phone.arrive(street(1))
    steps: list[tuple[str, Callable[[], None]]] = [
        ("Show your card", phone.show_card), ("Who is at the door?", phone.meet),
        ("Is it the person?", lambda: phone.ask_facts("1974", "none")),
        ("Is it the person?", lambda: phone.ask_facts("1974", "71")),
        *((title, partial(phone.tell, title)) for title in MATTER),
        ("Ask about hardship", lambda: phone.press("No hardship")),
        ("What came of it", lambda: phone.note_outcome("Refuses")), ("Answer about payment", phone.answer_payment),
        ("Say goodbye", phone.end),
    ]  # fmt: skip
    for title, act in steps:
        phone.kill()
        phone.expect_step(title)
        act()
        if title == "Is it the person?":
            phone.page.wait_for_selector("[role=alert], .sealed dl", state="attached")  # what was answered is kept
        elif title == "Ask about hardship":
            expect(phone.page.locator(".hand h2")).not_to_have_text(title)


def confirm(phone: Phone, at: int) -> None:
    """Arrive, show the card, and be certain who it is."""
    phone.arrive(street(at))
    phone.show_card()
    phone.meet()
    phone.ask_facts("1974", "71")


def visit_together(phone: Phone, companion: Phone, camera: Path) -> None:
    """The companion scans the lead's code, both without a network; each records a visit of their own."""
    phone.arrive(street(WITH_COMPANION))
    phone.page.get_by_role("link", name="Code for a companion").click()
    qr = phone.page.locator("svg.qr")
    qr.wait_for()
    film(camera, modules_of(qr))
    phone.press("Close")
    companion.go("join")
    companion.press("Scan their code")
    companion.expect_step("Show your card")
    companion.show_card()
    phone.show_card()
    phone.meet()
    phone.see_document()
    phone.tell()
    phone.press("No hardship")
    phone.note_outcome("Cannot decide now")
    phone.answer_payment()
    phone.end()
    companion.end()


def refuse(phone: Phone) -> None:
    """They refuse before it is certain who they are."""
    phone.arrive(street(4))
    phone.show_card()
    phone.meet("They do not want to say")
    phone.note_outcome("Refuses")
    phone.end()


def meet_someone_else(phone: Phone) -> None:
    """Another adult opens: nothing is said but what tells nothing."""
    phone.arrive(street(5))
    phone.show_card()
    phone.meet("Someone else")
    phone.press("An adult")
    phone.note_outcome("Nothing more")
    phone.end()


def hear_of_hardship(phone: Phone) -> None:
    """They are in hardship: the case is halted by saying so."""
    confirm(phone, 6)
    phone.tell()
    phone.press("They are in hardship")
    phone.note_outcome()
    phone.answer_payment()
    phone.end()


def take_promise(phone: Phone) -> None:
    """They promise half of it within two weeks."""

    def fill(page: Page) -> None:
        page.get_by_label("Amount in USD").fill("4938.27")
        page.locator(".quick").last.locator("button").nth(1).click()

    confirm(phone, 7)
    phone.tell()
    phone.press("No hardship")
    phone.note_outcome("Promised to pay", fill)
    phone.answer_payment()
    phone.end()


def make_appointment(phone: Phone) -> None:
    """They want to meet in two days."""

    def fill(page: Page) -> None:
        day = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=2)
        page.get_by_label("Day", exact=True).fill(day.isoformat())

    confirm(phone, 8)
    phone.tell()
    phone.press("No hardship")
    phone.note_outcome("Made an appointment", fill)
    phone.answer_payment()
    phone.end()


def find_nobody(phone: Phone) -> None:
    """Nobody opens."""
    phone.arrive(street(9))
    phone.press("Nobody opens")
    phone.note_outcome("Nobody")
    phone.end()


def hear_it_is_paid(phone: Phone) -> None:
    """They say that it is paid."""
    confirm(phone, 10)
    phone.tell()
    phone.press("No hardship")
    phone.note_outcome("Says it is paid")
    phone.answer_payment()
    phone.end()


def halt_for_illness(phone: Phone) -> None:
    """Somebody is ill: one touch, and the agent leaves."""
    phone.arrive(street(3))
    phone.halt("Illness")
    phone.end()


@pytest.fixture
def scanning(chromium: Browser, tmp_path: Path) -> Iterator[tuple[Browser, Path]]:
    """A second Chromium whose camera sees what is written to a file."""
    camera = tmp_path / "camera.y4m"
    film(camera, [[False]])
    flags = [*FLAGS, *SEES, f"--use-file-for-fake-video-capture={camera}"]
    browser = chromium.browser_type.launch(executable_path=find_chromium(), args=flags)
    yield browser, camera
    browser.close()


def test_a_day_of_ten_visits(served: Served, network: Proxy, scanning: tuple[Browser, Path]) -> None:
    """Enrolled, offline, reloaded: ten visits, one killed at every step, and home through a bad network."""
    ids = plan_day(served, CASES)
    seeing, camera = scanning
    phone, companion = Phone(served.chromium, network.url), Phone(seeing, network.url)
    for each, agent in ((phone, "a1"), (companion, "a2")):
        set_up(each.page, issue_code(served.site, agent, by="test"))
        each.context.set_offline(True)
        each.page.reload()
        unlock(each.page)
        each.page.wait_for_selector(".stops a")

    refuse_killed_at_every_step(phone)
    visit_together(phone, companion, camera)
    for visit in (
        halt_for_illness, refuse, meet_someone_else, hear_of_hardship, take_promise, make_appointment, find_nobody,
        hear_it_is_paid,
    ):  # fmt: skip
        visit(phone)
    network.faults.is_calm = False
    for each in (phone, companion):
        each.send_all()
    network.faults.is_calm = True

    for each in (phone, companion):
        assert_equal_accounts(served, each)
        each.context.close()
    assert WHOLE_VISIT == kinds_of(served, ids[0])
    recorded = [kind for case_id in ids for kind in kinds_of(served, case_id)]
    assert RECORDED == {kind: recorded.count(kind) for kind in RECORDED}
    assert "appointment_agreed" in kinds_of(served, ids[7])


def assert_equal_accounts(served: Served, phone: Phone) -> None:
    """
    Lay the phone's account beside the office's, once the office has judged everything: nothing differs.

    What came as a file, after the network's own 413, was set aside first: its receipt says so for ever (E8), and so do
    both accounts, each once.
    """
    aside = tables.event.select().where(tables.event.c.status != "accepted")
    for _ in range(FILES_WITHIN_S * 10):
        with served.site.store.read() as connection:
            left = [(row.kind, row.problem) for row in connection.execute(aside).all()]
        if not left:
            break
        phone.page.wait_for_timeout(100)
    compared = compare_with_device(served.site, phone.statement())
    file = tables.wanted_file.c
    as_files = tables.wanted_file.select().where(file.role == "content", file.device_id == compared.device["device_id"])
    with served.site.store.read() as connection:
        count = len(connection.execute(as_files).all())
    again = {DifferenceKind.JUDGED_AGAIN: count} if count else {}

    assert [] == left
    assert again == {each.kind: each.count for each in compared.differences}


def kinds_of(served: Served, case_id: str) -> list[str]:
    """Give the kinds of what the office received of a case, in the order of the phone that recorded them."""
    event = tables.event.c
    chosen = tables.event.select().where(event.case_id == case_id).order_by(event.agent_id, event.pos)
    with served.site.store.read() as connection:
        return [row.kind for row in connection.execute(chosen).all()]


def walk_through_a_door(served: Served, network: Proxy, phone: Phone) -> None:
    """Enrol, go offline, reload, visit, be killed on the way, send, and compare both accounts."""
    [case_id] = plan_day(served, 1)
    set_up(phone.page, issue_code(served.site, "a1", by="test"))
    phone.context.set_offline(True)
    phone.page.reload()
    unlock(phone.page)
    refuse_killed_at_every_step(phone)
    network.faults.is_calm = False
    phone.send_all()
    network.faults.is_calm = True

    assert_equal_accounts(served, phone)
    assert WHOLE_VISIT == kinds_of(served, case_id)


@pytest.mark.parametrize("lack", LACKS)
def test_a_door_on_a_phone_that_lacks_something(served: Served, network: Proxy, lack: str) -> None:
    """Nothing that a browser may lack is needed for a visit."""
    take_away, is_gone = LACKS[lack]
    phone = Phone(served.chromium, network.url, take_away)

    assert phone.page.evaluate(is_gone)
    walk_through_a_door(served, network, phone)
    phone.context.close()


def test_a_door_in_the_oldest_chromium(served: Served, network: Proxy) -> None:
    """The same in the oldest browser that can be had."""
    program = fetch_old_chromium(OLD_CHROMIUM)
    browser = served.chromium.browser_type.launch(executable_path=program, args=FLAGS)

    assert VERSION == browser.version
    phone = Phone(browser, network.url)
    help_playwright(phone.page)
    walk_through_a_door(served, network, phone)
    browser.close()
