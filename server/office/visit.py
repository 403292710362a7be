"""One visit, told from beginning to end, and the decision on it."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import request
from sqlalchemy import Connection

from schemas.errors import FieldError
from schemas.vocabulary import Act, ContactResult, Disposition
from server.domain.conduct.codes import ConductCode
from server.domain.returning import QUESTIONS, ReturnReason, ask
from server.domain.reviewing import State, permitted_acts
from server.domain.roles import DECIDERS, VISIT_READERS, Viewer
from server.office import queue
from server.office.pages import Answer, Pages, go, show, tell, tell_error, words
from server.office.speaking import language
from server.office.texts import gettext as _
from server.services import deciding
from server.services.auditing import note_act, note_look
from server.services.gating import Recount, recount_visit
from server.services.reviewing import Said
from server.services.story import tell_visit
from server.services.visit_page import read_beside
from server.storage import review_rows, visit_rows

LOOKED = "looked"  # ticked where the reviewer looked at conduct, whatever they saw


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site

    @pages.get("/visits/<visit_id>", *VISIT_READERS)
    def visit(viewer: Viewer, visit_id: str) -> Answer:
        """Show a visit; whoever may decide has it open for ten minutes."""
        with site.store.read() as connection:
            row = deciding.find_visit(connection, viewer, visit_id)
        note_look(site, viewer, "visit", visit_id)
        claim = deciding.claim_visit(site, viewer, row.case_id, visit_id) if viewer.may(DECIDERS) else None
        story = tell_visit(site, visit_id)
        with site.store.read() as connection:
            beside = read_beside(connection, site, story)
        return show(
            "visit", story=story, row=row, claim=claim, acts=permitted_acts(State(story["state"])), beside=beside,
            conduct_codes=ConductCode, contact_results=ContactResult, dispositions=Disposition, questions=QUESTIONS,
            filters=urlencode(queue.chosen_filters()), again=_recount(pages, visit_id), may_add=viewer.may(DECIDERS),
        )  # fmt: skip

    @pages.get("/visits/<visit_id>/record", *VISIT_READERS)
    def record(viewer: Viewer, visit_id: str) -> Answer:
        """Show everything there is of a visit, to be printed for whoever watches over visits."""
        with site.store.read() as connection:
            row = deciding.find_visit(connection, viewer, visit_id)
            events = visit_rows.read_visit_events(connection, row.case_id, visit_id)
        note_look(site, viewer, "visit", visit_id)
        story = tell_visit(site, visit_id)
        with site.store.read() as connection:
            beside = read_beside(connection, site, story)
        return show("record", story=story, row=row, events=events, beside=beside)

    @pages.post("/visits/<visit_id>/decide", *DECIDERS)
    def decide(viewer: Viewer, visit_id: str) -> Answer:
        """Decide, and go on to the next visit of the queue the reviewer came from."""
        act = words("act", 20)
        if act not in set(Act):
            raise FieldError("invalid", {"act": ["is none of: " + ", ".join(Act)]})
        filters, said = queue.chosen_filters(), _read_said(act)
        try:
            decision_id = deciding.decide(site, viewer, visit_id, Act(act), said)
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

    @pages.post("/visits/<visit_id>/findings/<finding_id>", *DECIDERS)
    def mark_finding(viewer: Viewer, visit_id: str, finding_id: str) -> Answer:
        """Say whether a finding is right; how often each kind is, stands on the page Oversight."""
        with site.store.read() as connection:
            row = deciding.find_visit(connection, viewer, visit_id)
            known = {each.id for each in visit_rows.read_findings(connection, row.case_id, visit_id)}
        if finding_id not in known or words("is", 5) not in {"right", "wrong"}:
            raise FieldError("not-found")
        is_right = words("is", 5) == "right"
        mark = {"finding_id": finding_id, "is_right": is_right, "by": viewer.name, "at_ms": site.now()}

        def job(connection: Connection) -> None:
            review_rows.put_mark(connection, mark)
            note_act(connection, site, viewer, "marked_finding", "visit", visit_id, finding=finding_id, right=is_right)

        site.store.write(job)
        tell(_("Kept."))
        return go("visit", visit_id=visit_id, **queue.chosen_filters())


def _read_said(act: str) -> Said:
    """Read what goes with a decision; a question's code is kept, and asks for whoever writes none of their own."""
    reason, question, code = words("reason"), words("question"), words("code", 20)
    if act == Act.RETURNED and code in set(ReturnReason):
        reason, question = code, question or ask(ReturnReason(code), language())
    changed = {name: words(name, 40) for name in ("contact_result", "disposition")}
    seen = [ConductCode(each) for each in request.form.getlist("saw") if each in set(ConductCode)]
    return Said(
        reason, question, {name: value for name, value in changed.items() if value} if act == Act.AMENDED else None,
        seen if LOOKED in request.form else None,
    )  # fmt: skip


def _recount(pages: Pages, visit_id: str) -> Recount | None:
    """Judge the kept facts again, where that is asked for."""
    if request.args.get("recompute") != "yes":
        return None
    try:
        return recount_visit(pages.site, visit_id)
    except FieldError:
        return None


DONE = {
    Act.APPROVED: lambda: _("Approved. The crew hears of it at its next exchange."),
    Act.RETURNED: lambda: _("Returned with your question. It comes back here when it is answered."),
    Act.REJECTED: lambda: _("Rejected. The crew is told why."),
    Act.AMENDED: lambda: _("Amended and approved. What was recorded stays beside it."),
}
