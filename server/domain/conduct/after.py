"""Afterwards: what is kept and for how long, whose data it is, and what a machine may decide alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from server.domain.conduct.answers import attest
from server.domain.conduct.facts import Facts
from server.domain.conduct.periods import Period
from server.domain.conduct.rules import RuleType
from server.domain.conduct.verdicts import Asked, Finding, Judge
from server.domain.conduct.wording import say_period, say_words


@dataclass(frozen=True, slots=True)
class Retention:
    """Which records are kept at least and at most how long, counted from when, and when they are erased."""

    record: tuple[str, ...]
    least: Period | None = None
    most: str = ""
    counted_from: str = ""
    erase: str = ""


@dataclass(frozen=True, slots=True)
class DataProtection:
    """A duty towards the person whose data it is."""

    topic: str
    duty: str


@dataclass(frozen=True, slots=True)
class CrossBorder:
    """On which ground personal data may leave the country, and what else that takes."""

    basis: tuple[str, ...]
    extra: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AutomatedDecision:
    """What is owed where a machine decides or proposes."""

    duty: str


def judge_retention(params: Retention, facts: Facts, asked: Asked) -> Finding:
    """Answer whether the house vouches that records are kept and erased so."""
    since = f" from {say_words([params.counted_from])}" if params.counted_from else ""
    parts = [
        f"at least {say_period(params.least)}{since}" if params.least else "",
        f"at most {say_words([params.most])}" if params.most else "",
        f"erased: {say_words([params.erase])}" if params.erase else "",
    ]
    kept = "; ".join(part for part in parts if part)
    return attest(f"{say_words(params.record)} kept {kept}", facts, asked)


def judge_data_protection(params: DataProtection, facts: Facts, asked: Asked) -> Finding:
    """Answer whether the house vouches for a duty of data protection."""
    return attest(f"{say_words([params.topic])}: {params.duty}", facts, asked)


def judge_cross_border(params: CrossBorder, facts: Facts, asked: Asked) -> Finding:
    """Answer whether the house vouches for the ground on which data leaves the country, or that none does."""
    extra = f"; also {say_words(params.extra)}" if params.extra else ""
    return attest(f"data leaves the country only by {say_words(params.basis)}{extra}", facts, asked)


def judge_automated_decision(params: AutomatedDecision, facts: Facts, asked: Asked) -> Finding:
    """Answer whether the house vouches for what is owed where a machine decides."""
    return attest(params.duty, facts, asked)


TYPES: dict[RuleType, tuple[type[Any], Judge]] = {
    RuleType.RETENTION: (Retention, judge_retention),
    RuleType.DATA_PROTECTION: (DataProtection, judge_data_protection),
    RuleType.CROSS_BORDER: (CrossBorder, judge_cross_border),
    RuleType.AUTOMATED_DECISION: (AutomatedDecision, judge_automated_decision),
}
