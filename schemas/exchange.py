"""
The contract of the conversation: enrolment, exchange, manifest, fetch.

Requests are checked on the server by the fast check generated from these; answers are checked by the tests and
documented in the served OpenAPI.
"""

from __future__ import annotations

from marshmallow import EXCLUDE, Schema, fields, validate

from schemas import vocabulary as v
from schemas.packet import HoldSchema
from schemas.problem import ProblemSchema
from schemas.shapes import (
    SHA256_PATTERN,
    WALL_PATTERN,
    Strict,
    TrueOrFalse,
    integer,
    matching,
    one_of,
    server_time,
    text,
    uuid_text,
)

MAX_FETCH = 200
MAX_SEALED = 4_000_000


class Lenient(Schema):
    """A schema of an answer: a device ignores members that a newer server adds."""

    class Meta:
        unknown = EXCLUDE


class LastContactSchema(Strict):
    """What the device remembers of its last answer: the server's time and its own counter when it came."""

    server_time = server_time()
    mono_ms = integer()
    rtt_ms = integer()


class ClockSchema(Strict):
    """The device's clocks as the request leaves."""

    wall = matching(WALL_PATTERN)
    mono_ms = integer()
    boot = text(64)
    mono = one_of(v.MonoKind)
    last = fields.Nested(LastContactSchema)


class SubmittedSchema(Strict):
    """One event: its content, or (X3) its digest and size where the content is withheld."""

    id = uuid_text()
    seq = integer(1)
    content = fields.String()
    digest = matching(SHA256_PATTERN, required=False)
    withheld = integer(required=False)
    erased = TrueOrFalse()


class PushSchema(Strict):
    """The outbox going up; `prev` is the hash before the first event sent."""

    chain_id = uuid_text()
    prev = matching(SHA256_PATTERN, required=False)
    events = fields.List(fields.Nested(SubmittedSchema))
    checkpoint = text(4000, required=False)


class PullSchema(Strict):
    """How far the device has read, and how much it takes at once."""

    cursor = text(120, required=False)
    page_bytes = integer(1, required=False)


class ExchangeSchema(Strict):
    """One round trip's request. Without `pull` nothing is asked for."""

    clock = fields.Nested(ClockSchema, required=True)
    push = fields.Nested(PushSchema, required=True)
    pull = fields.Nested(PullSchema)


class SealedExchangeSchema(Strict):
    """An exchange's request, sealed for the server's key and sent by whoever cannot read it (X7)."""

    format = text(40)
    kid = text(64)
    epk = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    iv = text(40)
    ciphertext = text(MAX_SEALED)


class TakenSchema(Lenient):
    """Says nothing: receipts come by an exchange, to who can read them."""


class QuotaSchema(Lenient):
    """What the server takes: see PROTOCOL X3."""

    max_events = integer(1)
    max_bytes = integer(1)
    max_event_bytes = integer(1)
    max_inflated = integer(1)
    page_bytes = integer(1)


class ReceiptSchema(Lenient):
    """The answer for one event; never changes (E8)."""

    seq = integer(1)
    id = uuid_text()
    status = one_of(v.ReceiptStatus)
    first = one_of(v.ReceiptStatus, required=False)
    received_at = server_time()
    flags = fields.List(one_of(v.Flag))
    problem = one_of(v.ParkReason, required=False)


class WantedFileSchema(Lenient):
    """A file the server waits for, and the token that permits its upload."""

    sha256 = matching(SHA256_PATTERN)
    size = integer()
    token = text(400)


class PushAnswerSchema(Lenient):
    """The push half's answer."""

    next_seq = integer(1, required=False)
    receipts = fields.List(fields.Nested(ReceiptSchema))
    countersignature = text(4000, required=False)
    files_wanted = fields.List(fields.Nested(WantedFileSchema))
    problem = fields.Nested(ProblemSchema)


class ItemSchema(Lenient):
    """One feed item."""

    op = fields.String(required=True, validate=validate.OneOf(["put", "del"]))
    type = text(40)
    id = uuid_text()
    rev = integer()
    sha256 = matching(SHA256_PATTERN, required=False)
    body = fields.Dict(keys=fields.String())
    reason = one_of(v.RemovalReason, required=False)


class HeadSchema(Lenient):
    """Count and sum of everything live in both scopes (F4)."""

    count = integer()
    sum = integer(0, 2**48 - 1)


class PullAnswerSchema(Lenient):
    """The pull half's answer."""

    items = fields.List(fields.Nested(ItemSchema))
    cursor = text(120, required=False)
    more = TrueOrFalse()
    head = fields.Nested(HeadSchema)
    problem = fields.Nested(ProblemSchema)


class LiveHoldSchema(HoldSchema):
    """A hold the request's cursor has not passed (E9)."""

    rev = integer()


class ExchangeAnswerSchema(Lenient):
    """One round trip's answer."""

    server_time = server_time()
    next_exchange_s = integer(1)
    push = fields.Nested(PushAnswerSchema, required=True)
    pull = fields.Nested(PullAnswerSchema)
    holds = fields.List(fields.Nested(LiveHoldSchema))
    directives = fields.List(text(4000))


class DeviceSchema(Strict):
    """What kind of device asks to be enrolled."""

    kind = text(40)
    model = text(100)
    app = text(40)


class EnrolSchema(Strict):
    """Enrolment: the office's code, the device's public key, and the proof that it holds the private one."""

    code = text(40)
    jwk = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    device = fields.Nested(DeviceSchema, required=True)
    proof = text(4000)


class AgentSchema(Lenient):
    """The agent a device is bound to."""

    agent_id = uuid_text()
    code = text(40)
    name = text(200)


class KeySchema(Lenient):
    """A public key of the server."""

    kid = text(64)
    jwk = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    active_from = server_time()


class EnrolAnswerSchema(Lenient):
    """What an enrolled device needs to begin; `public_url` is where the pages of the persons visited are."""

    device_id = uuid_text()
    agent = fields.Nested(AgentSchema, required=True)
    nonce = text(24)
    server_keys = fields.List(fields.Nested(KeySchema), required=True)
    quota = fields.Nested(QuotaSchema, required=True)
    public_url = text(400, required=False)


class AwaitingApprovalSchema(Lenient):
    """A person has yet to approve this device; ask again after `poll_s` seconds."""

    status = fields.String(required=True, validate=validate.Equal("awaiting_approval"))
    poll_s = integer(1)


class ManifestSchema(Lenient):
    """Count and sum of both scopes, whole and by bucket, and the cursor they stand at; or one bucket's `items`."""

    epoch = text(40, required=False)
    cursor = text(120, required=False)
    count = integer(required=False)
    sum = integer(required=False)
    buckets = fields.List(fields.List(integer()))
    items = fields.List(fields.List(fields.Raw()), metadata={"description": "[type, id, rev, sha256] of each"})


class FetchSchema(Strict):
    """Items asked for by id, at most 200."""

    ids = fields.List(uuid_text(), required=True, validate=validate.Length(1, MAX_FETCH))


class FetchAnswerSchema(Lenient):
    """The items found, and the ids that are not (or no longer) in scope."""

    items = fields.List(fields.Nested(ItemSchema), required=True)
    absent = fields.List(uuid_text(), required=True)
