"""Calls for help: taken by one person, closed with what came of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas.errors import FieldError
from schemas.vocabulary import HoldReason
from server.domain.roles import ANSWER, ANSWERERS, Viewer
from server.office.complaints import find_typed, find_voice, say_halted
from server.office.pages import Answer, Pages, go, show, words
from server.office.texts import gettext as _
from server.services import help_calls
from server.services.auditing import note_look
from server.services.site import Site
from server.storage.types import AnyRow


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site

    @pages.get("/help/<call_id>", *ANSWER)
    def help_call(viewer: Viewer, call_id: str) -> Answer:
        """Show a call for help."""
        with site.store.read() as connection:
            row = find_voice(connection, viewer, "help", call_id)
        note_look(site, viewer, "help_call", call_id)
        return show("help_call", row=row, reasons=HoldReason)

    @pages.post("/help/<call_id>/<act>", *ANSWERERS)
    def answer_call(viewer: Viewer, call_id: str, act: str) -> Answer:
        """Take a call, halt its case, message the crew, or close it."""
        with site.store.read() as connection:
            row = find_voice(connection, viewer, "help", call_id)
        acts = {"take": _take, "hold": _hold, "message": _message, "close": _close}
        if act not in acts:
            raise FieldError("not-found")
        job, said = acts[act](site, viewer, row)
        pages.do(viewer, f"{act}_call", ("help_call", call_id), job, said)
        return go("help_call", call_id=call_id)


Act = tuple[Callable[[], Any], Callable[[Any], str]]  # what is done, and what is said of it


def _take(site: Site, viewer: Viewer, row: AnyRow) -> Act:
    return (
        lambda: help_calls.take_call(site, row.id, viewer.name),
        lambda _none: _("The call is yours. Reach the person first."),
    )


def _hold(site: Site, viewer: Viewer, row: AnyRow) -> Act:
    reason = words("reason", 40)
    if reason not in set(HoldReason):
        raise FieldError("invalid", {"reason": [_("is none of the list")]})

    def hold() -> int:
        case_id = row.case_id or find_typed(site, viewer)
        return help_calls.hold_for_call(site, row.id, viewer.name, HoldReason(reason), case_id)

    return hold, say_halted


def _message(site: Site, viewer: Viewer, row: AnyRow) -> Act:
    text = words("text", 500)
    return (
        lambda: help_calls.message_crew(site, row.id, viewer.name, text),
        lambda codes: _("Sent to %(codes)s: seen at the next exchange. To be sure, ring them.", codes=", ".join(codes)),
    )


def _close(site: Site, viewer: Viewer, row: AnyRow) -> Act:
    result = words("result")
    return (
        lambda: help_calls.close_call(site, row.id, viewer.name, result),
        lambda _none: _("Closed. What came of it is kept with the call."),
    )
