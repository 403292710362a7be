"""
Writes the tables of PROTOCOL.md and GLOSSARY.md from the code: `python -m tests.contract.doc_tables`.

A table stands between `<!-- table: name -->` and `<!-- end -->`; `test_words.py` fails where one is not what this
writes. So the pages cannot say anything of a field, a code or a word that the code does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import Any

from marshmallow import Schema, fields, validate

from schemas import exchange, packet, shapes, vocabulary
from schemas.errors import PROBLEMS
from schemas.event import BODIES, CASE_BOUND, VISIT_BOUND, AtSchema, ChangeSchema, FileSchema, FixSchema, PromiseSchema
from schemas.words import WORDS
from server.domain.findings.codes import CATALOGUE
from server.domain.reviewing import State

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "schemas" / "PROTOCOL.md", ROOT / "schemas" / "GLOSSARY.md"]
TABLE = re.compile(r"(<!-- table: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
PATTERNS = {
    shapes.UUID_PATTERN: "id",
    shapes.SHA256_PATTERN: "sha256",
    shapes.DATE_PATTERN: "date",
    shapes.WALL_PATTERN: "wall",
    shapes.CURRENCY_PATTERN: "currency",
    shapes.SALT_PATTERN: "32 hex",
    shapes.SERVER_TIME_PATTERN: "time",
}
VOCABULARIES = {tuple(word.value for word in words): words.__name__ for words in WORDS}


def write_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Give a Markdown table."""
    head = list(header)
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def describe(field: fields.Field[Any]) -> str:
    """Say in a few words what a field takes."""
    rules = {type(rule): rule for rule in field.validators}
    if choice := rules.get(validate.OneOf):
        return VOCABULARIES.get(tuple(choice.choices)) or ", ".join(choice.choices)
    if equal := rules.get(validate.Equal):
        return str(equal.comparable)
    if pattern := rules.get(validate.Regexp):
        return PATTERNS[pattern.regex.pattern]
    length, bounds = rules.get(validate.Length), rules.get(validate.Range)
    if isinstance(field, fields.Nested):
        return name_of(type(field.schema))
    if isinstance(field, fields.List):
        return f"[{describe(field.inner)}{_count(length)}]"
    if isinstance(field, fields.Integer):
        return _between(bounds)
    if isinstance(field, fields.String):
        return "text" if length is None else f"text {length.min}–{length.max}"
    if isinstance(field, fields.Boolean):
        return "true, false"
    return "object of texts" if isinstance(field, fields.Dict) and field.value_field else "object"


def _count(length: Any) -> str:
    if length is None:
        return "…"
    return f" × {length.equal}" if length.equal is not None else f" × {length.min or 0}–{length.max}"


def _between(bounds: Any) -> str:
    if bounds is None:
        return "integer"
    most = None if bounds.max == shapes.MAX_INTEGER else bounds.max
    said = f"integer ≥ {bounds.min}" if most is None else f"integer {bounds.min:,} to {most:,}"
    return said.replace(",", " ").replace("-", "−")


def name_of(schema: type[Schema]) -> str:
    """Give what a page calls the object of a schema."""
    return schema.__name__.removesuffix("Schema").removesuffix("Body")


def members(schema: type[Schema]) -> str:
    """List a schema's members: `name` type, `name?` where it may be absent; the required ones first."""
    listed = sorted(schema().fields.items(), key=lambda entry: not entry[1].required)
    return " · ".join(f"`{name}{'' if field.required else '?'}` {describe(field)}" for name, field in listed) or "empty"


def objects(*schemas: type[Schema]) -> str:
    """Give the table of some objects."""
    return write_table(["object", "members"], [[name_of(schema), members(schema)] for schema in schemas])


def event_bodies() -> str:
    """Give the table of event bodies."""
    rows = []
    for kind, body in BODIES.items():
        bound = "visit" if kind in VISIT_BOUND else "case" if kind in CASE_BOUND else "device"
        if bound == "device" and kind not in vocabulary.DEVICE_KINDS:
            bound = "may name any"
        rows.append([f"`{kind}`", bound, members(body)])
    return write_table(["kind", "bound to", "body"], rows)


def item_bodies() -> str:
    """Give the table of feed items."""
    return write_table(["type", "body"], [[f"`{kind}`", members(body)] for kind, body in packet.ITEM_SCHEMAS.items()])


def problems() -> str:
    """Give the error table."""
    rows = [[f"`{code}`", str(kind.status), kind.retry, kind.title] for code, kind in PROBLEMS.items()]
    return write_table(["code", "status", "retry", "what a person reads"], rows)


def words_of(words: type[StrEnum]) -> str:
    """Give the table of one vocabulary."""
    return write_table(["word", "English", "中文"], [[f"`{word}`", *WORDS[words][word.value]] for word in words])


def vocabularies() -> str:
    """Give every vocabulary, one heading each, in the order of `words.py`."""
    titles = [
        f"### {words.__name__}\n\n{(words.__doc__ or '').splitlines()[0]}\n\n{words_of(words)}" for words in WORDS
    ]
    return "\n".join(titles)


def outcomes() -> str:
    """Give the table of possible (contact_result, disposition) pairs."""
    rows = []
    for contact, possible in vocabulary.POSSIBLE_PAIRS.items():
        listed = ", ".join(f"`{word}`" for word in vocabulary.Disposition if word in possible)
        rows.append([f"`{contact}`", "any" if len(possible) == len(vocabulary.Disposition) else listed])
    return write_table(["contact_result", "disposition"], rows)


def findings() -> str:
    """Give the table of findings."""
    rows = [[f"`{code}`", severity, sentence] for code, (severity, sentence) in CATALOGUE.items()]
    return write_table(["code", "weight", "what a reviewer reads"], rows)


TABLES: dict[str, Callable[[], str]] = {
    "enrolment": lambda: objects(
        exchange.EnrolSchema, exchange.DeviceSchema, exchange.EnrolAnswerSchema, exchange.AgentSchema,
        exchange.KeySchema, exchange.QuotaSchema, exchange.AwaitingApprovalSchema,
    ),
    "request": lambda: objects(
        exchange.ExchangeSchema, exchange.ClockSchema, exchange.LastContactSchema, exchange.PushSchema,
        exchange.SubmittedSchema, exchange.PullSchema,
    ),
    "answer": lambda: objects(
        exchange.ExchangeAnswerSchema, exchange.PushAnswerSchema, exchange.ReceiptSchema, exchange.WantedFileSchema,
        exchange.PullAnswerSchema, exchange.ItemSchema, exchange.HeadSchema, exchange.LiveHoldSchema,
    ),
    "event-bodies": event_bodies,
    "event-objects": lambda: objects(AtSchema, FixSchema, FileSchema, PromiseSchema, ChangeSchema),
    "outcomes": outcomes,
    "parked": lambda: words_of(vocabulary.ParkReason),
    "flags": lambda: words_of(vocabulary.Flag),
    "item-bodies": item_bodies,
    "item-objects": lambda: objects(
        packet.OpenPartSchema, packet.PersonSchema, packet.PlaceSchema, packet.CrewMemberSchema, packet.LimitsSchema,
        packet.RecordingLimitsSchema, packet.IntervalSchema, packet.CountSchema, packet.AppointmentSchema,
        packet.PlannedSchema, packet.TextSchema, packet.SealedPartSchema, packet.WrapSchema, packet.AskSchema,
        packet.SealedContentSchema, packet.NoticedSchema, packet.ServerKeySchema,
    ),
    "start-remarks": lambda: words_of(vocabulary.StartRemark),
    "problems": problems,
    "vocabularies": vocabularies,
    "findings": findings,
    "visit-states": lambda: write_table(["state"], [[f"`{state}`"] for state in State]),
}  # fmt: skip


def fill(text: str) -> str:
    """Give a page with its tables written anew; a table of an unknown name fails."""
    return TABLE.sub(lambda found: f"{found[1]}{TABLES[found[2]]()}{found[3]}", text)


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(fill(page.read_text(encoding="utf-8")), encoding="utf-8")
