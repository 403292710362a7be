"""
The page behind a card's QR: who stands at the door, and what the person may do about it.

Loading it with a fresh code opens that code, for the first address that asks. Nothing on it says what a visit is about.
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from schemas.card import MOST_CODE
from schemas.errors import FieldError
from server.domain.cards import Standing
from server.domain.conduct.voices import CHOICES, OTHER
from server.public.answer import MOST_REACH, read_complaint
from server.public.asking import address_of
from server.public.pages import go, picture, read_words, show
from server.services import cards, complaints, help_calls
from server.services.site import Site


def add_pages(pages: Blueprint, site: Site) -> None:
    """Put the pages of a card on the blueprint."""

    @pages.get("/verify")
    def verify() -> Response:
        """Show what is known of a card; without a code, where to type one."""
        code, number = request.args.get("c", "")[: MOST_CODE + 1], request.args.get("n", "")[:40]
        if code and request.method == "GET":  # whoever asks for the headers alone looks at nobody
            checked = cards.check_code(site, code, address_of(request, site))
            shown_code = "" if checked.standing is Standing.NOT_VALID else code
            return show(site, "verify", checked=checked, by="code", code=shown_code, picture=picture(checked.holder))
        if number:
            checked = cards.check_number(site, number)
            return show(site, "verify", checked=checked, by="number", code="", picture=picture(checked.holder))
        return show(site, "verify", checked=None, by="", code="", picture="")

    @pages.post("/verify/help")
    def call() -> Response:
        """Call the office now, from a card's page."""
        code = request.form.get("c", "")[: MOST_CODE + 1]
        return go(f"/help/{help_calls.call_at_door(site, code, read_words('reach', MOST_REACH))}")

    @pages.get("/help/<call_id>")
    def show_call(call_id: str) -> Response:
        """Show whether somebody has the call; load it again to see."""
        found = help_calls.look_at_call(site, call_id)
        if found is None:
            raise FieldError("not-found")
        return show(site, "help", call=found, now_ms=site.now())

    @pages.get("/verify/complain")
    def ask_complaint() -> Response:
        """Ask what happened; the code of the card comes along, where one was scanned."""
        code = request.args.get("c", "")[: MOST_CODE + 1]
        promise, choices = complaints.promise(site), (*CHOICES, OTHER)
        return show(site, "complain", action="/verify/complain", code=code, choices=choices, promise=promise)

    @pages.post("/verify/complain")
    def take_complaint() -> Response:
        """Take the complaint."""
        complaints.complain_at_door(site, request.form.get("c", "")[: MOST_CODE + 1], *read_complaint())
        return go("/verify/thanks")

    @pages.get("/verify/thanks")
    def thanks() -> Response:
        """Say what happens with a complaint now."""
        return show(site, "thanks", promise=complaints.promise(site))
