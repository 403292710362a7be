"""
What the papers on file say of an agent and of an agency on one day.

A paper counts from its first day on. Of several alike the one that lasts longest counts; hours of training of one
topic add up while they are good, and are all good until the first of them ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from server.domain.conduct.facts import AgencyFacts, AgentFacts
from server.storage.types import AnyRow

VIOLENT = "violent"  # what a check of an agency's record found; anything else is "clean"


def agent_facts(code: str, papers: Iterable[AnyRow], day: date) -> AgentFacts:
    """Give what an agent's papers say on *day*; certificates and letters that are over stand with their last day."""
    begun = [row for row in papers if not row.valid_from or row.valid_from <= day.isoformat()]
    good = list(_good(begun, day))
    hours: dict[str, int] = {}
    until: dict[str, date] = {}
    for row in good:
        if row.kind == "training":
            hours[row.name] = hours.get(row.name, 0) + row.hours
            end = date.fromisoformat(row.valid_until)
            until[row.name] = min(until.get(row.name, end), end)
    checked = [date.fromisoformat(row.valid_from) for row in good if row.kind == "background_check"]
    return AgentFacts(
        code=code,
        certificates=_last_days((row.name, row.valid_until) for row in begun if row.kind == "certificate"),
        training_hours=hours,
        training_until=until,
        background_checked_on=max(checked, default=None),
        letters=_last_days((row.principal, row.valid_until) for row in begun if row.kind == "letter"),
        cards=tuple(sorted({row.name for row in good if row.kind == "card"})),
    )


def has_recorder(papers: Iterable[AnyRow], day: date) -> bool:
    """Say whether anybody whose papers these are has a recorder on *day*; one that is on no file, nobody has."""
    begun = [row for row in papers if not row.valid_from or row.valid_from <= day.isoformat()]
    return any(row.kind == "recorder" for row in _good(begun, day))


def agency_facts(name: str, papers: Iterable[AnyRow], lender: str, day: date) -> AgencyFacts:
    """Give what an agency's papers say on *day* of its work for *lender*."""
    begun = [row for row in papers if not row.valid_from or row.valid_from <= day.isoformat()]
    good = list(_good(begun, day))
    listings = [row for row in begun if row.kind == "listing" and row.principal == lender]
    contracts = _last_days((row.principal, row.valid_until) for row in begun if row.kind == "contract")
    inspections = [date.fromisoformat(row.valid_from) for row in begun if row.kind == "inspection"]
    kinds = sorted((row.valid_from, row.name) for row in good if row.kind == "standing")
    checks = sorted((row.valid_from, row.name) for row in good if row.kind == "record_check")
    licences = sorted((row.valid_until, row.name) for row in good if row.kind == "licence")
    return AgencyFacts(
        name=name,
        contract_until=contracts.get(lender),
        inspected_on=max(inspections, default=None),
        is_listed=any(row in good for row in listings) if listings else None,
        licence=licences[-1][1] if licences else None,
        has_violent_record=checks[-1][1] == VIOLENT if checks else None,
        kind=kinds[-1][1] if kinds else None,
    )


def _good(papers: Iterable[AnyRow], day: date) -> Iterator[AnyRow]:
    return (row for row in papers if row.valid_until is None or row.valid_until >= day.isoformat())


def _last_days(pairs: Iterable[tuple[str, str]]) -> dict[str, date]:
    found: dict[str, date] = {}
    for name, until in pairs:
        found[name] = max(found.get(name, date.min), date.fromisoformat(until))
    return found
