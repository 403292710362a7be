"""Approving in bulk, and by two: only what is clean, only after a sample, never one's own, never an override alone."""

from __future__ import annotations

import re

import pytest

from schemas.vocabulary import HoldReason, HoldScope, StartRemark
from server.domain.roles import Role
from server.services import signing_in
from server.services.holding import place_office_hold
from server.services.reconciling import reconcile
from server.storage import desk_tables, tables, visit_tables
from tests.contract.office.desk import PASSWORD, Desk
from tests.contract.office.visits import DOOR, FAR, carrier, visit
from tests.office import Office


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an agent's first two visits, not twenty, be looked at, and the sample be two."""
    monkeypatch.setattr("server.domain.sampling.is_clean.__defaults__", (2,))
    monkeypatch.setattr("server.domain.sampling.LEAST", 2)


def states(office: Office) -> dict[str, str]:
    """Give each visit's state."""
    return {row.visit_id: row.state for row in office.rows(visit_tables.visit.select())}


def begin(desk: Desk, count: int) -> tuple[str, list[str]]:
    """Make visits and begin a bulk; give its address and the sample."""
    phone = carrier(desk.office)
    for number in range(count):
        visit(desk.office, phone, f"R{number}")
    browser = desk.sign_in("reviewer")
    browser.get("/bulk")
    where = browser.post("/bulk").headers["Location"].removeprefix("/office")
    return where, re.findall(r'data-row href="/office/visits/([0-9a-f-]+)"', browser.get(where))


@pytest.mark.usefixtures("few")
def test_the_rest_follows_a_sample_that_was_approved(desk: Desk) -> None:
    """Each of the sample alone, then the rest at once; an agent's first visits stay to be looked at."""
    where, sample = begin(desk, 7)
    browser = desk.open("reviewer")

    early = browser.follow(f"{where}/finish")
    for visit_id in sample:
        browser.post(f"/visits/{visit_id}/decide", act="approved")
    browser.get(where)
    browser.follow(f"{where}/finish")

    found = list(states(desk.office).values())
    assert "Decide on each visit of the sample first" in early
    assert 2 == len(sample)
    assert (5, 2) == (found.count("approved"), found.count("awaiting_review"))


@pytest.mark.usefixtures("few")
def test_one_of_the_sample_that_is_not_approved_cancels_all(desk: Desk) -> None:
    """The rest is not approved, and the bulk cannot be taken up again."""
    where, sample = begin(desk, 6)
    browser = desk.open("reviewer")
    browser.post(f"/visits/{sample[0]}/decide", act="rejected", reason="not so")
    browser.post(f"/visits/{sample[1]}/decide", act="approved")

    page = browser.follow(f"{where}/finish")
    browser.follow(f"{where}/finish")

    assert "cancelled" in page
    assert 1 == list(states(desk.office).values()).count("approved")


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("first", [{"act": "amended", "disposition": "refused"}, {"act": "returned", "question": "?"}])
def test_a_sampled_visit_decided_otherwise_spoils_the_bulk(desk: Desk, first: dict[str, str]) -> None:
    """Amended, or returned and approved later on, is not approved as it was: nothing else follows."""
    where, sample = begin(desk, 6)
    browser = desk.open("reviewer")
    browser.post(f"/visits/{sample[0]}/decide", **first)
    if first["act"] == "returned":
        browser.post(f"/visits/{sample[0]}/decide", act="approved")
    browser.post(f"/visits/{sample[1]}/decide", act="approved")

    page = browser.follow(f"{where}/finish")

    assert "not approved as it was" in page
    assert 4 == list(states(desk.office).values()).count("awaiting_review")


@pytest.mark.usefixtures("few")
def test_a_hold_placed_after_the_draw_leaves_its_visit_out(desk: Desk) -> None:
    """What is barred is looked at again when the rest is approved; the page says how many were left out."""
    where, sample = begin(desk, 6)
    browser = desk.open("reviewer")
    for visit_id in sample:
        browser.post(f"/visits/{visit_id}/decide", act="approved")
    office = desk.office
    rest = [row for row in office.rows(desk_tables.bulk_visit.select()) if not row.is_sample]
    [halted] = office.rows(visit_tables.visit.select().where(visit_tables.visit.c.visit_id == rest[0].visit_id))
    place_office_hold(office.site, halted.case_id, HoldScope.CASE, HoldReason.ILLNESS, "test")

    page = browser.follow(f"{where}/finish")

    assert "awaiting_review" == states(office)[halted.visit_id]
    assert len(rest) - 1 + len(sample) == list(states(office).values()).count("approved")
    assert "Left out" in page


@pytest.mark.usefixtures("few")
def test_what_needs_a_look_is_never_in_a_bulk(desk: Desk) -> None:
    """Flagged, halted, hardship, with a complaint, and an agent's first visits: none of them is a candidate."""
    office = desk.office
    phone = carrier(office)
    for number in range(2):
        visit(office, phone, f"first {number}")
    visit(office, phone, "far", FAR)
    visit(office, phone, "hard", contact_result="person", disposition="hardship")
    halted = visit(office, phone, "halted")
    clean = visit(office, phone, "clean")
    [row] = office.rows(visit_tables.visit.select().where(visit_tables.visit.c.visit_id == halted))
    office.insert(
        tables.hold, id=office.site.new_id(), case_id=row.case_id, reason="illness", source="office",
        is_provisional=False, placed_ms=office.clock(), lifted_ms=office.clock(), rev=1,
    )  # fmt: skip
    browser = desk.sign_in("reviewer")
    browser.get("/bulk")
    where = browser.post("/bulk").headers["Location"].removeprefix("/office")

    assert [clean] == re.findall(r'data-row href="/office/visits/([0-9a-f-]+)"', browser.get(where))


def overridden(office: Office, *, is_ended: bool = True) -> str:
    """Make a visit whose crew went on against a warning."""
    phone = carrier(office)
    case_id = office.add_case("R1")
    office.assign(case_id, phone.agent_id)
    phone.exchange()
    about = {"case_id": case_id, "visit_id": office.site.new_id(), "packet_rev": 1}
    started = {"fixes": [DOOR], "warned": [StartRemark.OUTSIDE_HOURS.value], "override_reason": "they asked for it"}
    events = (
        ("visit_started", started), ("outcome_noted", {"contact_result": "nobody", "disposition": "none"}),
        ("visit_ended", {"reason": "completed", "fixes": [DOOR | {"lat_e7": DOOR["lat_e7"] + 7}]}),
    )  # fmt: skip
    for kind, body in events[: 3 if is_ended else 2]:
        office.clock.advance(minutes=2)
        phone.record(kind, body, **about)
        phone.exchange(phone.log[-1:])
    reconcile(office.site)
    return about["visit_id"]


def test_an_overridden_warning_takes_two_persons(desk: Desk) -> None:
    """The first approval leaves it in the queue; the same person cannot give the second; another one does."""
    visit_id = overridden(desk.office)
    first, second = desk.sign_in("first", "reviewer"), desk.sign_in("second", "reviewer")

    said = first.follow(f"/visits/{visit_id}/decide", act="approved")
    once = states(desk.office)[visit_id]
    again = first.follow(f"/visits/{visit_id}/decide", act="approved")
    twice = states(desk.office)[visit_id]
    desk.office.clock.advance(minutes=11)
    second.post(f"/visits/{visit_id}/decide", act="approved")

    assert "first of two" in said
    assert "You approved it already" in again
    assert ["awaiting_review"] * 2 + ["approved"] == [once, twice, states(desk.office)[visit_id]]


def test_an_amendment_is_not_the_first_of_two(desk: Desk) -> None:
    """It would be lost: the first approves as it stands, the second may amend."""
    visit_id = overridden(desk.office)

    said = desk.sign_in("reviewer").follow(f"/visits/{visit_id}/decide", act="amended", disposition="refused")

    assert "approve it first; a second person may amend it" in said
    assert [] == desk.office.rows(desk_tables.second.select())


def test_a_visit_that_is_still_open_has_no_first_of_two(desk: Desk) -> None:
    """What cannot be approved yet cannot be approved by the first of two either."""
    visit_id = overridden(desk.office, is_ended=False)

    said = desk.sign_in("reviewer").follow(f"/visits/{visit_id}/decide", act="approved")

    assert "what can be done with it: nothing yet" in said
    assert [] == desk.office.rows(desk_tables.second.select())


def test_the_next_visit_is_never_one_that_waits_for_somebody_else(desk: Desk) -> None:
    """One approved as the first of two, and one the reviewer was at, are passed over."""
    office = desk.office
    overridden(office)
    phone = carrier(office, "a2")
    own, other = visit(office, phone, "R2"), visit(office, carrier(office, "a3"), "R3")
    signing_in.add_user(
        office.site, "both", PASSWORD, [Role.REVIEWER], needs_totp=False, agent_id=phone.agent_id
    )  # fmt: skip
    [flagged] = [each for each in states(office) if each not in {own, other}]

    where = desk.open("both").post(f"/visits/{flagged}/decide", act="approved").headers["Location"]

    assert other in where


def test_nobody_decides_on_a_visit_of_their_own(desk: Desk) -> None:
    """Whoever also goes to doors is told so; somebody else decides."""
    office = desk.office
    phone = carrier(office)
    visit_id = visit(office, phone, "R1")
    signing_in.add_user(
        office.site, "both", PASSWORD, [Role.REVIEWER], needs_totp=False, agent_id=phone.agent_id
    )  # fmt: skip

    said = desk.open("both").follow(f"/visits/{visit_id}/decide", act="approved")

    assert "You were at this visit yourself" in said
    assert "awaiting_review" == states(office)[visit_id]
