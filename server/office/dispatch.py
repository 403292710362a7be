"""The dispatch board: who goes where, what is blocked and until when, a crew's day."""

from __future__ import annotations

from collections.abc import Sequence

from flask import request

from server.domain.conduct.periods import local_day, read_day
from server.domain.day_plan import Point
from server.domain.plotting import Frame, frame_points
from server.domain.roles import DISPATCH, Role, Viewer
from server.office import board
from server.office.cases import read_until
from server.office.pages import Answer, Pages, go, show, tell, words
from server.office.texts import gettext as _
from server.office.texts import ngettext
from server.services import crew_days, dispatching
from server.services.auditing import note_look
from server.storage import dispatch_rows
from server.storage.dispatch_rows import Way
from server.storage.types import AnyRow

FEW = 5  # cases of a group that are shown at once
WIDTH, HEIGHT = 640, 400


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site

    @pages.get("/dispatch", *DISPATCH)
    def dispatch(viewer: Viewer) -> Answer:
        """Show open cases, those nobody has first of all, with a sketch of where they are."""
        area, asked, rule = (request.args.get(each, "").strip()[:200] for each in ("area", "way", "rule"))
        way, before = Way(asked) if asked in set(Way) else Way.FREE, request.args.get("before", "")
        if way is Way.REFUSED and not rule:
            groups, count, is_more = board.list_groups(site, area)
            if groups:
                note_look(site, viewer, "board", "")
            return show(
                "refused", groups=groups, area=area, count=count, is_more=is_more, few=FEW, say_rule=board.say_rule,
                now_ms=site.now(),
            )  # fmt: skip
        if way is Way.REFUSED:
            listed = board.list_group(site, area, rule, before)
        else:
            listed = board.list_board(site, viewer, area, way, before)
        with site.store.read() as connection:
            crews = dispatch_rows.list_crews(connection, sorted(viewer.agencies))
        if listed.rows:
            note_look(site, viewer, "board", "")
        return show(
            "dispatch", board=listed, rows=listed.rows, area=area, way=way, ways=Way, rule=rule, crews=crews,
            frame=_frame(listed.rows), may=viewer.may({Role.DISPATCHER}), say_rule=board.say_rule,
            most_ranked=dispatching.MOST_RANKED, today=local_day(site.now(), site.settings.zone).isoformat(),
            most_cases=dispatching.MOST_CASES, now_ms=site.now(),
        )  # fmt: skip

    @pages.get("/dispatch/crews/<code>", *DISPATCH)
    def crew_day(viewer: Viewer, code: str) -> Answer:
        """Show the day of the crew that an agent leads, in the order to go; made to be printed."""
        day = read_day(request.args.get("day", "")) or local_day(site.now(), site.settings.zone)
        plan = crew_days.plan_crew_day(site, viewer, code, day)
        note_look(site, viewer, "crew_day", code)
        return show(
            "crew_day", plan=plan, day=day, may=viewer.may({Role.DISPATCHER}), office_zone=site.settings.zone
        )  # fmt: skip

    @pages.post("/dispatch/crews/<code>/plan", Role.DISPATCHER)
    def send_plan(viewer: Viewer, code: str) -> Answer:
        """Put the plan that was shown into the crew's packets."""
        day = read_until(words("day", 10))
        crew_days.plan_crew_day(site, viewer, code, day or local_day(site.now(), site.settings.zone))
        if day is None or day < local_day(site.now(), site.settings.zone):
            tell(_("This day is over; choose today or a later one."), "stop")
            return go("crew_day", code=code)
        pages.do(
            viewer, "sent_plan", ("agent", code),
            lambda: crew_days.send_plan(site, viewer, code, day, words("seen", 64)),
            lambda count: ngettext(
                "Sent: %(num)d case is in this day's plan. Devices hear of it at their next exchange.",
                "Sent: %(num)d cases are in this day's plan. Devices hear of it at their next exchange.", count,
            ),
            day=day.isoformat(),
        )  # fmt: skip
        return go("crew_day", code=code, day=day.isoformat())


def _frame(rows: Sequence[AnyRow]) -> Frame | None:
    points: list[Point] = [(row.lat_e7, row.lon_e7) for row in rows if row.lat_e7 is not None]
    return frame_points(points, WIDTH, HEIGHT) if points else None
