"""What people say of a case's priority: that it is wrong, or the place or score it shall have, until a day."""

from __future__ import annotations

from schemas.errors import FieldError
from server.domain.roles import Role, Viewer
from server.office.cases import find_own_case, read_until
from server.office.pages import Answer, Pages, go, tell, words
from server.office.texts import gettext as _
from server.services import prioritizing

SAYERS = (Role.DISPATCHER, Role.SUPERVISOR)
OVERRIDES = ("score", "place")
def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site

    @pages.post("/cases/<case_id>/priority", *SAYERS)
    def say_priority(viewer: Viewer, case_id: str) -> Answer:
        """Contest a case's priority, or give it another place or score until the end of a day."""
        with site.store.read() as connection:
            if find_own_case(connection, viewer, case_id).status != "open":
                raise FieldError("conflict", detail=_("This case is not open: it has no priority."))
        act, reason = words("act", 10), words("reason", 500)
        if not reason:
            tell(_("Say why; it is kept and shown beside the priority. Nothing was changed."), "stop")
        elif act == "contest":
            pages.do(
                viewer, "contested_priority", ("case", case_id),
                lambda: prioritizing.contest(site, case_id, viewer.name, reason),
                lambda _none: _("Kept: you contest this priority. It is shown until somebody changes it."),
            )  # fmt: skip
        elif act in OVERRIDES:
            pages.do(
                viewer, "changed_priority", ("case", case_id), lambda: _override(viewer, case_id, act, reason),
                lambda _none: _("Changed until the end of the day you named; you answer for it."), kind=act,
            )  # fmt: skip
        return go("case", case_id=case_id, _anchor="priority")

    def _override(viewer: Viewer, case_id: str, kind: str, reason: str) -> None:
        until, number = read_until(words("until", 10)), words("value", 6)
        if until is None:
            raise FieldError("invalid", {"until": [_("name the last day it holds")]})
        if not number.isdecimal():
            raise FieldError("invalid", {kind: [_("is a whole number")]})
        prioritizing.override(site, case_id, kind, int(number), viewer.name, reason, until)
