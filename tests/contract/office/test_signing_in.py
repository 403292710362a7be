"""Signing in to the office, over HTTP: who gets in, what is refused, what ends."""

from __future__ import annotations

import re

import pyotp
import pytest
from sqlalchemy import Executable

from server.services import signing_in
from server.services.auditing import find_broken_act
from server.storage import office_tables
from tests.contract.office.desk import PASSWORD, Browser, Desk
from tests.office import Office


def acts(office: Office) -> list[str]:
    """Give what was noted, the first first."""
    table = office_tables.office_act
    return [row.act for row in office.rows(table.select().order_by(table.c.seq))]


def code_of(office: Office, secret: str) -> str:
    """Give the code that a phone shows now."""
    return pyotp.TOTP(secret).generate_otp(office.clock() // 1000 // 30)


def set_up(office: Office, browser: Browser) -> tuple[str, list[str]]:
    """Set up the second factor; give its secret and the recovery codes."""
    found = re.search(r'name="secret" value="([A-Z2-7]+)"', browser.get("/me/totp"))
    assert found is not None
    answer = browser.post("/me/totp", 200, secret=found[1], code=code_of(office, found[1]))
    return found[1], re.findall(r"<code>([a-z2-7-]{19})</code>", answer.text)


def test_name_and_password_open_the_first_page_of_the_role(desk: Desk) -> None:
    """A reviewer lands on today's numbers, and the pages know their name."""
    browser = desk.sign_in("reviewer")

    page = browser.client.get("/office/", follow_redirects=True)

    assert "/office/today" == page.request.path
    assert "reviewer" in page.text


@pytest.mark.parametrize("name", ["reviewer", "nobody"])
def test_a_wrong_password_and_an_unknown_name_are_answered_alike(desk: Desk, name: str) -> None:
    """Who guesses learns nothing about names; each try is noted."""
    desk.add("reviewer")

    browser = desk.open(name, "not the password", status=403)

    assert "Name, password and code do not fit together." in browser.client.post(
        "/office/sign-in", data={"name": name, "password": "again", "code": ""}
    ).text  # fmt: skip
    assert ["added_user", "sign_in_refused", "sign_in_refused"] == acts(desk.office)


def test_without_a_session_every_page_leads_to_signing_in_and_back(desk: Desk) -> None:
    """The address that was asked for is kept, and only an address of the office is followed."""
    desk.add("reviewer")
    client = desk.office.app.test_client()
    asked = client.get("/office/queue?state=approved")

    form = {"name": "reviewer", "password": PASSWORD, "code": ""}
    there = client.post("/office/sign-in", data=form | {"back": "/office/queue?state=approved"})
    elsewhere = [
        client.post("/office/sign-in", data=form | {"back": back}).headers["Location"]
        for back in ("https://example.org/office/", "//example.org/office/", "/office/\\example.org", "/verify")
    ]

    assert asked.status_code == 303
    assert "/office/sign-in?back=/office/queue?state%3Dapproved" == asked.headers["Location"]
    assert "/office/queue?state=approved" == there.headers["Location"]
    assert ["/office/"] * 4 == elsewhere


def test_too_many_tries_lock_the_name_for_longer_each_time(desk: Desk) -> None:
    """The fifth failure locks for half a minute, the sixth for a minute; the right password has to wait too."""
    desk.add("reviewer")
    for _ in range(5):
        desk.open("reviewer", "wrong", status=403)
    desk.open("reviewer", status=403)
    desk.office.clock.advance(seconds=31)
    desk.open("reviewer", "wrong", status=403)
    desk.office.clock.advance(seconds=31)
    desk.open("reviewer", status=403)
    desk.office.clock.advance(seconds=30)

    desk.open("reviewer")

    [row] = desk.office.rows(office_tables.office_user.select())
    assert (0, None) == (row.failures, row.locked_until_ms)


def test_the_second_factor_is_set_up_before_anything_else(desk: Desk) -> None:
    """An account that needs one sees only that page; afterwards a code is asked for, and each works once."""
    desk.add("admin", needs_totp=True)
    browser = desk.open("admin")
    assert browser.client.get("/office/queue").headers["Location"] == "/office/me/totp"

    secret, recovery = set_up(desk.office, browser)

    desk.open("admin", status=403)
    desk.open("admin", code=code_of(desk.office, secret), status=403)  # the one it was set up with
    desk.office.clock.advance(seconds=60)
    code = code_of(desk.office, secret)
    desk.open("admin", code=code)
    desk.open("admin", code=code, status=403)
    desk.open("admin", code=recovery[0])
    desk.open("admin", code=recovery[0], status=403)
    assert 10 == len(set(recovery))


@pytest.mark.parametrize(("kept_busy", "hours"), [(False, 2), (True, 12)])
def test_a_session_ends_by_itself(desk: Desk, kept_busy: bool, hours: int) -> None:
    """After two hours without use, and after twelve whatever happens."""
    browser = desk.sign_in("reviewer")
    for _ in range(hours):
        desk.office.clock.advance(minutes=59)
        if kept_busy:
            browser.get("/queue")
    browser.get("/queue")
    desk.office.clock.advance(minutes=hours + 1 if kept_busy else 121)

    assert 303 == browser.client.get("/office/queue").status_code


def test_a_session_can_be_ended_from_another_one(desk: Desk) -> None:
    """One's own other sessions can be ended; somebody else's cannot."""
    first = desk.sign_in("reviewer")
    second = desk.open("reviewer")
    stranger = desk.sign_in("auditor")
    found = re.search(r"/office(/me/sessions/[0-9a-f-]+/end)", second.get("/me"))
    assert found is not None

    stranger.get("/me")
    stranger.post(found[1], 404)
    first.get("/queue")
    second.post(found[1])

    assert 303 == first.client.get("/office/queue").status_code
    second.get("/queue")


def test_signing_out_ends_the_session(desk: Desk) -> None:
    """The cookie is no use afterwards."""
    browser = desk.sign_in("reviewer")
    cookie = browser.client.get_cookie("fairvisit_office", path="/office")
    assert cookie is not None

    browser.post("/sign-out")
    browser.client.set_cookie("fairvisit_office", cookie.value, path="/office")

    assert 303 == browser.client.get("/office/queue").status_code


def test_a_form_without_its_token_or_from_elsewhere_changes_nothing(desk: Desk) -> None:
    """CSRF: the session's token is compared, and so is where the form came from."""
    browser = desk.sign_in("reviewer")
    browser.get("/me")
    form = {"language": "zh"}

    without, odd = (browser.client.post("/office/me/language", data=form | each) for each in ({}, {"csrf": "é"}))
    elsewhere = [
        browser.client.post("/office/me/language", data=form | {"csrf": browser.csrf}, headers={"Origin": origin})
        for origin in ("https://example.org", "null")
    ]

    assert [409, 409, 409, 409] == [each.status_code for each in (without, odd, *elsewhere)]
    [row] = desk.office.rows(office_tables.office_user.select())
    assert "" == row.language


def test_every_page_forbids_what_the_office_does_not_use(desk: Desk) -> None:
    """No inline script, no frame, no other site, nothing stored on the way; the cookie is out of a script's reach."""
    desk.add("reviewer")
    client = desk.office.app.test_client()
    form = {"name": "reviewer", "password": PASSWORD}
    signed = client.post("/office/sign-in", base_url="https://office.example", data=form)
    pages = [signed, client.get("/office/queue", base_url="https://office.example"), client.get("/office/nowhere")]

    for page in pages:
        policy = page.headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "no-store" == page.headers["Cache-Control"]
    cookie = signed.headers["Set-Cookie"]
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/office"} <= set(cookie.split("; "))


@pytest.mark.parametrize(("host", "is_secure"), [("https://office.example", True), ("http://localhost", False)])
def test_what_a_page_says_to_the_next_is_kept_as_the_session_is(desk: Desk, host: str, is_secure: bool) -> None:
    """Over TLS only and out of a script's reach; on the machine itself a rehearsal needs no certificate."""
    desk.add("reviewer")
    client = desk.office.app.test_client()
    client.post("/office/sign-in", base_url=host, data={"name": "reviewer", "password": PASSWORD})
    csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', client.get("/office/queue", base_url=host).text)
    assert csrf is not None

    told = client.post("/office/queue/views", base_url=host, data={"csrf": csrf[1], "name": ""})

    [cookie] = [each for each in told.headers.getlist("Set-Cookie") if each.startswith("fairvisit_said=")]
    parts = set(cookie.split("; "))
    assert {"HttpOnly", "SameSite=Strict", "Path=/office"} <= parts
    assert is_secure == ("Secure" in parts)
    assert "Give the view a name" in client.get("/office/queue", base_url=host).text


def test_a_changed_or_missing_act_is_found(desk: Desk) -> None:
    """The record of acts is linked: nothing in it can be changed or taken out unseen."""
    desk.sign_in("reviewer")
    table = office_tables.office_act
    with desk.office.site.store.read() as connection:
        assert find_broken_act(connection) is None

    def change(statement: Executable) -> int | None:
        desk.office.site.store.write(lambda connection: connection.execute(statement) and None)
        with desk.office.site.store.read() as connection:
            return find_broken_act(connection)

    assert 1 == change(table.update().where(table.c.seq == 1).values(name="somebody"))
    assert 1 == change(table.delete().where(table.c.seq == 1))
    assert 1 == change(table.delete())


def test_a_closed_account_is_out_at_once(desk: Desk) -> None:
    """Closing an account ends its sessions and lets nobody in again; resetting ends them too."""
    browser = desk.sign_in("reviewer")
    other = desk.sign_in("auditor")

    signing_in.close_user(desk.office.site, "reviewer", "test")
    signing_in.set_password(desk.office.site, "auditor", "another long one", "test")

    assert [303, 303] == [each.client.get("/office/queue").status_code for each in (browser, other)]
    desk.open("reviewer", status=403)
    desk.open("auditor", status=403)
    desk.open("auditor", "another long one")
