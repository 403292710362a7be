"""What the REST API answers about cases."""

from __future__ import annotations

from marshmallow import fields

from schemas.shapes import Strict
from server.domain.assigning import CaseStatus, Outcome
from server.rest.answers import (
    BriefComplaintSchema,
    PageSchema,
    many,
    maybe,
    number,
    open_object,
    text,
    texts,
    truth,
    word,
)

DONE = [each for each in Outcome if each is not Outcome.REFUSED]


class NamedCaseSchema(Strict):
    """A case by its names."""

    id = text()
    lender = text()
    reference = text()
    status = word(CaseStatus)
    area = maybe()


class ListedCaseSchema(NamedCaseSchema):
    """A case in a list."""

    person_id = text()
    person = text()
    address = text()


class CasesSchema(PageSchema):
    """Cases, the newest first."""

    cases = many(ListedCaseSchema)


class PersonSchema(Strict):
    """Whoever a case is about."""

    id = text()
    name = text()
    language = maybe()
    contacts = open_object()


class PlaceSchema(Strict):
    """Where a case is."""

    address = text()
    postal_code = maybe()
    lat_e7 = maybe(fields.Integer, strict=True)
    lon_e7 = maybe(fields.Integer, strict=True)
    precision = maybe()
    source = maybe()


class AssignmentSchema(Strict):
    """Who had a case, and when."""

    agent = text()
    role = text()
    since = text()
    until = maybe()
    lease_until = text()
    reason = maybe()


class HoldSchema(Strict):
    """A halt on a case, or on its person."""

    id = text()
    is_of_person = truth()
    reason = text()
    source = text()
    owner = maybe()
    is_provisional = truth()
    placed = text()
    until = maybe()
    review = maybe()
    lifted = maybe()


class CaseVisitSchema(Strict):
    """A visit to a case."""

    id = text()
    agent = maybe()
    state = maybe()
    started = maybe()
    contact_result = maybe()
    disposition = maybe()


class PaymentSchema(Strict):
    """A payment."""

    paid_on = text()
    currency = text()
    amount = number()


class AppointmentSchema(Strict):
    """What was agreed."""

    id = text()
    starts = text()
    ends = text()
    made_by = text()


class CaseSchema(NamedCaseSchema):
    """A case with what is known of it."""

    person = fields.Nested(PersonSchema, required=True)
    place = fields.Nested(PlaceSchema, required=True)
    role = text()
    product = maybe()
    grade = maybe()
    currency = text()
    amount = number()
    overdue = maybe(fields.Integer, strict=True)
    days_past_due = maybe(fields.Integer, strict=True)
    updated = text()
    closed = maybe()
    assignments = many(AssignmentSchema)
    holds = many(HoldSchema)
    visits = many(CaseVisitSchema)
    appointments = many(AppointmentSchema)
    payments = many(PaymentSchema)
    complaints = many(BriefComplaintSchema)


class HeldSchema(Strict):
    """A halt that was placed, and how many agents hear of it at their next exchange."""

    id = text()
    case_id = text()
    agents_told = number()


class AssignedSchema(Strict):
    """A case that was handed out."""

    case_id = text()
    lead = text()
    companions = texts()
    outcome = word(DONE)


class TakenBackSchema(Strict):
    """Whether somebody had the case that was taken back."""

    case_id = text()
    was_assigned = truth()


class BoardCaseSchema(Strict):
    """An open case on the board."""

    id = text()
    lender = text()
    reference = text()
    person = text()
    address = text()
    area = maybe()
    lead = maybe()
    lease_until = maybe()


class BoardSchema(PageSchema):
    """Open cases, the newest first."""

    cases = many(BoardCaseSchema)


class AgentSchema(Strict):
    """An active agent with their load."""

    id = text()
    code = text()
    name = text()
    agency = text()
    open_cases = number()
    capacity = maybe(fields.Integer, strict=True)


class AgentsSchema(Strict):
    """Who can be sent, by agency and code."""

    agents = many(AgentSchema)
