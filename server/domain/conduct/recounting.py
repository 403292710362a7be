"""
Recounting: facts and verdicts as JSON to be kept beside an act, and back, so that anyone can judge again and compare.

Goes out: plain values only; what was not known is left out, so a `None` comes back as one.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar

from server.domain.conduct.verdicts import Verdict

D = TypeVar("D")


_PLAIN = frozenset({str, int, float, bool, type(None)})


def dump(value: Any, known: dict[int, Any] | None = None) -> Any:
    """
    Give *value*, a dataclass of this room, as plain values, which are not to be changed.

    What many values share (a crew's papers, a calendar) is written once where they are dumped with the same *known*;
    all of them have to stay alive meanwhile.

    >>> from server.domain.conduct.facts import Facts
    >>> dump(Facts(now_ms=5, case_id="c", crew=()))
    {'now_ms': 5, 'case_id': 'c', 'crew': []}
    """
    if type(value) in _PLAIN:
        return value
    known = {} if known is None else known
    found = known.get(id(value))
    if found is None:
        found = known[id(value)] = _dump(value, known)
    return found


def _dump(value: Any, known: dict[int, Any]) -> Any:
    if is_dataclass(value):
        kind: Any = type(value)
        members = ((name, getattr(value, name), default) for name, default in _members(kind))
        return {name: dump(member, known) for name, member, default in members if not _equals(member, default)}
    if isinstance(value, Mapping):
        return {str(dump(key, known)): dump(member, known) for key, member in value.items()}
    if isinstance(value, (frozenset, set)):
        return sorted(dump(each, known) for each in value)
    if isinstance(value, (tuple, list)):
        return [dump(each, known) for each in value]
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


@lru_cache(maxsize=64)
def _members(kind: Any) -> tuple[tuple[str, Any], ...]:
    """Give the members of a dataclass with their defaults; MISSING where there is none."""
    return tuple(
        (each.name, each.default if each.default_factory is MISSING else each.default_factory())
        for each in fields(kind)
    )


def _equals(member: Any, default: Any) -> bool:
    return default is not MISSING and bool(member == default)


def load(kind: type[D], value: Mapping[str, Any]) -> D:
    """
    Read what `dump` gave of a dataclass *kind*.

    >>> from server.domain.conduct.facts import Facts
    >>> load(Facts, {"now_ms": 5, "crew": [], "attested": {"R": "2016-05-01"}}).attested
    {'R': datetime.date(2016, 5, 1)}
    """
    hints = typing.get_type_hints(kind)
    return kind(**{name: _load(hints[name], member) for name, member in value.items()})


def _load(hint: Any, value: Any) -> Any:
    options = typing.get_args(hint)
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        [of] = [each for each in options if each is not type(None)]
        return None if value is None else _load(of, value)
    if origin is tuple:
        return tuple(_load(options[0], each) for each in value)
    if origin is frozenset:
        return frozenset(_load(options[0], each) for each in value)
    if origin is not None:  # Mapping
        return {_load(options[0], key): _load(options[1], each) for key, each in value.items()}
    if hint is date:
        return date.fromisoformat(value)
    if is_dataclass(hint):
        assert isinstance(hint, type)
        return load(hint, value)
    return hint(value) if isinstance(hint, type) and issubclass(hint, Enum) else value


def answers(verdicts: Iterable[Verdict]) -> dict[str, str]:
    """Give each rule's answer."""
    return {verdict.rule_id: verdict.answer.value for verdict in verdicts}


def differences(kept: Mapping[str, str], judged: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """
    Give (rule, answer kept, answer now) where two judgements of the same facts differ; "-" where one has none.

    >>> differences({"R-1": "pass", "R-2": "pass"}, {"R-1": "fail", "R-3": "pass"})
    [('R-1', 'pass', 'fail'), ('R-2', 'pass', '-'), ('R-3', '-', 'pass')]
    """
    pairs = [(rule, kept.get(rule, "-"), judged.get(rule, "-")) for rule in sorted(kept.keys() | judged.keys())]
    return [pair for pair in pairs if pair[1] != pair[2]]
