"""Tokens of the REST API: each account makes its own, sees what they are for, and revokes them."""

from __future__ import annotations

from datetime import timedelta

from flask import request

from schemas.errors import FieldError
from server.domain.conduct.periods import local_day, read_day
from server.domain.roles import ROLES, TokenScope, Viewer
from server.office.pages import Answer, Pages, attempt, go, show, tell, tell_error, words
from server.office.texts import gettext as _
from server.services import api_tokens
from server.storage import api_token_rows, people_rows

MOST_SHOWN = 50
USUAL_DAYS = 90


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site

    @pages.get("/me/tokens", *ROLES)
    def tokens(viewer: Viewer) -> Answer:
        """Show one's own tokens, and offer to make one."""
        with site.store.read() as connection:
            rows = api_token_rows.list_tokens(connection, viewer.id, MOST_SHOWN)
            agencies = {row.id: row.name for row in people_rows.read_agencies(connection).values()}
        today = local_day(site.now(), site.settings.zone)
        return show(
            "tokens", rows=rows, agencies=agencies, scopes=list(TokenScope), now_ms=site.now(),
            mine={each: name for each, name in agencies.items() if viewer.sees(each)}, today=today,
            usual=today + timedelta(days=USUAL_DAYS), latest=today + timedelta(days=api_tokens.LONGEST_DAYS),
            scope_words=SCOPES,
        )  # fmt: skip

    @pages.post("/me/tokens", *ROLES)
    def make_token(viewer: Viewer) -> Answer:
        """Make a token; its secret is shown this once."""
        name = words("name", 100)
        try:
            secret = api_tokens.make_token(
                site, viewer, name, request.form.getlist("scope"), read_day(words("last_day", 10)),
                request.form.getlist("agency"),
            )  # fmt: skip
        except FieldError as error:
            tell_error(error)
            return go("tokens")
        return show("token_made", name=name, secret=secret)

    @pages.post("/me/tokens/<token_id>/revoke", *ROLES)
    def revoke_token(viewer: Viewer, token_id: str) -> Answer:
        """Revoke a token."""
        if attempt(lambda: api_tokens.revoke_token(site, viewer, token_id)):
            tell(_("The token is revoked: nothing answers to it any more."))
        return go("tokens")


SCOPES = {
    TokenScope.READ: lambda: _("read: what the pages of your roles show"),
    TokenScope.REVIEW: lambda: _("review: decide on visits"),
    TokenScope.DISPATCH: lambda: _("dispatch: hand cases out, take them back, halt them"),
    TokenScope.EXPORT: lambda: _("export: have files written and fetch them"),
}
