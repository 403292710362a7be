"""The files of a visit: each on a page of its own, what is seen and heard of it, and what the office adds."""

from __future__ import annotations

from collections.abc import Iterator

from flask import request, url_for
from werkzeug.wrappers import Response

from schemas.errors import FieldError
from server.domain.roles import DECIDERS, VISIT_READERS, Viewer
from server.office.pages import HEADERS, Answer, Pages, show, tell, tell_error, words
from server.office.texts import gettext as _
from server.services import adding_files, viewing_files
from server.services.auditing import note_look
from server.services.deciding import find_visit

FORM_BYTES = 1 << 20  # what a form holds beside its file
PLAYS = HEADERS["Content-Security-Policy"] + "; media-src 'self'"
# What leaves as a file: whatever it is, a browser runs nothing in it and lets no other page have it.
CLOSED = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site

    @pages.get("/visits/<visit_id>/files/<sha256>", *VISIT_READERS)
    def file(viewer: Viewer, visit_id: str, sha256: str) -> Answer:
        """Show a file: who named it and when, how far it has come, and what it holds where that can be shown."""
        told = viewing_files.find_file(site, viewer, visit_id, sha256)
        note_look(site, viewer, "visit", visit_id)
        page = show("file", visit_id=visit_id, told=told, not_shown=viewing_files.NOT_SHOWN)
        return Response(page, mimetype="text/html", headers={"Content-Security-Policy": PLAYS})

    @pages.get("/visits/<visit_id>/files/<sha256>/content", *VISIT_READERS)
    def file_content(viewer: Viewer, visit_id: str, sha256: str) -> Answer:
        """Give what a file holds, noted each time: a picture with the viewer's name across it, a recording in parts."""
        told = viewing_files.open_file(site, viewer, visit_id, sha256)
        if told["shown_as"] == "image":
            return _answer(viewing_files.draw_picture(site, viewer, told), "image/jpeg", f"{sha256[:12]}.jpg")
        asked = request.range
        span = None if asked is None else asked.range_for_length(told["size"])
        if asked is not None and span is None:
            return Response(status=416, headers=CLOSED | {"Content-Range": f"bytes */{told['size']}"})
        start, stop = span or (0, told["size"])
        answer = _answer(site.blobs.read(sha256, start, stop - start), told["media_type"], sha256[:12])
        answer.headers |= {"Accept-Ranges": "bytes", "Content-Length": str(stop - start)}
        if span is not None:
            answer.status_code = 206
            answer.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{told['size']}"
        return answer

    @pages.post("/visits/<visit_id>/files", *DECIDERS, most=adding_files.most_bytes(site) + FORM_BYTES)
    def add_file(viewer: Viewer, visit_id: str) -> Answer:
        """Add a file that did not come from a phone, as a record of the office's own."""
        with site.store.read() as connection:
            find_visit(connection, viewer, visit_id)
        given = request.files.get("file")
        try:
            if given is None or not given.filename:
                raise FieldError("invalid", {"file": [_("choose one")]})
            with given.stream:
                own = (words(name, 30) for name in ("starts", "ends"))
                adding_files.add_file(site, viewer, visit_id, given.stream, words("serial", 80), *own)
        except FieldError as error:
            tell_error(error)
        else:
            tell(_("Added to the visit, with your name."))
        return Response(status=303, headers={"Location": url_for("office.visit", visit_id=visit_id) + "#files"})


def _answer(content: bytes | Iterator[bytes], media_type: str, name: str) -> Response:
    disposition = f'inline; filename="{name}"'
    return Response(content, mimetype=media_type, headers=CLOSED | {"Content-Disposition": disposition})
