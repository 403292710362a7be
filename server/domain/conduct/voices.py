"""
What persons may say of a visit: conduct by the same codes that reviews tick, feedback, and a complaint's clocks.

A code in a complaint is a claim until a reviewer looked. Feedback is five questions with three answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from server.domain.conduct.codes import ConductCode
from server.domain.conduct.complaints import Complaint
from server.domain.conduct.periods import Period
from server.domain.conduct.rules import Rulebook, RuleType

# What a complaint offers to tick: of the codes that reviews know, those that a person sees for themself.
CHOICES: tuple[ConductCode, ...] = (
    ConductCode.THREATENED, ConductCode.USED_FORCE, ConductCode.INSULTED, ConductCode.SHAMED, ConductCode.KEPT_COMING,
    ConductCode.KEPT_FROM_LEAVING, ConductCode.WENT_IN, ConductCode.STAYED, ConductCode.TOLD_OTHERS, ConductCode.POSED,
    ConductCode.MISLED, ConductCode.FILMED, ConductCode.LEFT_OPEN_PAPER, ConductCode.TOOK_PAYMENT,
    ConductCode.CHARGED_FEE,
)  # fmt: skip
OTHER = "other"  # what none of these says: the words say it
QUESTIONS = ("came", "card", "told", "left", "others")
ANSWERS = ("yes", "no", "unsure")
ACKNOWLEDGE = Period(minutes=24 * 60)  # where no rulebook says it
ANSWER = Period(minutes=15 * 24 * 60)
TRIAGE = Period(minutes=24 * 60)


def codes_of(chosen: Iterable[str]) -> list[str]:
    """
    Give the codes that a person ticked, sorted; what is no code that was offered is left out.

    >>> codes_of(["went_in", "posed", "nonsense", "other"])
    ['posed', 'went_in']
    """
    return sorted({each.value for each in CHOICES}.intersection(chosen))


def complaint_clocks(rulebooks: Iterable[Rulebook], made_ms: int, zone: str) -> tuple[int, int]:
    """Give until when a complaint is to be acknowledged and answered: the shortest of any rulebook in force."""
    rules: Sequence[Complaint] = [
        rule.params for book in rulebooks for rule in book.rules if rule.type is RuleType.COMPLAINT
    ]
    acknowledge = [rule.acknowledge for rule in rules if rule.acknowledge] or [ACKNOWLEDGE]
    answer = [rule.answer for rule in rules if rule.answer] or [ANSWER]
    return min(each.after(made_ms, zone) for each in acknowledge), min(each.after(made_ms, zone) for each in answer)
