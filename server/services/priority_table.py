"""
Weights of priority: read them from YAML, and refuse what may not decide.

The schema is closed: the factors are those of `domain/priority.py`, the weights add up to 100, steps do not overlap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import yaml
from marshmallow import ValidationError, fields, validate, validates, validates_schema

from schemas.errors import FieldError
from schemas.fastcheck import flatten
from server.domain.policy import Span
from server.domain.priority import TOP, Factor, Step, Weight, Weights
from server.services.closed_schema import Closed, protected_word

USUAL = Path(__file__).parents[1] / "priorities" / "usual.yaml"
FACTORS = ", ".join(Factor)


class PriorityClosed(Closed):
    """A part of a table of weights."""

    allowed = f"who is visited first may not depend on it. A factor is one of {FACTORS}"


class StepSchema(PriorityClosed):
    """A range of values, both ends included, and how much of the weight it brings."""

    least = fields.Integer(data_key="from", strict=True, load_default=None)
    most = fields.Integer(data_key="to", strict=True, load_default=None)
    level = fields.Integer(required=True, strict=True, validate=validate.Range(0, TOP))
    currency = fields.String(
        validate=validate.Regexp(r"^[A-Z]{3}$", error="is three capitals, as EUR"), load_default=None
    )

    @validates_schema
    def check_range(self, given: Mapping[str, Any], **_: Any) -> None:
        """Refuse a range that holds nothing, or says nothing."""
        least, most = given["least"], given["most"]
        if least is None and most is None:
            raise ValidationError("needs `from`, `to` or both")
        if least is not None and most is not None and least > most:
            raise ValidationError("`from` is above `to`: nothing lies between")


class FactorSchema(PriorityClosed):
    """One factor with its weight."""

    factor = fields.String(required=True)
    weight = fields.Integer(required=True, strict=True, validate=validate.Range(0, TOP))
    why = fields.String(required=True, validate=validate.Length(1, 400))
    steps = fields.List(fields.Nested(StepSchema), required=True, validate=validate.Length(1))

    @validates("factor")
    def check_factor(self, value: str, **_: Any) -> None:
        """Refuse what is no factor, and by name what never is."""
        word = protected_word(value)
        if word is not None:
            raise ValidationError(self.say_protected(word))
        if value not in list(Factor):
            raise ValidationError(f"'{value}' is no factor; there is {FACTORS}")

    @validates_schema
    def check_steps(self, given: Mapping[str, Any], **_: Any) -> None:
        """Ask for a currency where money is compared and nowhere else, and for steps apart."""
        is_money = given["factor"] == Factor.AMOUNT
        if any((step["currency"] is not None) != is_money for step in given["steps"]):
            raise ValidationError("amounts need a currency in each step; nothing else has one", "steps")
        if any(_overlap(one, other) for one, other in combinations(given["steps"], 2)):
            raise ValidationError("two steps overlap: a value would have two levels", "steps")


def _overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    low = max(-(1 << 62) if each["least"] is None else each["least"] for each in (one, other))
    high = min(1 << 62 if each["most"] is None else each["most"] for each in (one, other))
    return one["currency"] == other["currency"] and low <= high


class WeightsSchema(PriorityClosed):
    """The whole table."""

    name = fields.String(required=True, validate=validate.Length(1, 60))
    version = fields.String(required=True, validate=validate.Length(1, 40))
    look_back_days = fields.Integer(required=True, strict=True, validate=validate.Range(1, 365))
    look_ahead_days = fields.Integer(required=True, strict=True, validate=validate.Range(1, 30))
    factors = fields.List(fields.Nested(FactorSchema), required=True, validate=validate.Length(1))

    @validates_schema
    def check_sum(self, given: Mapping[str, Any], **_: Any) -> None:
        """Ask for each factor once, and for weights that add up to 100."""
        repeated = [name for name, times in Counter(each["factor"] for each in given["factors"]).items() if times > 1]
        if repeated:
            raise ValidationError(f"'{repeated[0]}' stands twice", "factors")
        total = sum(each["weight"] for each in given["factors"])
        if total != TOP:
            raise ValidationError(f"the weights add up to {total}; they should to {TOP}", "factors")


@cache
def load_usual() -> Weights:
    """Read the weights of the house."""
    return load_weights(USUAL.read_text("utf-8"))


def load_weights(text: str) -> Weights:
    """Read weights from YAML; raise `FieldError("invalid")` with a sentence for each place that is wrong."""
    try:
        given = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise FieldError("invalid", {".": [f"is not YAML: {' '.join(str(error).split())}"]}) from None
    if not isinstance(given, Mapping):
        raise FieldError("invalid", {".": ["should hold name, version, look_back_days, look_ahead_days, factors"]})
    try:
        table = WeightsSchema().load(given)
    except ValidationError as error:
        raise FieldError("invalid", flatten(error.messages)) from None
    named = {name: table[name] for name in ("name", "version", "look_back_days", "look_ahead_days")}
    return Weights(**named, factors=tuple(_weight(each) for each in table["factors"]))


def _weight(each: Mapping[str, Any]) -> Weight:
    return Weight(Factor(each["factor"]), each["weight"], _steps(each["steps"]), each["why"])


def _steps(steps: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    return tuple(Step(Span(each["least"], each["most"]), each["level"], each["currency"]) for each in steps)
