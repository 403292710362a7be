"""Signing in and out, the second factor, and one's own account."""

from __future__ import annotations

import segno
from flask import request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from schemas.errors import FieldError
from server.domain.roles import ROLES, Viewer
from server.office.layout import rooms_of
from server.office.pages import (
    COOKIE,
    Answer,
    Pages,
    check_origin,
    go,
    is_own_address,
    set_cookie,
    show,
    tell,
    tell_error,
    words,
)
from server.office.speaking import LANGUAGES
from server.office.texts import gettext as _
from server.rates import RateLimit
from server.services import signing_in
from server.storage import office_rows, oidc_rows

TRIES_PER_MINUTE = 30  # from one address, whichever the name


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site
    tried = RateLimit(TRIES_PER_MINUTE)

    @pages.unguarded("/sign-in", "GET")
    def sign_in_page() -> Answer:
        """Ask for name, password and code."""
        return show("sign_in", back=request.args.get("back", ""), name="", attempt=None)

    @pages.unguarded("/sign-in", "POST")
    def sign_in() -> Answer:
        """Try them."""
        check_origin()
        tried.spend(request.remote_addr or "", site.now())
        name, back = words("name", 64), request.form.get("back", "")
        attempt = signing_in.sign_in(
            site, name, request.form.get("password", "")[:1000], words("code", 40), request.user_agent.string
        )
        if not attempt.token:
            page = show("sign_in", back=back, name=name, attempt=attempt)
            return Response(page, 403, mimetype="text/html")
        return set_cookie(redirect(back if is_own_address(back) else url_for("office.home"), 303), attempt.token)

    @pages.get("/", *ROLES, before_totp=True)
    def home(viewer: Viewer) -> Answer:
        """Lead to the first page that is theirs."""
        return go(next((each.endpoint for each in rooms_of(viewer)), "me"))

    @pages.post("/sign-out", *ROLES, before_totp=True)
    def sign_out(viewer: Viewer) -> Answer:
        """End this session."""
        signing_in.sign_out(site, viewer)
        answer = redirect(url_for("office.sign_in_page"), 303)
        answer.delete_cookie(COOKIE, path="/office")
        return answer

    @pages.get("/me", *ROLES, before_totp=True)
    def me(viewer: Viewer) -> Answer:
        """Show one's own account: roles, sessions, second factor, language."""
        with site.store.read() as connection:
            row = office_rows.read_user(connection, viewer.id)
            sessions = office_rows.list_sessions(connection, viewer.id, site.now() - signing_in.IDLE_MS)
            codes_left = office_rows.count_recovery_codes(connection, viewer.id)
            linked = oidc_rows.read_subject(connection, site.settings.oidc_issuer, viewer.id)
            own = office_rows.read_session(connection, viewer.session_id)
        return show(
            "me", account=row, sessions=sessions, codes_left=codes_left, languages=LANGUAGES, linked=linked,
            may_link=own is not None and own.has_second is None,
        )  # fmt: skip

    @pages.post("/me/language", *ROLES, before_totp=True)
    def choose_language(viewer: Viewer) -> Answer:
        """Keep the account's language."""
        chosen = words("language", 2)
        if chosen not in LANGUAGES:
            raise FieldError("invalid", {"language": ["is none of the office's"]})
        site.store.write(lambda connection: office_rows.change_user(connection, viewer.id, language=chosen))
        return go("me")

    @pages.post("/me/sessions/<session_id>/end", *ROLES, before_totp=True)
    def end_session(viewer: Viewer, session_id: str) -> Answer:
        """End another session of one's own."""
        signing_in.sign_out(site, viewer, session_id)
        tell(_("That session has ended."))
        return go("me")

    @pages.get("/me/totp", *ROLES, before_totp=True)
    def totp(viewer: Viewer) -> Answer:
        """Offer a second factor: a picture for the phone's app, and the same as letters."""
        return _offer(viewer)

    @pages.post("/me/totp", *ROLES, before_totp=True)
    def keep_totp(viewer: Viewer) -> Answer:
        """Keep it, once a code of it was typed in; show the recovery codes this once."""
        secret = words("secret", 64)
        try:
            codes = signing_in.set_totp(site, viewer, secret, words("code", 40))
        except FieldError as error:
            tell_error(error)
            return go("totp")
        return show("recovery", codes=codes)


def _offer(viewer: Viewer) -> str:
    secret, address = signing_in.offer_totp(viewer)
    return show("totp", secret=secret, picture=segno.make(address, error="m").svg_data_uri(scale=5, border=2))


