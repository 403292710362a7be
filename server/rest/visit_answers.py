"""What the REST API answers about visits."""

from __future__ import annotations

from marshmallow import fields

from schemas.shapes import Strict
from server.domain.findings.codes import Code, Severity
from server.domain.reviewing import State
from server.rest.answers import (
    BriefComplaintSchema,
    PageSchema,
    many,
    maybe,
    number,
    open_object,
    text,
    texts,
    word,
)


class FoundSchema(Strict):
    """A finding as it stands beside a visit in a list."""

    code = word(Code)
    severity = word(Severity)


class ListedVisitSchema(Strict):
    """A visit in a list."""

    id = text()
    case_id = text()
    reference = maybe()
    address = maybe()
    area = maybe()
    agency_id = maybe()
    agent = maybe()
    state = word(State)
    started = maybe()
    updated = text()
    contact_result = maybe()
    disposition = maybe()
    findings = many(FoundSchema)


class VisitsSchema(PageSchema):
    """Visits: the gravest finding first, then the longest waiting."""

    visits = many(ListedVisitSchema)


class ToldEventSchema(Strict):
    """An event of a visit, as the office tells it."""

    id = text()
    kind = text()
    packet_rev = maybe(fields.Integer)
    words = text()
    more = text()
    agent = text()
    time = text()
    bound_ms = number()
    basis = text()
    device_time = maybe()
    received = text()
    body = open_object()


class FindingSchema(Strict):
    """A finding on a visit."""

    id = text()
    code = word(Code)
    severity = word(Severity)
    sentence = text()
    facts = open_object()
    contested = maybe()


class DecisionSchema(Strict):
    """A decision on a visit."""

    id = text()
    act = text()
    by = text()
    at = text()
    reason = maybe()
    question = maybe()
    answer = maybe()
    amendment = maybe(fields.Dict)
    saw = maybe(fields.List, cls_or_instance=fields.String())


class BrokenRuleSchema(Strict):
    """A rule that a visit broke."""

    rule = text()
    limit = text()
    citation = text()
    confidence = text()
    used = texts()


class RuleSchema(Strict):
    """A rule that a question is about."""

    rule = text()
    limit = text()


class QuestionSchema(Strict):
    """What a rule could not know."""

    missing = text()
    asks = text()
    rules = many(RuleSchema)


class ConductSchema(Strict):
    """How the rules answered of a visit."""

    passed = number()
    failed = many(BrokenRuleSchema)
    questions = many(QuestionSchema)


class ErasedSchema(Strict):
    """By whom, when and why a file was erased by itself."""

    by = text()
    at = text()
    reason = text()


class FileSchema(Strict):
    """
    A file that a visit's events name, or that the office added; `arrived` is how many bytes of it have come.

    `starts` and `ends` are its own times: a recording's, or when a picture was taken.
    """

    sha256 = text()
    size = number()
    role = text()
    media_type = text()
    shown_as = text()
    state = text()
    by = text()
    is_office = fields.Boolean(required=True)
    serial = text()
    named = text()
    heard = text()
    starts = maybe()
    ends = maybe()
    is_missing = fields.Boolean(required=True)
    erased = fields.Nested(ErasedSchema, required=True, allow_none=True)
    arrived = number()


class VisitSchema(Strict):
    """A visit, told from beginning to end."""

    visit_id = text()
    case_id = text()
    reference = maybe()
    address = maybe()
    state = word(State)
    lead = maybe()
    events = many(ToldEventSchema)
    beside = many(ToldEventSchema)
    parked = texts()
    files = many(FileSchema)
    media_complete = fields.Boolean(required=True)
    findings = many(FindingSchema)
    decisions = many(DecisionSchema)
    complaints = many(BriefComplaintSchema)
    conduct = fields.Nested(ConductSchema, required=True, allow_none=True)


class EventSchema(Strict):
    """An event as it was received; `content` is null once erased, and while it is withheld."""

    id = text()
    kind = maybe()
    device_id = text()
    chain_id = text()
    seq = number()
    status = text()
    problem = maybe()
    flags = texts()
    received = text()
    content = maybe()


class EventsSchema(Strict):
    """Every event that names a visit, chain by chain."""

    events = many(EventSchema)


class DecidedSchema(Strict):
    """What came of a decision; without an id it is the first of two, and waits for a second person."""

    visit_id = text()
    act = text()
    id = maybe()
