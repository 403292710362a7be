"""What persons ask about their own data: a copy, erasure, help, an address put right."""

from __future__ import annotations

import orjson
from werkzeug.wrappers import Response

from schemas.errors import FieldError
from server.domain.roles import ANSWER, ANSWERERS, Role, Viewer
from server.office.complaints import find_voice
from server.office.pages import Answer, Pages, check_unlimited, go, show, tell
from server.office.speaking import say_error
from server.office.texts import gettext as _
from server.services.auditing import note_look, noted
from server.services.copying import copy_person
from server.services.forgetting import Plan, erase_for_person, plan_erasure
from server.services.requests import close_request


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site

    @pages.get("/requests/<request_id>", *ANSWER)
    def data_request(viewer: Viewer, request_id: str) -> Answer:
        """Show a request; for an erasure also what would go and what has to stay."""
        with site.store.read() as connection:
            row = find_voice(connection, viewer, "requests", request_id)
        note_look(site, viewer, "request", request_id)
        plan, trouble = None, ""
        if row.kind == "erasure" and row.done_ms is None and not viewer.agencies:
            try:
                plan = plan_erasure(site, request_id)
            except FieldError as error:
                trouble = " ".join(say_error(error))
        return show("data_request", row=row, plan=plan, trouble=trouble)

    @pages.post("/requests/<request_id>/copy.<kind>", *ANSWERERS)
    def give_copy(viewer: Viewer, request_id: str, kind: str) -> Answer:
        """Give all that is held of the person, whatever the agency, as a file for them alone."""
        check_unlimited(viewer)
        with site.store.read() as connection:
            row = find_voice(connection, viewer, "requests", request_id)
        if row.kind != "copy" or kind not in {"json", "html"}:
            raise FieldError("not-found")
        with noted(site, viewer, "gave_copy", "request", request_id, kind=kind):
            held = copy_person(site, row.person_id)
            close_request(site, request_id, viewer.name)
        is_page = kind == "html"
        body = pages.print_copy(held, "en").encode() if is_page else orjson.dumps(held, option=orjson.OPT_INDENT_2)
        named = {"Content-Disposition": f'attachment; filename="copy-{request_id[-8:]}.{kind}"'}
        return Response(body, mimetype="application/octet-stream", headers=named)

    @pages.post("/requests/<request_id>/erase", Role.SUPERVISOR)
    def erase_request(viewer: Viewer, request_id: str) -> Answer:
        """Erase what nothing keeps, whatever the agency."""
        check_unlimited(viewer)
        with site.store.read() as connection:
            find_voice(connection, viewer, "requests", request_id)
        pages.do(
            viewer, "erased", ("request", request_id), lambda: erase_for_person(site, request_id, viewer.name), _erased
        )  # fmt: skip
        return go("data_request", request_id=request_id)

    @pages.post("/requests/<request_id>/close", *ANSWERERS)
    def close_data_request(viewer: Viewer, request_id: str) -> Answer:
        """Note that a request for help, or about an address, was seen to."""
        with site.store.read() as connection:
            row = find_voice(connection, viewer, "requests", request_id)
        if row.kind in {"erasure", "copy"}:
            tell(_("This is done by what it asks for, not by closing it."), "look")
            return go("data_request", request_id=request_id)
        with noted(site, viewer, "closed_request", "request", request_id):
            close_request(site, request_id, viewer.name)
        tell(_("Noted as done."))
        return go("data_request", request_id=request_id)


def _erased(came: tuple[Plan, str]) -> str:
    counts = {"gone": len(came[0].removed), "kept": len(came[0].kept)}
    return _("Erased: %(gone)s kinds of records; kept by a rule: %(kept)s. The certificate stands below.", **counts)
