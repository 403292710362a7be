"""The dispatch board: who goes where, what is blocked and until when, a crew's day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from flask import request

from server.domain.day_plan import Point
from server.domain.plotting import Frame, frame_points
from server.domain.roles import Role, Viewer
from server.office import board
from server.office.layout import DISPATCH
from server.office.pages import Answer, Pages, go, show, tell, words
from server.office.speaking import local_day
from server.office.texts import ngettext
from server.services import dispatching
from server.services.assigning import AssignReport, unassign
from server.services.auditing import note_look, noted
from server.storage import dispatch_rows
from server.storage.types import AnyRow, is_id

FEW = 5  # cases of a group that are shown at once
WAYS = ("free", "given", "refused", "all")
WIDTH, HEIGHT = 640, 400


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site

    @pages.get("/dispatch", *DISPATCH)
    def dispatch(viewer: Viewer) -> Answer:
        """Show open cases, those nobody has first of all, with a sketch of where they are."""
        area, way, rule = (request.args.get(each, "").strip()[:200] for each in ("area", "way", "rule"))
        way, before = way if way in WAYS else "free", request.args.get("before", "")
        if way == "refused" and not rule:
            groups, count, is_more = board.list_groups(site, area)
            if groups:
                note_look(site, viewer, "board", "")
            return show(
                "refused", groups=groups, area=area, count=count, is_more=is_more, few=FEW, say_rule=board.say_rule,
                now_ms=site.now(),
            )  # fmt: skip
        if way == "refused":
            listed = board.list_group(site, area, rule, before)
        else:
            listed = board.list_board(site, viewer, area, way, before)
        with site.store.read() as connection:
            crews = dispatch_rows.list_crews(connection, sorted(viewer.agencies))
        if listed.rows:
            note_look(site, viewer, "board", "")
        return show(
            "dispatch", board=listed, rows=listed.rows, area=area, way=way, ways=WAYS, rule=rule, crews=crews,
            frame=_frame(listed.rows), may=viewer.may({Role.DISPATCHER}), say_rule=board.say_rule,
            most_ranked=dispatching.MOST_RANKED, today=local_day(site.now(), site.settings.zone).isoformat(),
            now_ms=site.now(),
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
        """Hand out just what was shown: each case to the crew that stood beside it; keep why others were refused."""
        shown, refused = _orders("order"), _orders("refused")
        proposal = dispatching.propose(site, viewer, [*shown, *refused], only={each[0] for each in shown})
        pages.do(
            viewer, "assigned", ("cases", ""), lambda: dispatching.hand_out(site, viewer, proposal),
            lambda report: _say_assigned(report, len(proposal.refused)),
            cases=[each.case_id for each in proposal.passing], count=len(proposal.passing),
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


def _orders(name: str) -> list[list[str]]:
    orders = [each.split() for each in request.form.getlist(name)]
    return [each for each in orders if len(each) > 1 and is_id(each[0])]


def _say_assigned(report: AssignReport, held: int) -> str:
    said = ngettext("%(num)d case was handed out.", "%(num)d cases were handed out.", report.assigned + report.moved)
    count = len(report.refused) + held
    if not count:
        return said
    return f"{said} {ngettext('The gate refused %(num)d.', 'The gate refused %(num)d.', count)}"


def _frame(rows: Sequence[AnyRow]) -> Frame | None:
    points: list[Point] = [(row.lat_e7, row.lon_e7) for row in rows if row.lat_e7 is not None]
    return frame_points(points, WIDTH, HEIGHT) if points else None


