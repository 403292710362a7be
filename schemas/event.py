"""
The contract of an event's content: one marshmallow schema for each kind.

A device loads what it is about to record through these; the server's fast check is generated from them
(`fastcheck.py`), and they word every refusal. Rules over several fields (which outcome pairs are possible, a
promise needs date and amount) are the device's `may_record` and the server's findings, not shape: an event with
a shape we know is always taken.
"""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from schemas import vocabulary as v
from schemas.shapes import (
    CURRENCY_PATTERN,
    DATE_PATTERN,
    MAX_NOTE,
    SALT_PATTERN,
    SHA256_PATTERN,
    WALL_PATTERN,
    Strict,
    TrueOrFalse,
    integer,
    matching,
    one_of,
    text,
    uuid_text,
)

FIELD_NAMES = ("phone", "phone_2", "email", "address", "postal_code", "employer", "language", "note")


class FixSchema(Strict):
    """One position: degrees × 1e7, radius in decimetres, age in ms when it was used."""

    lat_e7 = integer(-900_000_000, 900_000_000)
    lon_e7 = integer(-1_800_000_000, 1_800_000_000)
    radius_dm = integer(0, 100_000_000)
    datum = one_of(v.Datum)
    mock = TrueOrFalse()
    age_ms = integer(required=False)
    provider = text(20, required=False)


class AtSchema(Strict):
    """When, by the device's clocks: local time with offset, monotonic ms, and the boot they belong to."""

    wall = matching(WALL_PATTERN)
    mono_ms = integer()
    boot = text(64)


class FileSchema(Strict):
    """
    A file named by its hash; its bytes travel apart.

    A recording `starts` and `ends` by the clock of what made it; a picture only `starts`: when it was taken.
    """

    sha256 = matching(SHA256_PATTERN)
    size = integer()
    media_type = text(100)
    role = text(40)
    starts = matching(WALL_PATTERN, required=False)
    ends = matching(WALL_PATTERN, required=False)


class PromiseSchema(Strict):
    """What the person promised: minor units of a currency, by a day."""

    amount = integer()
    currency = matching(CURRENCY_PATTERN)
    due = matching(DATE_PATTERN)


class ChangeSchema(Strict):
    """One proposed correction: what the packet said, and what it should say."""

    field = fields.String(required=True, validate=validate.OneOf(FIELD_NAMES))
    base = text(400, 0, required=False)
    new = text(400, 0)


class PlacedSchema(Strict):
    """Fixes, or why there is none."""

    fixes = fields.List(fields.Nested(FixSchema), validate=validate.Length(max=20))
    no_fix_reason = one_of(v.NoFixReason, required=False)


class VisitStartedBody(PlacedSchema):
    """The check-in. `warned`: the codes of what the device said against it, or warned of, before it was recorded."""

    override_reason = text(400, required=False)
    warned = fields.List(one_of(v.StartRemark), validate=validate.Length(max=20))


class CrewJoinedBody(PlacedSchema):
    """A companion joins, by assignment or by the lead's visit QR."""

    qr = text(2000, required=False)


class StepDoneBody(Strict):
    """One step at the door, with the version of the text that was said; why, where the device advised against it."""

    step = one_of(v.Step)
    text_version = text(40)
    response = one_of(v.StepResponse)
    note = text(MAX_NOTE, 0, required=False)
    override_reason = text(400, required=False)


class IdentityCheckedBody(Strict):
    """The identity check; `method` is absent where none was tried."""

    identity = one_of(v.Identity)
    method = one_of(v.IdentityMethod, required=False)
    document_kind = text(40, required=False)
    tries = integer(0, 100, required=False)


class SealedPartOpenedBody(Strict):
    """The sealed part was opened, and how."""

    method = one_of(v.IdentityMethod)


class RecordingChangedBody(Strict):
    """A recording started, paused or stopped."""

    state = one_of(v.RecordingState)
    medium = one_of(v.RecordingMedium)
    source = text(40, required=False)
    serial = text(80, required=False)
    reason = text(400, required=False)


class AppointmentAgreedBody(Strict):
    """A time agreed for the next visit."""

    appointment_id = uuid_text()
    starts = matching(WALL_PATTERN)
    ends = matching(WALL_PATTERN)
    made_by = one_of(v.MadeBy)
    note = text(MAX_NOTE, 0, required=False)


class OutcomeNotedBody(Strict):
    """Who was met and what came of it."""

    contact_result = one_of(v.ContactResult)
    disposition = one_of(v.Disposition)
    promise = fields.Nested(PromiseSchema)
    note = text(MAX_NOTE, 0, required=False)


class HoldPlacedBody(Strict):
    """A protective halt; the event's id is the hold's id."""

    reason = one_of(v.HoldReason)
    scope = one_of(v.HoldScope)
    until = matching(DATE_PATTERN, required=False)
    note = text(MAX_NOTE, 0, required=False)


class VisitEndedBody(PlacedSchema):
    """The check-out."""

    reason = one_of(v.EndReason)


class ContactProposedBody(Strict):
    """Corrections to how the person can be reached."""

    changes = fields.List(fields.Nested(ChangeSchema), required=True, validate=validate.Length(1, 20))


class QuestionAnsweredBody(Strict):
    """The answer to a reviewer's question."""

    decision_id = uuid_text()
    answer = text(MAX_NOTE)


class FindingContestedBody(Strict):
    """The agent disagrees with a finding."""

    finding_id = uuid_text()
    reason = text(MAX_NOTE)


class EventCorrectedBody(Strict):
    """A mistake corrected: the earlier event, why, and the body it should have had."""

    event_id = uuid_text()
    reason = text(MAX_NOTE)
    body = fields.Dict(keys=fields.String(), required=True)


class FilesAttachedBody(Strict):
    """Files whose hash became known only later; they are named in the envelope."""

    source = text(40, required=False)
    serial = text(80, required=False)


class ChainOpenedBody(Strict):
    """A chain's first event: which chain it follows, after which seq, why, and what is lost for good."""

    reason = one_of(v.OpeningReason)
    previous = uuid_text(required=False)
    after_seq = integer(required=False)
    lost = fields.List(
        fields.List(integer(1), validate=validate.Length(equal=2)), required=True, validate=validate.Length(max=1000)
    )


class DirectiveDoneBody(Strict):
    """A directive was carried out, or not."""

    directive_id = uuid_text()
    result = one_of(v.DirectiveResult)


BODIES: dict[v.EventKind, type[Strict]] = {
    v.EventKind.VISIT_STARTED: VisitStartedBody,
    v.EventKind.CREW_JOINED: CrewJoinedBody,
    v.EventKind.STEP_DONE: StepDoneBody,
    v.EventKind.IDENTITY_CHECKED: IdentityCheckedBody,
    v.EventKind.SEALED_PART_OPENED: SealedPartOpenedBody,
    v.EventKind.RECORDING_CHANGED: RecordingChangedBody,
    v.EventKind.APPOINTMENT_AGREED: AppointmentAgreedBody,
    v.EventKind.OUTCOME_NOTED: OutcomeNotedBody,
    v.EventKind.HOLD_PLACED: HoldPlacedBody,
    v.EventKind.VISIT_ENDED: VisitEndedBody,
    v.EventKind.CONTACT_PROPOSED: ContactProposedBody,
    v.EventKind.QUESTION_ANSWERED: QuestionAnsweredBody,
    v.EventKind.FINDING_CONTESTED: FindingContestedBody,
    v.EventKind.EVENT_CORRECTED: EventCorrectedBody,
    v.EventKind.FILES_ATTACHED: FilesAttachedBody,
    v.EventKind.CHAIN_OPENED: ChainOpenedBody,
    v.EventKind.DIRECTIVE_DONE: DirectiveDoneBody,
}
VISIT_BOUND = v.VISIT_KINDS | {v.EventKind.FILES_ATTACHED}
CASE_BOUND = VISIT_BOUND | {v.EventKind.CONTACT_PROPOSED}


def _envelope(kind: v.EventKind, body: type[Strict]) -> type[Strict]:
    """Build the schema of one kind: common members and body. A case and a visit are required where they count."""
    of_case, of_visit = kind in CASE_BOUND, kind in VISIT_BOUND
    members: dict[str, fields.Field[Any]] = {
        "id": uuid_text(),
        "kind": fields.String(required=True, validate=validate.Equal(kind.value)),
        "schema": fields.Integer(required=True, strict=True, validate=validate.Equal(v.EVENT_SCHEMA)),
        "at": fields.Nested(AtSchema, required=True),
        "body": fields.Nested(body, required=True),
        "salt": matching(SALT_PATTERN),
        "files": fields.List(fields.Nested(FileSchema), validate=validate.Length(max=50)),
    }
    if kind not in v.DEVICE_KINDS:
        members["case_id"] = uuid_text(required=of_case)
        members["visit_id"] = uuid_text(required=of_visit)
        members["packet_rev"] = integer(required=of_visit)
    return type(f"{body.__name__.removesuffix('Body')}Event", (Strict,), members)


EVENT_SCHEMAS: dict[v.EventKind, type[Strict]] = {kind: _envelope(kind, body) for kind, body in BODIES.items()}
