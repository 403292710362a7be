"""The dispatch board: who goes where, what is blocked and until when, a crew's day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from flask import request

from server.domain.day_plan import Point
from server.domain.plotting import Frame, frame_points
from server.domain.roles import Role, Viewer
from server.office.layout import DISPATCH
from server.office.pages import Answer, Pages, go, show, tell, words
from server.office.speaking import local_day
from server.office.texts import ngettext
from server.services import dispatching
from server.services.assigning import AssignReport, unassign
from server.services.auditing import note_look, noted
from server.storage import dispatch_rows
from server.storage.types import AnyRow, is_id

PAGE = 100
WAYS = ("free", "given", "refused", "all")
WIDTH, HEIGHT = 640, 400


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site

    @pages.get("/dispatch", *DISPATCH)
    def dispatch(viewer: Viewer) -> Answer:
        """Show open cases, those nobody has first of all, with a sketch of where they are."""
        area, way = request.args.get("area", "").strip(), request.args.get("way", "free")
        before, agencies = request.args.get("before", ""), sorted(viewer.agencies)
        with site.store.read() as connection:
            rows = dispatch_rows.list_open(
                connection, agencies, area, way, before if is_id(before) else None, PAGE + 1
            )  # fmt: skip
            crews = dispatch_rows.list_crews(connection, agencies)
        shown = rows[:PAGE]
        if shown:
            note_look(site, viewer, "board", "")
        return show(
            "dispatch", rows=shown, area=area, way=way, ways=WAYS, crews=crews, frame=_frame(shown),
            more=shown[-1].id if len(rows) > PAGE else "", may=viewer.may({Role.DISPATCHER}),
            today=local_day(site.now(), site.settings.zone).isoformat(),
        )  # fmt: skip

    @pages.post("/dispatch/try", Role.DISPATCHER)
    def try_dispatch(viewer: Viewer) -> Answer:
        """Show what would be handed out, and what the gate would refuse; nothing is done yet."""
        if words("how", 20) == "nearest":
            crew = words("crew", 2)
            size = int(crew) if crew.isdecimal() else 1
            proposal = dispatching.propose_nearest(site, viewer, words("area", 100), size)
        else:
            crew_codes = (words("lead", 64), *words("companions", 200).split())
            proposal = dispatching.propose(site, viewer, [(each, *crew_codes) for each in _chosen()])
        note_look(site, viewer, "board", "")
        return show("proposal", proposal=proposal)

    @pages.post("/dispatch/assign", Role.DISPATCHER)
    def assign_cases(viewer: Viewer) -> Answer:
        """Hand out just what was shown: each case to the crew that stood beside it."""
        orders = [tuple(each.split()) for each in request.form.getlist("order")]
        proposal = dispatching.propose(site, viewer, [each for each in orders if len(each) > 1 and is_id(each[0])])
        count = len(proposal.passing)
        pages.do(
            viewer, "assigned", ("cases", ""), lambda: dispatching.hand_out(site, viewer, proposal), _say_assigned,
            cases=[each.case_id for each in proposal.passing], count=count,
        )  # fmt: skip
        return go("dispatch")

    @pages.post("/dispatch/unassign", Role.DISPATCHER)
    def unassign_cases(viewer: Viewer) -> Answer:
        """Take cases back from whoever has them."""
        with site.store.read() as connection:
            rows = dispatch_rows.read_open(connection, _chosen(), sorted(viewer.agencies))
        ids = [row.id for row in rows]
        with noted(site, viewer, "unassigned", "cases", "", cases=ids):
            count = unassign(site, ids, by=viewer.name)
        tell(ngettext("%(num)d case was taken back.", "%(num)d cases were taken back.", count))
        return go("dispatch", way="given")

    @pages.get("/dispatch/crews/<code>", *DISPATCH)
    def crew_day(viewer: Viewer, code: str) -> Answer:
        """Show the day of the crew that an agent leads, in the order to go; made to be printed."""
        try:
            day = date.fromisoformat(request.args.get("day", ""))
        except ValueError:
            day = local_day(site.now(), site.settings.zone)
        plan = dispatching.plan_crew_day(site, viewer, code, day)
        note_look(site, viewer, "crew_day", code)
        return show("crew_day", plan=plan, day=day)


def _chosen() -> list[str]:
    return [each for each in request.form.getlist("case") if is_id(each)]


def _say_assigned(report: AssignReport) -> str:
    said = ngettext("%(num)d case was handed out.", "%(num)d cases were handed out.", report.assigned + report.moved)
    if not report.refused:
        return said
    refused = ngettext("The gate refused %(num)d.", "The gate refused %(num)d.", len(report.refused))
    return f"{said} {refused}"


def _frame(rows: Sequence[AnyRow]) -> Frame | None:
    points: list[Point] = [(row.lat_e7, row.lon_e7) for row in rows if row.lat_e7 is not None]
    return frame_points(points, WIDTH, HEIGHT) if points else None


