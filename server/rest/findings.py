"""Findings: what reconciliation noticed and still stands, to be counted or followed elsewhere."""

from __future__ import annotations

from schemas.messages import format_time
from schemas.shapes import one_of
from server.domain.findings.codes import Code, Severity
from server.domain.roles import REVIEW, TokenScope, Viewer
from server.rest.asking import Asked, PageQuery, read_cursor, write_cursor
from server.rest.desk_answers import FindingsSchema
from server.rest.routes import Routes, Told
from server.services.auditing import note_look
from server.storage import finding_rows

TOLD = ("id", "code", "severity", "sentence", "facts", "contested", "agent", "case_id", "visit_id", "device_id")


class FindingsQuery(PageQuery):
    """One code, or one weight."""

    code = one_of(Code, required=False)
    severity = one_of(Severity, required=False)


def add_routes(routes: Routes) -> None:
    """Put these routes on the API."""
    site = routes.site

    @routes.get("/findings", TokenScope.READ, *REVIEW, answers={200: FindingsSchema}, query=FindingsQuery)
    def list_findings(viewer: Viewer, asked: Asked) -> Told:
        """List findings that stand, the newest first."""
        most, after = asked["limit"], read_cursor(site, "findings", asked)
        with site.store.read() as connection:
            rows = finding_rows.list_standing(
                connection, sorted(viewer.agencies), asked.get("code", ""), asked.get("severity", ""), after, most + 1
            )  # fmt: skip
        if rows:
            note_look(site, viewer, "findings", "")
        last = rows[most - 1] if len(rows) > most else None
        return {
            "findings": [
                {name: getattr(row, name) for name in TOLD} | {"found": format_time(row.found_ms)}
                for row in rows[:most]
            ],
            "next": None if last is None else write_cursor(site, "findings", [last.found_ms, last.id]),
        }  # fmt: skip
