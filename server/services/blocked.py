"""
Blocked: the free cases that the gate last refused, by the rule in the way, each with the earliest time known.

Comes in: the judgements that were kept. Goes out: groups for the board. Nothing is judged anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.domain.conduct.rules import OnUnknown, Severity
from server.domain.conduct.verdicts import WEIGHTY, Answer, stops
from server.services.rulebooks import rulebooks_in_force
from server.services.site import Site
from server.storage import dispatch_rows
from server.storage.types import AnyRow

MOST_READ = 1000  # refused cases that are put in groups; the newest of them
Trouble = Mapping[str, Any]


@dataclass(frozen=True)
class Blocked:
    """A refused case: when the gate was asked, before when nothing is possible (None: no time is known), the cure."""

    row: AnyRow
    earliest_ms: int | None
    cure: str

    @property
    def asked_ms(self) -> int:
        """When the gate refused it."""
        return int(self.row.asked_ms)


@dataclass
class Group:
    """A rule with the cases it keeps back: its words by language, its source, how sure that is."""

    rule_id: str
    rulebook: str
    says: Mapping[str, str]
    citation: str
    confidence: str
    is_house: bool
    cases: list[Blocked] = field(default_factory=list)


def read_blocked(site: Site, area: str) -> tuple[list[Group], int]:
    """
    Give the rules that keep free cases back, the one with the most cases first, and how many cases were read.

    A case stands under each rule that is in its way. What nobody has is anybody's to hand out, so no agency limits it.
    """
    with site.store.read() as connection:
        rows = dispatch_rows.read_refused(connection, area, MOST_READ)
    words = {rule.id: rule.says_agent for book in rulebooks_in_force(site) for rule in book.rules}
    groups: dict[str, Group] = {}
    for row in rows:
        troubles = [each for each in row.troubles if is_in_the_way(each)]
        earliest_ms = find_earliest(troubles)
        for each in troubles:
            name = each["rule_id"]
            if name not in groups:
                says = words.get(name, {"en": each["says_agent"]})
                told = (each["citation"], each["confidence"], each["is_house"])
                groups[name] = Group(name, each["rulebook"], says, *told)
            groups[name].cases.append(Blocked(row, earliest_ms, each["cure"]))
    return sorted(groups.values(), key=lambda each: (-len(each.cases), each.rule_id)), len(rows)


def is_in_the_way(trouble: Trouble) -> bool:
    """
    Say whether a kept verdict blocked its case, or let it through by two persons only.

    >>> is_in_the_way({"answer": "fail", "severity": "record", "on_unknown": "block"})
    False
    """
    answer, severity = Answer(trouble["answer"]), Severity(trouble["severity"])
    return stops(answer, severity, OnUnknown(trouble["on_unknown"])) or severity in WEIGHTY


def find_earliest(troubles: Sequence[Trouble]) -> int | None:
    """
    Give the moment before which something is surely in the way; None unless time alone cures all of it.

    >>> find_earliest([{"cure_ms": 5}, {"cure_ms": 9}]), find_earliest([{"cure_ms": 5}, {"cure_ms": None}])
    (9, None)
    """
    times = [each["cure_ms"] for each in troubles]
    return max(times) if times and None not in times else None
