"""The dispatch board: open cases with who has them, those nobody has first of all, and the crews with their load."""

from __future__ import annotations

from marshmallow import fields, validate

from schemas.shapes import text
from server.domain.roles import DISPATCH, TokenScope, Viewer
from server.rest.answers import tell_time
from server.rest.asking import Asked, NoQuery, PageQuery, read_cursor, write_cursor
from server.rest.case_answers import AgentsSchema, BoardSchema
from server.rest.routes import Routes, Told
from server.services.auditing import note_look
from server.storage import dispatch_rows
from server.storage.dispatch_rows import Way

TOLD = ("id", "lender", "reference", "address", "area", "lead")
TOLD_OF_AGENT = ("id", "code", "name", "capacity")


class BoardQuery(PageQuery):
    """Cases nobody has, those somebody has, those the gate refused last, or all; of an area where one is named."""

    way = fields.String(load_default=Way.FREE.value, validate=validate.OneOf([each.value for each in Way]))
    area = text(100, required=False)


def add_routes(routes: Routes) -> None:
    """Put these routes on the API."""
    site = routes.site

    @routes.get("/dispatch/cases", TokenScope.READ, *DISPATCH, answers={200: BoardSchema}, query=BoardQuery)
    def list_board(viewer: Viewer, asked: Asked) -> Told:
        """List open cases, the newest first; what nobody has is anybody's to hand out."""
        most, before = asked["limit"], (read_cursor(site, "board", asked) or (None,))[0]
        with site.store.read() as connection:
            rows = dispatch_rows.list_open(
                connection, sorted(viewer.agencies), asked.get("area", ""), Way(asked["way"]), before, most + 1
            )  # fmt: skip
        if rows:
            note_look(site, viewer, "board", "")
        return {
            "cases": [
                {name: getattr(row, name) for name in TOLD}
                | {"person": row.name, "lease_until": tell_time(row.lease_until_ms)}
                for row in rows[:most]
            ],
            "next": write_cursor(site, "board", [rows[most - 1].id]) if len(rows) > most else None,
        }  # fmt: skip

    @routes.get("/dispatch/agents", TokenScope.READ, *DISPATCH, answers={200: AgentsSchema}, query=NoQuery)
    def list_agents(viewer: Viewer, asked: Asked) -> Told:
        """List the active agents with the open cases they lead and how many they can carry."""
        with site.store.read() as connection:
            rows = dispatch_rows.list_crews(connection, sorted(viewer.agencies))
        return {
            "agents": [
                {name: getattr(row, name) for name in TOLD_OF_AGENT}
                | {"agency": row.agency_name, "open_cases": row.load}
                for row in rows
            ]
        }  # fmt: skip
