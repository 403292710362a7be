"""
The contract of what travels down: the body of each type of feed item.

The server writes these bodies once, when a case changes, and joins bytes afterwards; a device that meets a type it
does not know stores it opaque and counts it (F4).
"""

from __future__ import annotations

from marshmallow import fields, validate

from schemas import vocabulary as v
from schemas.shapes import DATE_PATTERN as DATE
from schemas.shapes import (
    MAX_NOTE,
    Strict,
    integer,
    matching,
    one_of,
    server_time,
    text,
    uuid_text,
)
from schemas.shapes import SHA256_PATTERN as SHA256
from schemas.shapes import WALL_PATTERN as WALL


class PersonSchema(Strict):
    """Whom to ask for, and how they can be reached; never why."""

    name = text(200)
    language = text(20, required=False)
    contacts = fields.Dict(keys=fields.String(), values=fields.String())


class PlaceSchema(Strict):
    """Where: an address, and the coordinates with their precision where they are known."""

    address = text(500)
    area = text(100, required=False)
    postal_code = text(20, required=False)
    lat_e7 = integer(-900_000_000, 900_000_000, required=False)
    lon_e7 = integer(-1_800_000_000, 1_800_000_000, required=False)
    precision = one_of(v.Precision, required=False)
    radius_dm = integer(required=False)


class CrewMemberSchema(Strict):
    """One agent of the crew."""

    agent_id = uuid_text()
    name = text(200)
    role = one_of(v.Role)


class IntervalSchema(Strict):
    """From one local time until another."""

    starts = matching(WALL)
    ends = matching(WALL)


class CountSchema(Strict):
    """How many visits more may start within a length of time, besides those the server had counted."""

    unit = one_of(v.CountUnit)
    most = integer(0, 1000)
    period_ms = integer(1)


class RecordingLimitsSchema(Strict):
    """What the rulebooks say of recording sound and picture at the door."""

    audio = one_of(v.RecordingDuty, required=False)
    video = one_of(v.RecordingDuty, required=False)


class LimitsSchema(Strict):
    """What the rulebooks say, compiled: a device only compares. Absent means that nothing is limited there."""

    intervals = fields.List(fields.Nested(IntervalSchema))
    steps = fields.List(one_of(v.Step))
    counts = fields.List(fields.Nested(CountSchema))
    known_visits = fields.List(uuid_text())
    crew_min = integer(1, 10, required=False)
    longest_stay_ms = integer(required=False)
    fence_dm = integer(required=False)
    recording = fields.Nested(RecordingLimitsSchema)


class AppointmentSchema(Strict):
    """An appointment made with the person."""

    appointment_id = uuid_text()
    starts = matching(WALL)
    ends = matching(WALL)
    made_by = one_of(v.MadeBy)


class PlannedSchema(Strict):
    """When the office would have the crew come, on one day: the place in its order, and from when on to be there."""

    day = matching(DATE)
    order = integer(1, 1000)
    starts = matching(WALL)


class TextSchema(Strict):
    """A text to say at the door, with its version and language; `key` is a Step or a Saying."""

    key = text(40)
    version = text(40)
    language = text(20)
    text = fields.String(required=True, validate=validate.Length(1, MAX_NOTE))


class OpenPartSchema(Strict):
    """Where, when, how to behave."""

    person = fields.Nested(PersonSchema, required=True)
    place = fields.Nested(PlaceSchema, required=True)
    crew = fields.List(fields.Nested(CrewMemberSchema), required=True)
    limits = fields.Nested(LimitsSchema, required=True)
    appointments = fields.List(fields.Nested(AppointmentSchema))
    planned = fields.Nested(PlannedSchema)
    texts = fields.List(fields.Nested(TextSchema))
    lease_until = server_time()


class AskSchema(Strict):
    """One fact to ask for, with what to choose from: the right answer among others, in no order that tells it."""

    fact = one_of(v.FactKind)
    choices = fields.List(text(40), required=True, validate=validate.Length(2, 20))


class WrapSchema(Strict):
    """One way to the content key; `asks` is what a pair of facts is asked by."""

    kind = one_of(v.WrapKind)
    key = text(400)
    salt = text(40, required=False)
    iterations = integer(1, required=False)
    iv = text(40, required=False)
    asks = fields.List(fields.Nested(AskSchema), validate=validate.Length(2, 2))


class SealedPartSchema(Strict):
    """The debt, encrypted: see `sealing.py`."""

    iv = text(40)
    ciphertext = text(200_000)
    wraps = fields.List(fields.Nested(WrapSchema), required=True)


class PacketSchema(Strict):
    """What one agent may hold of one case; companions have no sealed part."""

    schema = fields.Integer(required=True, strict=True)
    role = one_of(v.Role)
    open = fields.Nested(OpenPartSchema, required=True)
    sealed = fields.Nested(SealedPartSchema)


class SealedContentSchema(Strict):
    """What the sealed part holds once opened; `texts` are those that nobody else may hear."""

    lender = text(200)
    reference = text(200)
    product = text(100, required=False)
    currency = text(3)
    amount = integer()
    overdue = integer(required=False)
    days_past_due = integer(required=False)
    options = fields.List(text(400))
    texts = fields.List(fields.Nested(TextSchema))


class NoticedSchema(Strict):
    """A finding as the agent is told it."""

    finding_id = uuid_text()
    code = text(60)
    severity = text(20)
    sentence = text(1000)


class DecisionSchema(Strict):
    """A reviewer's decision on a visit, with the question if it was returned."""

    case_id = uuid_text()
    visit_id = uuid_text()
    act = one_of(v.Act)
    at = server_time()
    question = text(MAX_NOTE, required=False)
    reason = text(MAX_NOTE, required=False)
    findings = fields.List(fields.Nested(NoticedSchema))


class ReplaySchema(Strict):
    """A parked event was judged again."""

    event_id = uuid_text()
    status = one_of(v.ReceiptStatus)
    at = server_time()


class ErasedSchema(Strict):
    """An event's content was erased; the device drops its copy."""

    event_id = uuid_text()


class FileStateSchema(Strict):
    """Only `verified` permits a device to delete its copy."""

    sha256 = matching(SHA256)
    state = fields.String(required=True, validate=validate.OneOf(["verified", "discarded"]))
    at = server_time()


class HoldSchema(Strict):
    """A live hold: which cases of this agent it halts."""

    hold_id = uuid_text()
    case_ids = fields.List(uuid_text(), required=True)
    reason = one_of(v.HoldReason)
    until = server_time(required=False)


class ServerKeySchema(Strict):
    """One public key of the server and when it may first sign."""

    kid = text(64)
    jwk = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    active_from = server_time()


class ServerKeysSchema(Strict):
    """The server's public keys; `proof` is a JWS {"typ": "server_keys", keys} by a key already trusted."""

    keys = fields.List(fields.Nested(ServerKeySchema), required=True)
    proof = text(20_000)


class NoticeSchema(Strict):
    """A short message to every device."""

    title = text(200)
    text = fields.String(required=True, validate=validate.Length(1, MAX_NOTE))


ITEM_SCHEMAS: dict[v.ItemType, type[Strict]] = {
    v.ItemType.PACKET: PacketSchema,
    v.ItemType.DECISION: DecisionSchema,
    v.ItemType.REPLAY: ReplaySchema,
    v.ItemType.ERASED: ErasedSchema,
    v.ItemType.FILE_STATE: FileStateSchema,
    v.ItemType.HOLD: HoldSchema,
    v.ItemType.SERVER_KEYS: ServerKeysSchema,
    v.ItemType.NOTICE: NoticeSchema,
}
