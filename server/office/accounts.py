"""The office's accounts, for whoever looks after them."""

from __future__ import annotations

import secrets

from flask import request
from sqlalchemy import Connection

from schemas.errors import FieldError, Sentence
from server.domain.roles import ROLES, Role, Viewer
from server.office.pages import Answer, Pages, attempt, check_unlimited, go, show, tell, tell_error, words
from server.office.texts import gettext as _
from server.services import linking, rights, signing_in
from server.services.oidc import LONGEST_SUBJECT, is_offered
from server.services.site import Site
from server.storage import office_rows, oidc_rows, people_rows
from server.storage.types import AnyRow, is_id

PAGE = 50
PROVIDED = {"link", "unlink"}  # where there is a provider
ACTS = {"change", "close", "reset"} | PROVIDED


def add_pages(pages: Pages) -> None:
    """Put these pages on the office, for administrators without a limit."""
    site = pages.site

    @pages.get("/accounts", Role.ADMIN)
    def accounts(viewer: Viewer) -> Answer:
        """List accounts by name, or those whose name holds what was typed."""
        check_unlimited(viewer)
        part, after = (request.args.get(each, "").strip()[:64] for each in ("q", "after"))
        with site.store.read() as connection:
            rows = office_rows.page_users(connection, part, after, PAGE + 1)
            agencies = _read_agencies(connection)
        more = rows[PAGE - 1].name if len(rows) > PAGE else ""
        return show(
            "accounts", rows=rows[:PAGE], part=part, more=more, agencies=agencies, roles=list(Role)
        )  # fmt: skip

    @pages.post("/accounts", Role.ADMIN)
    def add_account(viewer: Viewer) -> Answer:
        """Add an account; its password is shown this once."""
        check_unlimited(viewer)
        name, password = words("name", 64), secrets.token_urlsafe(12)
        try:
            signing_in.add_user(site, name, password, *_read_rights(site), by=viewer.name)
        except FieldError as error:
            tell_error(error)
            return go("accounts")
        return show("account_made", name=name, password=password)

    @pages.get("/accounts/<user_id>", Role.ADMIN)
    def account(viewer: Viewer, user_id: str) -> Answer:
        """Show an account with what it may, to be changed."""
        row = _find(site, viewer, user_id)
        with site.store.read() as connection:
            agencies = _read_agencies(connection)
            linked = oidc_rows.read_subject(connection, site.settings.oidc_issuer, user_id)
        return show(
            "account", row=row, agencies=agencies, roles=list(Role), seen=rights.state_rights(row), linked=linked
        )  # fmt: skip

    @pages.post("/accounts/<user_id>/<act>", Role.ADMIN)
    def change_account(viewer: Viewer, user_id: str, act: str) -> Answer:
        """Change what an account may, close it, or give it a new password; never one's own."""
        row = _find(site, viewer, user_id)
        if act not in ACTS or (act in PROVIDED and not is_offered(site)):
            raise FieldError("not-found")
        if row.id == viewer.id:
            tell(_("Nobody changes their own account here; ask another administrator."), "stop")
            return go("accounts")
        if act == "close":
            if attempt(lambda: signing_in.close_user(site, row.name, viewer.name)):
                tell(_("The account %(name)s is closed; what it did stays in the record.", name=row.name))
            return go("accounts")
        if act == "change":
            if attempt(lambda: _change_rights(site, viewer, user_id)):
                tell(_("Kept. It holds from the next page that %(name)s opens.", name=row.name))
            return go("account", user_id=user_id)
        if act in PROVIDED:
            if attempt(lambda: _change_link(site, viewer, user_id, act)):
                tell(_("Done. It is noted in the audit."))
            return go("account", user_id=user_id)
        password = secrets.token_urlsafe(12)
        signing_in.set_password(site, row.name, password, viewer.name)
        return show("account_made", name=row.name, password=password)


def _change_link(site: Site, viewer: Viewer, user_id: str, act: str) -> None:
    if act == "link":
        linking.link_subject(site, viewer, user_id, words("subject", LONGEST_SUBJECT + 1))
    else:
        linking.unlink_subject(site, viewer, user_id)


def _find(site: Site, viewer: Viewer, user_id: str) -> AnyRow:
    check_unlimited(viewer)
    with site.store.read() as connection:
        row = office_rows.read_user(connection, user_id) if is_id(user_id) else None
    if row is None:
        raise FieldError("not-found")
    return row


def _read_agencies(connection: Connection) -> dict[str, str]:
    return {row.id: row.name for row in people_rows.read_agencies(connection).values()}


def _read_rights(site: Site) -> tuple[list[Role], list[str]]:
    """Read what was ticked."""
    with site.store.read() as connection:
        known = _read_agencies(connection)
    agencies = request.form.getlist("agency")
    if strangers := sorted(set(agencies) - set(known)):  # none left would mean every agency
        raise FieldError("invalid", {"agencies": [Sentence("there is no {what}", what=each) for each in strangers]})
    return [Role(each) for each in request.form.getlist("role") if each in ROLES], agencies


def _change_rights(site: Site, viewer: Viewer, user_id: str) -> None:
    rights.change_rights(site, viewer, user_id, *_read_rights(site), words("seen", 10_000))
