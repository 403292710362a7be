"""A lender's file: upload it, map its columns, mend what was rejected."""

from __future__ import annotations

from flask import request

from schemas.errors import FieldError
from server.domain.roles import DISPATCH, KEEP, Role, Viewer
from server.office.pages import Answer, Pages, attempt, check_unlimited, go, show, tell, tell_error, words
from server.office.texts import gettext as _
from server.services import uploading
from server.services.auditing import note_look
from server.storage import job_rows
from server.storage.types import AnyRow, is_id

IMPORTERS = (Role.DISPATCHER, Role.ADMIN)
READERS = (*DISPATCH, *KEEP)
MOST_SHOWN = 50
FORM_BYTES = 1 << 20  # what a form holds beside its file


def add_pages(pages: Pages) -> None:
    """Put these pages on the office. A file holds persons of every agency: only accounts without a limit see them."""
    site = pages.site

    def find(viewer: Viewer, upload_id: str) -> AnyRow:
        check_unlimited(viewer)
        with site.store.read() as connection:
            row = job_rows.find_job(connection, "upload", upload_id) if is_id(upload_id) else None
        if row is None:
            raise FieldError("not-found")
        return row

    @pages.get("/imports", *READERS)
    def imports(viewer: Viewer) -> Answer:
        """Show what was uploaded, and take another file."""
        check_unlimited(viewer)
        with site.store.read() as connection:
            rows = job_rows.list_jobs(connection, "upload", MOST_SHOWN)
        return show("imports", rows=rows, kinds=list(uploading.IMPORTS), may=viewer.may(IMPORTERS))

    @pages.post("/imports", *IMPORTERS, most=uploading.MOST_BYTES + FORM_BYTES)
    def upload(viewer: Viewer) -> Answer:
        """Keep a file; it is imported by itself."""
        check_unlimited(viewer)
        given = request.files.get("file")
        try:
            if given is None or not given.filename:
                raise FieldError("invalid", {"file": [_("choose one")]})
            kind, lender, currency = words("kind", 20), words("lender", 200), words("currency", 3)
            upload_id = uploading.keep_upload(site, viewer, kind, lender, currency, given.filename, given.stream)
        except FieldError as error:
            tell_error(error)
            return go("imports")
        return go("import", upload_id=upload_id)

    @pages.get("/imports/<upload_id>", *READERS)
    def import_page(viewer: Viewer, upload_id: str) -> Answer:
        """Show how far an import is, what it asks, what it rejected."""
        row, rejects = find(viewer, upload_id), uploading.read_rejects(site, upload_id)
        if rejects:
            note_look(site, viewer, "upload", upload_id)
        asks = row.state == "asks"
        return show(
            "import", row=row, may=viewer.may(IMPORTERS), rejects=rejects,
            fields=uploading.fields_of(row) if asks else {}, titles=uploading.read_titles(site, row) if asks else (),
        )  # fmt: skip

    @pages.post("/imports/<upload_id>/columns", *IMPORTERS)
    def map_columns(viewer: Viewer, upload_id: str) -> Answer:
        """Say which column is what, and try again."""
        row = find(viewer, upload_id)
        chosen = {name: words(f"column-{name}", 200) for name in uploading.fields_of(row)}
        attempt(lambda: uploading.map_columns(site, viewer, upload_id, chosen))
        return go("import", upload_id=upload_id)

    @pages.post("/imports/<upload_id>/rejects", *IMPORTERS, most=4 * FORM_BYTES)
    def mend_rejects(viewer: Viewer, upload_id: str) -> Answer:
        """Take mended rows in; those left as they were stay rejected."""
        row = find(viewer, upload_id)
        mended = []
        for number, each in enumerate(uploading.read_rejects(site, upload_id)):
            cells = {title: words(f"row-{number}-{place}", 1000) for place, title in enumerate(each.cells)}
            if cells != dict(each.cells):
                mended.append(cells)
        try:
            new_id = uploading.mend_rejects(site, viewer, row, mended)
        except FieldError as error:
            tell_error(error)
            return go("import", upload_id=upload_id)
        tell(_("The mended rows are imported as a file of their own."))
        return go("import", upload_id=new_id)
