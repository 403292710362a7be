"""Handing out: what would come of it is shown first; then just that is done. Taking back."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from schemas.errors import FieldError
from server.domain.roles import Role, Viewer
from server.office.pages import Answer, Pages, go, show, tell, words
from server.office.speaking import say_error
from server.office.texts import ngettext
from server.services import dispatching
from server.services.assigning import AssignReport, unassign
from server.services.auditing import note_look, noted
from server.services.policy_table import load_policy, place_fault
from server.storage import dispatch_rows
from server.storage.types import is_id

EXAMPLE = """rows:
- name: long overdue
  when: {days_past_due: {from: 61}}
  to: {team: NAME OF A TEAM}
  crew: 2
- name: all others
  to: {agency: NAME OF AN AGENCY}
"""
MOST_TABLE = 256 * 1024  # bytes of a policy table, or of orders that were shown


def add_pages(pages: Pages) -> None:
    """Put these pages on the office."""
    site = pages.site

    @pages.post("/dispatch/try", Role.DISPATCHER)
    def try_dispatch(viewer: Viewer) -> Answer:
        """Show what would be handed out, and what the gate would refuse; nothing is done yet."""
        how, area, size = words("how", 20), words("area", 100), words("crew", 2)
        count = int(size) if size.isdecimal() and int(size) else 1
        crew = chosen_crew()
        if how == "nearest":
            proposal = dispatching.propose_nearest(site, viewer, area, count)
        elif how == "load":
            proposal = dispatching.propose_load(site, viewer, area, count)
        elif how == "area":
            proposal = dispatching.propose_area(site, viewer, area, crew)
        else:
            proposal = dispatching.propose(site, viewer, [(each, *crew) for each in chosen_cases()])
        note_look(site, viewer, "board", "")
        return show("proposal", proposal=proposal)

    @pages.get("/dispatch/policy", Role.DISPATCHER)
    def policy(viewer: Viewer) -> Answer:
        """Ask for a policy table, to see what it would do."""
        return show("policy", table=EXAMPLE, area=request.args.get("area", "").strip(), faults=())

    @pages.post("/dispatch/policy", Role.DISPATCHER, most=MOST_TABLE)
    def try_policy(viewer: Viewer) -> Answer:
        """Show which case a policy table gives to whom by which row, and what goes to a person."""
        area, given = words("area", 100), request.files.get("file")
        is_file = given is not None and given.filename
        table = given.read().decode("utf-8-sig", "replace") if given and is_file else words("table", MOST_TABLE)
        try:
            proposal = dispatching.propose_policy(site, viewer, load_policy(table), area)
        except FieldError as error:
            faults = [(*place_fault(path, table), " ".join(said)) for path, said in error.fields.items()]
            faults = faults or [("", "", "", " ".join(say_error(error)))]
            return Response(show("policy", table=table, area=area, faults=faults), 422, mimetype="text/html")
        note_look(site, viewer, "board", "")
        return show("proposal", proposal=proposal)

    @pages.post("/dispatch/assign", Role.DISPATCHER, most=MOST_TABLE)
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
            rows = dispatch_rows.read_open(connection, chosen_cases(), sorted(viewer.agencies))
        ids = [row.id for row in rows]
        with noted(site, viewer, "unassigned", "cases", "", cases=ids):
            count = unassign(site, ids, by=viewer.name)
        tell(ngettext("%(num)d case was taken back.", "%(num)d cases were taken back.", count))
        return go("dispatch", way="given")


def chosen_cases() -> list[str]:
    """Give the cases that were ticked."""
    return [each for each in request.form.getlist("case") if is_id(each)]


def chosen_crew() -> list[str]:
    """Give the crew that was named, the lead first."""
    return [words("lead", 64), *words("companions", 200).split()]


def _orders(name: str) -> list[list[str]]:
    orders = [each.split() for each in request.form.getlist(name)]
    return [each for each in orders if len(each) > 1 and is_id(each[0])]


def _say_assigned(report: AssignReport, held: int) -> str:
    said = ngettext("%(num)d case was handed out.", "%(num)d cases were handed out.", report.assigned + report.moved)
    count = len(report.refused) + held
    if not count:
        return said
    return f"{said} {ngettext('The gate refused %(num)d.', 'The gate refused %(num)d.', count)}"
