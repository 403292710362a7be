"""Rooms of those who look after the house: audit, accounts, rulebooks, oversight, conflicts."""

from __future__ import annotations

import re

import pytest

from schemas.errors import FieldError
from server.domain.roles import Role
from server.services import signing_in
from server.services.reconciling import reconcile
from server.storage import office_tables, tables, visit_tables
from tests.contract.office.desk import Desk
from tests.contract.office.visits import carrier, visit


def test_the_audit_shows_acts_and_finds_what_was_changed(desk: Desk) -> None:
    """Filtered by who, act and object; whole until somebody changes a row behind its back."""
    visit_id = visit(desk.office, carrier(desk.office), "R1")
    desk.sign_in("reviewer").post(f"/visits/{visit_id}/decide", act="approved")
    browser = desk.sign_in("auditor")

    by_name = browser.get("/audit?name=reviewer&act=approved")
    whole = browser.follow("/audit/verify")
    table = office_tables.office_act
    changed = table.update().where(table.c.seq == 2).values(name="somebody")
    desk.office.site.store.write(lambda connection: connection.execute(changed) and None)
    broken = browser.follow("/audit/verify")

    assert visit_id[-12:] in by_name
    assert "signed in" not in by_name
    assert "Whole: every act" in whole
    assert "act 2 was changed" in broken
    desk.sign_in("limited", "auditor", agencies=[desk.office.agency_id]).get("/audit", 404)


def test_an_administrator_makes_and_closes_accounts_but_not_their_own(desk: Desk) -> None:
    """The password is shown once and works; what lacks a role, or is oneself, is refused."""
    browser = desk.sign_in("admin")
    browser.get("/accounts")
    page = browser.post("/accounts", 200, name="rita", role="reviewer").text
    password = re.search(r'<p class="code"><code>([^<]+)</code>', page)
    assert password is not None
    refused = browser.follow("/accounts", name="nobody")
    stranger = browser.follow("/accounts", name="wide", role="reviewer", agency=desk.office.site.new_id())
    users = {row.name: row.id for row in desk.office.rows(office_tables.office_user.select())}

    rita = desk.open("rita", password[1])
    browser.post(f"/accounts/{users['rita']}/close")
    own = browser.follow(f"/accounts/{users['admin']}/close")

    assert "name at least one" in refused
    assert "agencies: there is no" in stranger
    with pytest.raises(FieldError, match="last administrator"):
        signing_in.close_user(desk.office.site, "admin", "test")
    assert 303 == rita.client.get("/office/queue").status_code
    assert "Nobody changes their own account here" in own
    states = {row.name: row.status for row in desk.office.rows(office_tables.office_user.select())}
    assert {"admin": "active", "rita": "closed"} == states


def test_every_rulebook_can_be_read_and_says_what_it_is_not(desk: Desk) -> None:
    """Each rule with its sentence, source and confidence; never as advice; a comparison names what differs."""
    browser = desk.sign_in("dispatcher")
    names = re.findall(r'href="/office/rulebooks/([A-Z-]+)"', browser.get("/rulebooks"))

    pages = [browser.get(f"/rulebooks/{name}") for name in names]
    assert 13 <= sum("<dt>confidence</dt>" in page for page in pages)  # the tests' house has no rule
    assert all("Nothing here is legal advice" in page for page in pages)
    assert "differences" in browser.get("/rulebooks/UK?against=US")
    browser.get("/rulebooks/XX", 404)


def test_trying_a_visit_writes_nothing_but_the_look(desk: Desk) -> None:
    """A case and a crew go in, an answer comes out; an unknown one is said."""
    office = desk.office
    office.add_agent("a1")
    office.add_case("R1")
    browser = desk.sign_in("dispatcher")

    page = browser.get("/try?reference=R1&lender=&crew=a1")
    wrong = browser.get("/try?reference=R9&lender=&crew=a1")

    assert "No rulebook is in force" in page
    assert "is no case's reference" in wrong
    assert [] == office.rows(tables.assignment.select())


def test_another_agencys_case_and_agent_are_as_if_there_were_none(desk: Desk) -> None:
    """Trying a visit tells a limited account nothing of what others have."""
    office = desk.office
    other = office.site.new_id()
    office.insert(tables.agency, id=other, name="South Field Agency", status="active")
    office.add_agent("a1")
    phone = carrier(office, "b1", other)
    visit(office, phone, "THEIRS")
    office.add_case("OURS")
    browser = desk.sign_in("dispatcher", agencies=[office.agency_id])

    def said(reference: str, crew: str) -> str:
        page = browser.get(f"/try?reference={reference}&lender=&crew={crew}")
        found = re.search(r'class="said[^>]*>(.*?)</p>', page, re.DOTALL)
        return found[1].replace(reference, "").replace(crew, "") if found else ""

    assert said("THEIRS", "a1") == said("R9", "a1") != ""
    assert said("OURS", "b1") == said("OURS", "z9") != ""


def test_oversight_shows_each_agency_and_ranks_nobody(desk: Desk) -> None:
    """In the order of names, of one's own agencies only."""
    office = desk.office
    other = office.site.new_id()
    office.insert(tables.agency, id=other, name="A South Agency", status="active")

    everything = desk.sign_in("auditor").get("/oversight")
    limited = desk.sign_in("limited", "auditor", agencies=[other]).get("/oversight")

    assert "North Field Agency" in everything
    assert "A South Agency" in everything
    assert "North Field Agency" not in limited
    for odd in ("from=0001-01-01", "to=9999-12-31", "from=2016-05-01&to=2016-04-01", "from=soon"):
        desk.open("auditor").get(f"/oversight?{odd}")


@pytest.mark.parametrize(
    ("act", "value", "held"), [("accept", "", 2), ("keep", "", None), ("edit", "+1 415 555 0177", 1)]
)
def test_a_clash_of_corrections_is_decided_by_a_person(desk: Desk, act: str, value: str, held: int | None) -> None:
    """Taken, kept, or written anew; both proposals are decided with it."""
    office = desk.office
    phones = [carrier(office, code) for code in ("a1", "a2")]
    case_id = office.add_case("R1")
    for phone, number in zip(phones, ("+1 415 555 0111", "+1 415 555 0122"), strict=True):
        office.assign(case_id, phone.agent_id)
        phone.record("contact_proposed", {"changes": [{"field": "phone", "new": number}]}, case_id=case_id)
        phone.exchange()
    reconcile(office.site)
    browser = desk.sign_in("reviewer")
    page = browser.get("/conflicts")
    forms = re.findall(r'action="/office(/conflicts/[0-9a-f-]+/phone)"', page)
    table = visit_tables.proposal

    browser.post(forms[-1], act=act, value=value)

    [person] = office.rows(tables.person.select())
    assert "+14155550122" in page.replace(" ", "")
    assert all(row.decided_by == "reviewer" for row in office.rows(table.select()))
    kept = {2: {"+14155550122", "+14155550111"}, 1: {"+14155550177"}, None: {None}}[held]
    assert person.contacts.get("phone") in kept
    assert "Nothing contradicts itself." in browser.get("/conflicts")


def test_the_first_account_comes_from_the_command_line(desk: Desk) -> None:
    """Names that are taken, short passwords and no role are refused with what to mend."""
    for name, password, roles, wrong in (
        ("x", "long enough it is", ["admin"], "name"), ("rita", "short", ["admin"], "password"),
        ("rita", "long enough it is", [], "roles"),
    ):  # fmt: skip
        with pytest.raises(FieldError) as refused:
            signing_in.add_user(desk.office.site, name, password, [Role(each) for each in roles])
        assert [wrong] == list(refused.value.fields)
    desk.add("reviewer")
    with pytest.raises(FieldError) as taken:
        desk.add("reviewer")
    assert ["name"] == list(taken.value.fields)
