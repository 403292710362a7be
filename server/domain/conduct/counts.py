"""
Counts: how many visits rules of frequency leave to a device that cannot ask, until its lease ends.

Comes in: the rulebooks in force, the facts at the first visit that hours leave open. Goes out: for each such rule how
many visits more may start within its period, and the visits it has counted already, so that none counts twice. What
leaves the period during the lease still counts: a device may be told too little, never too much.
"""

from __future__ import annotations

from collections.abc import Iterable

from schemas.vocabulary import CountUnit
from server.domain.conduct.facts import Facts
from server.domain.conduct.frequency import FrequencyCap, MinInterval, count_unit, visits_left
from server.domain.conduct.rules import Check, Rulebook, RuleType, Severity
from server.domain.conduct.spans import MINUTE
from server.domain.conduct.verdicts import Asked
from server.domain.packing import Count

COUNTED = frozenset({RuleType.FREQUENCY_CAP, RuleType.MIN_INTERVAL})
STOPPING = frozenset({Severity.BLOCK, Severity.END})
LONGEST_MONTH_MINUTES = 31 * 1440
CLOCKS_MINUTES = 60  # what a change of the clocks may add to days and months of a calendar
MOST_KNOWN = 100


def compile_counts(rulebooks: Iterable[Rulebook], facts: Facts) -> tuple[Count, ...]:
    """Give the counts of the rules that stop visits, for the visit that *facts* plan; of equal ones the strictest."""
    found: dict[tuple[CountUnit, int], int] = {}
    for rulebook in rulebooks:
        for rule in rulebook.rules:
            if rule.type not in COUNTED or rule.severity not in STOPPING or rule.checks <= {Check.REVIEW}:
                continue
            left = visits_left(rule.params, facts, Asked(rule, rulebook.zone, Check.GATE))
            if left is not None:
                key = count_unit(rule.params), _length_ms(rule.params)
                found[key] = min(left, found.get(key, left))
    return tuple(Count(unit, most, period_ms) for (unit, period_ms), most in sorted(found.items()))


def known_visits(facts: Facts) -> tuple[str, ...]:
    """Give the visits to the case that the counts left out, the newest where they are many."""
    own = [each for each in facts.contacts or () if each.source == "visit" and each.case_id == facts.case_id]
    return tuple(each.id for each in sorted(own, key=lambda each: each.at_ms)[-MOST_KNOWN:])


def _length_ms(params: FrequencyCap | MinInterval) -> int:
    """Give the longest that a rule's period can be: a device has no calendar."""
    is_local = params.period.months > 0 or (isinstance(params, FrequencyCap) and params.period_kind == "calendar")
    minutes = params.period.months * LONGEST_MONTH_MINUTES + params.period.minutes
    return (minutes + (CLOCKS_MINUTES if is_local else 0)) * MINUTE
