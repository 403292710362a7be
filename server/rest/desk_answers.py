"""What the REST API answers about statements, findings, complaints, acts and exports."""

from __future__ import annotations

from marshmallow import fields

from schemas.shapes import Strict
from server.domain.findings.codes import Code, Severity
from server.rest.answers import PageSchema, many, maybe, number, open_object, text, texts, truth, word
from server.services import exporting

EXPORT_STATES = ("waiting", "running", "done", "failed")


class DayOfDeviceSchema(Strict):
    """A device's day, counted: what came in of it, and whether somebody signed it off."""

    device_id = text()
    agent = text()
    agency = text()
    day = text()
    received = number()
    accepted = number()
    parked = number()
    is_whole = truth()
    signed_off_by = maybe()
    signed_off = maybe()
    is_changed = truth()


class StatementsSchema(Strict):
    """The day of every device that was heard from."""

    day = text()
    statements = many(DayOfDeviceSchema)


class StatementSchema(DayOfDeviceSchema):
    """A device's day as the server states it (PROTOCOL), and the same under the server's signature."""

    statement = open_object()
    jws = text()


class ListedFindingSchema(Strict):
    """A finding that stands."""

    id = text()
    code = word(Code)
    severity = word(Severity)
    sentence = text()
    facts = open_object()
    found = text()
    contested = maybe()
    agent = maybe()
    case_id = maybe()
    visit_id = maybe()
    device_id = maybe()


class FindingsSchema(PageSchema):
    """Findings, the newest first."""

    findings = many(ListedFindingSchema)


class ComplaintSchema(Strict):
    """A complaint by its clocks, never its words."""

    id = text()
    case_id = maybe()
    reference = maybe()
    channel = text()
    codes = texts()
    made = text()
    triage_by = maybe()
    acknowledge_by = text()
    answer_by = text()
    acknowledged = maybe()
    answered = maybe()


class ComplaintsSchema(PageSchema):
    """Complaints: those open, the oldest first, or those done, the newest first."""

    complaints = many(ComplaintSchema)


class ActSchema(Strict):
    """What somebody of the office did or looked at, linked to the act before by its hash."""

    seq = number()
    at = text()
    account_id = maybe()
    name = text()
    act = text()
    object_type = text()
    object_id = text()
    facts = open_object()
    previous = text()
    hash = text()


class ActsSchema(PageSchema):
    """Acts, the newest first."""

    acts = many(ActSchema)


class ExportSchema(Strict):
    """A file that is written, or stands to be fetched for a week at `file`."""

    id = text()
    kind = word(exporting.KINDS)
    format = word(exporting.FORMATS)
    profile = word(exporting.PROFILES)
    state = word(EXPORT_STATES)
    made = text()
    rows = number()
    size = maybe(fields.Integer, strict=True)
    sha256 = maybe()
    problem = maybe()
    file = maybe()
