"""What a request of the REST API asks for: its query, its body, its key, its days and where a list goes on."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from datetime import date
from typing import Any

import orjson
from flask import request
from marshmallow import Schema, ValidationError, fields, validate

from schemas.errors import FieldError
from schemas.fastcheck import flatten
from schemas.shapes import DATE_PATTERN, Strict
from server.domain.conduct import periods
from server.domain.conduct.spans import day_starts, whole_day
from server.services.site import Site
from server.web.body import read_plain

Asked = Mapping[str, Any]
MOST_BODY = 64 * 1024
MOST_KEY = 200
MARK_BYTES = 12


class NoQuery(Strict):
    """The query of a route that takes none."""


class PageQuery(Strict):
    """Where a page of a list begins, and how long it is."""

    cursor = fields.String(validate=validate.Length(1, 300), metadata={"description": "`next` of the page before."})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


def day_text(**more: Any) -> fields.String:
    """Ask for a day of the office, which a query may leave out."""
    return fields.String(validate=validate.Regexp(DATE_PATTERN), metadata={"format": "date"}, **more)


def read_query(schema: Schema) -> dict[str, Any]:
    """Read the query by its schema; raise `malformed` for what it does not know, or what stands twice."""
    twice = {name: ["stands twice"] for name, values in request.args.lists() if len(values) > 1}
    if twice:
        raise FieldError("malformed", twice)
    try:
        read: dict[str, Any] = schema.load(request.args.to_dict())
    except ValidationError as error:
        raise FieldError("malformed", flatten(error.messages)) from None
    return read


def read_json() -> bytes:
    """Read a JSON body; raise `unsupported-media-type` for another kind, `too-large` for a larger one."""
    if request.mimetype != "application/json":
        raise FieldError("unsupported-media-type", detail="Content-Type should be application/json.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise FieldError("unsupported-media-type", detail="Content-Encoding should be identity.")
    return read_plain(request, MOST_BODY)


def read_key() -> str | None:
    """Give the request's Idempotency-Key, None where it has none; raise `malformed` for an empty or a long one."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not 1 <= len(key) <= MOST_KEY:
        raise FieldError("malformed", {"Idempotency-Key": [f"takes 1 to {MOST_KEY} characters"]})
    return key


def read_day(text: str, name: str) -> date:
    """Read a day; raise `malformed` under its name for what is none."""
    day = periods.read_day(text)
    if day is None:
        raise FieldError("malformed", {name: [f"is no day from {periods.FIRST_DAY} to {periods.LAST_DAY}"]})
    return day


def read_span(site: Site, asked: Asked) -> tuple[int | None, int | None]:
    """Give when the first day asked for begins and the last one ends, in the office's zone."""
    since, until, zone = asked.get("since"), asked.get("until"), site.settings.zone
    return (
        None if since is None else day_starts(read_day(since, "from"), zone),
        None if until is None else whole_day(read_day(until, "to"), zone).ends_ms,
    )


def write_cursor(site: Site, name: str, place: list[Any]) -> str:
    """Write where a page of a list ended, so that nobody else can write it."""
    said = orjson.dumps(place)
    return base64.urlsafe_b64encode(_mark(site, name, said) + said).decode().rstrip("=")


def read_cursor(site: Site, name: str, asked: Asked) -> tuple[Any, ...] | None:
    """Read where the page before ended; None for the first; raise `malformed` for what is no cursor of this list."""
    text = asked.get("cursor")
    if text is None:
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raw = b""
    mark, said = raw[:MARK_BYTES], raw[MARK_BYTES:]
    if not hmac.compare_digest(mark, _mark(site, name, said)):
        raise FieldError("malformed", {"cursor": ["is none of this list's; leave it out to begin anew"]})
    return tuple(orjson.loads(said))


def _mark(site: Site, name: str, said: bytes) -> bytes:
    return hmac.digest(site.nonce_secret, f"cursor {name}\n".encode() + said, "sha256")[:MARK_BYTES]
