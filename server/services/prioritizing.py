"""
Prioritizing: gather what scores are made of, put the open cases that nobody has in order, keep what people say of it.

A proposal for people: nothing is assigned by it unless somebody asks for its order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from schemas.errors import FieldError
from server.domain.conduct.facts import Facts
from server.domain.conduct.gate import judge_own
from server.domain.conduct.limits import find_starts
from server.domain.conduct.rules import Rulebook
from server.domain.conduct.verdicts import Answer
from server.domain.packing import HOUSE
from server.domain.priority import NEVER, TOP, Factor, Ranked, Standing, Weights, Word, rank
from server.services.facts import gather
from server.services.gating import rest_days, rulebooks_of
from server.services.rule_changes import day_of
from server.services.site import Site
from server.services.zones import find_zone
from server.storage import case_rows, dispatch_rows, priority_rows
from server.storage.case_rows import chunks
from server.storage.types import AnyRow

DAY_MS, HOUR_MS = 86_400_000, 3_600_000
REACHED = "made"


def rank_free(site: Site, weights: Weights, area: str | None = None) -> list[Ranked]:
    """Put the open cases that nobody has in order, of one area or of all."""
    rulebooks = rulebooks_of(site)
    with site.store.read() as connection:
        case_ids = [str(row.id) for row in case_rows.read_unassigned(connection, area)]
        return _rank(connection, site, weights, rulebooks, case_ids)


def rank_few(site: Site, weights: Weights, area: str, most: int) -> list[Ranked] | None:
    """Put the open cases that nobody has in order, of an area or of all; None where there are more than *most*."""
    rulebooks = rulebooks_of(site)
    with site.store.read() as connection:
        case_ids = dispatch_rows.read_free(connection, area, most + 1)
        return None if len(case_ids) > most else _rank(connection, site, weights, rulebooks, case_ids)


def score_case(site: Site, weights: Weights, case_id: str) -> Ranked:
    """Give one case with its score, whatever others there are."""
    rulebooks = rulebooks_of(site)
    with site.store.read() as connection:
        [alone] = _rank(connection, site, weights, rulebooks, [case_id])
    return replace(alone, place=None)


def rank_case(site: Site, weights: Weights, case_id: str) -> Ranked:
    """Give one case with its score, and its place among the open cases that nobody has if it is one of them."""
    found = next((each for each in rank_free(site, weights) if each.standing.case_id == case_id), None)
    return score_case(site, weights, case_id) if found is None else found


def _rank(
    connection: Connection, site: Site, weights: Weights, rulebooks: Sequence[Rulebook], case_ids: Sequence[str]
) -> list[Ranked]:
    facts = gather(connection, site, case_ids, {}, lambda _: None, find_zone, rest_days)
    standings: list[Standing] = []
    words = defaultdict[str, list[Word]](list)
    for chunk in chunks(list(case_ids)):
        due = priority_rows.read_due(connection, chunk)
        standings += [_standing(row, facts[row.id], weights, rulebooks) for row in due]
        for row in priority_rows.read_words(connection, chunk):
            until = None if row.until is None else date.fromisoformat(row.until)
            words[row.case_id].append(Word(row.kind, row.value, row.by, row.reason, until, row.made_ms))
    return rank(weights, standings, words, day_of(site, site.now()))


def _standing(row: AnyRow, facts: Facts, weights: Weights, rulebooks: Sequence[Rulebook]) -> Standing:
    values: dict[Factor, int | None] = {
        Factor.DAYS_PAST_DUE: row.days_past_due,
        Factor.AMOUNT: int(row.amount if row.overdue is None else row.overdue),
        Factor.TRIES: None,
        Factor.DAYS_SINCE_CONTACT: None,
        Factor.OPEN_HOURS: _open_hours(facts, weights, rulebooks) if rulebooks else None,
    }
    if facts.contacts is not None:
        since_ms = facts.now_ms - weights.look_back_days * DAY_MS
        reached = [each.at_ms for each in facts.contacts if each.result == REACHED]
        values[Factor.TRIES] = sum(each.at_ms >= since_ms for each in facts.contacts)
        values[Factor.DAYS_SINCE_CONTACT] = (facts.now_ms - max(reached)) // DAY_MS if reached else NEVER
    bars = tuple(each.says_agent for each in judge_own(facts) if each.answer is Answer.FAIL)
    return Standing(row.id, row.lender, row.reference, row.currency, values, bars)


def _open_hours(facts: Facts, weights: Weights, rulebooks: Sequence[Rulebook]) -> int:
    """Give the hours in which the rules in force let a visit start, in the days ahead."""
    until_ms = facts.now_ms + weights.look_ahead_days * DAY_MS
    spans = find_starts(rulebooks, facts, until_ms, HOUSE.longest_stay_ms)
    return sum(each.ends_ms - each.starts_ms for each in spans) // HOUR_MS


def contest(site: Site, case_id: str, by: str, reason: str) -> None:
    """Keep that somebody holds a case's priority to be wrong; it is shown until somebody overrides it."""
    _keep(site, case_id, "contest", None, by, reason, None)


def override(site: Site, case_id: str, kind: str, value: int, by: str, reason: str, until: date) -> None:
    """
    Keep the *score* or the *place* that somebody gives a case until the end of a day.

    Raises `invalid` for a day that is over, a score beyond 0 to 100, a place below 1, and where name or reason lacks.
    """
    wrong = {}
    if until < day_of(site, site.now()):
        wrong["until"] = [f"{until.isoformat()} is over; name today or a later day"]
    if kind == "score" and not 0 <= value <= TOP:
        wrong["score"] = [f"is 0 to {TOP}"]
    if kind == "place" and value < 1:
        wrong["place"] = ["is 1 or more"]
    if wrong:
        raise FieldError("invalid", wrong)
    _keep(site, case_id, kind, value, by, reason, until)


def _keep(site: Site, case_id: str, kind: str, value: int | None, by: str, reason: str, until: date | None) -> None:
    wrong = {name: ["is missing"] for name, text in (("by", by), ("reason", reason)) if not text.strip()}
    if wrong:
        raise FieldError("invalid", wrong)
    row: dict[str, Any] = {
        "id": site.new_id(), "case_id": case_id, "kind": kind, "value": value, "by": by.strip(),
        "reason": reason.strip(), "until": None if until is None else until.isoformat(), "made_ms": site.now(),
    }  # fmt: skip
    site.store.write(lambda connection: priority_rows.add_word(connection, row))
