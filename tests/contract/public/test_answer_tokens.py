"""The token on a person's letter: it opens one case while it lasts, and says nothing of why it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, event

from server.domain.tokens import LENGTH, make_token, print_token
from server.services.answer_tokens import (
    OpenToken,
    find_token,
    issue_token,
    revoke_token,
)
from server.storage import tables
from server.storage.public_tables import answer_token
from server.storage.token_rows import revoke_tokens_of
from tests.office import Office


def issue(office: Office, case_id: str, expires_ms: int | None = None) -> str:
    """Issue a token for a case, for a day where nothing is said."""
    [person_id] = [row.person_id for row in office.rows(tables.case.select()) if row.id == case_id]
    until_ms = office.clock() + 86_400_000 if expires_ms is None else expires_ms
    return office.site.store.write(lambda c: issue_token(c, office.site, case_id, person_id, until_ms))


def find(office: Office, text: str) -> OpenToken | None:
    """Give what a text opens."""
    with office.site.store.read() as connection:
        return find_token(connection, office.site, text)


@contextmanager
def counted(office: Office) -> Iterator[list[str]]:
    """Note every statement."""
    said: list[str] = []

    def note(connection: Connection, cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    event.listen(office.site.store.engine, "before_cursor_execute", note)
    yield said
    event.remove(office.site.store.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("written", [str, str.lower, print_token, lambda token: f" {token[:9]} {token[9:]} "])
def test_a_token_opens_its_own_case(office: Office, written: Callable[[str], str]) -> None:
    """However it is typed, and until it expires, a token gives the case and the person it was issued for."""
    office.add_case("R1")
    case_id = office.add_case("R2")
    token = issue(office, case_id)

    found = find(office, written(token))

    assert found is not None
    assert case_id == found.case_id
    assert office.clock() + 86_400_000 == found.expires_ms
    [person_id] = [row.person_id for row in office.rows(tables.case.select()) if row.id == case_id]
    assert person_id == found.person_id


def test_what_cannot_be_used_looks_alike(office: Office) -> None:
    """Unknown, malformed, expired and revoked tokens give None with as many statements as one that opens."""
    case_id = office.add_case("R1")
    good, late, gone = issue(office, case_id), issue(office, case_id, office.clock()), issue(office, case_id)
    revoke = find(office, gone)
    assert revoke is not None
    office.site.store.write(lambda c: revoke_token(c, office.site, revoke.token_id))
    costs = {}

    for text in (good, late, gone, make_token(bytes(18)), "", "é" * 5_000):
        with counted(office) as said:
            found = find(office, text)
        costs[text] = (found is not None, len(said))

    assert (True, min(count for _, count in costs.values())) == costs.pop(good)
    assert {(False, costs[late][1])} == set(costs.values())


def test_a_token_is_revoked_once(office: Office) -> None:
    """Revoking says whether the token could be used until then."""
    token = issue(office, office.add_case("R1"))
    found = find(office, token)
    assert found is not None

    said = [office.site.store.write(lambda c: revoke_token(c, office.site, found.token_id)) for _ in range(2)]

    assert [True, False] == said
    assert find(office, token) is None


def test_closing_revokes_every_token_of_the_case(office: Office) -> None:
    """All tokens of a case go at once, and no other case's."""
    first, second = office.add_case("R1"), office.add_case("R2")
    gone, kept = [issue(office, first), issue(office, first)], issue(office, second)

    assert 2 == office.site.store.write(lambda c: revoke_tokens_of(c, [first], office.clock()))

    assert [None, None] == [find(office, each) for each in gone]
    assert find(office, kept) is not None


def test_the_token_itself_is_not_kept(office: Office) -> None:
    """No column of the row holds the token, and no two tokens are alike."""
    case_id = office.add_case("R1")
    tokens = [issue(office, case_id) for _ in range(20)]

    held = str([tuple(row) for row in office.rows(answer_token.select())])

    assert 20 == len(set(tokens))
    assert {LENGTH} == {len(token) for token in tokens}
    assert [] == [token for token in tokens if token in held or token.lower() in held]
