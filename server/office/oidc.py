"""
Signing in by the house's own provider, and linking one's account to it. Without a provider, nothing of it is there.

What was asked is kept by the browser, sealed, for ten minutes. The page after the provider's is one of ours that leads
on by itself: a browser sends the session's cookie (SameSite=Strict) only from our own pages.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import asdict, dataclass
from typing import Any

from flask import request, url_for
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from schemas.errors import FieldError
from server.domain.roles import ROLES, Viewer
from server.office.pages import (
    Answer,
    Pages,
    attempt,
    check_origin,
    go,
    is_elsewhere,
    is_own_address,
    set_cookie,
    show,
    show_error,
    tell,
    words,
)
from server.office.texts import gettext as _
from server.rates import RateLimit
from server.services.linking import (
    check_may_link,
    hear_noted,
    link_subject,
    sign_in_vouched,
    unlink_subject,
)
from server.services.oidc import ASKED_MS, UNKNOWN, Question, Vouched, ask_provider, is_offered
from server.services.oidc import name_provider as name_of
from server.services.signing_in import Attempt
from server.services.site import Site

COOKIE, PATH = "fairvisit_oidc", "/office/sign-in/oidc"
TRIES_PER_MINUTE = 30  # from one address


@dataclass(frozen=True)
class Waiting:
    """Whom the provider vouched for without a second factor, until they have typed a code of ours."""

    subject: str
    until_ms: int
    back: str


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site
    tried = RateLimit(TRIES_PER_MINUTE)
    pages.blueprint.context_processor(lambda: {"provider": name_of(site) if is_offered(site) else ""})

    def check_offered() -> None:
        if not is_offered(site):
            raise FieldError("not-found")

    def enter(attempt: Attempt | None, vouched: Vouched, back: str) -> Answer:
        if attempt is None or not attempt.token:
            kept = Waiting(vouched.subject, site.now() + ASKED_MS, back)
            page = show("oidc_code", attempt=attempt)
            return _keep(site, Response(page, 403 if attempt else 200, mimetype="text/html"), kept)
        there = back if is_own_address(back) else url_for("office.home")
        return _forget(set_cookie(_lead(there), attempt.token))

    @pages.unguarded("/sign-in/oidc", "GET")
    def begin_oidc() -> Answer:
        """Lead to the provider."""
        check_offered()
        tried.spend(request.remote_addr or "", site.now())
        url, question = ask_provider(site, _callback(), request.args.get("back", "")[:2000])
        return _keep(site, redirect(url, 303), question)

    @pages.unguarded("/sign-in/oidc/callback", "GET")
    def hear_oidc() -> Answer:
        """Hear whom the provider vouches for: sign them in, or link the account that asked for it."""
        check_offered()
        tried.spend(request.remote_addr or "", site.now())
        question = _read(site, Question)
        try:
            vouched = hear_noted(site, _callback(), question, request.args)
            if not question.session_id:
                return enter(sign_in_vouched(site, vouched, request.user_agent.string), vouched, question.back)
            viewer = check_may_link(site, question.session_id)
            link_subject(site, viewer, viewer.id, vouched.subject)
        except FieldError as error:
            return _forget(show_error(error))
        answer = _lead(url_for("office.me"))  # before it is told, which the page after it is to say
        tell(_("Your account is linked. From now on %(provider)s signs you in, too.", provider=name_of(site)))
        return _forget(answer)

    @pages.unguarded("/sign-in/oidc/code", "POST")
    def give_oidc_code() -> Answer:
        """Take the code of the second factor that the provider did not ask for."""
        check_offered()
        check_origin()
        tried.spend(request.remote_addr or "", site.now())
        kept = _read(site, Waiting)
        if kept is None or site.now() > kept.until_ms:
            raise FieldError("conflict", detail=UNKNOWN)
        vouched = Vouched(kept.subject, has_second=False)
        return enter(sign_in_vouched(site, vouched, request.user_agent.string, words("code", 40)), vouched, kept.back)

    @pages.post("/me/oidc", *ROLES)
    def link_oidc(viewer: Viewer) -> Answer:
        """Lead to the provider, to have one's own account linked to whom it vouches for."""
        check_offered()
        check_may_link(site, viewer.session_id)
        url, question = ask_provider(site, _callback(), session_id=viewer.session_id)
        return _keep(site, _lead(url), question)  # not by a redirect: a form of ours leads to no other site

    @pages.post("/me/oidc/drop", *ROLES)
    def unlink_oidc(viewer: Viewer) -> Answer:
        """Unlink one's own account."""
        check_offered()
        if attempt(lambda: unlink_subject(site, viewer, viewer.id)):
            tell(_("Your account is linked to nobody any more; sign in by password."))
        return go("me")


def _callback() -> str:
    """Give the address that the provider answers to, as it knows it."""
    scheme = "https" if is_elsewhere() else "http"
    return url_for("office.hear_oidc", _external=True, _scheme=scheme)


def _lead(address: str) -> Response:
    """Give a page that leads on to an address, which is none that the browser named."""
    return Response(show("onward", to=address), mimetype="text/html")


def _seal(site: Site, kind: type[Any]) -> URLSafeSerializer:
    key = hmac.digest(site.nonce_secret, b"office oidc", "sha256")
    return URLSafeSerializer(key, salt=kind.__name__, signer_kwargs={"digest_method": hashlib.sha256})


def _keep(site: Site, answer: Response, kept: Question | Waiting) -> Response:
    """Have the browser keep something, which it cannot change."""
    sealed = _seal(site, type(kept)).dumps(asdict(kept))
    assert isinstance(sealed, str)
    answer.set_cookie(
        COOKIE, sealed, path=PATH, max_age=ASKED_MS // 1000, httponly=True, samesite="Lax", secure=is_elsewhere()
    )  # fmt: skip
    return answer


def _read(site: Site, kind: type[Any]) -> Any:
    """Give what the browser kept; None where it kept nothing, or something that is not ours."""
    try:
        return kind(**_seal(site, kind).loads(request.cookies.get(COOKIE, "")))
    except BadData:
        return None


def _forget(answer: Response) -> Response:
    answer.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="Lax", secure=is_elsewhere())
    return answer
