"""Complaints by their clocks: what was made when, until when it is to be acknowledged and answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from schemas.messages import format_time
from server.domain.roles import ANSWER, TokenScope, Viewer
from server.rest.answers import tell_time
from server.rest.asking import Asked, PageQuery, read_cursor, write_cursor
from server.rest.desk_answers import ComplaintsSchema
from server.rest.routes import Routes, Told
from server.services.auditing import note_look
from server.storage import inbox_rows
from server.storage.types import AnyRow

OPEN, DONE = "open", "done"


class ComplaintsQuery(PageQuery):
    """Those that wait for an answer, or those that have one."""

    state = fields.String(load_default=OPEN, validate=validate.OneOf([OPEN, DONE]))


def add_routes(routes: Routes) -> None:
    """Put these routes on the API."""
    site = routes.site

    @routes.get("/complaints", TokenScope.READ, *ANSWER, answers={200: ComplaintsSchema}, query=ComplaintsQuery)
    def list_complaints(viewer: Viewer, asked: Asked) -> Told:
        """List complaints: those open, the oldest first, or those done, the newest first."""
        most, is_done = asked["limit"], asked["state"] == DONE
        after = read_cursor(site, f"complaints {asked['state']}", asked)
        with site.store.read() as connection:
            rows = inbox_rows.list_inbox(
                connection, "complaints", sorted(viewer.agencies), is_done=is_done, after=after, most=most + 1
            )  # fmt: skip
        if rows:
            note_look(site, viewer, "complaints", "")
        more = None
        if len(rows) > most:
            last = rows[most - 1]
            more = write_cursor(site, f"complaints {asked['state']}", [last.made_ms, last.id])
        return {"complaints": [_tell(row) for row in rows[:most]], "next": more}


def _tell(row: AnyRow) -> Mapping[str, Any]:
    return {
        "id": row.id, "case_id": row.case_id, "reference": row.reference, "channel": row.channel, "codes": row.codes,
        "made": format_time(row.made_ms), "triage_by": tell_time(row.triage_by_ms),
        "acknowledge_by": format_time(row.acknowledge_by_ms), "answer_by": format_time(row.answer_by_ms),
        "acknowledged": tell_time(row.acknowledged_ms), "answered": tell_time(row.answered_ms),
    }  # fmt: skip
