"""
Which column of a table feeds which field: from the mapping where it says so, else from the titles.

What cannot be told is asked in one `FieldError` that names every open question, before a single row is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.errors import FieldError
from server.importing.fields import FileSpec, known_field, title_unit
from server.importing.settings import FileMapping

REJECT_TITLES = ("reject_line", "reject_column", "reject_reason", "reject_cure")


@dataclass(frozen=True, slots=True)
class Column:
    """One column that feeds a field, with the unit and currency its title names."""

    index: int
    title: str
    unit: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The columns of each field, and the titles that feed none."""

    columns: Mapping[str, tuple[Column, ...]]
    ignored: tuple[str, ...]


def score_titles(titles: Sequence[str], spec: FileSpec, mapping: FileMapping) -> int:
    """Give how many fields these titles would feed: how much a row looks like the header."""
    wanted = {title.strip() for named in mapping.columns.values() for title in named}
    present = {title.strip() for title in titles}
    guessed = {known_field(title, spec) for title in titles if title} - {None, *mapping.columns}
    return 2 * len(wanted & present) + len(guessed)


def plan_columns(titles: Sequence[str], spec: FileSpec, mapping: FileMapping) -> Plan:
    """Give the plan; raise `FieldError("invalid")` with every missing or doubtful column and how to name it."""
    wrong: dict[str, list[str]] = {}
    places: dict[str, list[int]] = {}
    for index, title in enumerate(titles):
        places.setdefault(title.strip(), []).append(index)
    columns: dict[str, tuple[Column, ...]] = {}
    taken: set[int] = set()
    for field, named in mapping.columns.items():
        found = [places.get(title.strip(), []) for title in named]
        for wanted, where in zip(named, found, strict=True):
            if len(where) != 1:
                said = "stands over two columns" if where else "is no title of this file"
                wrong[f"columns.{field}"] = [f"“{wanted}” {said}. Titles: {_list(titles)}."]
        columns[field] = tuple(_column(where[0], titles) for where in found if where)
        taken |= {index for where in found for index in where}
    for field, indexes in _guess(titles, spec, taken, columns).items():
        if len(indexes) > 1 and not spec.fields[field].several:
            choices = " and ".join(f"“{titles[index]}”" for index in indexes)
            wrong[field] = [f"may be {choices}; say which in a mapping file: columns: {{{field}: …}}."]
        columns[field] = tuple(_column(index, titles) for index in indexes)
        taken |= set(indexes)
    for field, about in spec.fields.items():
        if about.required and field not in columns and field not in mapping.fixed:
            wrong[field] = [
                f"no column found. Say which in a mapping file: columns: {{{field}: …}}. Titles: {_list(titles)}."
            ]
    wrong |= _check_currency(spec, mapping, columns)
    if wrong:
        raise FieldError("invalid", wrong)
    unused = {title for index, title in enumerate(titles) if title and index not in taken}
    return Plan(columns, tuple(sorted(unused - set(REJECT_TITLES), key=titles.index)))


def _guess(
    titles: Sequence[str], spec: FileSpec, taken: set[int], columns: Mapping[str, object]
) -> dict[str, list[int]]:
    guessed: dict[str, list[int]] = {}
    for index, title in enumerate(titles):
        field = known_field(title, spec) if title and index not in taken else None
        if field and field not in columns:
            guessed.setdefault(field, []).append(index)
    return guessed


def _column(index: int, titles: Sequence[str]) -> Column:
    return Column(index, titles[index], *title_unit(titles[index]))


def _check_currency(
    spec: FileSpec, mapping: FileMapping, columns: Mapping[str, tuple[Column, ...]]
) -> dict[str, list[str]]:
    if "currency" not in spec.fields or {"currency"} & {*columns, *mapping.fixed} or mapping.settings.currency:
        return {}
    money = [column for field, found in columns.items() if spec.fields[field].kind == "money" for column in found]
    if money and all(column.currency for column in money):
        return {}
    cure = "Add --currency CNY, or in a mapping file settings: {currency: CNY}."
    return {"currency": ["the file does not say it.", cure]}


def _list(titles: Sequence[str]) -> str:
    return ", ".join(f"“{title}”" for title in titles if title) or "none"
