"""What leaves the office as a file: made as a job, counted, with a checksum."""

from __future__ import annotations

from schemas.errors import FieldError
from server.domain.roles import OVERSEE, Viewer
from server.office.pages import Answer, Pages, go, show, tell, tell_error, words
from server.office.texts import gettext as _
from server.services import exporting
from server.services.auditing import noted
from server.storage import job_rows
from server.web.sending import send_kept

MOST_SHOWN = 50


def add_pages(pages: Pages) -> None:
    """Put these pages on the office. Each sees and fetches their own."""
    site = pages.site

    @pages.get("/exports", *OVERSEE)
    def exports(viewer: Viewer) -> Answer:
        """Show one's own exports, and ask for another."""
        with site.store.read() as connection:
            rows = job_rows.list_jobs(connection, "export", MOST_SHOWN, viewer.id)
        there = {row.id for row in rows if row.state == "done" and exporting.path_of(site, row).exists()}
        is_busy = any(row.state in {"waiting", "running"} for row in rows)
        return show(
            "exports", rows=rows, there=there, is_busy=is_busy, kinds=list(exporting.KINDS),
            formats=exporting.FORMATS, profiles=exporting.PROFILES,
        )  # fmt: skip

    @pages.post("/exports", *OVERSEE)
    def ask_export(viewer: Viewer) -> Answer:
        """Have a file written."""
        try:
            exporting.ask_export(site, viewer, words("kind", 20), words("format", 20), words("profile", 20))
        except FieldError as error:
            tell_error(error)
        else:
            tell(_("It is being written; this page shows how far it is."))
        return go("exports")

    @pages.get("/exports/<export_id>/<part>", *OVERSEE)
    def download(viewer: Viewer, export_id: str, part: str) -> Answer:
        """Give the file, or its manifest; a download that broke off can be resumed."""
        row = exporting.find_export(site, viewer, export_id)
        path = exporting.path_of(site, row)
        path = path if part == "file" else exporting.manifest_of(path)
        if part not in {"file", "manifest"} or not path.exists():
            raise FieldError("not-found", detail=_("This file is not here, or no longer; ask for it once more."))
        with noted(site, viewer, "downloaded", "export", export_id, part=part):
            return send_kept(site, path, f"{row.sha256}-{part}")
