"""The office's accounts, for whoever looks after them."""

from __future__ import annotations

import secrets

from flask import request
from sqlalchemy import Connection

from schemas.errors import FieldError
from server.domain.roles import ROLES, Role, Viewer
from server.office.pages import Answer, Pages, attempt, check_unlimited, go, show, tell, tell_error, words
from server.office.texts import gettext as _
from server.services import signing_in
from server.storage import office_rows, people_rows


def add_pages(pages: Pages) -> None:
    """Put these pages on the office, for administrators without a limit."""
    site = pages.site

    def read_agencies(connection: Connection) -> dict[str, str]:
        return {row.id: row.name for row in people_rows.read_agencies(connection).values()}

    @pages.get("/accounts", Role.ADMIN)
    def accounts(viewer: Viewer) -> Answer:
        """List accounts."""
        check_unlimited(viewer)
        with site.store.read() as connection:
            rows, agencies = office_rows.list_users(connection), read_agencies(connection)
        return show("accounts", rows=rows, agencies=agencies, roles=list(Role))

    @pages.post("/accounts", Role.ADMIN)
    def add_account(viewer: Viewer) -> Answer:
        """Add an account; its password is shown this once."""
        check_unlimited(viewer)
        name, password = words("name", 64), secrets.token_urlsafe(12)
        roles = [Role(each) for each in request.form.getlist("role") if each in ROLES]
        with site.store.read() as connection:
            known = read_agencies(connection)
        agencies = request.form.getlist("agency")
        try:
            if strangers := sorted(set(agencies) - set(known)):  # none left would mean every agency
                raise FieldError("invalid", {"agencies": [f"there is no {each}" for each in strangers]})
            signing_in.add_user(site, name, password, roles, agencies, by=viewer.name)
        except FieldError as error:
            tell_error(error)
            return go("accounts")
        return show("account_made", name=name, password=password)

    @pages.post("/accounts/<user_id>/<act>", Role.ADMIN)
    def change_account(viewer: Viewer, user_id: str, act: str) -> Answer:
        """Close an account, or give it a new password; never one's own."""
        check_unlimited(viewer)
        with site.store.read() as connection:
            row = next((each for each in office_rows.list_users(connection) if each.id == user_id), None)
        if row is None or act not in {"close", "reset"}:
            raise FieldError("not-found")
        if row.id == viewer.id:
            tell(_("Nobody changes their own account here; ask another administrator."), "stop")
            return go("accounts")
        if act == "close":
            if attempt(lambda: signing_in.close_user(site, row.name, viewer.name)):
                tell(_("The account %(name)s is closed; what it did stays in the record.", name=row.name))
            return go("accounts")
        password = secrets.token_urlsafe(12)
        signing_in.set_password(site, row.name, password, viewer.name)
        return show("account_made", name=row.name, password=password)
