"""
What changed in a packet between two revisions: member by member, for whoever asks what a crew could know.

Comes in: two open parts as they were packed. Goes out: one line for each member that differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

UNTOLD = frozenset({"texts", "lease_until"})  # texts follow from the limits; each extension moves the lease


@dataclass(frozen=True, slots=True)
class PacketChange:
    """One member that differs: its path, and its value then and now; empty where it was not there."""

    path: str
    then: str
    now: str


def compare_parts(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[PacketChange]:
    """
    Give what differs, in the order of paths.

    >>> compare_parts({"place": {"address": "1 Hill Rd"}}, {"place": {"address": "2 Hill Rd"}, "crew": [{"name": "A"}]})
    ... # doctest: +NORMALIZE_WHITESPACE
    [PacketChange(path='crew.1.name', then='', now='A'),
     PacketChange(path='place.address', then='1 Hill Rd', now='2 Hill Rd')]
    """
    before, after = dict(_flatten(then)), dict(_flatten(now))
    paths = sorted(path for path in before | after if before.get(path) != after.get(path))
    return [PacketChange(path, before.get(path, ""), after.get(path, "")) for path in paths]


def _flatten(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, child in value.items():
            if path or name not in UNTOLD:
                yield from _flatten(child, f"{path}.{name}" if path else name)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for number, child in enumerate(value, 1):
            yield from _flatten(child, f"{path}.{number}")
    else:
        yield path, str(value)
