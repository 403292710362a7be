"""One visit, told from beginning to end, and the decision on it."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import request

from schemas.errors import FieldError
from schemas.vocabulary import Act, ContactResult, Disposition
from server.domain.conduct.codes import ConductCode
from server.domain.reviewing import State, permitted_acts
from server.domain.roles import Role, Viewer
from server.office import queue
from server.office.layout import REVIEW
from server.office.pages import Answer, Pages, go, show, tell, tell_error, words
from server.office.texts import gettext as _
from server.services import deciding
from server.services.auditing import note_look
from server.services.story import tell_visit

DECIDERS = (Role.REVIEWER, Role.SUPERVISOR)
LOOKED = "looked"  # ticked where the reviewer looked at conduct, whatever they saw


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site

    @pages.get("/visits/<visit_id>", *REVIEW)
    def visit(viewer: Viewer, visit_id: str) -> Answer:
        """Show a visit; whoever may decide has it open for ten minutes."""
        with site.store.read() as connection:
            row = deciding.find_visit(connection, viewer, visit_id)
        note_look(site, viewer, "visit", visit_id)
        claim = deciding.claim_visit(site, viewer, row.case_id, visit_id) if viewer.may(DECIDERS) else None
        story = tell_visit(site, visit_id)
        return show(
            "visit", story=story, row=row, claim=claim, acts=permitted_acts(State(story["state"])),
            conduct_codes=ConductCode, contact_results=ContactResult, dispositions=Disposition,
            filters=urlencode(queue.chosen_filters()),
        )  # fmt: skip

    @pages.post("/visits/<visit_id>/decide", *DECIDERS)
    def decide(viewer: Viewer, visit_id: str) -> Answer:
        """Decide, and go on to the next visit of the queue the reviewer came from."""
        act = words("act", 20)
        if act not in set(Act):
            raise FieldError("invalid", {"act": ["is none of: " + ", ".join(Act)]})
        changed = {name: words(name, 40) for name in ("contact_result", "disposition")}
        seen = [ConductCode(code) for code in request.form.getlist("saw") if code in set(ConductCode)]
        filters = queue.chosen_filters()
        try:
            decision_id = deciding.decide(
                site, viewer, visit_id, Act(act), reason=words("reason"), question=words("question"),
                amendment={name: value for name, value in changed.items() if value} if act == Act.AMENDED else None,
                saw=seen if LOOKED in request.form else None,
            )  # fmt: skip
        except FieldError as error:
            if error.code == "not-found":
                raise
            tell_error(error)
            return go("visit", visit_id=visit_id, **filters)
        if decision_id is None:
            tell(_("Kept as the first of two: a second person approves it, since the crew overrode a warning."), "look")
        else:
            tell(DONE[Act(act)]())
        following = deciding.find_next(site, viewer, queue.read_wanted(site, viewer))
        if following is None:
            return go("queue", **filters)
        return go("visit", visit_id=following, **filters)


DONE = {
    Act.APPROVED: lambda: _("Approved. The crew hears of it at its next exchange."),
    Act.RETURNED: lambda: _("Returned with your question. It comes back here when it is answered."),
    Act.REJECTED: lambda: _("Rejected. The crew is told why."),
    Act.AMENDED: lambda: _("Amended and approved. What was recorded stays beside it."),
}
