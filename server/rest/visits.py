"""Visits: those of the queue by its filters, one told whole, its events as they came, and the decision on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from schemas.errors import FieldError
from schemas.messages import format_time
from schemas.shapes import Strict, one_of, text, uuid_text
from schemas.vocabulary import Act, ContactResult, Disposition
from server.domain.conduct.codes import ConductCode
from server.domain.findings.codes import Code
from server.domain.reviewing import State
from server.domain.roles import DECIDERS, REVIEW, VISIT_READERS, TokenScope, Viewer
from server.rest.answers import tell_time
from server.rest.asking import Asked, PageQuery, day_text, read_cursor, read_span, write_cursor
from server.rest.routes import Routes, Told
from server.rest.visit_answers import DecidedSchema, EventsSchema, VisitSchema, VisitsSchema
from server.services import deciding
from server.services.auditing import note_look
from server.services.reviewing import Said
from server.services.site import Site
from server.services.story import tell_visit
from server.storage import queue_rows, visit_rows
from server.storage.queue_rows import Wanted
from server.storage.types import AnyRow

TO_DO, ANY = "todo", "any"
STATES = {TO_DO: deciding.TO_DECIDE, ANY: tuple(State), **{each.value: (each.value,) for each in State}}
OUTCOMES = [*(each.value for each in ContactResult), *(each.value for each in Disposition)]


class VisitsQuery(PageQuery):
    """The filters of the queue; one left out asks for all, `state` for what waits for a reviewer."""

    state = fields.String(load_default=TO_DO, validate=validate.OneOf(list(STATES)))
    agency = uuid_text(required=False)
    agent = text(64, required=False)
    finding = one_of(Code, required=False)
    outcome = fields.String(validate=validate.OneOf(OUTCOMES))
    area = text(100, required=False)
    since = day_text(data_key="from")
    until = day_text(data_key="to")


class AmendmentSchema(Strict):
    """What an amendment puts in place of what was recorded."""

    contact_result = one_of(ContactResult, required=False)
    disposition = one_of(Disposition, required=False)


class DecisionBody(Strict):
    """A decision; `saw` is the conduct that was seen, empty for none at all, left out where nobody looked."""

    act = one_of(Act)
    reason = text(2000, required=False)
    question = text(2000, required=False)
    amendment = fields.Nested(AmendmentSchema)
    saw = fields.List(one_of(ConductCode), validate=validate.Length(0, len(ConductCode)))


def add_routes(routes: Routes) -> None:
    """Put these routes on the API."""
    site = routes.site

    @routes.get("/visits", TokenScope.READ, *REVIEW, answers={200: VisitsSchema}, query=VisitsQuery, refusals=(404,))
    def list_visits(viewer: Viewer, asked: Asked) -> Told:
        """List visits: the gravest finding first, then the longest waiting."""
        wanted, most = _read_wanted(site, viewer, asked), asked["limit"]
        place = read_cursor(site, "visits", asked)
        with site.store.read() as connection:
            rows = queue_rows.list_queue(connection, wanted, place, most + 1)
            found = queue_rows.read_findings_of(connection, [row.visit_id for row in rows])
        if rows:
            note_look(site, viewer, "visits", "")
        more = write_cursor(site, "visits", [*queue_rows.place_of(rows[most - 1])]) if len(rows) > most else None
        return {"visits": [_tell_listed(row, found.get(row.visit_id, [])) for row in rows[:most]], "next": more}

    @routes.get("/visits/<uuid:visit_id>", TokenScope.READ, *VISIT_READERS, answers={200: VisitSchema}, refusals=(404,))
    def read_visit(viewer: Viewer, asked: Asked, visit_id: str) -> Told:
        """Tell one visit from beginning to end."""
        with site.store.read() as connection:
            deciding.find_visit(connection, viewer, visit_id)
        note_look(site, viewer, "visit", visit_id)
        return tell_visit(site, visit_id)

    @routes.get(
        "/visits/<uuid:visit_id>/events", TokenScope.READ, *VISIT_READERS, answers={200: EventsSchema}, refusals=(404,)
    )
    def read_events(viewer: Viewer, asked: Asked, visit_id: str) -> Told:
        """Give a visit's events as they were received, to be checked against the device's own."""
        with site.store.read() as connection:
            row = deciding.find_visit(connection, viewer, visit_id)
            events = visit_rows.read_visit_events(connection, row.case_id, visit_id)
        note_look(site, viewer, "visit", visit_id)
        return {"events": [_tell_event(each) for each in events]}

    @routes.post(
        "/visits/<uuid:visit_id>/decisions", TokenScope.REVIEW, *DECIDERS, body=DecisionBody,
        answers={201: DecidedSchema, 202: DecidedSchema}, refusals=(404,),
    )  # fmt: skip
    def decide_visit(viewer: Viewer, asked: Asked, visit_id: str) -> tuple[int, Told]:
        """Decide on a visit as on its page; 202 where it is the first of two approvals."""
        act = Act(asked["act"])
        if "amendment" in asked and act is not Act.AMENDED:
            raise FieldError("invalid", {"amendment": [f"goes with the act {Act.AMENDED.value} only"]})
        said = Said(
            asked.get("reason", ""), asked.get("question", ""), asked.get("amendment"),
            [ConductCode(each) for each in asked["saw"]] if "saw" in asked else None,
        )  # fmt: skip
        decision_id = deciding.decide(site, viewer, visit_id, act, said)
        return 202 if decision_id is None else 201, {"visit_id": visit_id, "act": act.value, "id": decision_id}


def _read_wanted(site: Site, viewer: Viewer, asked: Asked) -> Wanted:
    agency = asked.get("agency")
    if agency is not None and not viewer.sees(agency):
        raise FieldError("not-found", detail="There is no such agency among those of this token.")
    since_ms, until_ms = read_span(site, asked)
    return Wanted(
        STATES[asked["state"]], tuple(sorted(viewer.agencies)) if agency is None else (agency,),
        asked.get("agent", ""), asked.get("finding", ""), asked.get("outcome", ""), asked.get("area", ""),
        since_ms, until_ms,
    )  # fmt: skip


def _tell_listed(row: AnyRow, found: list[dict[str, Any]]) -> Mapping[str, Any]:
    return {
        "id": row.visit_id, "case_id": row.case_id, "reference": row.reference, "address": row.address,
        "area": row.area, "agency_id": row.agency_id, "agent": row.code, "state": row.state,
        "started": tell_time(row.started_ms), "updated": format_time(row.updated_ms),
        "contact_result": row.contact_result, "disposition": row.disposition,
        "findings": [{"code": each["code"], "severity": each["severity"]} for each in found],
    }  # fmt: skip


def _tell_event(row: AnyRow) -> Mapping[str, Any]:
    return {
        "id": row.id, "kind": row.kind, "device_id": row.device_id, "chain_id": row.chain_id, "seq": row.seq,
        "status": row.status, "problem": row.problem, "flags": row.flags.split(",") if row.flags else [],
        "received": format_time(row.first_received_ms),
        "content": None if row.content is None else row.content.decode("utf-8", "replace"),
    }  # fmt: skip
