"""
What the REST API's answers are made of; each names its members, and nothing else is ever in an answer.

Times are RFC 3339 in UTC, amounts are minor units of their currency, coordinates are 1e-7 degrees of WGS-84.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marshmallow import Schema, fields, validate

from schemas.messages import format_time
from schemas.shapes import Strict


def tell_time(at_ms: int | None) -> str | None:
    """Write a moment; None where it is not known."""
    return None if at_ms is None else format_time(at_ms)


def text() -> fields.String:
    """Give a text that is always there."""
    return fields.String(required=True)


def maybe(kind: type[fields.Field[Any]] = fields.String, **more: Any) -> fields.Field[Any]:
    """Give a member that is always there, and null where nothing is known."""
    return kind(required=True, allow_none=True, **more)


def word(words: Iterable[str]) -> fields.String:
    """Give one word of a closed list."""
    return fields.String(required=True, validate=validate.OneOf([str(each) for each in words]))


def number() -> fields.Integer:
    """Give a whole number."""
    return fields.Integer(required=True, strict=True)


def truth() -> fields.Boolean:
    """Give true or false."""
    return fields.Boolean(required=True)


def many(schema: type[Schema]) -> fields.List[Any]:
    """Give a list of objects."""
    return fields.List(fields.Nested(schema), required=True)


def texts() -> fields.List[Any]:
    """Give a list of texts."""
    return fields.List(fields.String(), required=True)


def open_object() -> fields.Dict:
    """Give an object whose members depend on what it is about."""
    return fields.Dict(keys=fields.String(), required=True)


class PageSchema(Strict):
    """A page of a list; `next` is the cursor of the page after, null at the end."""

    next = maybe()


class BriefComplaintSchema(Strict):
    """That somebody complained, never in which words."""

    id = text()
    made = text()
    codes = texts()
    is_answered = truth()
