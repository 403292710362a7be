"""
Policy: an ordered table that says which team or agency a case goes to; the first row that matches decides.

Comes in: the table's rows (read and checked by `services/policies.py`), open cases, agents with what they carry. Goes
out: for each case the row and agent chosen, or why a person must choose. A row whose agents are all full or lack a
certificate does not hand its cases on to the next row: they go to a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from schemas.errors import Sentence


@dataclass(frozen=True, slots=True)
class Span:
    """A range of whole numbers, both ends included; None is no end."""

    least: int | None = None
    most: int | None = None

    def holds(self, value: int | None) -> bool:
        """
        Say whether *value* lies within; what is unknown does not.

        >>> Span(1, 90).holds(90), Span(1, 90).holds(None)
        (True, False)
        """
        if value is None:
            return False
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One row: what a case must be (None: anything), and to whom it goes."""

    name: str
    grades: frozenset[str] | None = None
    products: frozenset[str] | None = None
    areas: frozenset[str] | None = None
    languages: frozenset[str] | None = None
    days_past_due: Span | None = None
    amount: Span | None = None
    currency: str | None = None
    team: str | None = None
    agency: str | None = None
    certificates: frozenset[str] = frozenset()
    capacity: int | None = None  # cases an agent may carry by this row; none: as their team's
    crew: int = 1  # how many agents go together: a lead and companions of one team

    @property
    def target(self) -> Sentence:
        """Whom it names, in words."""
        if self.team is None and self.agency is None:
            return Sentence("the office")
        return Sentence("team {name}", name=self.team) if self.team else Sentence("agency {name}", name=self.agency)


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What a policy may know of a case."""

    id: str
    reference: str
    grade: str | None
    product: str | None
    area: str | None
    language: str | None
    days_past_due: int | None
    currency: str
    amount: int


@dataclass(slots=True)
class Candidate:
    """An active agent, with the certificates of their team, and what they carry as lead."""

    code: str
    team: str | None
    agency: str
    certificates: frozenset[str]
    languages: frozenset[str]
    load: int
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What the table says of one case: a row and an agent, or the sentence a person reads."""

    case_id: str
    reference: str
    row: str | None
    agent: str | None
    sentence: str = ""
    companions: tuple[str, ...] = ()


def matches(row: PolicyRow, case: CaseFacts) -> bool:
    """Say whether *case* is what *row* asks for; a fact the case lacks matches no condition on it."""
    words = (
        (row.grades, case.grade),
        (row.products, case.product),
        (row.areas, case.area),
        (row.languages, case.language),
    )
    if any(wanted is not None and fact not in wanted for wanted, fact in words):
        return False
    if row.days_past_due is not None and not row.days_past_due.holds(case.days_past_due):
        return False
    return row.amount is None or (row.currency == case.currency and row.amount.holds(case.amount))


def choose(rows: Sequence[PolicyRow], cases: Iterable[CaseFacts], candidates: Sequence[Candidate]) -> list[Choice]:
    """
    Choose a row and an agent for each case, in order; loads in *candidates* grow as cases are handed out.

    Among a row's able agents: who speaks the person's language, then who carries least, then the lowest code.
    Companions are the next of the lead's own team; what they carry as companions does not count.
    """
    able: dict[str, list[Candidate]] = {}
    for row in rows:
        named = [each for each in candidates if (row.team is None or each.team == row.team)]
        named = [each for each in named if row.agency is None or each.agency == row.agency]
        able[row.name] = [each for each in named if row.certificates <= each.certificates]
    return [_choose_one(rows, case, able) for case in cases]


def _choose_one(rows: Sequence[PolicyRow], case: CaseFacts, able: dict[str, list[Candidate]]) -> Choice:
    row = next((row for row in rows if matches(row, case)), None)
    if row is None:
        return Choice(case.id, case.reference, None, None, Sentence("no row matches"))
    if not able[row.name]:
        text = "{target} has no active agent with {needed}" if row.certificates else "{target} has no active agent"
        sentence = Sentence(text, target=row.target, needed=", ".join(sorted(row.certificates)))
        return Choice(case.id, case.reference, row.name, None, sentence)
    free = [each for each in able[row.name] if _has_room(each, row)]
    if not free:
        sentence = Sentence("every able agent of {target} is at capacity", target=row.target)
        return Choice(case.id, case.reference, row.name, None, sentence)
    chosen = min(free, key=_by_fitness(case))
    mates = [each for each in able[row.name] if each is not chosen and _home(each) == _home(chosen)]
    companions = sorted(mates, key=_by_fitness(case))[: row.crew - 1]
    if len(companions) < row.crew - 1:
        text = "{target} has no crew of {crew}: too few able agents beside {agent}"
        sentence = Sentence(text, target=row.target, crew=row.crew, agent=chosen.code)
        return Choice(case.id, case.reference, row.name, None, sentence)
    chosen.load += 1
    return Choice(case.id, case.reference, row.name, chosen.code, "", tuple(each.code for each in companions))


def _by_fitness(case: CaseFacts) -> Callable[[Candidate], tuple[bool, int, str]]:
    return lambda each: (case.language not in each.languages, each.load, each.code)


def _home(candidate: Candidate) -> tuple[str, str | None]:
    return candidate.agency, candidate.team


def _has_room(candidate: Candidate, row: PolicyRow) -> bool:
    capacity = row.capacity if row.capacity is not None else candidate.capacity
    return capacity is None or candidate.load < capacity
