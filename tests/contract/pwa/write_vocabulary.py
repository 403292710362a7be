"""
The phone app's words and shapes, written from the Python ones: `python -m tests.contract.pwa.write_vocabulary`.

Comes in: `schemas/vocabulary.py`, `errors.py` and the marshmallow schemas. Goes out: TypeScript files that
are committed, so that the app builds without Python; a test says when they are behind.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

from marshmallow import EXCLUDE, Schema, fields, validate

from schemas import canonical, exchange, sealing, shapes
from schemas import vocabulary as v
from schemas.errors import PROBLEMS
from schemas.event import EVENT_SCHEMAS
from schemas.packet import ITEM_SCHEMAS

APP = Path(__file__).parents[3] / "agent_sync" / "pwa"
HEAD = "// Written by `python -m tests.contract.pwa.write_vocabulary`. Do not edit.\n"
ENUMS = {name: each for name, each in vars(v).items() if isinstance(each, type) and issubclass(each, StrEnum)}
ENUMS.pop("StrEnum", None)
PATTERNS = {
    shapes.UUID_PATTERN: "uuid",
    shapes.SHA256_PATTERN: "sha256",
    shapes.DATE_PATTERN: "day",
    shapes.WALL_PATTERN: "wall",
    shapes.CURRENCY_PATTERN: "currency",
    shapes.SALT_PATTERN: "salt",
    shapes.SERVER_TIME_PATTERN: "serverTime",
}
CONSTANTS = {
    "PROTOCOL_VERSION": v.PROTOCOL_VERSION,
    "EVENT_SCHEMA": v.EVENT_SCHEMA,
    "ENTERING_HOME": v.ENTERING_HOME,
    "MAX_INTEGER": canonical.MAX_INTEGER,
    "MAX_DEPTH": canonical.MAX_DEPTH,
    "BUCKETS": canonical.BUCKETS,
    "SUM_MODULUS": canonical.SUM_MODULUS,
    "ZERO_HASH": canonical.ZERO_HASH,
    "MAX_FETCH": exchange.MAX_FETCH,
    "MAX_NOTE": shapes.MAX_NOTE,
    "ITERATIONS": sealing.ITERATIONS,
}


def say(value: Any) -> str:
    """Write a value as TypeScript reads it."""
    return json.dumps(value, ensure_ascii=False)


def write_vocabulary() -> str:
    """Give `vocabulary.ts`: every closed list, the tables over them, and the protocol's constants."""
    lines = [HEAD]
    lines += [f"export const {name} = {say(value)};" for name, value in CONSTANTS.items()]
    for name, words in ENUMS.items():
        lines.append(f"\nexport const {name} = {say([word.value for word in words])} as const;")
        lines.append(f"export type {name} = (typeof {name})[number];")
    for name in ("VISIT_KINDS", "DEVICE_KINDS", "NOBODY_MET"):
        chosen = getattr(v, name)
        lines.append(f"\nexport const {name}: ReadonlySet<string> = new Set({say(sorted(chosen))});")
    pairs = {contact.value: [each.value for each in v.Disposition if each in v.POSSIBLE_PAIRS[contact]]
             for contact in v.ContactResult}  # fmt: skip
    lines.append(f"\nexport const POSSIBLE_PAIRS: Record<string, readonly string[]> = {say(pairs)};")
    lines.append(f"\nexport const PROBLEMS: ReadonlySet<string> = new Set({say(list(PROBLEMS))});")
    return "\n".join(lines) + "\n"


class Shapes:
    """The objects of a set of schemas, each written once, before the one that names it."""

    def __init__(self) -> None:
        self.written: dict[str, str] = {}

    def name(self, schema: Schema) -> str:
        """Give the name of an object's shape, writing it if it is new."""
        name = type(schema).__name__.removesuffix("Schema")
        if name not in self.written:
            members = [f"{key}: {self.member(field)}" for key, field in schema.fields.items()]
            lenient = ", true" if schema.unknown == EXCLUDE else ""
            text = "object({\n  " + ",\n  ".join(members) + f",\n}}{lenient})" if members else "object({})"
            self.written[name] = text
        return name

    def member(self, field: fields.Field[Any]) -> str:
        """Write a member; one that may be absent says so."""
        shape = self.shape(field)
        return shape if field.required else f"optional({shape})"

    def shape(self, field: fields.Field[Any]) -> str:
        """Write what a field takes."""
        if isinstance(field, fields.Nested):
            return self.name(field.schema)
        if isinstance(field, fields.List):
            least, most = next(_lengths(field), (0, None))
            return f"list({self.shape(field.inner)}, {least}{'' if most is None else f', {most}'})"
        if isinstance(field, fields.Dict):
            return "texts" if isinstance(field.value_field, fields.String) else "anything"
        if isinstance(field, fields.Boolean):
            return "flag"
        if isinstance(field, fields.Integer):
            return _integer(field)
        if isinstance(field, fields.String):
            return _text(field)
        return "raw"

    def lines(self) -> str:
        """Give every shape as a constant."""
        return "\n".join(f"export const {name} = {text};" for name, text in self.written.items())


def _lengths(field: fields.Field[Any]) -> Iterator[tuple[int, int | None]]:
    for rule in field.validators:
        if isinstance(rule, validate.Length):
            most = rule.max if rule.equal is None else rule.equal
            yield int(rule.min or rule.equal or 0), None if most is None else int(most)


def _integer(field: fields.Integer) -> str:
    for rule in field.validators:
        if isinstance(rule, validate.Range):
            return f"integer({rule.min}, {rule.max})"
        if isinstance(rule, validate.Equal):
            return f"equal({say(rule.comparable)})"
    return "integer()"


def _text(field: fields.String) -> str:
    for rule in field.validators:
        if isinstance(rule, validate.Equal):
            return f"equal({say(rule.comparable)})"
        if isinstance(rule, validate.Regexp):
            return PATTERNS[rule.regex.pattern]
        if isinstance(rule, validate.OneOf):
            named = next((n for n, words in ENUMS.items() if [w.value for w in words] == list(rule.choices)), None)
            return f"word(v.{named})" if named else f"word({say(list(rule.choices))})"
    least, most = next(_lengths(field), (0, None))
    return f"text({least}{'' if most is None else f', {most}'})"


PARTS = (
    "anything currency day equal flag integer list object optional raw salt serverTime sha256 text texts uuid wall word"
)


def _head_of(body: str, where: str) -> str:
    used = [name for name in PARTS.split() if any(f"{name}{end}" in body for end in ("(", ")")) or f" {name}," in body]
    shared = f'import * as v from "{where}vocabulary";\n' if "v." in body else ""
    return f'{HEAD}{shared}import {{ {", ".join(used)} }} from "{where}checks";\n\n'


def write_event_shapes() -> str:
    """Give `event_shapes.ts`: what each kind of event takes."""
    written = Shapes()
    kinds = {kind.value: written.name(schema()) for kind, schema in EVENT_SCHEMAS.items()}
    table = "\n".join(f"  {kind}: {name}," for kind, name in kinds.items())
    body = written.lines() + f"\n\nexport const EVENT_SHAPES: Record<string, Shape> = {{\n{table}\n}};\n"
    return _head_of(body, "./").replace("\n\n", '\nimport type { Shape } from "./checks";\n\n', 1) + body


def write_message_shapes() -> str:
    """Give the tests' shapes of requests, answers and feed items: the app itself does not carry them."""
    written = Shapes()
    kinds = {kind.value: written.name(schema()) for kind, schema in ITEM_SCHEMAS.items()}
    written.name(exchange.ExchangeSchema())
    written.name(exchange.EnrolSchema())
    table = "\n".join(f"  {kind}: {name}," for kind, name in kinds.items())
    body = written.lines() + f"\n\nexport const ITEM_SHAPES = {{\n{table}\n}};\n"
    return _head_of(body, "../src/") + body


FILES = {
    "src/vocabulary.ts": write_vocabulary,
    "src/event_shapes.ts": write_event_shapes,
    "tests/message_shapes.ts": write_message_shapes,
}


def main() -> None:
    """Write every file."""
    for name, write in FILES.items():
        (APP / name).write_text(write(), encoding="utf-8")


if __name__ == "__main__":
    main()
