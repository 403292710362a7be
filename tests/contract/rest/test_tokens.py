"""A token is looked at on each request: what its account may now, and whether it still stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from schemas.errors import FieldError
from server.domain.roles import Role
from server.services import signing_in
from server.storage import api_token_rows, office_rows, office_tables
from server.storage.token_tables import api_token
from tests.contract.office.desk import PASSWORD, Desk
from tests.contract.rest.program import Program, program, token_of
from tests.contract.rest.towns import build_towns
from tests.office import Office, opened_office


def change(desk: Desk, account_id: str, **values: object) -> None:
    """Change an account's row."""
    desk.office.site.store.write(lambda connection: office_rows.change_user(connection, account_id, **values))


def lock(desk: Desk, account_id: str) -> None:
    """Lock a name for an hour, as wrong passwords do."""
    change(desk, account_id, locked_until_ms=desk.office.clock() + 3_600_000)


ENDS: dict[str, Callable[[Desk, str], object]] = {
    "closed": lambda desk, account_id: signing_in.close_user(desk.office.site, "reviewer", "test"),
    "locked": lock,
    "ended": lambda desk, account_id: desk.office.clock.advance(days=31),
    "revoked": lambda desk, account_id: desk.office.site.store.write(
        lambda connection: api_token_rows.revoke_tokens(connection, account_id, desk.office.clock())
    ),
    "second factor asked for": lambda desk, account_id: change(desk, account_id, needs_totp=True),
    "new password": lambda desk, account_id: signing_in.set_password(
        desk.office.site, "reviewer", "another long one", "test"
    ),
}  # fmt: skip


@pytest.mark.parametrize("end", ENDS)
def test_a_token_that_ended_is_refused_alike(desk: Desk, end: str) -> None:
    """Whatever ended it, the answer is 401 with the same words, and how to ask stands in its header."""
    caller = program(desk, "reviewer")
    caller.get("/visits")
    ENDS[end](desk, caller.account_id)
    answer = caller.ask("GET", "/visits")
    unknown = Program(desk.office, "fv_" + "A" * 43, "").ask("GET", "/visits")

    assert (401, 401) == (answer.status_code, unknown.status_code)
    assert answer.json == unknown.json
    assert 'Bearer realm="fairvisit"' == answer.headers["WWW-Authenticate"]
    assert "urn:fairvisit:problem:token-invalid" == (answer.json or {})["type"]


def test_a_locked_name_answers_again_when_the_lock_is_over(desk: Desk) -> None:
    """A lock is for a time; the token itself still stands."""
    caller = program(desk, "reviewer")
    lock(desk, caller.account_id)
    caller.get("/visits", 401)
    desk.office.clock.advance(hours=2)

    caller.get("/visits")


def test_what_is_no_token_is_refused(desk: Desk) -> None:
    """Nothing else opens the API."""
    headers = ["", "Bearer", "Bearer ", "Basic YTpi", "Device x", "Bearer fv_", "Bearer \x80\xff"]
    asked = [desk.office.client.get("/api/v1/visits", headers={"Authorization": each}) for each in headers]

    assert [401] * len(headers) == [answer.status_code for answer in asked]


def test_a_session_of_the_office_opens_nothing(desk: Desk) -> None:
    """No cookie is read: a browser that is signed in cannot be made to ask."""
    browser = desk.sign_in("reviewer")
    path = browser.client.get_cookie("fairvisit_office", path="/office")
    assert path is not None
    browser.client.set_cookie("fairvisit_office", path.value, path="/")

    assert 401 == browser.client.get("/api/v1/visits").status_code


def test_a_token_loses_what_its_account_loses(desk: Desk) -> None:
    """A role or an agency taken away is gone at the next request, and one given comes along."""
    office = desk.office
    _, theirs = build_towns(office)
    caller = program(desk, "reviewer")
    caller.get(f"/visits/{theirs.parts['visit_id']}")
    change(desk, caller.account_id, agencies=[office.agency_id])
    caller.get(f"/visits/{theirs.parts['visit_id']}", 404)
    caller.get("/complaints", 403)
    change(desk, caller.account_id, roles=["support"])

    caller.get("/complaints")
    caller.get("/visits", 403)


def test_a_token_can_have_fewer_agencies_and_never_more(desk: Desk) -> None:
    """It narrows its account; where nothing of both is left it answers to nobody, and not to everybody."""
    office = desk.office
    ours, theirs = build_towns(office)
    caller = program(desk, "reviewer", only=[office.agency_id])
    caller.get(f"/visits/{ours.parts['visit_id']}")
    caller.get(f"/visits/{theirs.parts['visit_id']}", 404)
    change(desk, caller.account_id, agencies=[theirs.parts["agency_id"]])

    caller.get(f"/visits/{theirs.parts['visit_id']}", 401)
    caller.get("/visits", 401)


def test_an_export_of_more_agencies_is_not_fetched_with_fewer(desk: Desk) -> None:
    """A file that the account had made for every agency is not there for its narrower token."""
    office = desk.office
    whole = program(desk, "auditor")
    asked = whole.post("/exports", {"kind": "visits", "format": "csv", "profile": "full"}, 202)
    narrow = token_of(office, whole.account_id, "auditor", [Role.AUDITOR], only=[office.agency_id])

    whole.get(f"/exports/{asked['id']}")
    narrow.get(f"/exports/{asked['id']}", 404)
    narrow.get(f"/exports/{asked['id']}/file", 404)


def test_acts_and_looks_name_the_token(desk: Desk) -> None:
    """Who looked stands in the audit with the token's id; a person's own act stands without one."""
    office = desk.office
    ours, _ = build_towns(office)
    caller = program(desk, "reviewer")
    caller.get(f"/visits/{ours.parts['visit_id']}")
    caller.post(f"/visits/{ours.parts['visit_id']}/decisions", {"act": "approved"})
    desk.open("reviewer", PASSWORD).get(f"/visits/{ours.parts['visit_id']}")
    [token] = office.rows(api_token.select())
    table = office_tables.office_act
    acts = office.rows(table.select().where(table.c.object_id == ours.parts["visit_id"]).order_by(table.c.seq))

    assert [("looked", token.id), ("approved", token.id), ("looked", None)] == [
        (row.act, row.facts.get("token")) for row in acts
    ]


def test_the_last_use_is_kept(desk: Desk) -> None:
    """To the minute, without a write for each request."""
    caller = program(desk, "reviewer")
    caller.get("/visits")
    first = desk.office.clock()
    desk.office.clock.advance(seconds=30)
    caller.get("/visits")
    [row] = desk.office.rows(api_token.select())
    assert first == row.seen_ms
    desk.office.clock.advance(minutes=2)
    caller.get("/visits")

    [row] = desk.office.rows(api_token.select())
    assert desk.office.clock() == row.seen_ms


@pytest.fixture
def slow(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office that answers three requests a minute."""
    with opened_office(database_url, tmp_path, requests_per_minute=3) as opened:
        yield opened


def test_a_token_asks_only_so_often(slow: Office) -> None:
    """The fourth request within a minute is told when to come back; another token is not held up by it."""
    desk = Desk(slow)
    busy, other = program(desk, "reviewer"), program(desk, "auditor")
    for _ in range(3):
        busy.get("/visits")
    answer = busy.ask("GET", "/visits")

    assert (429, "20") == (answer.status_code, answer.headers["Retry-After"])
    other.get("/visits")
    slow.clock.advance(minutes=1)
    busy.get("/visits")


def test_guessing_is_slowed_down(slow: Office) -> None:
    """Secrets nobody has cost the address that tries them."""
    guesser = Program(slow, "fv_guess", "")

    assert [401, 401, 401, 429] == [guesser.ask("GET", "/visits").status_code for _ in range(4)]


def test_no_token_is_made_by_who_lacks_the_second_factor(desk: Desk) -> None:
    """The account's own counts: one that a provider asked this session for goes with no token."""
    account_id = desk.add("reviewer", needs_totp=True)

    with pytest.raises(FieldError, match="second factor"):
        token_of(desk.office, account_id, "reviewer", [Role.REVIEWER])
