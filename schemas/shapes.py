"""
What the schemas are made of: texts, numbers, words, times and ids, each with its bounds.

`event.py`, `packet.py` and `exchange.py` are written in these, so that every field has a bound and both the
marshmallow schema and the fast check generated from it judge a field alike.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from schemas.canonical import MAX_INTEGER

UUID_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
SHA256_PATTERN = r"^[0-9a-f]{64}$"
DATE_PATTERN = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
WALL_PATTERN = (
    DATE_PATTERN[:-1] + r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}[+-]([01][0-9]|2[0-3]):[0-5][0-9]$"
)
CURRENCY_PATTERN = r"^[A-Z]{3}$"
SALT_PATTERN = r"^[0-9a-f]{32}$"
SERVER_TIME_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$"
LENGTHS = {
    UUID_PATTERN: 36,
    SHA256_PATTERN: 64,
    WALL_PATTERN: 29,
    DATE_PATTERN: 10,
    CURRENCY_PATTERN: 3,
    SALT_PATTERN: 32,
    SERVER_TIME_PATTERN: 24,
}
MAX_NOTE = 4000


class Strict(Schema):
    """A schema that refuses fields it does not know: they would be evidence nobody reads."""

    class Meta:
        unknown = RAISE


def text(most: int = 200, least: int = 1, *, required: bool = True) -> fields.String:
    """Ask for a text of *least* to *most* characters."""
    return fields.String(required=required, validate=validate.Length(least, most))


def matching(pattern: str, *, required: bool = True) -> fields.String:
    """
    Ask for a text that matches *pattern* in full.

    The length is checked too: Python's `$` lets a final newline through, JSON Schema's does not.
    """
    return fields.String(
        required=required, validate=[validate.Regexp(pattern), validate.Length(equal=LENGTHS[pattern])]
    )


def uuid_text(*, required: bool = True) -> fields.String:
    """Ask for a UUID in its 36-character lower-case form."""
    return matching(UUID_PATTERN, required=required)


def one_of(words: type[StrEnum], *, required: bool = True) -> fields.String:
    """Ask for one word of a closed vocabulary."""
    return fields.String(required=required, validate=validate.OneOf([word.value for word in words]))


def integer(least: int = 0, most: int = MAX_INTEGER, *, required: bool = True) -> fields.Integer:
    """Ask for a whole number within bounds; no text, no fraction."""
    return fields.Integer(required=required, strict=True, validate=validate.Range(least, most))


def server_time(*, required: bool = True) -> fields.String:
    """Ask for a time from the server: RFC 3339 UTC with milliseconds."""
    return matching(SERVER_TIME_PATTERN, required=required)


class TrueOrFalse(fields.Boolean):
    """Exactly true or false: marshmallow's own field takes 1 and 0 too."""

    def _deserialize(self, value: Any, *rest: Any, **kwargs: Any) -> bool:
        if type(value) is not bool:
            raise self.make_error("invalid", input=value)
        return value
