"""Cases: search, one with what is known of it, halts, and who goes there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from schemas.errors import FieldError
from schemas.messages import format_time
from schemas.shapes import Strict, one_of, text
from schemas.vocabulary import HoldReason, HoldScope
from server.domain.assigning import CaseStatus
from server.domain.roles import ANSWERERS, CASE_READERS, TokenScope, Viewer
from server.rest.answers import tell_time
from server.rest.asking import Asked, PageQuery, day_text, read_cursor, read_day, write_cursor
from server.rest.case_answers import CaseSchema, CasesSchema, HeldSchema
from server.rest.routes import Routes, Told
from server.services import holding
from server.services.auditing import note_look, noted
from server.services.searching import find_cases
from server.storage import desk_rows
from server.storage.types import AnyRow


class CasesQuery(PageQuery):
    """What is searched for, or the cases of a status (the open ones) and an area."""

    q = text(200, required=False)
    status = one_of(CaseStatus, required=False)
    area = text(100, required=False)


class HoldBody(Strict):
    """A halt; without a day it lasts as the rules say, or until somebody lifts it."""

    reason = one_of(HoldReason)
    scope = one_of(HoldScope)
    until = day_text()


def find_case(connection: Connection, viewer: Viewer, case_id: str) -> AnyRow:
    """Give a case of the viewer's agencies; raise `not-found`, also for one of another agency."""
    row = desk_rows.find_case(connection, case_id, sorted(viewer.agencies))
    if row is None:
        raise FieldError("not-found", detail="There is no such case among those of your agencies.")
    return row


def add_routes(routes: Routes) -> None:
    """Put these routes on the API."""
    site = routes.site

    @routes.get("/cases", TokenScope.READ, *CASE_READERS, answers={200: CasesSchema}, query=CasesQuery, refusals=(422,))
    def list_cases(viewer: Viewer, asked: Asked) -> Told:
        """Search cases by any word of name, reference, address or a phone's last digits, or list them."""
        agencies, most = sorted(viewer.agencies), asked["limit"]
        before = (read_cursor(site, "cases", asked) or (None,))[0]
        if "q" in asked and {"status", "area"} & set(asked):
            raise FieldError("invalid", {"q": ["looks at every case; leave status and area out"]})
        with site.store.read() as connection:
            if "q" in asked:
                found = find_cases(connection, asked["q"], agencies, before, most + 1)
                rows = desk_rows.read_listed(connection, found)
            else:
                status, area = asked.get("status", CaseStatus.OPEN), asked.get("area", "")
                rows = desk_rows.list_cases(connection, agencies, status, area, before, most + 1)
        if rows:
            note_look(site, viewer, "search", "")
        more = write_cursor(site, "cases", [rows[most - 1].id]) if len(rows) > most else None
        return {"cases": [_tell_listed(row) for row in rows[:most]], "next": more}

    @routes.get("/cases/<uuid:case_id>", TokenScope.READ, *CASE_READERS, answers={200: CaseSchema}, refusals=(404,))
    def read_case(viewer: Viewer, asked: Asked, case_id: str) -> Told:
        """Give a case with what is known of it."""
        with site.store.read() as connection:
            told = _tell_case(connection, viewer, find_case(connection, viewer, case_id))
        note_look(site, viewer, "case", case_id)
        return told

    @routes.post(
        "/cases/<uuid:case_id>/holds", TokenScope.DISPATCH, *ANSWERERS, body=HoldBody, answers={201: HeldSchema},
        refusals=(404,),
    )  # fmt: skip
    def place_hold(viewer: Viewer, asked: Asked, case_id: str) -> tuple[int, Told]:
        """Halt a case, or everything of its person."""
        with site.store.read() as connection:
            find_case(connection, viewer, case_id)
        reason, scope = HoldReason(asked["reason"]), HoldScope(asked["scope"])
        until = read_day(asked["until"], "until") if "until" in asked else None
        with noted(site, viewer, "placed_hold", "case", case_id, reason=reason.value, scope=scope.value):
            hold_id, told = holding.place_office_hold(site, case_id, scope, reason, viewer.name, until)
        return 201, {"id": hold_id, "case_id": case_id, "agents_told": told}


def _tell_listed(row: AnyRow) -> Mapping[str, Any]:
    return {
        "id": row.id, "lender": row.lender, "reference": row.reference, "status": row.status, "area": row.area,
        "person_id": row.person_id, "person": row.name, "address": row.address,
    }  # fmt: skip


def _tell_case(connection: Connection, viewer: Viewer, row: AnyRow) -> Mapping[str, Any]:
    ids = [row.id]
    visits = desk_rows.read_visits(connection, ids, sorted(viewer.agencies))
    assignments = desk_rows.read_assignments(connection, row.id, sorted(viewer.agencies))
    return {
        **{name: getattr(row, name) for name in ("id", "lender", "reference", "status", "area", "role", "product")},
        **{name: getattr(row, name) for name in ("grade", "currency", "amount", "overdue", "days_past_due")},
        "updated": format_time(row.updated_ms), "closed": tell_time(row.closed_ms),
        "person": {
            "id": row.person_id, "name": row.name, "language": row.language, "contacts": row.merged or row.contacts,
        },
        "place": {
            name: getattr(row, name)
            for name in ("address", "postal_code", "lat_e7", "lon_e7", "precision", "source")
        },
        "assignments": _tell_assignments(assignments),
        "holds": [_tell_hold(each) for each in desk_rows.read_holds(connection, ids, row.person_id)],
        "visits": [_tell_visit(each) for each in visits],
        "appointments": [
            {"id": each.id, "starts": each.starts, "ends": each.ends, "made_by": each.made_by}
            for each in desk_rows.read_appointments(connection, row.id)
        ],
        "payments": [
            {"paid_on": each.paid_on, "currency": each.currency, "amount": each.amount}
            for each in desk_rows.read_payments(connection, row.id)
        ],
        "complaints": [
            {"id": each.id, "made": format_time(each.made_ms), "codes": each.codes,
             "is_answered": each.answered_ms is not None}
            for each in desk_rows.read_complaints(connection, row.id)
        ],
    }  # fmt: skip


def _tell_assignments(rows: Sequence[AnyRow]) -> list[Mapping[str, Any]]:
    return [
        {
            "agent": each.code, "role": each.role, "since": format_time(each.from_ms),
            "until": tell_time(each.until_ms), "lease_until": format_time(each.lease_until_ms), "reason": each.reason,
        }
        for each in rows
    ]  # fmt: skip


def _tell_hold(row: AnyRow) -> Mapping[str, Any]:
    """Tell a halt, also one of the person that came from another case, but never from which."""
    return {
        "id": row.id, "is_of_person": row.person_id is not None, "reason": row.reason, "source": row.source,
        "owner": row.owner, "is_provisional": row.is_provisional,
        "placed": format_time(row.placed_ms),
        "until": tell_time(row.until_ms), "review": tell_time(row.review_ms), "lifted": tell_time(row.lifted_ms),
    }  # fmt: skip


def _tell_visit(row: AnyRow) -> Mapping[str, Any]:
    return {
        "id": row.visit_id, "agent": row.code, "state": row.state, "started": tell_time(row.started_ms),
        "contact_result": row.contact_result, "disposition": row.disposition,
    }  # fmt: skip
