"""
Judging: every rule of the rulebooks in force, over one set of facts.

A rule type is a row of a neighbour's `TYPES`: its parameters' dataclass, and the function that judges them. To add a
type: a word in `RuleType`, a dataclass, a function and a row in the file where its like stand.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from server.domain.conduct import after, before, door, frequency, hours, params, stops, who
from server.domain.conduct.acts import TIME_BARRED
from server.domain.conduct.facts import Facts
from server.domain.conduct.rules import Check, Rule, Rulebook, RuleType
from server.domain.conduct.verdicts import Asked, Judge, Verdict
from server.domain.conduct.who import INSPECT_AGENCY

TYPES: dict[RuleType, tuple[type[Any], Judge]] = {
    **hours.TYPES,
    **frequency.TYPES,
    **before.TYPES,
    **who.TYPES,
    **door.TYPES,
    **stops.TYPES,
    **after.TYPES,
}
# Types whose every rule takes the word of the house before a visit.
VOUCHED = frozenset(
    {RuleType.RETENTION, RuleType.DATA_PROTECTION, RuleType.CROSS_BORDER, RuleType.AUTOMATED_DECISION}
)
MOST_FOUND = 64  # rulebooks by check whose rules were looked up
_found: dict[tuple[int, Check, frozenset[Check]], tuple[Rulebook, list[tuple[Judge, Asked]]]] = {}


def read_params(type_: RuleType, values: Mapping[str, Any]) -> Any:
    """Read a rule's parameters; raise ValueError with every fault."""
    return params.read_params(TYPES[type_][0], values)


def judge(
    rulebooks: Iterable[Rulebook], facts: Facts, check: Check, language: str = "en", *, of: Collection[Check] = ()
) -> list[Verdict]:
    """
    Judge every rule checked at *check*, or at one of *of*, by what is known at *check*.

    Strictest wins: whoever asks looks at all that fail, not at the first.
    """
    return [
        Verdict.of(rulebook.name, asked.rule, judge_type(asked.rule.params, facts, asked), language)
        for rulebook in rulebooks
        for judge_type, asked in _asked_at(rulebook, check, frozenset(of or (check,)))
    ]


def _asked_at(rulebook: Rulebook, check: Check, of: frozenset[Check]) -> list[tuple[Judge, Asked]]:
    """
    Give what judges each rule checked at one of *of*: found once for a rulebook, not for each case.

    A rulebook cannot be hashed (it holds mappings); it is kept beside what was found, so that its id stays its own.
    """
    known = _found.get((id(rulebook), check, of))
    if known is None:
        asked = [Asked(rule, rulebook.zone, check) for rule in rulebook.rules if not rule.checks.isdisjoint(of)]
        known = rulebook, [(TYPES[each.rule.type][1], each) for each in asked]
        if len(_found) >= MOST_FOUND:
            _found.clear()
        _found[id(rulebook), check, of] = known
    return known[1]


def can_be_vouched_for(rule: Rule) -> bool:
    """
    Say whether somebody of the house may vouch for a rule: one that software cannot decide.

    A duty of the house that is named for review only holds no visit up; who vouches for it is on record.
    """
    if rule.type is RuleType.OVERSIGHT:
        return any(duty != INSPECT_AGENCY for duty in rule.params.duty)
    if rule.type is RuleType.FORBIDDEN_CONDUCT:
        return TIME_BARRED in rule.params.codes and Check.GATE in rule.checks
    return rule.type in VOUCHED


def earliest(verdicts: Iterable[Verdict]) -> int | None:
    """
    Give the moment before which something that blocks now surely blocks; None if time alone does not cure all of it.

    It promises no visit: at that moment another rule may, such as the hours where the moment lies at night.
    """
    times = [verdict.cure_ms for verdict in verdicts if verdict.blocks]
    known = [each for each in times if each is not None]
    return max(known) if known and len(known) == len(times) else None
