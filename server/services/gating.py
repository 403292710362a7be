"""
Gating: judge cases before they are handed out, keep what was answered, and judge it again when somebody asks.

Called by assigning, within its transaction. The house's floor is in force wherever nothing else is said. Nothing
is judged only where the house's own file holds no rule and the settings name no jurisdiction: that is kept as the
judgement of each case handed out then, and whoever asks is told so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from schemas.errors import FieldError
from server.domain.conduct.facts import Facts
from server.domain.conduct.gate import Gate, judge_gate, judge_own
from server.domain.conduct.judging import judge
from server.domain.conduct.looking_back import judge_visit
from server.domain.conduct.recounting import answers, differences, dump, load
from server.domain.conduct.rules import Check, Rulebook
from server.domain.conduct.verdicts import Answer, Verdict
from server.domain.packing import Limits
from server.services.calendars import find_rest_days
from server.services.facts import gather
from server.services.rulebooks import rulebooks_in_force
from server.services.site import Site
from server.services.zones import find_zone
from server.storage import conduct_rows, review_rows
from server.storage.types import AnyRow


@dataclass(frozen=True, slots=True)
class Override:
    """Two persons who let a case through that the gate only warns of: who asked, who agreed, and why."""

    by: str
    second: str
    reason: str

    def check(self) -> None:
        """Raise `invalid` unless two different persons and a reason are named."""
        wrong = {name: ["is missing"] for name in ("by", "second", "reason") if not getattr(self, name).strip()}
        if not wrong and self.by.strip().casefold() == self.second.strip().casefold():
            wrong["second"] = ["is the same person; somebody else has to agree"]
        if wrong:
            raise FieldError("invalid", wrong)


def rulebooks_of(site: Site, within: Connection | None = None) -> tuple[Rulebook, ...]:
    """Give the rulebooks that cases are judged by: none where not one of them holds a rule."""
    books = rulebooks_in_force(site, within=within)
    return books if any(book.rules for book in books) else ()


@dataclass(frozen=True, slots=True)
class Answered:
    """What the gate answered for a chunk of cases, each kept: the judgement of each let through, or why not."""

    passed: dict[str, str]  # case -> judgement
    refused: dict[str, str]  # case -> what is in the way, in words


def ask_gate(
    connection: Connection,
    site: Site,
    rulebooks: Sequence[Rulebook],
    crews: Mapping[str, Sequence[str]],
    lease_ms: int,
    override: Override | None = None,
) -> Answered:
    """
    Judge each case for the crew that is to have it (agent ids, the lead first), and keep what was answered.

    While no rulebook is in force every case goes through, and that is kept, too: nothing is handed out without.
    """
    now_ms = site.now()
    if not rulebooks:
        rows = [
            conduct_rows.nothing_in_force(site.new_id(), case_id, crew, now_ms, lease_ms)
            for case_id, crew in sorted(crews.items())
        ]
        conduct_rows.add_judgements(connection, rows)
        return Answered({row["case_id"]: row["id"] for row in rows}, {})
    gates = judge_cases(connection, site, rulebooks, crews, now_ms + lease_ms)
    books, known = name_books(rulebooks), dict[int, Any]()
    rows = []
    for case_id, gate in sorted(gates.items()):
        is_through = lets_through(gate, override)
        rows.append(
            {
                "id": site.new_id(),
                "case_id": case_id,
                "agent_id": crews[case_id][0],
                "crew": list(crews[case_id]),
                "made_ms": now_ms,
                "lease_until_ms": now_ms + lease_ms,
                "is_open": is_through,
                "override": dump(override) if override is not None and is_through and not gate.is_open else None,
                "rulebooks": books,
                "facts": dump(gate.facts, known),
                "answers": answers(gate.verdicts),
                "troubles": [dump(each, known) for each in gate.verdicts if each.answer is not Answer.PASS],
                "limits": dump(gate.limits, known),
            }
        )
    conduct_rows.add_judgements(connection, rows)
    passed = {row["case_id"]: row["id"] for row in rows if row["is_open"]}
    zone = site.settings.zone
    return Answered(passed, {case_id: each.sentence(zone) for case_id, each in gates.items() if case_id not in passed})


def judge_cases(
    connection: Connection,
    site: Site,
    rulebooks: Sequence[Rulebook],
    crews: Mapping[str, Sequence[str]],
    lease_until_ms: int,
) -> dict[str, Gate]:
    """Judge each case for the crew that is to have it (agent ids, the lead first)."""
    facts = gather(connection, site, list(crews), crews, lambda _: None, find_zone, rest_days)
    return {case_id: judge_gate(rulebooks, known, lease_until_ms) for case_id, known in facts.items()}


def rest_days(region: str, first: date, last: date) -> dict[str, dict[date, bool]]:
    """Give the rest days of a region and of its country, under the names rulebooks call them by."""
    return {name: find_rest_days(name, first, last) for name in {region, region[:2]} if name}


def name_books(rulebooks: Sequence[Rulebook]) -> list[dict[str, str]]:
    """Name the rulebooks that something was judged by, as they are kept with it."""
    return [{"name": book.name, "version": book.version, "digest": book.digest} for book in rulebooks]


def lets_through(gate: Gate, override: Override | None) -> bool:
    """Say whether a case goes through: as it stands, or by two persons where nothing blocks."""
    return gate.is_open or (override is not None and not gate.is_barred)


def read_limits(connection: Connection, site: Site, case_ids: Sequence[str]) -> dict[str, Limits]:
    """Give the compiled limits of the cases that somebody has and that were judged."""
    return {case_id: load(Limits, row) for case_id, row in conduct_rows.read_limits(connection, case_ids).items()}


@dataclass(frozen=True, slots=True)
class Recount:
    """A judgement as it was kept, and what judging the same facts again gives."""

    row: Any
    changed_books: tuple[str, ...]  # rulebooks that are not what they were
    differences: tuple[tuple[str, str, str], ...]  # rule, answer kept, answer now


def recount(site: Site, case_id: str) -> Recount:
    """Judge again what was last answered for a case; raise `not-found` where it was never judged."""
    with site.store.read() as connection:
        row = conduct_rows.read_judgement(connection, case_id)
    if row is None or not row.rulebooks:
        raise FieldError(
            "not-found", detail="This case was never judged: no rulebook was in force when it was assigned."
        )
    _check_kept(row)
    facts, books = load(Facts, row.facts), rulebooks_in_force(site, row.made_ms)
    return _compare(row, books, [*judge_own(facts), *judge(books, facts, Check.GATE)])


def recount_visit(site: Site, visit_id: str) -> Recount:
    """Judge again what was last answered of a visit; raise `not-found` where it was never judged."""
    with site.store.read() as connection:
        found = review_rows.find_visit(connection, visit_id)
        row = conduct_rows.read_visit_judgement(connection, found[0].case_id, visit_id) if found else None
    if not found:
        raise FieldError("not-found", detail=f"There is no visit {visit_id}.")
    if row is None:
        raise FieldError(
            "not-found", detail="This visit was never judged: it has not ended, or no rulebook was in force."
        )
    _check_kept(row)
    facts = load(Facts, row.facts)
    books = rulebooks_in_force(site, facts.now_ms)
    return _compare(row, books, judge_visit(books, facts))


def _check_kept(row: AnyRow) -> None:
    """Raise `not-found` where the facts of a judgement were erased, since their time was over."""
    if row.rulebooks and not row.facts:
        detail = "What was known then was erased, since its time was over: this cannot be judged again."
        raise FieldError("not-found", detail=detail)


def _compare(row: AnyRow, books: Sequence[Rulebook], verdicts: Sequence[Verdict]) -> Recount:
    kept = {each["name"]: each["digest"] for each in row.rulebooks}
    changed = tuple(book.name for book in books if kept.get(book.name) != book.digest)
    return Recount(row, changed, tuple(differences(row.answers, answers(verdicts))))
