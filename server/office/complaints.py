"""Complaints, requests about a person's own data, and calls for help: one inbox each, with their clocks."""

from __future__ import annotations

from flask import request
from sqlalchemy import Connection

from schemas.errors import FieldError
from server.domain.roles import ANSWER, ANSWERERS, Viewer
from server.office.keyset import read_after, write_after
from server.office.pages import Answer, Pages, attempt, go, show, tell, words
from server.office.references import find_referenced
from server.office.replying import read_replies
from server.office.texts import gettext as _
from server.services import complaints, help_calls
from server.services.auditing import note_act, note_look
from server.services.site import Site
from server.storage import inbox_rows
from server.storage.types import AnyRow, is_id

PAGE = 50


def find_voice(connection: Connection, viewer: Viewer, kind: str, row_id: str) -> AnyRow:
    """Give a complaint, a request or a call of the viewer's agencies; raise `not-found`."""
    row = inbox_rows.find(connection, kind, row_id, sorted(viewer.agencies)) if is_id(row_id) else None
    if row is None:
        raise FieldError("not-found", detail=_("There is nothing of this kind among what is yours to answer."))
    return row


def find_typed(site: Site, viewer: Viewer) -> str:
    """Give the id of the case whose reference, and perhaps lender, stand in the form."""
    return find_referenced(site, viewer, words("reference", 200), words("lender", 200))


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site

    @pages.get("/complaints", *ANSWER)
    def complaints_page(viewer: Viewer) -> Answer:
        """Show complaints, requests or calls for help: those open, the oldest first, or those done."""
        kind = request.args.get("tab", "complaints")
        if kind not in inbox_rows.KINDS:
            raise FieldError("not-found")
        is_done, agencies = request.args.get("done") == "yes", sorted(viewer.agencies)
        if kind == "help":
            help_calls.alert_calls(site)
        with site.store.read() as connection:
            rows = inbox_rows.list_inbox(
                connection, kind, agencies, is_done=is_done, after=read_after(), most=PAGE + 1
            )  # fmt: skip
        more = write_after(rows[PAGE - 1].made_ms, rows[PAGE - 1].id) if len(rows) > PAGE else ""
        return show("inbox", kind=kind, rows=rows[:PAGE], is_done=is_done, more=more, now_ms=site.now())

    def check(viewer: Viewer, complaint_id: str) -> None:
        with site.store.read() as connection:
            find_voice(connection, viewer, "complaints", complaint_id)

    def draw(viewer: Viewer, complaint_id: str, written: str = "") -> Answer:
        with site.store.read() as connection:
            row = find_voice(connection, viewer, "complaints", complaint_id)
            owner = inbox_rows.read_owner(connection, complaint_id)
        note_look(site, viewer, "complaint", complaint_id)
        return show("complaint", row=row, owner=owner, now_ms=site.now(), replies=read_replies(), written=written)

    @pages.get("/complaints/<complaint_id>", *ANSWER)
    def complaint(viewer: Viewer, complaint_id: str) -> Answer:
        """Show a complaint whole."""
        return draw(viewer, complaint_id)

    @pages.post("/complaints/<complaint_id>/own", *ANSWERERS)
    def own_complaint(viewer: Viewer, complaint_id: str) -> Answer:
        """Say who answers for a complaint: the viewer, or somebody they name."""
        name = words("name", 64) or viewer.name

        def job(connection: Connection) -> None:
            find_voice(connection, viewer, "complaints", complaint_id)
            complaints.check_answerer(connection, complaint_id, name)
            inbox_rows.put_owner(connection, complaint_id, name, site.now())
            note_act(connection, site, viewer, "named_owner", "complaint", complaint_id, is_self=name == viewer.name)

        if attempt(lambda: site.store.write(job)):
            tell(_("%(name)s answers for this complaint.", name=name))
        return go("complaint", complaint_id=complaint_id)

    @pages.post("/complaints/<complaint_id>/match", *ANSWERERS)
    def match_complaint(viewer: Viewer, complaint_id: str) -> Answer:
        """Say which case a complaint is about; the case is halted."""
        check(viewer, complaint_id)

        def match() -> int:
            case_id = find_typed(site, viewer)
            return complaints.match_complaint(site, complaint_id, case_id, viewer.name)

        pages.do(viewer, "matched_complaint", ("complaint", complaint_id), match, say_halted)
        return go("complaint", complaint_id=complaint_id)

    @pages.post("/complaints/<complaint_id>/acknowledge", *ANSWERERS)
    def acknowledge_complaint(viewer: Viewer, complaint_id: str) -> Answer:
        """Note that the person was told that the complaint is here."""
        check(viewer, complaint_id)
        pages.do(
            viewer, "acknowledged_complaint", ("complaint", complaint_id),
            lambda: complaints.acknowledge_complaint(site, complaint_id, viewer.name),
            lambda _none: _("Noted: the person was told that their complaint is here."),
        )  # fmt: skip
        return go("complaint", complaint_id=complaint_id)

    @pages.post("/complaints/<complaint_id>/answer", *ANSWERERS)
    def answer_complaint(viewer: Viewer, complaint_id: str) -> Answer:
        """Keep what the complaint was answered; what was written stays on the page where it cannot be kept."""
        check(viewer, complaint_id)
        text = words("answer", 4000)
        is_done = pages.do(
            viewer, "answered_complaint", ("complaint", complaint_id),
            lambda: complaints.answer_complaint(site, complaint_id, viewer.name, text),
            lambda _none: _("The answer is kept. Send it the way they asked for; the halt stays until it is lifted."),
        )  # fmt: skip
        return go("complaint", complaint_id=complaint_id) if is_done else draw(viewer, complaint_id, text)


def say_halted(told: int) -> str:
    """Say that a case is halted, and how many agents hear of it."""
    return _("The case is halted. Agents who hear of it at their next exchange: %(told)s.", told=told)
