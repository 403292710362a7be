"""
Priority: which case to look at first, as a weighted score with its reasons. It proposes; people decide.

Comes in: weights (read and checked by `services/priority_table.py`), what is known of each case, what people said of
it. Goes out: the cases in order, each with its points and why. What a person is (sex, age …) is no factor and cannot
become one: the factors are this closed list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from server.domain.policy import Span

TOP = 100
NEVER = 36_500  # days since a contact that never was


class Factor(StrEnum):
    """What a score may look at."""

    DAYS_PAST_DUE = "days_past_due"
    AMOUNT = "amount"
    TRIES = "tries"
    DAYS_SINCE_CONTACT = "days_since_contact"
    OPEN_HOURS = "open_hours"


WORDS: dict[Factor, str] = {
    Factor.DAYS_PAST_DUE: "days past due",
    Factor.AMOUNT: "amount overdue, in minor units",
    Factor.TRIES: "tries to reach the person of late",
    Factor.DAYS_SINCE_CONTACT: "days since the person was last reached",
    Factor.OPEN_HOURS: "hours in which a visit may start in the days ahead",
}


@dataclass(frozen=True, slots=True)
class Step:
    """A range of a factor's values, and how much of its weight it brings: 0 to 100."""

    span: Span
    level: int
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Weight:
    """A factor, how many of 100 points it can bring, and the sentence that says why."""

    factor: Factor
    weight: int
    steps: tuple[Step, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Weights:
    """What scores are made by; the weights add up to 100."""

    name: str
    version: str
    look_back_days: int
    look_ahead_days: int
    factors: tuple[Weight, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a case: a value of each factor, None where it is not known; and what bars any visit."""

    case_id: str
    lender: str
    reference: str
    currency: str
    values: Mapping[Factor, int | None]
    bars: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Word:
    """What a person said of a case's priority: that they contest it, the score or the place it shall have."""

    kind: str  # contest, score, place
    value: int | None
    by: str
    reason: str
    until: date | None
    made_ms: int


@dataclass(frozen=True, slots=True)
class Reason:
    """What one factor brings to a score."""

    factor: Factor
    value: int | None
    points: int
    most: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """A case with its place (None: nobody may go there now), its score and why."""

    standing: Standing
    place: int | None
    score: int
    reasons: tuple[Reason, ...]
    words: tuple[Word, ...] = ()
    override: Word | None = None  # the newest that stands today

    @property
    def proposed(self) -> int:
        """The score that its factors add up to, whatever people said."""
        return sum(reason.points for reason in self.reasons)

    @property
    def is_contested(self) -> bool:
        """Whether the last thing anybody said of it is that it is wrong."""
        return bool(self.words) and self.words[0].kind == "contest"


def weigh(weights: Weights, standing: Standing) -> tuple[Reason, ...]:
    """Give what each factor brings; one that is not known, or that no step names, brings nothing and says so."""
    return tuple(_weigh_one(each, standing) for each in weights.factors)


def _weigh_one(weight: Weight, standing: Standing) -> Reason:
    value = standing.values.get(weight.factor)
    step = next((each for each in weight.steps if _fits(each, value, standing.currency)), None)
    points = 0 if step is None else (weight.weight * step.level + TOP // 2) // TOP
    return Reason(weight.factor, value, points, weight.weight, _say(weight, value, step, standing.currency))


def _fits(step: Step, value: int | None, currency: str) -> bool:
    return step.span.holds(value) and step.currency in {None, currency}


def _say(weight: Weight, value: int | None, step: Step | None, currency: str) -> str:
    unit = f" {currency}" if weight.factor is Factor.AMOUNT else ""
    told = "never" if value == NEVER and weight.factor is Factor.DAYS_SINCE_CONTACT else f"{value}{unit}"
    if value is None:
        return f"{WORDS[weight.factor]}: not known, so it brings nothing"
    if step is None:
        return f"{WORDS[weight.factor]}: {told}, which no step names, so it brings nothing"
    return f"{WORDS[weight.factor]}: {told}, {_say_span(step.span)}: {step.level} of 100. {weight.why}"


def _say_span(span: Span) -> str:
    if span.most is None:
        return f"{span.least} or more"
    return f"{span.most} or less" if span.least is None else f"{span.least} to {span.most}"


def rank(
    weights: Weights, standings: Iterable[Standing], words: Mapping[str, Sequence[Word]], today: date
) -> list[Ranked]:
    """
    Put cases in order: the highest score first, then by lender and reference; places that people named hold.

    Of what people said (newest first) counts what stands today, the newest of a kind. What bars a visit comes last.
    """
    scored = [_score(weights, each, tuple(words.get(each.case_id, ())), today) for each in standings]
    scored.sort(key=lambda each: (-each.score, each.standing.lender, each.standing.reference))
    free = [(each, _newest(each.words, ("place",), today)) for each in scored if not each.standing.bars]
    order = [each for each, pin in free if pin is None]
    pinned = [(pin.value or 1, each) for each, pin in free if pin is not None]
    for place, each in sorted(pinned, key=lambda entry: entry[0]):
        order.insert(place - 1, each)
    placed = [replace(each, place=number) for number, each in enumerate(order, 1)]
    return placed + [each for each in scored if each.standing.bars]


def _score(weights: Weights, standing: Standing, words: tuple[Word, ...], today: date) -> Ranked:
    reasons, named = weigh(weights, standing), _newest(words, ("score",), today)
    points = sum(reason.points for reason in reasons)
    score = points if named is None or named.value is None else named.value
    return Ranked(standing, None, score, reasons, words, _newest(words, ("score", "place"), today))


def _newest(words: Sequence[Word], kinds: Collection[str], today: date) -> Word | None:
    live = (each for each in words if each.kind in kinds and each.until is not None and each.until >= today)
    return next(live, None)
