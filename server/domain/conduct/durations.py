"""
Durations: how long a hold lasts by the rulebooks, and by how much it may be extended.

Comes in: the rulebooks in force, what a hold was placed for. Goes out: moments. The longest protection wins: where one
rule names no end, only a person ends the hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from server.domain.conduct.periods import Period
from server.domain.conduct.rules import Rule, Rulebook, RuleType
from server.domain.conduct.stops import EVENTS, concerns_visits


def find_end(rulebooks: Iterable[Rulebook], reason: str, placed_ms: int, zone: str) -> int | None:
    """Give when a hold of *reason* ends by itself; None where a person has to end it, or no rulebook says anything."""
    rules = list(_rules_about(rulebooks, reason))
    ends = [rule.params.duration.after(placed_ms, zone) for rule in rules if _ends_by_itself(rule)]
    return max(ends) if ends and len(ends) == len(rules) else None


def find_extension(rulebooks: Iterable[Rulebook], reason: str, until_ms: int, zone: str) -> int | None:
    """Give until when a hold that ends at *until_ms* may be extended; None where no rulebook extends it."""
    extends: list[Period] = [
        rule.params.extend
        for rule in _rules_about(rulebooks, reason)
        if rule.type is RuleType.PROTECTIVE_STOP and rule.params.extend is not None
    ]
    return max((each.after(until_ms, zone) for each in extends), default=None)


def _ends_by_itself(rule: Rule) -> bool:
    return rule.type is RuleType.PROTECTIVE_STOP and rule.params.duration is not None


def _rules_about(rulebooks: Iterable[Rulebook], reason: str) -> Iterator[Rule]:
    """Give the rules that stop visits for what a hold was placed for."""
    words = EVENTS.get(reason, frozenset()) | {reason}
    for book in rulebooks:
        for rule in book.rules:
            if not words.isdisjoint(_words_of(rule)) and concerns_visits(getattr(rule.params, "scope", ("visit",))):
                yield rule


def _words_of(rule: Rule) -> Iterable[str]:
    params = rule.params
    if rule.type is RuleType.PROTECTIVE_STOP:
        return tuple(params.events)
    if rule.type is RuleType.CEASE_CONTACT:
        return ("cease",)
    if rule.type is RuleType.DISPUTE_PAUSE:
        return (params.trigger, "dispute")
    return (params.who, "representative") if rule.type is RuleType.REPRESENTATIVE else ()
