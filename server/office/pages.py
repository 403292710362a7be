"""
How the office's pages are put on the application: each route names who may use it; what names nobody is closed.

    @pages.get("/queue", Role.REVIEWER)
    def queue(viewer: Viewer) -> Answer: ...

Its endpoint is its function's name, without `_page` at its end where a module has that name already.

A page is a function of whoever is signed in and of the parts of its address. Before it runs, the session was found, a
role was matched, and a form's token was compared; it only decides what is seen within the viewer's agencies.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Flask, flash, g, redirect, render_template, request, url_for
from flask.sessions import SecureCookieSessionInterface
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from schemas.errors import FieldError
from server.domain.roles import Role, Viewer
from server.office.speaking import say_error
from server.office.texts import gettext as _
from server.services.auditing import noted
from server.services.signing_in import find_viewer
from server.services.site import Site
from server.settings import LOOPBACK

log = structlog.get_logger()
T = TypeVar("T")
Answer = str | Response
Page = Callable[..., Answer]
PrintCopy = Callable[[Mapping[str, Any], str], str]  # all that is held of a person, and a language; gives a page
COOKIE = "fairvisit_office"
MOST_FORM = 64 * 1024  # bytes; a page that takes a file asks for more itself
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Vary": "Accept-Language, Cookie",
}
CODES = {404: "not-found", 405: "not-found", 413: "too-large"}


class Pages:
    """The office's blueprint, and who may use each of its routes."""

    def __init__(self, site: Site, print_copy: PrintCopy) -> None:
        self.site = site
        self.print_copy = print_copy
        self.blueprint = Blueprint("office", __name__, url_prefix="/office", template_folder="templates")
        self.access: dict[str, frozenset[Role]] = {}  # endpoint -> who may; one that is not here is closed
        self.most: dict[str, int] = {}  # endpoint -> bytes its form may have
        self.open: set[str] = set()  # needs no session
        self.before_totp: set[str] = set()  # may be used before the second factor is set up
        self.blueprint.before_request(self._admit)
        self.blueprint.after_request(_mark)
        self.blueprint.register_error_handler(FieldError, self._answer_error)
        self.blueprint.register_error_handler(HTTPException, self._answer_http_error)
        self.blueprint.register_error_handler(Exception, self._answer_unforeseen)

    def get(self, rule: str, *roles: Role, before_totp: bool = False) -> Callable[[Page], Page]:
        """Put a page at *rule* for these roles."""
        return self._route(rule, "GET", roles, before_totp)

    def post(
        self, rule: str, *roles: Role, before_totp: bool = False, most: int = MOST_FORM
    ) -> Callable[[Page], Page]:
        """Take a form at *rule* from these roles, of at most so many bytes."""
        return self._route(rule, "POST", roles, before_totp, most)

    def unguarded(self, rule: str, *methods: str) -> Callable[[Page], Page]:
        """Put a page at *rule* that needs no session: signing in, and what it looks like."""

        def put(page: Page) -> Page:
            self.open.add(f"office.{page.__name__}")
            self.blueprint.add_url_rule(rule, page.__name__, page, methods=methods)
            return page

        return put

    def do(
        self, viewer: Viewer, act: str, what: tuple[str, str], job: Callable[[], T], said: Callable[[T], str],
        **facts: Any,
    ) -> bool:
        """
        Let a use case do something to *what* (type, id), noted; say on the next page what came of it, or why not.

        What is not there, or not theirs, is an error page all the same.
        """

        def run() -> None:
            with noted(self.site, viewer, act, *what, **facts):
                came = job()
            tell(said(came))

        return attempt(run)

    def _route(
        self, rule: str, method: str, roles: tuple[Role, ...], before_totp: bool, most: int = MOST_FORM
    ) -> Callable[[Page], Page]:
        def put(page: Page) -> Page:
            @wraps(page)
            def run(**parts: Any) -> Answer:
                return page(g.viewer, **parts)

            name = page.__name__.removesuffix("_page")
            self.access[f"office.{name}"] = frozenset(roles)
            self.most[f"office.{name}"] = most
            if before_totp:
                self.before_totp.add(f"office.{name}")
            self.blueprint.add_url_rule(rule, name, run, methods=[method])
            return page

        return put

    def _admit(self) -> Answer | None:
        """Let through whoever may be here; a form only with its session's token, and from this very site."""
        endpoint = request.endpoint or ""
        request.max_content_length = self.most.get(endpoint, MOST_FORM)
        if endpoint in self.open:
            return None
        viewer = find_viewer(self.site, request.cookies.get(COOKIE, ""))
        if viewer is None:
            back = request.full_path.rstrip("?") if request.method == "GET" else ""
            return redirect(url_for("office.sign_in_page", back=back or None), 303)
        g.viewer = viewer
        if viewer.lacks_totp and endpoint not in self.before_totp:
            return redirect(url_for("office.totp"), 303)
        if not viewer.may(self.access.get(endpoint, frozenset())):
            said = _("Your role does not open this page. Ask whoever gave it to you.")
            return show_error(FieldError("conflict", detail=said), status=403)
        if request.method != "GET":
            check_origin()
            if not hmac.compare_digest(viewer.csrf.encode(), request.form.get("csrf", "").encode()):
                raise FieldError("conflict", detail=_("This form is from an earlier session. Load the page again."))
        return None

    def _answer_error(self, error: FieldError) -> Answer:
        return show_error(error)

    def _answer_http_error(self, error: HTTPException) -> Answer:
        return show_error(FieldError(CODES.get(error.code or 500, "malformed")))

    def _answer_unforeseen(self, error: Exception) -> Answer:
        """Log under an id, which the page quotes; never what was asked for."""
        reference = self.site.new_id()
        log.error("unforeseen", instance=reference, rule=str(request.url_rule), exc_info=error)
        return show_error(FieldError("internal"), reference=reference[-8:])


def show(template: str, **values: Any) -> str:
    """Give a page of `templates/office/`."""
    return render_template(f"office/{template}.html", **values)


def show_error(error: FieldError, reference: str = "", status: int | None = None) -> Response:
    """Give the page of an error: what happened, what is safe, and a way on."""
    return Response(show("error", error=error, reference=reference), status or error.kind.status, mimetype="text/html")


def go(endpoint: str, **values: Any) -> Response:
    """Send whoever sent a form to the page that shows what came of it."""
    return redirect(url_for(f"office.{endpoint}", **values), 303)


def tell(sentence: str, kind: str = "good") -> None:
    """Say a sentence at the top of the next page: good, look, stop."""
    flash(sentence, kind)


def tell_error(error: FieldError) -> None:
    """Say why something was not done, on the next page, each field by its name."""
    for sentence in say_error(error):
        tell(sentence, "stop")


def attempt(job: Callable[[], object]) -> bool:
    """Do something that notes itself; where it is refused, say why on the next page and give False."""
    try:
        job()
    except FieldError as error:
        if error.code == "not-found" and not error.fields:
            raise
        tell_error(error)
        return False
    return True


def check_unlimited(viewer: Viewer) -> None:
    """Raise `not-found` for an account limited to some agencies: the page is about every one."""
    if viewer.agencies:
        raise FieldError("not-found", detail=_("This page is about every agency; your account is limited to some."))


def words(name: str, most: int = 2000) -> str:
    """Give what was typed into a field, at most so many characters, without what no keyboard types."""
    text = request.form.get(name, "")[:most]
    return "".join(letter for letter in text if letter.isprintable() or letter == "\n").strip()


def check_origin() -> None:
    """Raise `conflict` for a form that another site sent."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise FieldError("conflict", detail=_("This form was sent from another site. Nothing was changed."))


def set_cookie(answer: Response, token: str) -> Response:
    """Keep the session in the browser; over plain HTTP only on the machine itself."""
    answer.set_cookie(COOKIE, token, path="/office", httponly=True, samesite="Strict", secure=is_elsewhere())
    return answer


def is_elsewhere() -> bool:
    """Say whether the browser asks another machine than its own, and so has to use TLS."""
    return (urlsplit(f"//{request.host}").hostname or "") not in LOOPBACK


def is_own_address(back: str) -> bool:
    """Say whether an address to go on to is one of the office's pages, and on no other site."""
    return back.startswith("/office/") and "\\" not in back


def _mark(response: Response) -> Response:
    response.headers.extend({name: value for name, value in HEADERS.items() if name not in response.headers})
    return response


class SaidCookie(SecureCookieSessionInterface):
    """What pages say to the next page, kept as the session's cookie is."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Say whether it goes over TLS only."""
        return is_elsewhere()


def secure_sessions(app: Flask, site: Site) -> None:
    """Sign what pages say to the next page (`tell`) with the site's secret."""
    app.secret_key = hmac.digest(site.nonce_secret, b"office flash", "sha256")
    app.session_interface = SaidCookie()
    app.config.update(
        SESSION_COOKIE_NAME="fairvisit_said", SESSION_COOKIE_PATH="/office", SESSION_COOKIE_SAMESITE="Strict"
    )
