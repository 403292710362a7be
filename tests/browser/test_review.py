"""Three hundred visits reviewed by keyboard: a clean one takes one key, a flagged one three beside its words."""

from __future__ import annotations

import random
from collections import Counter

from playwright.sync_api import Page, expect

from agent_sync import Device
from server.domain.roles import Role
from server.services.assigning import assign
from server.services.importing import FileOrder, import_portfolio
from server.services.people import AgentEntry, put_agents
from server.storage.case_rows import find_cases
from server.storage.office_tables import office_act
from server.storage.visit_tables import decision
from server.storage.visit_tables import visit as visit_table
from tests.browser.conftest import Served
from tests.browser.hands import Keyboard
from tests.browser.test_day import AWAY, DOOR, until_row

SEED = 7
VISITS, AGENTS = 300, 10
FAR_SHARE = 0.2
TITLES = "Loan No,Borrower Name,Borrower ID,Address,Latitude,Longitude,Currency,Amount Due,Days Past Due"


def make_visits(served: Served) -> set[str]:
    """Import 300 cases and visit each with one of ten real devices, a fifth far from the door; give those cases."""
    numbers = range(1, VISITS + 1)
    lines = [f"LN-{each},Person {each},P-{each},{each} Hill Rd,37.7700,-122.4200,USD,900.00,45" for each in numbers]
    file = served.folder / "portfolio.csv"
    file.write_text("\n".join([TITLES, *lines]) + "\n")
    import_portfolio(served.site, FileOrder(file, lender="acme"))
    codes = [f"a{number}" for number in range(AGENTS)]
    put_agents(served.site, [AgentEntry(code, f"Agent {code}", "North") for code in codes])
    with served.site.store.read() as connection:
        cases = list(find_cases(connection, [("acme", f"LN-{each}") for each in numbers]).values())
    draw, far = random.Random(SEED), set()
    for number, code in enumerate(codes):
        mine = cases[number::AGENTS]
        assign(served.site, mine, code, [])
        device = served.device(code)
        device.exchange()
        for case_id in mine:
            is_far = draw.random() < FAR_SHARE
            far |= {case_id} if is_far else set()
            visit(device, case_id, AWAY if is_far else DOOR, draw)
        device.exchange()
        assert 0 == device.status().unsent
        device.close()
    return far


def visit(device: Device, case_id: str, at: dict[str, object], draw: random.Random) -> None:
    """Visit a case with a card that is shown, nobody at home; each fix a little off, as real ones are."""
    fixes = [at | {"lat_e7": int(str(at["lat_e7"])) + draw.randrange(300)} for _ in range(2)]
    visit_id = device.record("visit_started", case_id, None, {"fixes": fixes[:1]}).visit_id
    device.record("step_done", case_id, visit_id, {"step": "card_shown", "text_version": "1", "response": "given"})
    device.record("outcome_noted", case_id, visit_id, {"contact_result": "nobody", "disposition": "none"})
    device.record("visit_ended", case_id, visit_id, {"reason": "completed", "fixes": fixes[1:]})


class Reviewer:
    """Decides on what is on the screen, and counts the keys that takes."""

    def __init__(self, page: Page) -> None:
        self.page, self.hand = page, Keyboard()
        self.keys: dict[bool, Counter[int]] = {True: Counter(), False: Counter()}  # flagged or not -> keys -> visits
        self.acts: Counter[str] = Counter()

    def decide(self, number: int) -> None:
        """Approve what is clean; ask about, reject and approve the flagged ones in turn."""
        page, keyboard = self.page, self.page.keyboard
        is_flagged = page.get_by_role("button", name="This finding is right").count() > 0
        act = ("returned", "rejected", "approved")[number % 3] if is_flagged else "approved"
        where = page.url
        with page.expect_navigation():
            if act == "approved":
                keyboard.press("a")
            else:
                keyboard.press("r" if act == "returned" else "x")
                keyboard.type("Where were you?")
                keyboard.press("Tab")
                keyboard.press("Enter")
        assert page.url != where
        self.keys[is_flagged][1 if act == "approved" else 3] += 1
        self.acts[act] += 1


def test_three_hundred_visits_by_keyboard(served: Served) -> None:
    """Each decision leads to the next visit; at the end nothing waits, and each was opened and decided once."""
    far = make_visits(served)
    page = served.sign_in("rita", Role.REVIEWER, hand=Keyboard())
    wait_for_folding(served, page)
    until_row(page, f"{served.url}/office/queue")
    reviewer = Reviewer(page)
    reviewer.hand.open_first(page)
    page.wait_for_url("**/visits/*")
    for number in range(VISITS):
        reviewer.decide(number)
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()

    with served.site.store.read() as connection:
        decided = Counter(row.visit_id for row in connection.execute(decision.select()))
        states = Counter(row.state for row in connection.execute(visit_table.select()))
        looked = {
            row.object_id for row in connection.execute(office_act.select()) if row.act == "looked" and row.object_id
        }
    print(f"keys: clean {dict(reviewer.keys[False])}, flagged {dict(reviewer.keys[True])}; acts {dict(reviewer.acts)}")
    assert {1} == set(reviewer.keys[False])
    assert len(far) == sum(reviewer.keys[True].values())
    assert (VISITS, {1}) == (len(decided), set(decided.values()))
    assert reviewer.acts == states
    assert set(decided) <= looked


def wait_for_folding(served: Served, page: Page) -> None:
    """Wait until every visit came to the queue."""
    for _ in range(600):
        with served.site.store.read() as connection:
            waiting = sum(row.state == "awaiting_review" for row in connection.execute(visit_table.select()))
        if waiting == VISITS:
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"{waiting} of {VISITS} visits came to the queue")
