"""
Retiring: erase what has to go because its time is over, and keep a record of what went, by which rule.

Comes in: the clocks of `retention.py`. Goes out: a record for each class of each case. Events and what was made of them
go together or not at all, and not before the files they name; files go as soon as their own time is over. Run again, it
finds nothing left to do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import groupby
from typing import Any

import orjson
import structlog
from sqlalchemy import Connection

from schemas.errors import FieldError
from schemas.vocabulary import ItemType, RemovalReason
from server.domain.conduct.retention import CaseRecords, RecordClass, wind
from server.services.erasing import erase_events, finish_erasures
from server.services.erasing_files import erase_files
from server.services.erasure_log import Emptying, append_erasures, read_emptyings
from server.services.gating import rulebooks_of
from server.services.notice_sending import forget_papers
from server.services.reconciling import reconcile_visit
from server.services.retention import Clocks, wind_clocks
from server.services.rule_changes import day_of
from server.services.site import Site
from server.storage import case_rows, proof_rows, retention_rows, retiring_rows, search_rows
from server.storage.feed import Change, publish
from server.storage.keeping import scrub
from server.storage.state_rows import get_state, put_state
from server.storage.types import AnyRow

log = structlog.get_logger()
Note = Callable[[Connection], None]
EMPTIED = "emptied"  # the state that names the last emptying this database knows
TOGETHER = frozenset({RecordClass.EVENTS, RecordClass.FILES, RecordClass.VISITS, RecordClass.JUDGEMENTS})


@dataclass(frozen=True, slots=True)
class Retired:
    """A class of records of a case (of a person, where there is no case) that went, or has to go: by which rule."""

    case: AnyRow | None
    person_id: str
    record: RecordClass
    count: int
    rule_id: str
    due_on: date
    voice: tuple[str, str] | None = None  # table and id of a complaint or call that names no case


def find_unnamed(connection: Connection, site: Site, today: date) -> list[Retired]:
    """Give the complaints and calls without a case whose time is over: it counts from their answer."""
    rulebooks, found = rulebooks_of(site, connection), []
    for table, row in retiring_rows.read_unnamed(connection):
        known = CaseRecords(row.ended_ms, row.ended_ms, {RecordClass.COMPLAINTS: 1})
        [clock] = wind(rulebooks, known, site.settings.zone)
        if clock.is_due(today) and clock.erase_from is not None:
            found.append(Retired(None, "", clock.record, 1, clock.erase_by, clock.erase_from, (table, row.id)))
    return found


def find_due(clocks: Sequence[Clocks], today: date) -> list[Retired]:
    """Give what has to be erased by now; what goes together waits until the last of it is due; files wait for none."""
    found = []
    for each in clocks:
        due = each.due(today)
        waiting = TOGETHER.intersection(clock.record for clock in each.clocks if clock not in due)
        found += [
            Retired(each.case, each.person_id, clock.record, clock.count, clock.erase_by, clock.erase_from)
            for clock in due
            if clock.erase_from is not None and not (waiting and clock.record in TOGETHER - {RecordClass.FILES})
        ]
    return found


def retire(site: Site, by: str, *, is_dry: bool = False) -> list[Retired]:
    """
    Erase what has to go by now and give it; a dry run gives it only. Raises `invalid` without a name.

    One case after another, each looked at again before it goes: a legal hold placed meanwhile stops it.
    """
    if not by.strip():
        raise FieldError("invalid", {"by": ["is empty; it is kept with what is erased"]})
    today = day_of(site, site.now())
    with site.store.read() as connection:
        planned = [*find_due(wind_clocks(connection, site), today), *find_unnamed(connection, site, today)]
    if is_dry or not planned:
        return planned
    done = [each for case_id in _once(planned) for each in _retire_case(site, case_id, by, today)]
    done += [each for person_id in _persons(planned) for each in _retire_person(site, person_id, by, today)]
    unnamed = [each for each in planned if each.voice is not None]
    site.store.write(lambda connection: _retire_unnamed(connection, site, unnamed, by))
    done += unnamed
    if not scrub(site.store):
        log.warning("retired_not_scrubbed")
    return done


def _once(planned: Sequence[Retired]) -> list[str]:
    return list(dict.fromkeys(each.case.id for each in planned if each.case is not None))


def _persons(planned: Sequence[Retired]) -> list[str]:
    return [each.person_id for each in planned if each.person_id and each.case is None]


def _due_now(connection: Connection, site: Site, case_ids: Sequence[str], today: date) -> list[Retired]:
    return find_due(wind_clocks(connection, site, case_ids), today)


def _retire_case(site: Site, case_id: str, by: str, today: date) -> list[Retired]:
    with site.store.read() as connection:
        due = [each for each in _due_now(connection, site, [case_id], today) if each.case is not None]
    files = [each for each in due if each.record is RecordClass.FILES]
    for part in (files, [each for each in due if each not in files]):
        if part:
            why = f"its time was over ({part[0].rule_id})"
            records = {each.record for each in part}
            empty_case(site, case_id, records, by, why, partial(_record, site=site, due=part, by=by))
    return due


def empty_case(site: Site, case_id: str, records: Collection[RecordClass], by: str, why: str, note: Note) -> None:
    """Erase these classes of a case's records for good, and *note* it in the transaction that empties the rows."""
    names = tuple(sorted(each.value for each in records))
    _empty(site, Emptying(site.new_id(), case_id, "", names, by.strip(), why, site.now()), note)


def empty_person(site: Site, person_id: str, by: str, why: str, note: Note) -> None:
    """Take from a person and their cases who it is, close their letters, and *note* it in the same transaction."""
    _empty(site, Emptying(site.new_id(), "", person_id, (), by.strip(), why, site.now()), note)


def finish_all(site: Site) -> int:
    """
    Do every erasure of the log that this database does not know; give how many. Runs before a server serves (E12).

    A database restored from a backup holds again what was erased since. What a legal hold keeps by now stays.
    """
    return finish_erasures(site) + _finish_emptyings(site)


def _finish_emptyings(site: Site) -> int:
    with site.store.read() as connection:
        done_id = get_state(connection, EMPTIED) or ""
    missing = read_emptyings(site.settings.folder_path, done_id)
    for each in missing:
        try:
            _carry_out(site, each, lambda _: None)
        except FieldError as error:
            log.warning("emptying_not_finished", id=each.id, code=error.code)
    if missing:
        scrub(site.store)
        log.info("emptyings_finished", count=len(missing))
    return len(missing)


def _empty(site: Site, emptying: Emptying, note: Note) -> None:
    """Write the log outside the backup first (E12), and nothing where a legal hold lies already; then do it."""
    with site.store.read() as connection:
        _check_held(connection, _case_ids(connection, emptying))
    append_erasures(site.settings.folder_path, [emptying])
    _carry_out(site, emptying, note)


def _carry_out(site: Site, emptying: Emptying, note: Note) -> None:
    """Erase files, then events, which have a log and a proof of their own, then rows; again, it changes nothing."""
    records = {RecordClass(name) for name in emptying.records}
    events: list[tuple[str, str]] = []
    if RecordClass.FILES in records:
        erase_files(site, emptying, _check_held)
    if RecordClass.EVENTS in records:
        with site.store.read() as connection:
            events = _events_of(connection, emptying.case_id)
        _erase(site, events, emptying.by, emptying.reason)

    def job(connection: Connection) -> None:
        case_ids = _case_ids(connection, emptying)
        case_rows.lock_cases(connection, case_ids)  # whoever places a legal hold waits for the same lock
        _check_held(connection, case_ids)
        for visit_id in retiring_rows.read_visit_ids(connection, emptying.case_id) if events else ():
            reconcile_visit(connection, site, emptying.case_id, visit_id)  # what is found of no events goes, too
        with _deleting_for_good(connection):
            for record, empty in EMPTIES.items():
                if record in records:
                    empty(connection, site, emptying.case_id)
            if emptying.person_id:
                retiring_rows.blank_person(connection, emptying.person_id, site.now())
                search_rows.forget_cases(connection, case_ids)
                forget_papers(connection, site, case_ids)
        put_state(connection, EMPTIED, max(emptying.id, get_state(connection, EMPTIED) or ""))
        note(connection)

    site.store.write(job)


def _case_ids(connection: Connection, emptying: Emptying) -> list[str]:
    if emptying.case_id:
        return [emptying.case_id]
    return retention_rows.read_case_ids(connection, [emptying.person_id])


def _check_held(connection: Connection, case_ids: Sequence[str]) -> None:
    if held := retention_rows.read_held(connection, case_ids):
        raise FieldError("conflict", detail=f"A legal hold lies on {', '.join(held)}; nothing more was erased.")


@contextmanager
def _deleting_for_good(connection: Connection) -> Iterator[None]:
    proof_rows.secure_deletes(connection, on=True)
    try:
        yield
    finally:
        proof_rows.secure_deletes(connection, on=False)


def _events_of(connection: Connection, case_id: str) -> list[tuple[str, str]]:
    """Give (agent's code, id) of a case's events, and of the objections to what was found on it, which name no case."""
    findings = retiring_rows.read_finding_ids(connection, case_id)
    objections = [
        (row.code, row.id)
        for row in retiring_rows.read_objections(connection, case_id)
        if _finding_in(row.content) in findings
    ]
    return sorted({*((row.code, row.id) for row in retiring_rows.read_events(connection, case_id)), *objections})


def _finding_in(content: bytes) -> str | None:
    try:
        return str(orjson.loads(content)["body"]["finding_id"])
    except (ValueError, KeyError, TypeError):
        return None


def _erase(site: Site, events: Sequence[tuple[str, str]], by: str, reason: str) -> None:
    """Erase events, and the corrections that repeat what they said, agent by agent."""
    for code, own in groupby(events, key=lambda each: each[0]):
        erased = erase_events(site, [event_id for _, event_id in own], by, reason, agent_code=code)
        if erased.corrections:
            erase_events(site, erased.corrections, by, reason, agent_code=code)


def _retire_person(site: Site, person_id: str, by: str, today: date) -> list[Retired]:
    with site.store.read() as connection:
        cases = retention_rows.read_case_ids(connection, [person_id])
        due = [each for each in _due_now(connection, site, cases, today) if each.case is None]
    if due:
        why = f"its time was over ({due[0].rule_id})"
        empty_person(site, person_id, by, why, lambda connection: _record(connection, site, due, by))
    return due


def _empty_visits(connection: Connection, site: Site, case_id: str) -> None:
    """Empty findings and decisions; a decision that lies in a feed is taken from it, words and all."""
    changes = [
        Change(row.scope_id, ItemType.DECISION, row.object_id, row.rev + 1, reason=RemovalReason.DONE)
        for row in retiring_rows.read_told_decisions(connection, case_id)
    ]
    retiring_rows.empty_visits(connection, case_id)
    publish(connection, changes)


EMPTIES: dict[RecordClass, Callable[[Connection, Site, str], None]] = {
    RecordClass.CONTACTS: lambda connection, _, each: retiring_rows.drop_contacts(connection, each, notices=False),
    RecordClass.NOTICES: lambda connection, _, each: retiring_rows.drop_contacts(connection, each, notices=True),
    RecordClass.COMPLAINTS: lambda connection, _, each: retiring_rows.blank_voices(connection, each),
    RecordClass.JUDGEMENTS: lambda connection, _, each: retiring_rows.empty_judgements(connection, each),
    RecordClass.VISITS: _empty_visits,
}


def _retire_unnamed(connection: Connection, site: Site, due: Sequence[Retired], by: str) -> None:
    with _deleting_for_good(connection):
        for each in due:
            if each.voice is not None:
                retiring_rows.blank_unnamed(connection, *each.voice)
    _record(connection, site, due, by)


def _record(connection: Connection, site: Site, due: Sequence[Retired], by: str) -> None:
    retention_rows.add_retired(connection, list(_rows(site, due, by)))
    for each in due:
        log.info("retired", case_id=each.case and each.case.id, record=each.record.value, rule=each.rule_id)


def _rows(site: Site, due: Sequence[Retired], by: str) -> Iterator[dict[str, Any]]:
    for each in due:
        yield {
            "id": site.new_id(), "case_id": None if each.case is None else each.case.id,
            "person_id": each.person_id or None if each.case is None else None, "record": each.record.value,
            "count": each.count, "rule_id": each.rule_id, "due_on": each.due_on.isoformat(), "by": by.strip(),
            "at_ms": site.now(),
        }  # fmt: skip
