"""Parameters of rules: a frozen dataclass a type, read from a rulebook's plain values by its annotations."""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from datetime import time
from typing import Any, TypeVar

from server.domain.conduct.periods import Period

P = TypeVar("P")
_CLOCK = re.compile(r"(\d\d):(\d\d)")


def read_params(kind: type[P], values: Mapping[str, Any]) -> P:
    """
    Read *values* into the dataclass *kind*; raise ValueError with every fault, joined by "; ".

    Understood annotations: str, int, bool, time ("09:00"), Period ("P30D"), tuples of str or int, each also `| None`.
    A fault says which field, what is wrong and what would be right.
    """
    hints = typing.get_type_hints(kind)
    known = {each.name: each for each in fields(kind)}  # type: ignore[arg-type]
    faults = [
        f"'{name}' is no parameter of this type; it has {', '.join(known)}" for name in values if name not in known
    ]
    found: dict[str, Any] = {}
    for name, each in known.items():
        if name not in values:
            if each.default is MISSING and each.default_factory is MISSING:
                faults.append(f"'{name}' is missing")
            continue
        try:
            found[name] = _read(hints[name], values[name])
        except ValueError as error:
            faults.append(f"'{name}' {error}")
    if faults:
        raise ValueError("; ".join(faults))
    return kind(**found)


def _read(hint: Any, value: Any) -> Any:
    if typing.get_origin(hint) is tuple:
        [of, *_] = typing.get_args(hint)
        if not isinstance(value, list) or not value:
            raise ValueError("should be a list that holds something")
        return tuple(_READERS[of](each) for each in value)
    options = [each for each in typing.get_args(hint) if each is not type(None)] or [hint]
    return _READERS[options[0]](value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("should be a text")
    return value


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("should be a whole number, 0 or more")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("should be true or false")
    return value


def _clock(value: Any) -> time:
    found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        raise ValueError("should be a time in quotes, such as '09:00', and the end of a day is '00:00'")
    return time(int(found[1]), int(found[2]))


_READERS: dict[Any, Callable[[Any], Any]] = {
    str: _text,
    int: _number,
    bool: _flag,
    time: _clock,
    Period: lambda value: Period.read(_text(value)),
}
