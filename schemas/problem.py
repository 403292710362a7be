"""The contract of an error on the wire: RFC 9457, with `retry` and, where one was passed, `quota`."""

from __future__ import annotations

from marshmallow import INCLUDE, Schema, fields, validate


class ProblemSchema(Schema):
    """A problem; further members (`quota`, `from_seq`) may stand beside these."""

    class Meta:
        unknown = INCLUDE

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True, strict=True)
    detail = fields.String(required=True)
    retry = fields.String(required=True, validate=validate.OneOf(["never", "after_fix", "backoff", "now"]))
    instance = fields.String()
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
