"""
Policy tables: read one from YAML, and refuse what may not decide.

The schema is closed: a table may look at grade, days past due, product, amount, area and language. What a person is
(sex, age, marriage …) is refused by name, with the reason. Goes out: frozen rows for `domain/policy.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import yaml
from marshmallow import ValidationError, fields, validate, validates_schema

from schemas.errors import FieldError
from schemas.fastcheck import flatten
from server.domain.policy import PolicyRow, Span
from server.services.closed_schema import Closed

MOST_CREW = 10
CONDITIONS = "grade, days_past_due, product, amount, area, language"


class PolicyClosed(Closed):
    """A part of a policy table."""

    allowed = f"who visits may not depend on it. A row may ask for {CONDITIONS}"


class SpanSchema(PolicyClosed):
    """A range, both ends included."""

    least = fields.Integer(data_key="from", strict=True)
    most = fields.Integer(data_key="to", strict=True)

    @validates_schema
    def check_order(self, given: Mapping[str, Any], **_: Any) -> None:
        """Refuse a range that holds nothing, or says nothing."""
        if not given:
            raise ValidationError("needs `from`, `to` or both")
        if {"least", "most"} <= set(given) and given["least"] > given["most"]:
            raise ValidationError("`from` is above `to`: nothing lies between")


class AmountSchema(SpanSchema):
    """A range of money, in minor units of one currency."""

    currency = fields.String(required=True, validate=validate.Regexp(r"^[A-Z]{3}$", error="is three capitals, as EUR"))


def _words() -> Any:
    return fields.List(fields.String(validate=validate.Length(1)), validate=validate.Length(1))


class WhenSchema(PolicyClosed):
    """What a case must be."""

    grade = _words()
    product = _words()
    area = _words()
    language = _words()
    days_past_due = fields.Nested(SpanSchema)
    amount = fields.Nested(AmountSchema)


class TargetSchema(PolicyClosed):
    """To whom it goes: a team, or an agency as a whole."""

    team = fields.String()
    agency = fields.String()

    @validates_schema
    def check_one(self, given: Mapping[str, Any], **_: Any) -> None:
        """Ask for just one of the two."""
        if len(given) != 1:
            raise ValidationError("names either a team or an agency")


class RowSchema(PolicyClosed):
    """One row of the table."""

    name = fields.String(required=True, validate=validate.Length(1, 60))
    when = fields.Nested(WhenSchema, load_default=dict)
    to = fields.Nested(TargetSchema, required=True)
    certificates = fields.List(fields.String(), load_default=list)
    capacity = fields.Integer(strict=True, validate=validate.Range(1), load_default=None)
    crew = fields.Integer(strict=True, validate=validate.Range(1, MOST_CREW), load_default=1)


class TableSchema(PolicyClosed):
    """The whole table: rows, in order."""

    rows = fields.List(fields.Nested(RowSchema), required=True, validate=validate.Length(1))

    @validates_schema
    def check_names(self, given: Mapping[str, Any], **_: Any) -> None:
        """Ask for names that tell the rows apart."""
        repeated = [name for name, times in Counter(row["name"] for row in given["rows"]).items() if times > 1]
        if repeated:
            raise ValidationError(f"two rows are called {repeated[0]!r}; `--dry-run` could not tell them apart", "rows")


def load_policy(text: str) -> tuple[PolicyRow, ...]:
    """Read a table from YAML; raise `FieldError("invalid")` with a sentence for each place that is wrong."""
    try:
        given = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise FieldError("invalid", {".": [f"is not YAML: {' '.join(str(error).split())}"]}) from None
    try:
        table = TableSchema().load(given if isinstance(given, Mapping) else {"rows": given})
    except ValidationError as error:
        raise FieldError("invalid", flatten(error.messages)) from None
    return tuple(_row(row) for row in table["rows"])


def place_fault(path: str, text: str) -> tuple[str, str, str]:
    """
    Give where a fault of `load_policy` is: the row's number and name ("" where there is none), and the field.

    >>> place_fault("rows.0.when.sex", "rows: [{name: City}]"), place_fault("rows.City.to", ""), place_fault(".", "x")
    (('1', 'City', 'when.sex'), ('', 'City', 'to'), ('', '', ''))
    """
    if not path.startswith("rows."):
        return "", "", path.strip(".")
    which, _, field = path.removeprefix("rows.").partition(".")
    if not which.isdecimal():
        name, _, field = path.removeprefix("rows.").rpartition(".")
        return "", name, field
    try:
        given = yaml.safe_load(text)
        row = (given["rows"] if isinstance(given, Mapping) else given)[int(which)]
        name = str(row.get("name", "")) if isinstance(row, Mapping) else ""
    except (yaml.YAMLError, KeyError, IndexError, TypeError):
        name = ""
    return str(int(which) + 1), name, field


def _row(row: Mapping[str, Any]) -> PolicyRow:
    when = row["when"]
    sets = {name: frozenset(when[name]) if name in when else None for name in ("grade", "product", "area", "language")}
    days, amount = when.get("days_past_due"), when.get("amount")
    return PolicyRow(
        name=row["name"],
        grades=sets["grade"],
        products=sets["product"],
        areas=sets["area"],
        languages=sets["language"],
        days_past_due=None if days is None else Span(days.get("least"), days.get("most")),
        amount=None if amount is None else Span(amount.get("least"), amount.get("most")),
        currency=None if amount is None else amount["currency"],
        team=row["to"].get("team"),
        agency=row["to"].get("agency"),
        certificates=frozenset(row["certificates"]),
        capacity=row["capacity"],
        crew=row["crew"],
    )
