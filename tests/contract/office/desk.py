"""Somebody's browser on the office: signs in, opens pages, sends forms with the page's own token."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.domain.roles import Role
from server.services import signing_in
from tests.office import Office

PASSWORD = "a long enough one"
CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')


@dataclass
class Browser:
    """One person's browser."""

    client: FlaskClient
    csrf: str = ""

    def get(self, path: str, status: int = 200) -> str:
        """Open a page; give its text."""
        answer = self.client.get(f"/office{path}")
        assert answer.status_code == status, (path, answer.status_code, answer.text[-2000:])
        if found := CSRF.search(answer.text):
            self.csrf = found[1]
        return unescape(answer.text)

    def post(self, path: str, status: int = 303, **form: Any) -> TestResponse:
        """Send a form as the page would, by its token."""
        if not self.csrf:
            self.get("/me")
        answer = self.client.post(f"/office{path}", data={"csrf": self.csrf} | form)
        assert answer.status_code == status, (path, answer.status_code, answer.text[-2000:])
        return answer

    def follow(self, path: str, **form: Any) -> str:
        """Send a form and open the page it leads to; give that page's text."""
        where = self.post(path, **form).headers["Location"]
        return self.get(where.removeprefix("/office"))


class Desk:
    """Makes accounts and signs them in."""

    def __init__(self, office: Office) -> None:
        self.office = office

    def add(self, name: str, *roles: str, agencies: Sequence[str] = (), needs_totp: bool = False) -> str:
        """Add an account without a second factor, of the role it is named after unless others are named."""
        chosen = [Role(each) for each in roles or (name,)]
        return signing_in.add_user(
            self.office.site, name, PASSWORD, chosen, agencies, needs_totp=needs_totp, by="test"
        )  # fmt: skip

    def sign_in(self, name: str, *roles: str, agencies: Sequence[str] = ()) -> Browser:
        """Add an account and sign it in."""
        self.add(name, *roles, agencies=agencies)
        return self.open(name)

    def open(self, name: str, password: str = PASSWORD, code: str = "", status: int = 303) -> Browser:
        """Sign in with a new browser."""
        browser = Browser(self.office.app.test_client())
        answer = browser.client.post("/office/sign-in", data={"name": name, "password": password, "code": code})
        assert answer.status_code == status, answer.text
        return browser
