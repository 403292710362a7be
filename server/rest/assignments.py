"""Who goes where: cases that nobody has, handing one out to a crew through the gate, taking it back."""

from __future__ import annotations

from marshmallow import fields, validate
from sqlalchemy import Connection

from schemas.errors import FieldError
from schemas.shapes import Strict, text
from server.domain.roles import Role, TokenScope, Viewer
from server.rest.asking import Asked
from server.rest.case_answers import DONE, AssignedSchema, TakenBackSchema
from server.rest.cases import find_case
from server.rest.routes import Routes, Told
from server.services import dispatching
from server.services.assigning import unassign
from server.services.auditing import noted
from server.storage import dispatch_rows

MOST_COMPANIONS = 5
TAKEN = "This case was closed or handed out meanwhile."


class AssignmentBody(Strict):
    """A crew by its agents' codes."""

    lead = text(64)
    companions = fields.List(text(64), load_default=[], validate=validate.Length(0, MOST_COMPANIONS))


def add_routes(routes: Routes) -> None:
    """Put these routes on the API."""
    site = routes.site

    @routes.post(
        "/cases/<uuid:case_id>/assignments", TokenScope.DISPATCH, Role.DISPATCHER, body=AssignmentBody,
        answers={201: AssignedSchema}, refusals=(404,),
    )  # fmt: skip
    def assign_case(viewer: Viewer, asked: Asked, case_id: str) -> tuple[int, Told]:
        """Hand a case to a crew; 409 where the gate refuses, with each rule that stands in the way."""
        crew = [asked["lead"], *asked.get("companions", [])]
        with site.store.read() as connection:
            _check_open(connection, viewer, case_id)
        proposal = dispatching.propose(site, viewer, [(case_id, *crew)])
        if not proposal.orders:
            raise FieldError("conflict", detail=TAKEN)
        if proposal.refused:
            in_the_way = proposal.answers[case_id].in_the_way
            rules = {each.rule_id: [each.limit or each.says_agent] for each in in_the_way}
            raise FieldError("conflict", rules, detail="The gate does not let this case through to this crew.")
        with noted(site, viewer, "assigned", "cases", "", cases=[case_id], count=1):
            report = dispatching.hand_out(site, viewer, proposal)
            if report.refused:
                raise FieldError("conflict", detail=report.refused[0][1])
        outcome = next(each for each in DONE if getattr(report, each))
        return 201, {"case_id": case_id, "lead": crew[0], "companions": crew[1:], "outcome": outcome}

    @routes.delete(
        "/cases/<uuid:case_id>/assignments", TokenScope.DISPATCH, Role.DISPATCHER, answers={200: TakenBackSchema},
        refusals=(404, 409),
    )  # fmt: skip
    def unassign_case(viewer: Viewer, asked: Asked, case_id: str) -> Told:
        """Take a case back from whoever has it; where nobody has, nothing is done."""
        with site.store.read() as connection:
            _check_open(connection, viewer, case_id)
        with noted(site, viewer, "unassigned", "cases", "", cases=[case_id]):
            count = unassign(site, [case_id], by=viewer.name)
        return {"case_id": case_id, "was_assigned": count > 0}


def _check_open(connection: Connection, viewer: Viewer, case_id: str) -> None:
    """Raise `not-found` for a case that is not the viewer's to hand out, `conflict` for one that is closed."""
    if not dispatch_rows.read_open(connection, [case_id], sorted(viewer.agencies)):
        find_case(connection, viewer, case_id)
        raise FieldError("conflict", detail="This case is not open.")
