"""Signing in by the house's own provider: a real one, over HTTP, that tells the truth, and then does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests

from server.services import linking, signing_in
from server.storage import office_tables
from tests.contract.office import provider as providers
from tests.contract.office.desk import Browser, Desk
from tests.contract.office.provider import CLIENT, SECRET, Provider, new_key
from tests.contract.office.test_signing_in import code_of, set_up
from tests.office import START_MS, Office, opened_office

CALLBACK = "/office/sign-in/oidc/callback"
NAME = "House login"


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider whose clock is the office's."""
    with providers.running(lambda: START_MS) as running:
        yield running


@pytest.fixture
def office(database_url: str, tmp_path: Path, provider: Provider) -> Iterator[Office]:
    """An office that was set up with it."""
    secret = tmp_path / "oidc-secret"
    secret.write_text(f"{SECRET}\n")
    with opened_office(
        database_url, tmp_path, oidc_issuer=provider.issuer, oidc_client_id=CLIENT, oidc_label=NAME,
        oidc_secret_file=str(secret),
    ) as opened:  # fmt: skip
        provider.now = opened.clock
        yield opened


def link(desk: Desk, name: str = "rita", subject: str = "sub-rita") -> None:
    """Link an account as an administrator does."""
    [row] = desk.office.rows(office_tables.office_user.select().where(office_tables.office_user.c.name == name))
    viewer = signing_in.viewer_of(row)
    linking.link_subject(desk.office.site, viewer, row.id, subject)


def leave(browser: Browser, back: str = "") -> str:
    """Begin to sign in by the provider, do so there; give the address it sends back to."""
    begun = browser.client.get("/office/sign-in/oidc", query_string={"back": back} if back else {})
    assert 303 == begun.status_code, begun.text
    return requests.get(begun.headers["Location"], timeout=5, allow_redirects=False).headers["Location"]


def arrive(browser: Browser, address: str, status: int = 200) -> str:
    """Come back from the provider; give the page."""
    assert address.startswith(f"http://localhost{CALLBACK}?")
    answer = browser.client.get(address.removeprefix("http://localhost"))
    assert status == answer.status_code, answer.text
    return unescape(answer.text)


def enter(desk: Desk, status: int = 200, back: str = "") -> tuple[Browser, str]:
    """Sign in by the provider with a new browser; give it and the page it ends on."""
    browser = Browser(desk.office.app.test_client())
    return browser, arrive(browser, leave(browser, back), status)


def is_in(browser: Browser) -> bool:
    """Say whether the browser is signed in."""
    return browser.client.get("/office/me").status_code == 200


def refusals(office: Office) -> list[dict[str, Any]]:
    """Give the facts of what was refused."""
    table = office_tables.office_act
    return [row.facts for row in office.rows(table.select().where(table.c.act == "sign_in_refused"))]


def test_whom_the_provider_vouches_for_is_signed_in_to_the_linked_account(desk: Desk) -> None:
    """With that account's own roles, by a page of ours that leads on; in the audit it stands how."""
    desk.add("rita", "reviewer")
    link(desk)
    assert f"Sign in with {NAME}" in desk.office.app.test_client().get("/office/sign-in").text

    browser, page = enter(desk, back="/office/queue?state=approved")

    assert 'content="0;url=/office/queue?state=approved"' in page
    browser.get("/queue")
    browser.get("/accounts", 403)
    table = office_tables.office_act
    [act] = desk.office.rows(table.select().where(table.c.act == "signed_in"))
    assert ("rita", {"by": "provider"}) == (act.name, act.facts)


@pytest.mark.parametrize(
    "back", ["https://example.org/office/", "//example.org/office/", "/office/\\example.org", "/verify", ""]
)
def test_the_way_back_leads_to_no_other_site(desk: Desk, back: str) -> None:
    """An address that is none of the office's becomes its first page."""
    desk.add("rita", "reviewer")
    link(desk)

    assert 'content="0;url=/office/"' in enter(desk, back=back)[1]


LIES: dict[str, dict[str, Any]] = {
    "wrong nonce": {"nonce": "another"}, "no nonce": {"nonce": None}, "wrong audience": {"aud": "another-client"},
    "two audiences": {"aud": [CLIENT, "another-client"]}, "for another party": {"azp": "another-client"},
    "expired": {"exp": START_MS // 1000 - 61}, "never ends": {"exp": None}, "from the future": {"iat": 9_999_999_999},
    "another issuer": {"iss": "https://issuer.example"}, "nobody": {"sub": None}, "no text": {"sub": ["sub-rita"]},
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_does_not_hold_signs_nobody_in(desk: Desk, provider: Provider, lie: str) -> None:
    """The page says that nobody was signed in and what to do; the audit says that the answer did not hold."""
    desk.add("rita", "reviewer")
    link(desk)
    provider.claims = LIES[lie]

    browser, page = enter(desk, 409)

    assert f"What {NAME} answered does not hold. Nobody was signed in." in page
    assert not is_in(browser)
    assert [{"by": "provider", "why": "answer"}] == refusals(desk.office)


@pytest.mark.parametrize("forgery", ["alg none", "a secret for a key", "another key", "an unknown key"])
def test_a_token_that_the_provider_did_not_sign_signs_nobody_in(desk: Desk, provider: Provider, forgery: str) -> None:
    """Neither unsigned, nor signed by what everybody knows, by a stranger under a known name, or by one unheard of."""
    desk.add("rita", "reviewer")
    link(desk)
    if forgery == "alg none":
        provider.header = {"alg": "none"}
    elif forgery == "a secret for a key":
        provider.header = {"alg": "HS256"}
    else:
        provider.keys, known = [provider.key], provider.key.kid
        provider.key = new_key()
        provider.header = {"kid": known} if forgery == "another key" else {}

    assert "does not hold" in enter(desk, 409)[1]


def test_a_new_key_is_known_at_once(desk: Desk, provider: Provider) -> None:
    """The provider changes its key between two sign-ins; the second holds as the first did, the old key no more."""
    desk.add("rita", "reviewer")
    link(desk)
    old = provider.key
    assert is_in(enter(desk)[0])

    provider.key = new_key()
    assert is_in(enter(desk)[0])
    provider.keys, provider.key = [provider.key], old

    assert not is_in(enter(desk, 409)[0])


def test_an_answer_to_another_question_signs_nobody_in(desk: Desk) -> None:
    """A wrong state, none, an answer in another browser, one that comes twice, and one that comes too late."""
    desk.add("rita", "reviewer")
    link(desk)
    browser, other = Browser(desk.office.app.test_client()), Browser(desk.office.app.test_client())
    code = re.search(r"code=\w+", leave(browser))
    assert code is not None
    said = "This was not begun in this browser, or more than ten minutes ago."

    for state in ("&state=another", ""):
        leave(browser)
        assert said in arrive(browser, f"http://localhost{CALLBACK}?{code[0]}{state}", 409)
    assert said in arrive(other, leave(browser), 409)
    address = leave(browser)
    desk.office.clock.advance(minutes=11)
    assert said in arrive(browser, address, 409)
    address = leave(browser)
    arrive(browser, address)
    assert said in arrive(browser, address, 409)
    assert not is_in(other)


@pytest.mark.parametrize("state", ["%E7%8A%B6", "%FF"])
def test_a_state_of_any_letters_is_just_a_wrong_one(desk: Desk, state: str) -> None:
    """What no question of ours ever held breaks nothing."""
    browser = Browser(desk.office.app.test_client())
    leave(browser)

    page = arrive(browser, f"http://localhost{CALLBACK}?code=1&state={state}", 409)

    assert "This was not begun in this browser" in page


def test_an_answer_that_names_another_provider_signs_nobody_in(desk: Desk, provider: Provider) -> None:
    """RFC 9207: where the answer says who gives it, it has to be ours; our own name is fine."""
    desk.add("rita", "reviewer")
    link(desk)
    browser, other = Browser(desk.office.app.test_client()), Browser(desk.office.app.test_client())

    page = arrive(other, leave(other) + "&iss=https://issuer.example", 409)
    arrive(browser, f"{leave(browser)}&{urlencode({'iss': provider.issuer})}")

    assert "does not hold" in page
    assert (False, True) == (is_in(other), is_in(browser))


@pytest.mark.parametrize("keys", [{"keys": ["x"]}, {"keys": "x"}, {"keys": None}, {"keys": [{}]}, {}, []])
def test_keys_that_are_none_sign_nobody_in(
    desk: Desk, provider: Provider, keys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stands where the provider's keys should be, the answer does not hold."""
    desk.add("rita", "reviewer")
    link(desk)
    monkeypatch.setattr(provider, "tell_keys", lambda: keys)

    assert "does not hold" in enter(desk, 409)[1]


@pytest.mark.parametrize("ways", [[], ["client_secret_basic"], ["client_secret_post"], ["none"]])
def test_the_office_proves_itself_as_the_provider_wants(
    database_url: str, tmp_path: Path, provider: Provider, ways: list[str]
) -> None:
    """By its secret in a header or in the form; a client that was given none by its name alone."""
    (tmp_path / "secret").write_text(SECRET)
    provider.ways, provider.public = ways, ways == ["none"]
    with opened_office(
        database_url, tmp_path, oidc_issuer=provider.issuer, oidc_client_id=CLIENT,
        oidc_secret_file="" if provider.public else str(tmp_path / "secret"),
    ) as office:  # fmt: skip
        provider.now = office.clock
        desk = Desk(office)
        desk.add("rita", "reviewer")
        link(desk)

        assert is_in(enter(desk)[0])


def test_what_the_browser_keeps_is_sealed_and_out_of_reach(desk: Desk) -> None:
    """Changed, it is nothing; no script reads it, no other page is sent it, and elsewhere it needs TLS."""
    client = desk.office.app.test_client()
    cookie = client.get("/office/sign-in/oidc", base_url="https://office.example").headers["Set-Cookie"]
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/office/sign-in/oidc", "Max-Age=600"} <= set(cookie.split("; "))
    browser = Browser(desk.office.app.test_client())
    address = leave(browser)
    kept = browser.client.get_cookie("fairvisit_oidc", path="/office/sign-in/oidc")
    assert kept is not None

    browser.client.set_cookie("fairvisit_oidc", "x" + kept.value, path="/office/sign-in/oidc")

    assert "This was not begun in this browser" in arrive(browser, address, 409)


def test_who_is_not_linked_is_told_what_to_do(desk: Desk, provider: Provider) -> None:
    """Not by name, not by e-mail: an account of the same name stays shut; a closed one says so; both are noted."""
    desk.add("sub-rita", "reviewer")
    provider.claims = {"email": "rita@example.org", "preferred_username": "sub-rita", "name": "sub-rita"}
    browser, unknown = enter(desk, 409)
    desk.add("rita", "reviewer")
    link(desk)
    signing_in.close_user(desk.office.site, "rita", "test")

    closed = enter(desk, 409)[1]

    assert "no account here is linked to you. Nobody was signed in." in unknown
    assert "sub-rita" in unknown
    assert "your account here is closed" in closed
    assert not is_in(browser)
    assert [{"by": "provider", "why": "unknown"}, {"by": "provider", "why": "closed"}] == refusals(desk.office)


def test_a_provider_that_declines_or_is_away_is_said_to(desk: Desk, provider: Provider) -> None:
    """Who changed their mind there may begin anew; one that cannot be reached, or is another one, is said to be."""
    provider.declines = True
    declined = enter(desk, 409)[1]
    provider.told_issuer = "https://issuer.example"
    other = desk.office.app.test_client().get("/office/sign-in/oidc")
    provider.told_issuer, provider.issuer = provider.issuer, "http://elsewhere.example"
    unsafe = desk.office.app.test_client().get("/office/sign-in/oidc")

    assert f"{NAME} did not let you in. Nobody was signed in." in declined
    assert [{"by": "provider", "why": "answer"}] == refusals(desk.office)
    assert (503, 503) == (other.status_code, unsafe.status_code)
    assert "is not the provider this office was set up with" in other.text


def test_a_provider_that_is_away_refused_nobody(desk: Desk, provider: Provider) -> None:
    """That it cannot be asked says nothing of whoever came: no refusal is noted."""
    desk.add("rita", "reviewer")
    link(desk)
    browser = Browser(desk.office.app.test_client())
    address = leave(browser)
    provider.told_issuer = "https://issuer.example"

    arrive(browser, address, 503)

    assert [] == refusals(desk.office)


@pytest.mark.parametrize(
    "odd", [{"authorization_endpoint": 1}, {"jwks_uri": None}, {"token_endpoint_auth_methods_supported": 1}]
)
def test_a_provider_that_talks_nonsense_of_itself_is_none(
    desk: Desk, provider: Provider, odd: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address that is no text, or ways that are no list: the page says that this provider cannot be used."""
    told = provider.tell() | odd
    monkeypatch.setattr(provider, "tell", lambda: told)

    answer = desk.office.app.test_client().get("/office/sign-in/oidc")

    assert 503 == answer.status_code
    assert "is not the provider this office was set up with" in answer.text


def test_a_second_factor_is_asked_for_unless_the_provider_did(desk: Desk, provider: Provider) -> None:
    """Its word by amr lets in; without it our own code is wanted, each works once, and wrong ones are counted."""
    desk.add("rita", "reviewer")
    link(desk)
    secret, _ = set_up(desk.office, desk.open("rita"))
    desk.office.clock.advance(minutes=1)

    browser, page = enter(desk)
    assert f"{NAME} knows you and did not ask for a second factor" in page
    assert not is_in(browser)
    wrong = browser.client.post("/office/sign-in/oidc/code", data={"code": "000000"})
    right = browser.client.post("/office/sign-in/oidc/code", data={"code": code_of(desk.office, secret)})
    assert (403, 200) == (wrong.status_code, right.status_code)
    assert "This code does not fit" in wrong.text
    assert [{"by": "provider", "locked": False}] == refusals(desk.office)
    assert is_in(browser)
    late, _ = enter(desk)
    desk.office.clock.advance(minutes=11)
    assert 409 == late.client.post("/office/sign-in/oidc/code", data={"code": code_of(desk.office, secret)}).status_code
    assert 409 == desk.office.app.test_client().post("/office/sign-in/oidc/code", data={"code": "1"}).status_code
    provider.claims = {"amr": ["pwd", "otp"]}
    assert is_in(enter(desk)[0])


@pytest.mark.parametrize(
    ("amr", "lands"), [(["pwd"], "/office/me/totp"), (["pwd", "mfa"], ""), ("mfa", "/office/me/totp")]
)
def test_who_has_no_second_factor_yet_sets_it_up_unless_the_provider_asks(
    desk: Desk, provider: Provider, amr: Any, lands: str
) -> None:
    """An account that needs one opens nothing else before, but where the provider said that it asked for one."""
    desk.add("rita", "reviewer", needs_totp=True)
    link(desk)
    provider.claims = {"amr": amr}
    browser, _ = enter(desk)

    assert lands == browser.client.get("/office/queue").headers.get("Location", "")


def test_a_setting_says_that_the_provider_always_asks(database_url: str, tmp_path: Path, provider: Provider) -> None:
    """Some ask and say nothing; then nobody is asked twice. A client without a secret shows none."""
    with opened_office(
        database_url, tmp_path, oidc_issuer=provider.issuer, oidc_client_id=CLIENT, oidc_has_second=True,
        oidc_secret_file=str(tmp_path / "not-there"),
    ) as office:  # fmt: skip
        provider.now = office.clock
        desk = Desk(office)
        desk.add("rita", "reviewer", needs_totp=True)
        link(desk)
        unreadable = office.app.test_client().get("/office/sign-in/oidc")
        (tmp_path / "not-there").write_text(SECRET)

        browser, _ = enter(desk)

        assert "its secret cannot be read" in unreadable.text
        browser.get("/queue")
        assert "Sign in with 127.0.0.1" in office.app.test_client().get("/office/sign-in").text


def test_an_account_links_and_unlinks_itself(desk: Desk) -> None:
    """Signed in by password; the form leads to the provider by a page of ours. Unlinked, its sessions are over."""
    rita = desk.sign_in("rita", "reviewer")
    onward = re.search(r'0;url=([^"]+)"', unescape(rita.post("/me/oidc", 200).text))
    assert onward is not None
    there = requests.get(onward[1], timeout=5, allow_redirects=False).headers["Location"]

    page = arrive(rita, there)

    assert 'content="0;url=/office/me"' in page
    assert "Your account is linked." in rita.get("/me")
    other, _ = enter(desk)
    assert is_in(other)
    other.post("/me/oidc", 409)
    assert "linked to nobody any more" in rita.follow("/me/oidc/drop")
    assert (False, True) == (is_in(other), is_in(rita))
    assert "no account here is linked to you" in enter(desk, 409)[1]
    table = office_tables.office_act
    acts = [(row.name, row.act) for row in desk.office.rows(table.select().order_by(table.c.seq))]
    assert {("rita", "linked_provider"), ("rita", "unlinked_provider")} < set(acts)


@pytest.mark.parametrize("meanwhile", ["signed out", "linked elsewhere"])
def test_a_link_that_cannot_be_made_changes_nothing(desk: Desk, meanwhile: str) -> None:
    """Whose session has ended links nothing any more, nor does who is another account's already."""
    rita = desk.sign_in("rita", "reviewer")
    onward = re.search(r'0;url=([^"]+)"', unescape(rita.post("/me/oidc", 200).text))
    assert onward is not None
    there = requests.get(onward[1], timeout=5, allow_redirects=False).headers["Location"]
    if meanwhile == "signed out":
        rita.post("/sign-out")
    else:
        desk.add("carl", "support")
        link(desk, "carl")

    page = arrive(rita, there, 409)

    assert "Nothing was changed" in page
    table = office_tables.office_act
    assert ["carl"] * (meanwhile == "linked elsewhere") == [
        row.object_id for row in desk.office.rows(table.select().where(table.c.act == "linked_provider"))
    ]


def test_an_administrator_links_and_unlinks_others(desk: Desk) -> None:
    """On the account's page, by the provider's own name for them; a new password unlinks, too."""
    desk.add("rita", "reviewer")
    desk.add("carl", "support")
    admin = desk.sign_in("admin")
    users = {row.name: row.id for row in desk.office.rows(office_tables.office_user.select())}
    rita, carl, own = (f"/accounts/{users[name]}" for name in ("rita", "carl", "admin"))

    linked = admin.follow(f"{rita}/link", subject="sub-rita")
    taken = admin.follow(f"{carl}/link", subject="sub-rita")
    assert "Nobody changes their own account here" in admin.follow(f"{own}/link", subject="sub-admin")
    assert "sub-rita" in linked
    assert "Another account is linked to this one already" in taken
    assert is_in(enter(desk)[0])
    assert "subject: takes 1 to 255 characters" in admin.follow(f"{carl}/link", subject="")
    admin.follow(f"{rita}/unlink")
    assert "is linked to nobody" in admin.follow(f"{rita}/unlink")
    admin.follow(f"{rita}/link", subject="sub-rita")
    admin.post(f"{rita}/reset", 200)

    assert "no account here is linked to you" in enter(desk, 409)[1]


def test_who_an_account_is_no_longer_linked_to_is_out(desk: Desk, provider: Provider) -> None:
    """Linked to somebody else, it is open to whoever the provider names now, and by password; not to the one before."""
    desk.add("rita", "reviewer")
    link(desk)
    before, _ = enter(desk)
    by_password = desk.open("rita")
    link(desk)
    assert is_in(before)

    link(desk, subject="sub-rita-anew")

    provider.subject = "sub-rita-anew"
    assert (False, True) == (is_in(before), is_in(by_password))
    assert is_in(enter(desk)[0])


def test_who_comes_back_under_a_new_account_is_linked_to_that(desk: Desk) -> None:
    """A closed account keeps nobody's name; the new one gets it, with its own roles and none of the old ones."""
    desk.add("rita", "reviewer")
    link(desk)
    signing_in.close_user(desk.office.site, "rita", "test")
    desk.add("rita2", "support")

    link(desk, "rita2")

    browser, _ = enter(desk)
    browser.get("/complaints")
    browser.get("/queue", 403)


def test_without_a_provider_nothing_of_it_is_there(database_url: str, tmp_path: Path) -> None:
    """No button, no section, and no address that answers otherwise than that there is nothing."""
    with opened_office(database_url, tmp_path, oidc_issuer="https://issuer.example") as office:
        desk = Desk(office)
        admin, client = desk.sign_in("admin"), office.app.test_client()
        desk.add("rita", "reviewer")
        [rita] = [row.id for row in office.rows(office_tables.office_user.select()) if row.name == "rita"]

        answers = [client.get(address) for address in ("/office/sign-in/oidc", CALLBACK)]
        answers.append(client.post("/office/sign-in/oidc/code", data={"code": "123456"}))
        forms = ("/me/oidc", "/me/oidc/drop", f"/accounts/{rita}/link", f"/accounts/{rita}/unlink")
        answers += [admin.post(path, 404, subject="sub-rita") for path in forms]

        assert {404} == {each.status_code for each in answers}
        pages = [client.get("/office/sign-in").text, admin.get("/me"), admin.get(f"/accounts/{rita}")]
        assert [] == [page for page in pages if "Sign in with" in page or "oidc" in page]
