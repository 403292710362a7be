"""The public pages as one Flask blueprint: how often one may ask, how large a form may be, errors as pages."""

from __future__ import annotations

import structlog
from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException

from schemas.errors import FieldError
from server.public import answer, verify
from server.public.asking import address_of
from server.public.pages import show_error
from server.rates import RateLimit
from server.services.site import Site

log = structlog.get_logger()
MOST_FORM = 16_384
CODES = {404: "not-found", 413: "too-large"}


def register_public(app: Flask, site: Site) -> None:
    """Put the public pages on *app*."""
    pages = Blueprint("public", __name__)
    asked, sent = RateLimit(site.settings.public_per_minute), RateLimit(max(1, site.settings.public_per_minute // 6))

    @pages.before_request
    def spend() -> None:
        """Count a page against the address that asks for it; a form counts in both ways."""
        address = address_of(request, site)
        asked.spend(address, site.now())
        if request.method == "POST":
            sent.spend(address, site.now())
            request.max_content_length = MOST_FORM

    @pages.errorhandler(FieldError)
    def answer_error(error: FieldError) -> Response:
        return show_error(site, error)

    @pages.errorhandler(HTTPException)
    def answer_http_error(error: HTTPException) -> Response:
        return show_error(site, FieldError(CODES.get(error.code or 500, "malformed")))

    @pages.errorhandler(Exception)
    def answer_unforeseen(error: Exception) -> Response:
        """Log under an id; the address holds a person's code, so the rule is named instead."""
        reference = site.new_id()
        log.error("unforeseen", instance=reference, rule=str(request.url_rule), exc_info=error)
        return show_error(site, FieldError("internal"), reference[-8:])

    @pages.get("/verify/<path:rest>")
    @pages.get("/answer/<path:rest>")
    @pages.get("/help/")
    def miss(rest: str = "") -> Response:
        """Answer an address near ours as a page, not as devices are answered."""
        raise FieldError("not-found")

    verify.add_pages(pages, site)
    answer.add_pages(pages, site)
    answer.add_looking_back(pages, site)
    app.register_blueprint(pages)
