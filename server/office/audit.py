"""What people of the office did and looked at; can be searched and proved whole."""

from __future__ import annotations

from flask import request

from server.domain.roles import KEEP, Viewer
from server.office.pages import Answer, Pages, check_unlimited, go, show, tell
from server.office.texts import gettext as _
from server.services.auditing import find_broken_act
from server.storage import act_rows

PAGE = 100


def add_pages(pages: Pages) -> None:
    """Put these pages on the office, for accounts without a limit: an act may be about any agency."""
    site = pages.site

    @pages.get("/audit", *KEEP)
    def audit(viewer: Viewer) -> Answer:
        """Show acts, the newest first."""
        check_unlimited(viewer)
        asked = {name: request.args.get(name, "").strip()[:100] for name in ("name", "act", "object")}
        before = request.args.get("before", "")
        with site.store.read() as connection:
            rows = act_rows.list_acts(
                connection, before=int(before) if before.isdecimal() and len(before) < 18 else None,
                name=asked["name"], act=asked["act"], object_id=asked["object"], most=PAGE + 1,
            )  # fmt: skip
            count, head = act_rows.read_head(connection)
        more = rows[PAGE - 1].seq if len(rows) > PAGE else None
        return show("audit", rows=rows[:PAGE], asked=asked, more=more, count=count, head=head)

    @pages.post("/audit/verify", *KEEP)
    def verify_audit(viewer: Viewer) -> Answer:
        """Follow the hashes from the first act to the last."""
        check_unlimited(viewer)
        with site.store.read() as connection:
            broken = find_broken_act(connection)
        if broken is None:
            tell(_("Whole: every act is as it was written, and none is missing."))
        else:
            tell(_("Not whole: act %(number)s was changed, or is missing.", number=broken), "stop")
        return go("audit")
