"""Values that keep a marshmallow schema, and ways to spoil them: what the properties of the wire are tried on."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import cache
from typing import Any

from hypothesis import strategies as st
from marshmallow import Schema, fields, validate

from schemas import shapes
from tests.builders import make_id

MAX_SAFE = 2**53 - 1
# Texts of each pattern, at its edges: drawing them from the regular expression costs more than all else.
MATCHING = {
    shapes.UUID_PATTERN: [make_id(1), "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"],
    shapes.SHA256_PATTERN: ["0" * 64, "0123456789abcdef" * 4],
    shapes.SALT_PATTERN: ["f" * 32, "0123456789abcdef" * 2],
    shapes.CURRENCY_PATTERN: ["AAA", "USD", "ZZZ"],
    shapes.DATE_PATTERN: ["0000-01-01", "2026-02-31", "9999-12-31"],
    shapes.WALL_PATTERN: [
        "0000-01-01T00:00:00.000+00:00",
        "2026-03-05T14:21:07.250-08:00",
        "9999-12-31T23:59:59.999-23:59",
    ],
    shapes.SERVER_TIME_PATTERN: ["0000-00-00T00:00:00.000Z", "2026-03-05T22:21:07.250Z", "9999-99-99T99:99:99.999Z"],
}
# What JSON readers have handed on: huge numbers, floats that are whole, NaN, digits of other scripts.
ODD_NUMBERS = [0, 1, -1, 2, 1.0, 0.0, -0.0, 1.5, 1e300, MAX_SAFE, MAX_SAFE + 1, 2**63, 2**64, -(2**63), 10**400]
ODD_WORDS = ["", " ", "1", "true", "null", "\n", "a\n", "\x00", "\x7f", "\u2028", "é", "e\u0301", "😀", "１２３", "א"]
ODD_FORMS = ["2026-02-31", "2026-03-05T14:21:07.250-08:00", "2026-03-05T14:21:07.250Z", "0" * 64, "a" * 32, "A" * 64]
ODD_LENGTHS = ["x" * 4001, "好" * 4000, "😀" * 200, "01920000-0000-7000-8000-000000000001\n"]
ODD_TREES: list[Any] = [[], [[]], {}, {"": 1}, {"a": None}, [None], [{}], ["x"], [1, 1], [[1, 2]], {"x": {"y": []}}]
ODD = [None, True, False, float("nan"), float("inf"), *ODD_NUMBERS, *ODD_WORDS, *ODD_FORMS, *ODD_LENGTHS, *ODD_TREES]


@cache
def valid(schema: type[Schema]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw values that keep *schema*, optional members present or not."""
    declared = schema().fields
    required = {name: valid_field(field) for name, field in declared.items() if field.required}
    optional = {name: valid_field(field) for name, field in declared.items() if not field.required}
    return st.fixed_dictionaries(required, optional=optional)


def valid_field(field: fields.Field[Any]) -> st.SearchStrategy[Any]:
    """Draw values that keep one field."""
    rules = field.validators
    for rule in rules:
        if isinstance(rule, validate.OneOf):
            return st.sampled_from(list(rule.choices))
        if isinstance(rule, validate.Equal):
            return st.just(rule.comparable)
        if isinstance(rule, validate.Regexp):
            return st.sampled_from(MATCHING[rule.regex.pattern])
    least, most = _bounds(rules)
    if isinstance(field, fields.Nested):
        return valid(type(field.schema))
    if isinstance(field, fields.List):
        return st.lists(valid_field(field.inner), min_size=least or 0, max_size=min(most or 4, (least or 0) + 4))
    if isinstance(field, fields.Dict):
        words = st.text("abcdefghij_0123456789", min_size=1, max_size=6)
        inner = (
            st.text(max_size=5)
            if field.value_field
            else st.integers(0, 9) | st.text(max_size=5) | st.lists(st.booleans())
        )
        return st.dictionaries(words, inner, max_size=3)
    if isinstance(field, fields.Boolean):
        return st.booleans()
    if isinstance(field, fields.Integer):
        return st.integers(least, most) | st.sampled_from(
            [value for value in (least, most) if value is not None] or [0]
        )
    assert isinstance(field, fields.String), f"no way to draw a {type(field).__name__}"
    letters = st.characters(exclude_categories=["Cs"])
    return st.text(letters, min_size=least or 0, max_size=min(most or 40, (least or 0) + 40))


def _bounds(rules: list[Any]) -> tuple[int | None, int | None]:
    for rule in rules:
        if isinstance(rule, validate.Length):
            return (rule.equal, rule.equal) if rule.equal is not None else (rule.min, rule.max)
        if isinstance(rule, validate.Range):
            return rule.min, rule.max
    return None, None


def places_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the path of everything inside *value*."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from places_in(child, (*path, key))


@st.composite
def spoilt(draw: st.DrawFn, schema: type[Schema]) -> Any:
    """Draw a valid value and change up to three places in it, at any depth; some changes leave it valid."""
    value: Any = copy.deepcopy(draw(valid(schema)))
    for _ in range(draw(st.integers(0, 3))):
        paths = list(places_in(value))
        if not paths:
            break
        *steps, last = draw(st.sampled_from(paths))
        within = value
        for step in steps:
            within = within[step]
        change(draw, within, last)
    return value


def change(draw: st.DrawFn, within: Any, last: Any) -> None:
    """Change one place: dropped, renamed, doubled, wrapped, replaced by something odd, or moved by a little."""
    here = within[last]
    ways = ["drop", "odd", "odd", "near", "near", "wrap", "more"] + (
        ["rename", "add"] if isinstance(within, dict) else []
    )
    way = draw(st.sampled_from(ways))
    if way == "drop":
        del within[last]
    elif way == "odd":
        within[last] = copy.deepcopy(draw(st.sampled_from(ODD)))
    elif way == "near":
        within[last] = draw(st.sampled_from(_near(here)))
    elif way == "wrap":
        within[last] = draw(st.sampled_from([[here], {"x": here}, [here, here]]))
    elif way == "more":
        within[last] = here * draw(st.sampled_from([2, 3, 21, 51, 201])) if isinstance(here, (str, list)) else here
    elif way == "rename":
        within[draw(st.sampled_from([last.upper(), last + "_", "x" + last, last[:-1]]))] = within.pop(last)
    else:
        within[draw(st.sampled_from(["extra", "", "é", "type", "__proto__"]))] = copy.deepcopy(
            draw(st.sampled_from(ODD))
        )


def _near(value: Any) -> list[Any]:
    """Give values that lie close to *value*: the other side of a bound, another spelling, another type of the same."""
    if isinstance(value, bool):
        return [int(value), str(value).lower(), not value]
    if isinstance(value, int):
        return [value + 1, value - 1, -value, float(value % 2**60), str(value), value == 1, value + 2**53, [value]]
    if isinstance(value, str):
        spelt = [
            value + "\n",
            "\n" + value,
            value[:-1],
            value + value[-1:],
            value.upper(),
            value.title(),
            value + " ",
            " " + value,
        ]
        return [
            *spelt,
            value[:1] + "\u0301" + value[2:],
            value.replace("0", "０"),
            value.replace("-", "\u2010"),
            value + "\x00",
        ]
    if isinstance(value, list):
        return [value[:-1], value + value[:1], {str(at): each for at, each in enumerate(value)}, [*value, None]]
    return [list(value.items()) if isinstance(value, dict) else value, {}, None]
