"""
Reporting: an agency's conduct over a period, in figures that say what they were counted among.

Comes in: what each visit of the agency gave, refusals, complaints and feedback. Goes out: figures, in one order. A rate
never stands without its denominator, what could not be measured is counted as such, and nobody is ranked: no figure
names a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from schemas.errors import Sentence
from schemas.vocabulary import EndReason, EventKind, HoldReason
from server.domain.conduct.notes import NoteCode
from server.domain.findings.said import ABOUT
from server.domain.folding import SeenEvent, Visit

LEAVING = frozenset({HoldReason.ASKED_TO_LEAVE, HoldReason.REFUSAL})
MINUTE_MS = 60_000
SUFFERED = ABOUT[NoteCode.AGENT_THREATENED]


@dataclass(frozen=True, slots=True)
class Took:
    """How long leaving surely took at least and at most (ms): the same where one device's clock tells of both ends."""

    least_ms: int
    most_ms: int

    @property
    def middle_ms(self) -> int:
        """The middle of what it may have been."""
        return (self.least_ms + self.most_ms) // 2


@dataclass(frozen=True, slots=True)
class VisitFigures:
    """What one visit gives to the figures."""

    broken: tuple[str, ...] | None = None  # rules it did not keep; None: it was not judged
    near_misses: int = 0
    flags: tuple[str, ...] = ()  # what its notes may speak of
    was_asked_to_leave: bool = False
    took: Took | None = None  # from the request to the check-out, where both are known
    feedback: Mapping[str, str] | None = None  # question -> answer


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal, or a request to leave: whether a visit followed while it stood, and whether its crew could know."""

    visits_after: int = 0
    near_misses_after: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """Everything a report is made of."""

    visits: Sequence[VisitFigures]
    refusals: Sequence[Refusal] = ()
    complaints: int = 0
    unmatched_complaints: int = 0  # of the period, about no case yet: nobody's


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: how many of how many, or a value in its unit; *note* says what it leaves out."""

    name: str
    count: int | None = None
    of: int | None = None
    value: float | None = None
    unit: str = ""
    note: str = ""
    says: str = field(default="", compare=False)


def leave_time(visit: Visit) -> Took | None:
    """
    Give how long leaving took once the crew was asked to, or the person refused; None where it cannot be told.

    One device that was on all the time tells both ends by one clock; two clocks bound it.
    """
    asked, ended = find_request(visit), visit.ended
    if asked is None or ended is None or asked.kind == EventKind.VISIT_ENDED:
        return None
    if not (asked.bound.is_certain and ended.bound.is_certain):
        return None
    if asked.device_id == ended.device_id and asked.reading.boot == ended.reading.boot:
        took_ms = max(0, ended.bound.estimate_ms - asked.bound.estimate_ms)
        return Took(took_ms, took_ms)
    least_ms = max(0, ended.bound.earliest_ms - asked.bound.latest_ms)
    return Took(least_ms, max(least_ms, ended.bound.latest_ms - asked.bound.earliest_ms))


def find_request(visit: Visit) -> SeenEvent | None:
    """Give the record that the crew was asked to leave or refused: a halt, or only the reason of the check-out."""
    for event in visit.events:
        if event.kind == EventKind.HOLD_PLACED and event.body.get("reason") in LEAVING:
            return event
    ended = visit.ended
    return ended if ended is not None and ended.body.get("reason") == EndReason.ASKED_TO_LEAVE else None


def make_figures(told: Told) -> list[Figure]:
    """Give the figures of an agency, in their order."""
    visits = told.visits
    return [
        Figure("visits", len(visits), says="visits begun"),
        *_refusals(told.refusals),
        *_leaving([each for each in visits if each.was_asked_to_leave]),
        Figure("near_misses", sum(each.near_misses > 0 for each in visits), len(visits),
               says="visits with a near miss", note="the office's roads, not the crew"),
        *_broken(visits),
        *_flags(visits),
        *_complaints(told),
        *_feedback(visits),
    ]  # fmt: skip


def _refusals(refusals: Sequence[Refusal]) -> list[Figure]:
    kept = sum(each.visits_after == 0 for each in refusals)
    unknowable = sum(each.near_misses_after for each in refusals)
    note = Sentence("{count} later visits whose phone could not know of it", count=unknowable) if unknowable else ""
    return [Figure("refusals_respected", kept, len(refusals), note=note, says="refusals after which nobody came")]


def _leaving(asked: Sequence[VisitFigures]) -> list[Figure]:
    timed = [each.took for each in asked if each.took is not None]
    found = [Figure("leaving_timed", len(timed), len(asked), says="requests to leave that can be timed")]
    if timed:
        doubtful = sum(each.least_ms != each.most_ms for each in timed)
        note = Sentence("clocks leave {count} of {of} in doubt", count=doubtful, of=len(timed)) if doubtful else ""
        worst = max(timed, key=lambda each: (each.most_ms, each.least_ms))
        least = Sentence("at least {minutes} min", minutes=_minutes(worst.least_ms))
        span = "" if worst.least_ms == worst.most_ms else least
        found += [
            Figure("leaving_median", value=_minutes(median(each.middle_ms for each in timed)), unit="min", note=note,
                   says="from the request to leaving, median"),
            Figure("leaving_worst", value=_minutes(worst.most_ms), unit="min", note=span,
                   says="from the request to leaving, worst"),
        ]  # fmt: skip
    return found


def _broken(visits: Sequence[VisitFigures]) -> list[Figure]:
    judged = [each.broken for each in visits if each.broken is not None]
    unjudged = len(visits) - len(judged)
    note = Sentence("{count} visits were not judged", count=unjudged) if unjudged else ""
    found = [Figure("rules_broken", sum(bool(each) for each in judged), len(judged), note=note,
                    says="judged visits that broke a rule")]  # fmt: skip
    rules = Counter(rule for each in judged for rule in set(each))
    return found + [
        Figure(f"rules_broken/{rule}", rules[rule], len(judged),
               says=Sentence("judged visits that broke {rule}", rule=rule))
        for rule in sorted(rules)
    ]  # fmt: skip


def _flags(visits: Sequence[VisitFigures]) -> list[Figure]:
    """Count the flags; a note that tells of a threat to the agent is no flag on the agent's conduct."""
    flags = [set(each.flags) - {SUFFERED} for each in visits]
    about = Counter(word for each in flags for word in each)
    note = "a pattern flags, a person decides"
    found = [Figure("notes_flagged", sum(bool(each) for each in flags), len(visits), note=note,
                    says="visits with a flagged note")]  # fmt: skip
    found += [
        Figure(f"notes_flagged/{word.replace(' ', '_')}", about[word], len(visits),
               says=Sentence("visits with a note that may speak of {what}", what=Sentence(word)))
        for word in sorted(about)
    ]  # fmt: skip
    suffered = sum(SUFFERED in each.flags for each in visits)
    says = Sentence("visits with a note of {what}", what=Sentence(SUFFERED))
    return [*found, Figure("agents_threatened", suffered, len(visits), says=says)]


def _complaints(told: Told) -> list[Figure]:
    visits = len(told.visits)
    rate = round(100 * told.complaints / visits, 1) if visits else None
    more = Sentence("{count} complaints of the period are about no case yet: nobody's", count=told.unmatched_complaints)
    note = more if told.unmatched_complaints else ""
    return [
        Figure("complaints", told.complaints, note=note, says="complaints"),
        Figure("complaints_per_100_visits", of=visits, value=rate, unit="per 100 visits", says="complaints"),
    ]


def _feedback(visits: Sequence[VisitFigures]) -> list[Figure]:
    answers = [each.feedback for each in visits if each.feedback]
    found = [Figure("feedback_given", len(answers), len(visits), says="visits of which the person told something")]
    questions: Iterable[str] = dict.fromkeys(question for each in answers for question in each)
    for question in sorted(questions):
        given = Counter(each[question] for each in answers if question in each)
        for answer in ("yes", "no", "unsure"):
            facts = {"question": Sentence(question), "answer": Sentence(answer)}
            says = Sentence('answers to "{question}": {answer}', **facts)
            found.append(Figure(f"feedback/{question}/{answer}", given[answer], sum(given.values()), says=says))
    return found


def _minutes(ms: float) -> float:
    return round(ms / MINUTE_MS, 1)


def say_figure(figure: Figure) -> Sentence:
    """
    Say a figure in words, which another language can put in its own way.

    >>> say_figure(Figure("near_misses", 3, 41, says="visits with a near miss"))
    '3 of 41 visits with a near miss'
    >>> say_figure(Figure("complaints_per_100_visits", of=0, unit="per 100 visits", says="complaints"))
    'complaints: cannot be told of 0 visits'
    """
    facts: dict[str, Any] = {"says": Sentence(figure.says), "count": figure.count, "of": figure.of}
    if figure.unit and figure.value is None:
        text = "{says}: cannot be told of {of} visits"
    elif figure.value is not None:
        text = "{says}: {value} {unit}" if figure.of is None else "{says}: {value} {unit} (of {of})"
        facts |= {"value": f"{figure.value:g}", "unit": Sentence(figure.unit)}
    else:
        text = "{count} {says}" if figure.of is None else "{count} of {of} {says}"
    said = Sentence(text, **facts)
    return Sentence("{said}; {note}", said=said, note=Sentence(figure.note)) if figure.note else said
