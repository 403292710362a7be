"""
A check as fast as the push path needs, generated from the marshmallow schemas, never written by hand.

apispec turns each schema into JSON Schema, jsonschema-rs compiles it: some µs an event against hundreds. marshmallow
stays the contract and words every refusal; a property test holds that both judge alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jsonschema_rs
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema
from marshmallow.exceptions import SCHEMA

from schemas.canonical import clean_value
from schemas.event import EVENT_SCHEMAS
from schemas.vocabulary import EventKind

Check = Callable[[Any], bool]


def compile_check(schema: type[Schema]) -> Check:
    """
    Compile *schema* into a function that says whether a value keeps it.

    Compiled as draft 4, in which 1.0 is no integer; later drafts take it for one, and then 1.0 would be hashed as 1.
    Raises `UnicodeEncodeError` for a text with a lone surrogate, which the canonical form excludes beforehand.
    """
    spec = APISpec("check", "1", "3.1.0", plugins=[MarshmallowPlugin()])
    spec.components.schema("Root", schema=schema)
    components = spec.to_dict()["components"]
    return jsonschema_rs.Draft4Validator({"$ref": "#/components/schemas/Root", "components": components}).is_valid


_checks: dict[str, Check] = {}


def event_check(kind: str) -> Check | None:
    """Give the compiled check of one event kind; None for a kind this version does not know."""
    check = _checks.get(kind)
    if check is None and kind in EVENT_SCHEMAS:  # only kinds we know: what a device may invent must not fill the memory
        check = _checks[kind] = compile_check(EVENT_SCHEMAS[EventKind(kind)])
    return check


def word_refusal(schema: type[Schema], value: Any) -> dict[str, list[str]]:
    """
    Say in sentences what is wrong with *value*: path to sentences, marshmallow's shape made flat.

    The sentences can be sent, whatever *value* holds: a lone surrogate in a key would break the answer that names it.
    """
    return flatten(schema().validate(clean_value(value)))


def flatten(messages: Any, path: str = "") -> dict[str, list[str]]:
    """
    Flatten marshmallow's nested messages to path -> sentences. What is said of a whole object stands at its own path.

    >>> flatten({"body": {"fixes": {0: {"lat_e7": ["Missing data for required field."]}}}})
    {'body.fixes.0.lat_e7': ['Missing data for required field.']}
    >>> flatten({"body": {"_schema": ["Invalid input type."]}})
    {'body': ['Invalid input type.']}
    """
    if isinstance(messages, dict):
        out: dict[str, list[str]] = {}
        for key, child in messages.items():
            out |= flatten(child, path if key == SCHEMA else f"{path}.{key}" if path else str(key))
        return out
    return {path or ".": [str(sentence) for sentence in messages]}
