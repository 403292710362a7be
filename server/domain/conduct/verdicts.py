"""A rule's answer: pass, fail or unknown, with the facts used, the limit, the citation and what would cure it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from server.domain.conduct.facts import Facts
from server.domain.conduct.rules import Check, Confidence, OnUnknown, Rule, Severity


class Answer(StrEnum):
    """Three values, never two."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    UNKNOWN = "unknown"


STOPPING = frozenset({Severity.BLOCK, Severity.END})
WEIGHTY = STOPPING | {Severity.WARN}


def stops(answer: Answer, severity: Severity, on_unknown: OnUnknown) -> bool:
    """
    Say whether an answer stops a visit. What is unknown never weighs more than what is broken.

    So a rule that asks for no more than a record where it is broken is kept on record where it is unknown, whatever its
    rulebook says of the unknown; and one that warns goes no further than to warn.
    """
    is_bad = answer is Answer.FAIL or (answer is Answer.UNKNOWN and on_unknown is OnUnknown.BLOCK)
    return is_bad and severity in STOPPING


@dataclass(frozen=True, slots=True)
class Used:
    """A fact that an answer rests on: its value as text, where it came from, and when."""

    name: str
    value: str
    source: str = ""
    at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a type's code answers: the judging adds who said so. `cure_ms` is the earliest moment it would pass."""

    answer: Answer
    limit: str = ""  # what the rule allows, in words: "09:00 to 19:00, Monday to Saturday"
    used: tuple[Used, ...] = ()
    missing: tuple[str, ...] = ()  # facts that would be needed
    cure: str = ""  # "from 09:00 on Tuesday 3 May", "after the dispute was answered"
    cure_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule's answer to one set of facts."""

    rule_id: str
    rulebook: str
    answer: Answer
    severity: Severity
    on_unknown: OnUnknown
    limit: str
    used: tuple[Used, ...]
    missing: tuple[str, ...]
    cure: str
    cure_ms: int | None
    citation: str
    confidence: Confidence
    is_house: bool
    says_agent: str
    says_person: str

    @classmethod
    def of(cls, rulebook: str, rule: Rule, found: Finding, language: str = "en") -> Verdict:
        """Put a rule's name, law and words to what was found."""
        return cls(
            rule.id, rulebook, found.answer, rule.severity, rule.on_unknown, found.limit, found.used, found.missing,
            found.cure, found.cure_ms, rule.citation, rule.confidence, rule.is_house,
            rule.says_agent.get(language, rule.says_agent["en"]),
            rule.says_person.get(language, rule.says_person["en"]),
        )  # fmt: skip

    @property
    def blocks(self) -> bool:
        """Whether a visit may not go on: a rule that stops fails, or does not know and says that this stops."""
        return stops(self.answer, self.severity, self.on_unknown)

    @property
    def warns(self) -> bool:
        """Whether a visit may go on only with a reason and a second person."""
        return self.answer is not Answer.PASS and self.severity in WEIGHTY and not self.blocks


@dataclass(frozen=True, slots=True)
class Asked:
    """What a type's code may know besides parameters and facts: the rule, its rulebook's zone, where it is checked."""

    rule: Rule
    zone: str  # an IANA name, or "place"
    check: Check


Judge = Callable[[Any, Facts, Asked], Finding]


def passed(limit: str, *used: Used) -> Finding:
    """Answer that the rule is kept."""
    return Finding(Answer.PASS, limit, used)


def failed(limit: str, *used: Used, cure: str = "", cure_ms: int | None = None) -> Finding:
    """Answer that the rule is broken, and what would mend it."""
    return Finding(Answer.FAIL, limit, used, (), cure, cure_ms)


def unknown(limit: str, *missing: str, used: tuple[Used, ...] = ()) -> Finding:
    """Answer that facts are missing."""
    return Finding(Answer.UNKNOWN, limit, used, missing, f"once it is known: {', '.join(missing)}")
