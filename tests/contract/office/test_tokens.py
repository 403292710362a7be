"""Tokens of the REST API on one's own page: made once, shown once, revoked, and what cannot be made."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta

import pytest

from schemas.errors import FieldError
from server.domain.roles import TokenScope
from server.services import signing_in
from server.services.api_tokens import find_caller
from server.storage import office_tables, tables
from server.storage.token_tables import api_token
from tests.contract.office.desk import Browser, Desk

SECRET = re.compile(r"<code>(fv_[\w-]{43})</code>")


def last_day(desk: Desk, days: int) -> str:
    """Give the day so many days from the office's today."""
    return (datetime.fromtimestamp(desk.office.clock() / 1000, UTC).date() + timedelta(days=days)).isoformat()


def make(desk: Desk, browser: Browser, **form: object) -> str:
    """Make a token on the page; give its secret."""
    asked = {"name": "nightly", "scope": ["read"], "last_day": last_day(desk, 30)} | form
    page = browser.post("/me/tokens", status=200, **asked).text
    [secret] = SECRET.findall(page)
    return str(secret)


def acts(desk: Desk, act: str) -> list[dict[str, object]]:
    """Give the facts of every act of a kind."""
    table = office_tables.office_act
    return [row.facts for row in desk.office.rows(table.select().where(table.c.act == act).order_by(table.c.seq))]


def test_a_token_is_shown_once_and_kept_as_its_hash(desk: Desk) -> None:
    """The page after says what it is for, never the secret; the act is noted without it."""
    browser = desk.sign_in("reviewer")
    secret = make(desk, browser, scope=["read", "review"])
    page = browser.get("/me/tokens")
    [row] = desk.office.rows(api_token.select())

    assert hashlib.sha256(secret.encode()).hexdigest() == row.secret
    assert secret not in page
    assert "nightly" in page
    assert "<code>read</code>, <code>review</code>" in page
    assert [{"scopes": ["read", "review"], "agencies": [], "last_day": last_day(desk, 30)}] == acts(desk, "made_token")
    caller = find_caller(desk.office.site, secret)
    assert ("reviewer", {TokenScope.READ, TokenScope.REVIEW}) == (caller.viewer.name, set(caller.scopes))
    assert row.id == caller.viewer.token_id


def test_a_revoked_token_answers_to_nobody(desk: Desk) -> None:
    """It is refused from then on; another account's cannot be revoked."""
    browser, other = desk.sign_in("reviewer"), desk.sign_in("auditor")
    secret = make(desk, browser)
    [row] = desk.office.rows(api_token.select())
    other.post(f"/me/tokens/{row.id}/revoke", status=404)
    assert find_caller(desk.office.site, secret)
    said = browser.follow(f"/me/tokens/{row.id}/revoke")

    assert "nothing answers to it any more" in said
    with pytest.raises(FieldError, match="token-invalid"):
        find_caller(desk.office.site, secret)
    assert [{}] == acts(desk, "revoked_token")


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": " "}, "name: takes 1 to 60 characters"),
        ({"scope": []}, "scopes: name at least one of: read, review, dispatch, export"),
        ({"scope": ["all"]}, "scopes: name at least one of"),
        ({"last_day": "2016-04-06"}, "last_day: is a day from today on"),
        ({"last_day": "2017-04-08"}, "last_day: is a day from today on, at most 365 days away"),
        ({"last_day": "soon"}, "last_day: is a day"),
        ({"agency": ["01900000-0000-7000-8000-000000000000"]}, "is none of your account's"),
    ],
)
def test_what_no_token_can_have_is_said(desk: Desk, form: dict[str, object], said: str) -> None:
    """Each field says what it takes, and nothing is made."""
    browser = desk.sign_in("reviewer")
    asked = {"name": "nightly", "scope": ["read"], "last_day": last_day(desk, 30)} | form

    assert said in browser.follow("/me/tokens", **asked)
    assert [] == desk.office.rows(api_token.select())


def test_a_foreign_agency_is_no_limit_to_choose(desk: Desk) -> None:
    """Whoever is limited to one agency makes no token for another."""
    office = desk.office
    other_id = office.site.new_id()
    office.insert(tables.agency, id=other_id, name="South Field Agency", status="active")
    browser = desk.sign_in("reviewer", agencies=[office.agency_id])
    form = {"name": "nightly", "scope": "read", "last_day": last_day(desk, 1)}

    assert "South Field Agency" not in browser.get("/me/tokens")
    assert "is none of your account's" in browser.follow("/me/tokens", **form, agency=other_id)


def test_without_a_second_factor_there_is_no_token(desk: Desk) -> None:
    """An account that still lacks it is led to setting it up."""
    desk.add("reviewer", needs_totp=True)
    browser = desk.open("reviewer")
    answer = browser.client.get("/office/me/tokens")

    assert (303, "/office/me/totp") == (answer.status_code, answer.headers["Location"])


def test_no_account_keeps_more_tokens_than_it_can_oversee(desk: Desk) -> None:
    """Twenty in use are the most; one revoked makes room."""
    browser = desk.sign_in("reviewer")
    for _ in range(20):
        make(desk, browser)
    form = {"name": "more", "scope": "read", "last_day": last_day(desk, 1)}

    assert "You have 20 tokens in use" in browser.follow("/me/tokens", **form)
    [first, *_] = desk.office.rows(api_token.select())
    browser.post(f"/me/tokens/{first.id}/revoke")
    make(desk, browser)


def test_a_new_password_ends_every_token(desk: Desk) -> None:
    """Whoever got in under the old one keeps nothing."""
    secret = make(desk, desk.sign_in("reviewer"))
    signing_in.set_password(desk.office.site, "reviewer", "another long one", "admin")

    with pytest.raises(FieldError, match="token-invalid"):
        find_caller(desk.office.site, secret)
