"""
Judging briefly: what the gate asks of thousands of cases, with the very answers that `judging.judge` gives.

What rests on facts that cases share (hours, papers, who vouches) is judged once for them. Of rules about the log of
contacts, which no two cases share, it is first asked whether they surely pass; of one that does only that is told, not
what was counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from server.domain.conduct import before, frequency
from server.domain.conduct.facts import Facts
from server.domain.conduct.grounds import planned_day
from server.domain.conduct.judging import TYPES
from server.domain.conduct.rules import Check, Rule, Rulebook, RuleType
from server.domain.conduct.sharing import OF_A_HALT, OF_THE_DAY, OncePerStack, Shared, reads_of
from server.domain.conduct.verdicts import Asked, Verdict, passed

SURELY_PASSES: dict[RuleType, Callable[[Any, Facts, Asked], bool]] = {
    RuleType.FREQUENCY_CAP: frequency.surely_keeps_cap,
    RuleType.PRIOR_STEP: before.surely_took_steps,
}
_Placed = tuple[int, str, Asked]  # a rule of a rulebook, and which of the verdicts is its own


@dataclass(frozen=True, slots=True)
class _Group:
    """Rules that are judged together, once for all cases of which the same is known."""

    when: str  # what of the visit's time they ask: its "day", its "hours", its hours while there is a "halt"
    rules: tuple[_Placed, ...]
    found: Shared[list[tuple[int, Verdict]]]

    def judge(self, facts: Facts) -> list[tuple[int, Verdict]]:
        """Judge them, each with its place among the verdicts."""
        return [(place, _judge(rulebook, asked, facts)) for place, rulebook, asked in self.rules]


@dataclass(frozen=True, slots=True)
class _Plan:
    """The rules asked at the gate: those of the log of contacts one by one, the others in groups."""

    count: int
    of_log: tuple[tuple[_Placed, Callable[[Any, Facts, Asked], bool] | None, Verdict], ...]
    groups: tuple[_Group, ...]
    days: tuple[Asked, ...]  # one rule for each zone whose day is asked for


def judge_briefly(rulebooks: Sequence[Rulebook], facts: Facts) -> list[Verdict]:
    """Judge every rule checked at the gate, in the order of the rulebooks."""
    plan = _PLANS.get(rulebooks)
    found: list[Any] = [None] * plan.count
    for (place, rulebook, asked), surely, brief in plan.of_log:
        is_sure = surely is not None and surely(asked.rule.params, facts, asked)
        found[place] = brief if is_sure else _judge(rulebook, asked, facts)
    times = {
        "hours": facts.interval,
        "halt": facts.interval if facts.holds or facts.complaints else None,
        "day": (facts.interval is None, *(planned_day(facts, asked) for asked in plan.days)),
    }
    for group in plan.groups:
        for place, verdict in group.found.get(facts, group.judge, times[group.when]):
            found[place] = verdict
    return found


def _judge(rulebook: str, asked: Asked, facts: Facts) -> Verdict:
    rule = asked.rule
    return Verdict.of(rulebook, rule, TYPES[rule.type][1](rule.params, facts, asked))


def _make_plan(rulebooks: Sequence[Rulebook]) -> _Plan:
    rules = [(book, rule) for book in rulebooks for rule in book.rules if Check.GATE in rule.checks]
    of_log, groups = [], dict[tuple[str, frozenset[str]], list[_Placed]]()
    for place, (book, rule) in enumerate(rules):
        placed = place, book.name, Asked(rule, book.zone, Check.GATE)
        if "contacts" in reads_of(rule):
            of_log.append((placed, SURELY_PASSES.get(rule.type), Verdict.of(book.name, rule, passed(""))))
        else:
            when = _when(rule)
            groups.setdefault((when, reads_of(rule) if when == "hours" else frozenset()), []).append(placed)
    return _Plan(
        len(rules),
        tuple(of_log),
        tuple(_group(when, placed) for (when, _), placed in groups.items()),
        tuple({book.zone: Asked(rule, book.zone, Check.GATE) for book, rule in rules}.values()),
    )


def _when(rule: Rule) -> str:
    if rule.type in OF_A_HALT:
        return "halt"
    return "day" if rule.type in OF_THE_DAY or rule.type is RuleType.PRIOR_STEP else "hours"


def _group(when: str, placed: Sequence[_Placed]) -> _Group:
    reads = frozenset[str]().union(*(reads_of(asked.rule) for _, _, asked in placed))
    return _Group(when, tuple(placed), Shared(reads - {"interval"}))


_PLANS = OncePerStack(_make_plan)
