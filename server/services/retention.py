"""
Retention: what is kept of a case or a person, by which rule and until when; legal holds, which keep it longer.

Comes in: a case or a person. Goes out: each class of records there is, with what keeps it. While the settings name no
jurisdiction nobody knows which law holds: then nothing has to go.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection

from schemas.errors import FieldError
from server.domain.conduct.retention import CaseRecords, Clock, RecordClass, say_keep, wind
from server.domain.holds import is_one_name
from server.services.choosing import find_one
from server.services.gating import rulebooks_of
from server.services.rule_changes import day_of
from server.services.site import Site
from server.storage import case_rows, retention_rows
from server.storage.types import AnyRow


class Kept(NamedTuple):
    """One thing that keeps a class of records: a rule until a day, or (no day) until what it names is over."""

    record: RecordClass
    rule_id: str
    until: date | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks of one case, or, where there is no case, of what is kept of a person."""

    case: AnyRow | None
    person_id: str
    clocks: Sequence[Clock]

    def due(self, today: date) -> list[Clock]:
        """Give the classes that have to be erased by now."""
        return [each for each in self.clocks if each.is_due(today)]


class Holding(NamedTuple):
    """How many cases hold records of a class that something keeps today, until when, how many of them without end."""

    record: RecordClass
    cases: int
    first: date | None  # the earliest day on which one of them stops being kept
    last: date | None
    endless: int


def sum_up(found: Sequence[Clocks], today: date) -> list[Holding]:
    """Sum up what is kept today, class by class."""
    held = []
    for record in RecordClass:
        kept = [clock for each in found for clock in each.clocks if clock.record is record and clock.is_kept(today)]
        days = [clock.until for clock in kept if clock.until is not None]
        if kept:
            first, last = min(days, default=None), max(days, default=None)
            held.append(Holding(record, len(kept), first, last, len(kept) - len(days)))
    return held


def what_is_kept(
    connection: Connection,
    site: Site,
    *,
    case_id: str | None = None,
    person_id: str | None = None,
    language: str = "en",
) -> list[Kept]:
    """
    Give what keeps the records of a case, or of a person and all of their cases, today; each once, the longest first.

    A class that is not named is kept by nothing: it may be erased when the person asks for it. Raises `not-found`.
    """
    found = wind_clocks(connection, site, _cases(connection, case_id, person_id))
    today = day_of(site, site.now())
    kept: dict[tuple[RecordClass, str], Kept] = {}
    for each in (clock for clocks in found for clock in clocks.clocks):
        for keep in each.keeps:
            known = kept.get((each.record, keep.rule_id))
            is_longer = known is None or (known.until is not None and (keep.until is None or keep.until > known.until))
            if is_longer and (keep.until is None or keep.until >= today):
                kept[each.record, keep.rule_id] = Kept(each.record, keep.rule_id, keep.until, say_keep(keep, language))
    order = list(RecordClass)
    return sorted(kept.values(), key=lambda each: (order.index(each.record), -(each.until or date.max).toordinal()))


def _cases(connection: Connection, case_id: str | None, person_id: str | None) -> list[str]:
    if case_id is not None:
        return [case_id]
    found = retention_rows.read_case_ids(connection, [person_id] if person_id else [])
    if not found:
        raise FieldError("not-found", detail=f"There is no person {person_id} with a case.")
    return found


def wind_clocks(connection: Connection, site: Site, case_ids: Collection[str] | None = None) -> list[Clocks]:
    """
    Give the clocks of these cases (of all) and of their persons.

    A person is kept as long as any of their cases: the latest of them counts. Raises `not-found` for an unknown case.
    """
    asked = retention_rows.read_cases(connection, case_ids)
    unknown = sorted(set(case_ids or ()) - {row.id for row in asked})
    if unknown:
        raise FieldError("not-found", detail=f"There is no case {unknown[0]}.")
    persons = {row.person_id for row in asked}
    theirs = asked if case_ids is None else _cases_of(connection, persons)
    ids = None if case_ids is None else [row.id for row in theirs]
    counts = retention_rows.count_records(connection, ids)
    last = retention_rows.read_last_activity(connection, ids)
    on_hold, complained = _on_hold(connection), retention_rows.read_open_complaints(connection)
    known = {
        row.id: CaseRecords(
            closed_ms=None if row.status == "open" else row.closed_ms or row.updated_ms,
            last_ms=last.get(row.id, row.closed_ms or row.updated_ms),
            counts=counts.get(row.id, {}),
            is_on_legal_hold=row.id in on_hold or row.person_id in on_hold,
            has_open_complaint=row.id in complained,
        )
        for row in theirs
    }
    rulebooks, zone = rulebooks_of(site, connection), site.settings.zone
    found = [Clocks(row, row.person_id, wind(rulebooks, known[row.id], zone)) for row in asked]
    for person_id in sorted(row.person_id for row in _one_each(asked) if row.is_person_known):
        whole = _together([known[row.id] for row in theirs if row.person_id == person_id])
        found.append(Clocks(None, person_id, wind(rulebooks, whole, zone)))
    return found


def _cases_of(connection: Connection, persons: Collection[str]) -> Sequence[AnyRow]:
    return retention_rows.read_cases(connection, retention_rows.read_case_ids(connection, persons))


def _one_each(cases: Sequence[AnyRow]) -> Collection[AnyRow]:
    return {row.person_id: row for row in cases}.values()


def _together(cases: Sequence[CaseRecords]) -> CaseRecords:
    """Give a person's cases as one: open while any is, ended with the last of them."""
    ended = [each.closed_ms for each in cases if each.closed_ms is not None]
    return CaseRecords(
        closed_ms=max(ended) if len(ended) == len(cases) else None,
        last_ms=max(each.last_ms for each in cases),
        counts={RecordClass.PERSONS: 1},
        is_on_legal_hold=any(each.is_on_legal_hold for each in cases),
        has_open_complaint=any(each.has_open_complaint for each in cases),
    )


def _on_hold(connection: Connection) -> set[str]:
    """Give the cases and persons on which a legal hold lies."""
    return {row.case_id or row.person_id for row in retention_rows.read_legal_holds(connection)}


# -- legal holds


def place_legal_hold(site: Site, case_id: str, by: str, reason: str, *, of_person: bool = False) -> str:
    """
    Keep everything of a case, or of its person with all of their cases, until somebody else lifts it; give its id.

    Raises `invalid` without a name or a reason, `not-found` for an unknown case.
    """
    _check_words(by, reason)
    hold_id = site.new_id()

    def job(connection: Connection) -> None:
        found = case_rows.lock_cases(connection, [case_id]).get(case_id)
        if found is None:
            raise FieldError("not-found", detail=f"There is no case {case_id}.")
        names = {"case_id": None, "person_id": found.person_id} if of_person else {"case_id": case_id}
        row = {"id": hold_id, "reason": reason.strip(), "by": by.strip(), "placed_ms": site.now()}
        retention_rows.add_legal_hold(connection, row | names)

    site.store.write(job)
    return hold_id


def find_legal_hold(site: Site, text: str) -> str:
    """Give the id of the legal hold in force that *text* is, or the ending of; raise `not-found` unless it is one."""
    with site.store.read() as connection:
        ids = [row.id for row in retention_rows.read_legal_holds(connection)]
    return find_one(ids, text, "legal hold in force", "fairvisit retention list")


def lift_legal_hold(site: Site, hold_id: str, by: str, reason: str) -> None:
    """
    Lift a legal hold; lifting it again changes nothing.

    Raises `invalid` without a name or a reason, `not-found`, and `conflict` where *by* is who placed it.
    """
    _check_words(by, reason)

    def job(connection: Connection) -> None:
        found = retention_rows.lock_legal_hold(connection, hold_id)
        if found is None:
            raise FieldError("not-found", detail=f"There is no legal hold {hold_id}.")
        if is_one_name(by, found.by):
            raise FieldError("conflict", detail=f"{by} placed this legal hold; another person has to lift it.")
        if found.lifted_ms is None:
            retention_rows.lift_legal_hold(connection, hold_id, site.now(), by.strip(), reason.strip())

    site.store.write(job)


def _check_words(by: str, reason: str) -> None:
    words = {"by": by, "reason": reason}
    blank = {name: ["is empty; it is kept with the hold"] for name, text in words.items() if not text.strip()}
    if blank:
        raise FieldError("invalid", blank)
