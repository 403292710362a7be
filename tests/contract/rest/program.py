"""Another program that asks the office's REST API by a token."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from werkzeug.test import TestResponse

from server.domain.roles import Role, TokenScope, Viewer
from server.services.api_tokens import make_token
from tests.contract.office.desk import Desk
from tests.office import Office

SCOPES = tuple(TokenScope)


@dataclass
class Program:
    """One program with its token, and the id of the account it acts for."""

    office: Office
    secret: str
    account_id: str

    def ask(self, method: str, path: str, **more: Any) -> TestResponse:
        """Send a request with the token; give the answer, whatever it is."""
        headers = {"Authorization": f"Bearer {self.secret}"} | more.pop("headers", {})
        return self.office.app.test_client(use_cookies=False).open(
            f"/api/v1{path}", method=method, headers=headers, **more
        )  # fmt: skip

    def get(self, path: str, status: int = 200, **more: Any) -> dict[str, Any]:
        """Read; give the answer's object."""
        return self._told(self.ask("GET", path, **more), status)

    def post(self, path: str, body: object, status: int = 201, **more: Any) -> dict[str, Any]:
        """Send a body; give the answer's object."""
        return self._told(self.ask("POST", path, json=body, **more), status)

    @staticmethod
    def _told(answer: TestResponse, status: int) -> dict[str, Any]:
        assert status == answer.status_code, answer.text
        read: dict[str, Any] = answer.json or {}
        return read


def today(office: Office) -> date:
    """Give the office's day."""
    return datetime.fromtimestamp(office.clock() / 1000, UTC).date()


def token_of(
    office: Office, account_id: str, name: str, roles: Collection[Role], agencies: Sequence[str] = (),
    scopes: Collection[str] = SCOPES, only: Sequence[str] = (),
) -> Program:  # fmt: skip
    """Make a token for an account that is there; *only* narrows its agencies."""
    viewer = Viewer(account_id, name, frozenset(roles), frozenset(agencies))
    secret = make_token(office.site, viewer, "test", scopes, today(office) + timedelta(days=30), only)
    return Program(office, secret, account_id)


def program(
    desk: Desk, name: str, *roles: str, agencies: Sequence[str] = (), scopes: Collection[str] = SCOPES,
    only: Sequence[str] = (),
) -> Program:  # fmt: skip
    """Add an account, of the role it is named after unless others are named, with a token of every scope."""
    account_id = desk.add(name, *roles, agencies=agencies)
    chosen = [Role(each) for each in roles or (name,)]
    return token_of(desk.office, account_id, name, chosen, agencies, scopes, only)
