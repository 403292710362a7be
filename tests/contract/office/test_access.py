"""Who may open what: every route of the office names its roles, and one that names none is closed."""

from __future__ import annotations

from server.domain.roles import ROLES, Viewer
from server.office.pages import Pages
from tests.contract.office.desk import Desk

# Which roles open which page, by endpoint; what does not stand here is closed. A new page is a line here.
ALL = "dispatcher reviewer supervisor auditor admin support"
OPENS = {
    # -- account --
    "home": ALL, "me": ALL, "miss": ALL, "choose_language": ALL, "end_session": ALL, "totp": ALL, "keep_totp": ALL,
    "sign_out": ALL,
    # -- today --

    # -- queue --
    "queue": "reviewer supervisor auditor",

    # -- visit --
    "visit": "reviewer supervisor auditor",
    "decide": "reviewer supervisor",

    # -- bulk --

    # -- cases --

    # -- dispatch --

    # -- conflicts --

    # -- devices --

    # -- statements --

    # -- complaints --

    # -- oversight --

    # -- rulebooks --

    # -- imports --

    # -- exports --

    # -- audit --

    # -- accounts --
}  # fmt: skip
UNGUARDED = {"static", "look", "sign_in_page", "sign_in"}


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


def test_a_role_is_turned_away_over_http(desk: Desk) -> None:
    """A page of others says so in a sentence, and a form of others changes nothing."""
    auditor, dispatcher = desk.sign_in("auditor"), desk.sign_in("dispatcher")

    assert "Your role does not open this page." in dispatcher.get("/queue", 403)
    auditor.post("/visits/01900000-0000-7000-8000-000000000000/decide", 409, act="approved")


def test_a_viewer_without_roles_may_nothing() -> None:
    """Rights come from roles alone."""
    assert not any(Viewer("1", "n", frozenset()).may({role}) for role in ROLES)
