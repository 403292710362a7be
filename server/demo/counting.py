"""
The count at the end: what was planted against what was found, and what every phone says against what the server has.

Comes in: the scenario with its list of faults, and the server's database. Goes out: rows for the tables that the demo
prints. The list never went near the server, and nothing here changes anything.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from schemas.vocabulary import MadeBy, RemovalReason
from server.demo.paperwork import Barred
from server.demo.plot import Planted
from server.domain.conduct.verdicts import Verdict
from server.domain.findings.codes import CATALOGUE, Code, Severity
from server.storage.case_rows import read_appointments, read_assignments
from server.storage.review_rows import list_findings, list_visits

MOST_FLAGGED = 0.03
MOST_FINDINGS = 100_000


@dataclass(frozen=True, slots=True)
class Found:
    """One live finding: its code and the key of its visit."""

    code: str
    visit: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A case that the gate refused when it was last to be handed out, and what stands in its way."""

    reference: str
    troubles: Sequence[Verdict]

    def by(self, rule: str) -> Verdict | None:
        """Give the answer of a rule, if it is among what stands in the way."""
        return next((verdict for verdict in self.troubles if verdict.rule_id == rule), None)


@dataclass(frozen=True, slots=True)
class GateCount:
    """How the gate judged the cases that it had to refuse, and those that it had to let through."""

    held: list[tuple[Barred, Verdict]]  # refused, by the rule that was to stand in the way
    missed: list[Barred]
    false: list[str]  # references of cases to be visited


def read_kept(connection: Connection, case_ids: Collection[str]) -> Counter[str]:
    """Count the times that persons chose and that were kept, and the cases taken back because they were paid."""
    chosen = [row for row in read_appointments(connection, list(case_ids)) if row.made_by == MadeBy.PERSON]
    started = {row.case_id: row.started_ms for row in list_visits(connection, most=MOST_FINDINGS)}
    kept = [row for row in chosen if _ms(row.starts) <= started.get(row.case_id, 0) <= _ms(row.ends)]
    ended = read_assignments(connection, list(case_ids))
    recalled = {row.case_id for row in ended if row.reason == RemovalReason.PAID}
    return Counter({"times kept": len(kept), "paid and taken back": len(recalled)})


def _ms(wall: str) -> int:
    return round(datetime.fromisoformat(wall).timestamp() * 1000)


def weigh_gate(barred: Sequence[Barred], visited: Collection[str], refused: Sequence[Refused]) -> GateCount:
    """Hold what the gate refused against what it had to."""
    found = {each.reference: each for each in refused}
    held, missed = [], []
    for each in barred:
        told = found.get(each.case.reference)
        verdict = None if told is None else told.by(each.rule)
        if verdict is None:
            missed.append(each)
        else:
            held.append((each, verdict))
    return GateCount(held, missed, sorted(set(found) & set(visited)))


@dataclass
class CodeCount:
    """One line of the table."""

    code: str
    planted: int = 0
    found: int = 0
    false: int = 0

    @property
    def missed(self) -> int:
        """How many were planted and not found."""
        return self.planted - self.found


@dataclass
class Quality:
    """How well the server noticed what was planted."""

    lines: list[CodeCount]
    missed: list[Planted]
    false: list[Found]
    clean: int
    flagged: list[str] = field(default_factory=list)  # keys of clean visits with a finding to look at

    @property
    def share_flagged(self) -> float:
        """Which share of the clean visits was flagged."""
        return len(self.flagged) / self.clean if self.clean else 0.0

    @property
    def is_good(self) -> bool:
        """Whether everything planted was found and hardly anything else."""
        return not self.missed and self.share_flagged <= MOST_FLAGGED


def weigh(planted: Sequence[Planted], found: Iterable[Found], visits: Iterable[str]) -> Quality:
    """
    Hold what was found against what was planted.

    A finding is false where neither its own code nor a code that may come along was planted on that visit. A visit is
    clean where no fault was planted on it; it is flagged where something to look at was found on it nevertheless.
    """
    there: dict[str, set[str]] = defaultdict(set)
    for each in found:
        there[each.visit].add(each.code)
    allowed: dict[str, set[str]] = defaultdict(set)
    for plan in planted:
        for key in plan.visits:
            allowed[key] |= {plan.code, *plan.also}
    lines = {code.value: CodeCount(code.value) for code in Code}
    missed = []
    for plan in planted:
        lines[plan.code].planted += 1
        if any(plan.code in there[key] for key in plan.visits):
            lines[plan.code].found += 1
        else:
            missed.append(plan)
    false = [Found(code, key) for key in sorted(there) for code in sorted(there[key] - allowed[key])]
    for each in false:
        lines[each.code].false += 1
    faulty = {key for plan in planted if plan.is_fault for key in plan.visits}
    clean = set(visits) - faulty
    flagged = sorted({each.visit for each in false if each.visit in clean and is_weighty(each.code)})
    return Quality([line for line in lines.values() if line.planted or line.false], missed, false, len(clean), flagged)


def is_weighty(code: str) -> bool:
    """Say whether a finding asks somebody to look."""
    return CATALOGUE[Code(code)][0] is not Severity.NOTE


def read_found(connection: Connection, visit_ids: Mapping[str, str]) -> list[Found]:
    """Give the live findings of the server, by the keys of the visits; one on no visit of ours keeps its id."""
    keys = {visit_id: key for key, visit_id in visit_ids.items()}
    rows = list_findings(connection, most=MOST_FINDINGS)
    return sorted(
        {Found(row.code, keys.get(row.visit_id, f"? {row.visit_id}")) for row in rows},
        key=lambda each: (each.visit, each.code),
    )
