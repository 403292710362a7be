"""A rule as plain texts, field by field: to show it, to explain it, to tell two versions of a rulebook apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import time
from typing import Any

from server.domain.conduct.periods import Period
from server.domain.conduct.rules import Check, Rule, Rulebook
from server.domain.conduct.wording import say_period


def say_limit(rule: Rule) -> str:
    """Give a rule's parameters in one line, without those that say nothing."""
    told = ((each.name, getattr(rule.params, each.name)) for each in fields(rule.params))
    return "; ".join(f"{name}: {say_value(value)}" for name, value in told if value not in (None, "", (), False))


def say_value(value: Any) -> str:
    """
    Give a parameter as a person reads it.

    >>> say_value(Period.read("P30D")), say_value(time(9)), say_value(("visit", "call")), say_value(True)
    ('30 days', '09:00', 'visit, call', 'yes')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(say_value(each) for each in value)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return say_period(value) if isinstance(value, Period) else str(value)


def describe(rule: Rule) -> dict[str, str]:
    """Give everything a rule says, by field; parameters as `params.<name>`."""
    params = {f"params.{each.name}": say_value(getattr(rule.params, each.name)) for each in fields(rule.params)}
    words = {"agent": rule.says_agent, "person": rule.says_person}
    return {
        "type": rule.type.value,
        **params,
        "check": " ".join(check.value for check in Check if check in rule.checks),
        "severity": rule.severity.value,
        "on_unknown": rule.on_unknown.value,
        "citation": rule.citation,
        "confidence": rule.confidence.value,
        "status": rule.status.value,
        "note": rule.note,
        **{f"{name}.{language}": text for name, said in words.items() for language, text in said.items()},
    }


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one rule that two rulebooks have differently; None where one of them has no such rule or field."""

    rule_id: str
    field: str
    before: str | None
    after: str | None


def compare(before: Rulebook, after: Rulebook) -> Iterator[Difference]:
    """Give every difference of the rules of two rulebooks, in the order of their rules."""
    for rule_id in dict.fromkeys(rule.id for rule in (*before.rules, *after.rules)):
        one, other = before.rule(rule_id), after.rule(rule_id)
        if one is None or other is None:
            limits = (None if rule is None else say_limit(rule) for rule in (one, other))
            yield Difference(rule_id, "rule", *limits)
            continue
        was, becomes = describe(one), describe(other)
        for name in dict.fromkeys((*was, *becomes)):
            if was.get(name) != becomes.get(name):
                yield Difference(rule_id, name, was.get(name), becomes.get(name))
