"""Exports: a file is asked for, written by the worker, and fetched; a download that broke off goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from schemas.errors import FieldError
from schemas.messages import format_time
from schemas.shapes import Strict
from server.domain.roles import OVERSEE, TokenScope, Viewer
from server.rest.asking import Asked
from server.rest.desk_answers import ExportSchema
from server.rest.routes import PREFIX, Routes, Told
from server.services import exporting
from server.services.auditing import noted
from server.services.site import Site
from server.storage.types import AnyRow
from server.web.sending import send_kept


class ExportBody(Strict):
    """What is written, in which form, and whether persons may be told from it."""

    kind = fields.String(required=True, validate=validate.OneOf(list(exporting.KINDS)))
    format = fields.String(required=True, validate=validate.OneOf(exporting.FORMATS))
    profile = fields.String(required=True, validate=validate.OneOf(exporting.PROFILES))


def add_routes(routes: Routes) -> None:
    """Put these routes on the API. Each sees and fetches what its account asked for, within its agencies."""
    site = routes.site

    @routes.post("/exports", TokenScope.EXPORT, *OVERSEE, body=ExportBody, answers={202: ExportSchema})
    def ask_export(viewer: Viewer, asked: Asked) -> tuple[int, Told]:
        """Have a file written; look at it until its state is done."""
        export_id = exporting.ask_export(site, viewer, asked["kind"], asked["format"], asked["profile"])
        return 202, _tell(site, exporting.find_export(site, viewer, export_id))

    @routes.get(
        "/exports/<uuid:export_id>", TokenScope.EXPORT, *OVERSEE, answers={200: ExportSchema}, refusals=(404,)
    )
    def read_export(viewer: Viewer, asked: Asked, export_id: str) -> Told:
        """Say how far an export is."""
        return _tell(site, exporting.find_export(site, viewer, export_id))

    @routes.get(
        "/exports/<uuid:export_id>/file", TokenScope.EXPORT, *OVERSEE, refusals=(404,),
        answers={200: "The file.", 206: "The part of it that Range asked for.", 304: "It is as it was."},
    )  # fmt: skip
    def fetch_export(viewer: Viewer, asked: Asked, export_id: str) -> Told:
        """Give the file; a download that broke off can be resumed by Range."""
        row = exporting.find_export(site, viewer, export_id)
        path = exporting.path_of(site, row)
        if not path.exists():
            raise FieldError("not-found", detail="This file is not here yet, or no longer; ask for it once more.")
        with noted(site, viewer, "downloaded", "export", export_id, part="file"):
            return send_kept(site, path, row.sha256)


def _tell(site: Site, row: AnyRow) -> Mapping[str, Any]:
    is_there = row.state == "done" and exporting.path_of(site, row).exists()
    return {
        **{name: getattr(row, name) for name in ("id", "kind", "format", "profile", "state", "rows", "size", "sha256")},
        "problem": row.problem, "made": format_time(row.made_ms),
        "file": f"{PREFIX}/exports/{row.id}/file" if is_there else None,
    }  # fmt: skip
