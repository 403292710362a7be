"""Who may open what: every route of the office names its roles, and one that names none is closed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pytest
from flask import url_for

from server.domain.roles import ROLES, Role, Viewer
from server.office.pages import Pages
from server.storage import tables, visit_file_tables, visit_tables, voice_tables
from tests.contract.office.desk import Desk
from tests.contract.office.pictures import draw_picture
from tests.contract.office.visits import carrier, visit
from tests.office import Office

# Which roles open which page, by endpoint; what does not stand here is closed. A new page is a line here.
ALL = "dispatcher reviewer supervisor auditor admin support"
REVIEW, DECIDE = "reviewer supervisor auditor", "reviewer supervisor"
DISPATCH, ANSWER, ANSWERING = "dispatcher supervisor auditor", "support supervisor auditor", "support supervisor"
OVERSEE, KEEP = "supervisor auditor", "dispatcher admin"
OPENS = {
    # -- account --
    "home": ALL, "me": ALL, "miss": ALL, "choose_language": ALL, "end_session": ALL, "totp": ALL, "keep_totp": ALL,
    "sign_out": ALL,
    # -- oidc --
    "link_oidc": ALL, "unlink_oidc": ALL,
    # -- today --
    "today": ALL,
    # -- queue --
    "queue": REVIEW, "save_view": REVIEW, "drop_view": REVIEW,
    # -- visit --
    "visit": f"{REVIEW} support", "record": f"{REVIEW} support", "decide": DECIDE, "mark_finding": DECIDE,
    # -- files --
    "file": f"{REVIEW} support", "file_content": f"{REVIEW} support", "add_file": DECIDE,
    # -- bulk --
    "bulk_start": DECIDE, "begin_bulk": DECIDE, "bulk": DECIDE, "end_bulk": DECIDE,
    # -- cases --
    "cases": f"{REVIEW} dispatcher support", "case": f"{REVIEW} dispatcher support", "place_hold": ANSWERING,
    "change_hold": ANSWERING, "person": f"{REVIEW} dispatcher support",
    # -- dispatch --
    "say_priority": "dispatcher supervisor", "policy": "dispatcher", "try_policy": "dispatcher",
    "send_plan": "dispatcher",
    "print_letters": "dispatcher", "print_slips": "dispatcher", "mark_letters_sent": "dispatcher",
    "dispatch": DISPATCH, "try_dispatch": "dispatcher", "assign_cases": "dispatcher", "unassign_cases": "dispatcher",
    "crew_day": DISPATCH,
    # -- conflicts --
    "conflicts": f"{DISPATCH} reviewer", "decide_conflict": "dispatcher reviewer supervisor",
    "decide_door": "dispatcher reviewer supervisor", "decide_pair": "dispatcher supervisor",
    # -- devices --
    "devices": f"{DISPATCH} admin", "device": f"{DISPATCH} admin", "enrol": KEEP, "change_device": KEEP,
    # -- statements --
    "statements": f"{DISPATCH} reviewer", "statement": f"{DISPATCH} reviewer", "sign_off_statement": DECIDE,
    "settlement": REVIEW,
    # -- complaints --
    "complaints": ANSWER, "complaint": ANSWER, "own_complaint": ANSWERING, "match_complaint": ANSWERING,
    "acknowledge_complaint": ANSWERING, "answer_complaint": ANSWERING, "help_call": ANSWER, "answer_call": ANSWERING,
    "data_request": ANSWER, "give_copy": ANSWERING, "erase_request": "supervisor", "close_data_request": ANSWERING,
    # -- oversight --
    "oversight": OVERSEE,
    # -- rulebooks --
    "rulebooks": ALL, "rulebook": ALL, "try_visit": f"{DISPATCH} reviewer",
    # -- imports --
    "imports": f"{DISPATCH} admin", "import": f"{DISPATCH} admin", "upload": KEEP, "map_columns": KEEP,
    "mend_rejects": KEEP,
    # -- exports --
    "exports": OVERSEE, "ask_export": OVERSEE, "download": OVERSEE,
    # -- audit --
    "audit": "auditor admin", "verify_audit": "auditor admin",
    # -- webhooks --
    "webhooks": "auditor admin", "webhook": "auditor admin", "add_webhook": "admin", "change_webhook": "admin",
    "replay_delivery": "admin",
    # -- accounts --
    "accounts": "admin", "account": "admin", "add_account": "admin", "change_account": "admin",
    # -- tokens --
    "tokens": ALL, "make_token": ALL, "revoke_token": ALL,
}  # fmt: skip
UNGUARDED = {"look", "sign_in_page", "sign_in", "begin_oidc", "hear_oidc", "give_oidc_code"}


def pages_of(desk: Desk) -> Pages:
    """Give the office's routes."""
    pages: Pages = desk.office.app.extensions["office"]
    return pages


def test_each_role_opens_exactly_its_pages(desk: Desk) -> None:
    """The table above is the whole truth: no page is missing from it, none is open to another role."""
    pages = pages_of(desk)
    found = {name.removeprefix("office."): set(may) for name, may in pages.access.items()}

    assert {name: set(roles.split()) for name, roles in OPENS.items()} == found
    assert UNGUARDED == {name.removeprefix("office.") for name in pages.open}


def test_a_route_without_a_rule_is_closed(desk: Desk) -> None:
    """Whoever forgets to say who may, lets nobody in; over HTTP each role gets what the table says."""
    pages = pages_of(desk)
    rules = {rule.endpoint for rule in desk.office.app.url_map.iter_rules() if rule.endpoint.startswith("office.")}
    assert rules == set(pages.access) | pages.open

    browser = desk.sign_in("everything", *(role.value for role in ROLES))
    browser.get("/queue")
    del pages.access["office.queue"]
    browser.get("/queue", 403)


@dataclass
class Town:
    """One thing of each kind, of one agency: what stands in addresses."""

    parts: dict[str, str]
    agency_id: str


def add_picture(office: Office, case_id: str, visit_id: str) -> str:
    """Let the office add a picture to a visit; give its hash."""
    content = draw_picture()
    sha256 = hashlib.sha256(content).hexdigest()
    path = office.site.settings.folder_path / "picture"
    path.write_bytes(content)
    office.site.blobs.put(sha256, path)
    office.insert(
        visit_file_tables.office_file, case_id=case_id, visit_id=visit_id, sha256=sha256, size=len(content),
        media_type="image/png", serial="", by="mei", at_ms=office.clock(),
    )  # fmt: skip
    return sha256


def build_town(office: Office, name: str, agency_id: str) -> Town:
    """Make a case with a visit, a device, a complaint, a call and a request within an agency."""
    phone = carrier(office, name, agency_id)
    visit_id = visit(office, phone, f"R-{name}")
    [row] = office.rows(visit_tables.visit.select().where(visit_tables.visit.c.visit_id == visit_id))
    [case] = office.rows(tables.case.select().where(tables.case.c.id == row.case_id))
    now_ms, ids = office.clock(), {each: office.site.new_id() for each in ("complaint", "call", "request")}
    clocks = {"acknowledge_by_ms": now_ms, "answer_by_ms": now_ms}
    said = {"case_id": case.id, "made_ms": now_ms}
    office.insert(
        voice_tables.complaint, id=ids["complaint"], channel="answer", codes=[], words="", reach="", **said, **clocks
    )
    office.insert(voice_tables.help_call, id=ids["call"], channel="answer", reach="", **said)
    office.insert(voice_tables.person_request, id=ids["request"], person_id=case.person_id, kind="hardship", **said)
    parts = {
        "visit_id": visit_id, "case_id": case.id, "person_id": case.person_id, "device_id": phone.device_id,
        "complaint_id": ids["complaint"], "call_id": ids["call"], "request_id": ids["request"], "code": name,
        "day": "2016-04-07", "finding_id": ids["call"], "hold_id": ids["call"], "act": "take", "kind": "json",
        "place_id": case.place_id, "other_id": ids["call"], "sha256": add_picture(office, case.id, visit_id),
    }  # fmt: skip
    return Town(parts, agency_id)


# Addresses that name something of an agency; the others list what is the viewer's own (see each room's tests).
NAMED = {
    "visit", "record", "file", "file_content", "case", "person", "device", "statement", "complaint", "help_call",
    "data_request", "crew_day",
}  # fmt: skip
FORMS = {
    "decide", "mark_finding", "add_file", "place_hold", "change_hold", "change_device", "sign_off_statement",
    "own_complaint",
    "match_complaint", "acknowledge_complaint", "answer_complaint", "answer_call", "give_copy", "erase_request",
    "close_data_request", "say_priority", "decide_door", "send_plan", "decide_pair",
}  # fmt: skip
LISTS = {
    "policy", "today", "queue", "bulk_start", "cases", "dispatch", "conflicts", "devices", "statements", "settlement",
    "complaints", "oversight", "rulebooks", "try_visit", "tokens",
}  # fmt: skip


@pytest.mark.parametrize("role", [role.value for role in Role])
def test_each_address_answers_each_role_by_its_agencies(desk: Desk, role: str) -> None:
    """Role by role, page by page: one's own opens, a foreign one is not there, another role's is refused."""
    office = desk.office
    other_id = office.site.new_id()
    office.insert(tables.agency, id=other_id, name="South Field Agency", status="active")
    ours, theirs = build_town(office, "a1", office.agency_id), build_town(office, "b1", other_id)
    browser = desk.sign_in(role, agencies=[office.agency_id])
    browser.get("/me")
    rules = {rule.endpoint.removeprefix("office."): rule for rule in office.app.url_map.iter_rules()}

    def ask(name: str, town: Town, method: str) -> int:
        rule = rules[name]
        values = {part: town.parts[part] for part in rule.arguments}
        with office.app.test_request_context():
            address = url_for(f"office.{name}", **values)
        form = {"csrf": browser.csrf, "act": "approved"} if method == "POST" else None
        answer = browser.client.open(address, method=method, data=form)
        return answer.status_code

    for name in LISTS:
        assert (200 if role in OPENS[name].split() else 403) == ask(name, ours, "GET"), name
    for name in NAMED:
        expected = (200, 404) if role in OPENS[name].split() else (403, 403)
        assert expected == (ask(name, ours, "GET"), ask(name, theirs, "GET")), name
    for name in FORMS:
        expected_status = 404 if role in OPENS[name].split() else 403
        assert expected_status == ask(name, theirs, "POST"), name


def test_a_role_is_turned_away_over_http(desk: Desk) -> None:
    """A page of others says so in a sentence, and a form of others changes nothing."""
    auditor, dispatcher = desk.sign_in("auditor"), desk.sign_in("dispatcher")

    assert "Your role does not open this page." in dispatcher.get("/queue", 403)
    auditor.post("/visits/01900000-0000-7000-8000-000000000000/decide", 403, act="approved")


def test_a_viewer_without_roles_may_nothing() -> None:
    """Rights come from roles alone."""
    assert not any(Viewer("1", "n", frozenset()).may({role}) for role in ROLES)
