"""
A mapping file: which column feeds which field, and how its cells are read.

    lender: example-bank
    columns: {reference: 借据号, address: [District, Street]}
    fixed: {currency: CNY, language: zh}
    settings: {dates: dmy, identity_kinds: [cn.ric], phone_region: CN}

Everything in it is optional; what it leaves out is guessed from the titles, or asked.
"""

from __future__ import annotations

from dataclasses import fields as settings_fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from marshmallow import Schema, ValidationError, fields, post_load, pre_load, validate

from schemas.errors import FieldError
from server.importing.fields import CURRENCIES, FileSpec
from server.importing.settings import FileMapping, ReadingSettings
from server.importing.text_values import load_identity_kind


class SettingsSchema(Schema):
    """How cells are read; the names are those of `ReadingSettings`."""

    currency = fields.String(validate=validate.OneOf(sorted(CURRENCIES), error="is no currency code such as CNY."))
    money_unit = fields.Integer(strict=True, validate=validate.OneOf([1, 1_000, 10_000, 1_000_000, 100_000_000]))
    decimal = fields.String(validate=validate.OneOf([".", ","]))
    dates = fields.String(validate=validate.OneOf(["ymd", "dmy", "mdy"]))
    counts_from_1904 = fields.Boolean()
    identity_kinds = fields.List(fields.String(), validate=validate.Length(1))
    phone_region = fields.String(validate=validate.Regexp(r"^[A-Z]{2}$", error="is no region code such as CN."))
    zone = fields.String(validate=lambda name: _check_zone(name))
    postal_digits = fields.List(fields.Integer(strict=True, validate=validate.Range(3, 10)))
    reference_digits = fields.Integer(strict=True, validate=validate.Range(1, 40))
    datum = fields.String(validate=validate.OneOf(["wgs84", "gcj02", "bd09"]))
    precision = fields.String(validate=validate.OneOf(["door", "building", "street", "village", "town"]))


class MappingSchema(Schema):
    """A mapping file."""

    lender = fields.String(validate=validate.Length(1, 200))
    sheet = fields.String()
    header_row = fields.Integer(strict=True, validate=validate.Range(1, 1000))
    columns = fields.Dict(keys=fields.String(), values=fields.List(fields.String(), validate=validate.Length(1)))
    fixed = fields.Dict(keys=fields.String(), values=fields.String())
    settings = fields.Nested(SettingsSchema)

    @pre_load
    def widen_columns(self, raw: Any, **_: Any) -> Any:
        """Take a single column title for a list of one."""
        columns = raw.get("columns") if isinstance(raw, dict) else None
        if isinstance(columns, dict):
            lists = {name: [title] if not isinstance(title, list) else title for name, title in columns.items()}
            return {**raw, "columns": lists}
        return raw

    @post_load
    def build(self, loaded: dict[str, Any], **_: Any) -> FileMapping:
        """Give the mapping with its settings frozen."""
        settings = loaded.pop("settings", {})
        lists = {name: tuple(given) for name, given in settings.items() if isinstance(given, list)}
        columns = {name: tuple(titles) for name, titles in loaded.pop("columns", {}).items()}
        return FileMapping(columns=columns, settings=ReadingSettings(**{**settings, **lists}), **loaded)


def load_mapping(path: Path, spec: FileSpec, defaults: ReadingSettings | None = None) -> FileMapping:
    """
    Read a mapping file; *defaults* stand for settings that it leaves out.

    Raises `FieldError("invalid")` naming each place in it that cannot be taken.
    """
    try:
        raw = yaml.safe_load(path.read_text("utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise FieldError("invalid", {path.name: [f"cannot be read as YAML: {type(error).__name__}."]}) from error
    return read_mapping(raw, spec, defaults, path.name)


def read_mapping(
    raw: Any, spec: FileSpec, defaults: ReadingSettings | None = None, name: str = "mapping"
) -> FileMapping:
    """Check a mapping that is already a plain value; see `load_mapping`."""
    if isinstance(raw, dict) and defaults is not None:
        kept = {each.name: getattr(defaults, each.name) for each in settings_fields(defaults)}
        given = raw.get("settings") or {}
        raw = {**raw, "settings": {**_plain(kept), **given} if isinstance(given, dict) else given}
    try:
        mapping: FileMapping = MappingSchema().load(raw)
    except ValidationError as error:
        raise FieldError("invalid", {f"{name}: {path}": said for path, said in _flatten(error.messages)}) from error
    known = ", ".join(spec.fields)
    strangers = [*(set(mapping.columns) - set(spec.fields)), *(set(mapping.fixed) - set(spec.fields))]
    wrong = {f"{name}: {field}": [f"is no field of a {spec.kind}; there are: {known}."] for field in sorted(strangers)}
    for field, titles in mapping.columns.items():
        if field in spec.fields and len(titles) > 1 and not spec.fields[field].several:
            wrong[f"{name}: columns.{field}"] = ["takes one column."]
    if wrong:
        raise FieldError("invalid", wrong)
    for kind in mapping.settings.identity_kinds:
        load_identity_kind(kind)
    return mapping


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # KeyError: ZoneInfoNotFoundError
        raise ValidationError("is no zone such as Asia/Shanghai.") from None


def _plain(kept: dict[str, Any]) -> dict[str, Any]:
    given = {name: list(value) if isinstance(value, tuple) else value for name, value in kept.items()}
    return {name: value for name, value in given.items() if value}


def _flatten(messages: Any, path: str = "") -> list[tuple[str, list[str]]]:
    if isinstance(messages, dict):
        nested = ((f"{path}.{key}" if path else str(key), below) for key, below in messages.items())
        return [pair for place, below in nested for pair in _flatten(below, place)]
    return [(path or ".", [str(sentence) for sentence in messages])]
