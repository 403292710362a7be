"""Acts: what people of the office and their programs did and looked at, to be kept or watched elsewhere."""

from __future__ import annotations

from schemas.errors import FieldError
from schemas.messages import format_time
from schemas.shapes import text
from server.domain.roles import KEEP, TokenScope, Viewer
from server.rest.asking import Asked, PageQuery, read_cursor, write_cursor
from server.rest.desk_answers import ActsSchema
from server.rest.routes import Routes, Told
from server.storage import act_rows

TOLD = ("seq", "name", "act", "object_type", "object_id", "facts", "previous", "hash")


class ActsQuery(PageQuery):
    """One person's acts, one kind of act, or those about one object."""

    name = text(100, required=False)
    act = text(100, required=False)
    object = text(100, required=False)


def add_routes(routes: Routes) -> None:
    """Put these routes on the API."""
    site = routes.site

    @routes.get(
        "/audit", TokenScope.READ, *KEEP, answers={200: ActsSchema}, query=ActsQuery, refusals=(404,)
    )
    def list_acts(viewer: Viewer, asked: Asked) -> Told:
        """List acts, the newest first, for accounts and tokens without a limit: an act may be about any agency."""
        if viewer.agencies:
            raise FieldError("not-found", detail="The audit is about every agency; this token is limited to some.")
        most, before = asked["limit"], (read_cursor(site, "audit", asked) or (None,))[0]
        with site.store.read() as connection:
            rows = act_rows.list_acts(
                connection, before=before, name=asked.get("name", ""), act=asked.get("act", ""),
                object_id=asked.get("object", ""), most=most + 1,
            )  # fmt: skip
        return {
            "acts": [
                {name: getattr(row, name) for name in TOLD}
                | {"at": format_time(row.at_ms), "account_id": row.user_id}
                for row in rows[:most]
            ],
            "next": write_cursor(site, "audit", [rows[most - 1].seq]) if len(rows) > most else None,
        }  # fmt: skip
