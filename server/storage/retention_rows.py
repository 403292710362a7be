"""
Rows of retention: how many records of which class a case holds, when anything last happened on it, and legal holds.

Every function takes the connection first; *case_ids* narrows to these cases, None means all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, insert, or_, select, union, update

from server.domain.conduct.retention import RecordClass
from server.storage.conduct_tables import judgement
from server.storage.facts_tables import contact_log
from server.storage.feed import upsert
from server.storage.proof_rows import BLANK
from server.storage.retention_tables import erased_file, is_erased, legal_hold, retired
from server.storage.tables import case, event, payment, person, wanted_file
from server.storage.types import AnyRow
from server.storage.visit_file_tables import office_file
from server.storage.visit_tables import decision, finding, visit
from server.storage.voice_tables import complaint, feedback, help_call

Cases = Collection[str] | None
_WORDS = (decision.c.reason, decision.c.question, decision.c.answer)
_SAID = or_(*(column.is_not(None) & (column != BLANK) for column in _WORDS))
_HERE = (wanted_file.c.role != "content") & (wanted_file.c.state != "discarded") & ~is_erased(wanted_file)
_ADDED = ~is_erased(office_file)
# What there is of each class, by the case it hangs on.
_COUNTED: dict[RecordClass, Sequence[tuple[Any, ColumnElement[bool]]]] = {
    RecordClass.EVENTS: [(event.c.case_id, event.c.content.is_not(None))],
    RecordClass.FILES: [(wanted_file.c.case_id, _HERE), (office_file.c.case_id, _ADDED)],
    RecordClass.VISITS: [
        (finding.c.case_id, finding.c.id.is_not(None)),
        (decision.c.case_id, _SAID),
        (feedback.c.case_id, feedback.c.made_ms.is_not(None)),
    ],
    RecordClass.CONTACTS: [(contact_log.c.case_id, contact_log.c.content == [])],
    RecordClass.NOTICES: [(contact_log.c.case_id, contact_log.c.content != [])],
    RecordClass.COMPLAINTS: [
        (complaint.c.case_id, complaint.c.words != BLANK),
        (help_call.c.case_id, help_call.c.reach != BLANK),
    ],
    RecordClass.JUDGEMENTS: [(judgement.c.case_id, judgement.c.facts != {})],
}
# When something happened on a case: what counts as activity on it.
_ACTIVE = [
    (event.c.case_id, event.c.first_received_ms),
    (contact_log.c.case_id, contact_log.c.at_ms),
    (payment.c.case_id, payment.c.imported_ms),
    (visit.c.case_id, visit.c.started_ms),
]


def _of(query: Select[Any], column: Any, case_ids: Cases) -> Select[Any]:
    return query.where(column.is_not(None) if case_ids is None else column.in_(case_ids))


def read_cases(connection: Connection, case_ids: Cases = None) -> Sequence[AnyRow]:
    """Give cases with the name of their person, by lender and reference."""
    query = select(
        case.c.id, case.c.lender, case.c.reference, case.c.person_id, case.c.status, case.c.closed_ms,
        case.c.updated_ms, (person.c.name != BLANK).label("is_person_known"),
    ).join(person, person.c.id == case.c.person_id)  # fmt: skip
    return connection.execute(_of(query, case.c.id, case_ids).order_by(case.c.lender, case.c.reference)).all()


def read_case_ids(connection: Connection, person_ids: Iterable[str]) -> list[str]:
    """Give every case of these persons."""
    return list(connection.execute(select(case.c.id).where(case.c.person_id.in_(list(person_ids)))).scalars())


def count_records(connection: Connection, case_ids: Cases = None) -> dict[str, dict[RecordClass, int]]:
    """Give how many records of each class each case holds; of what it holds none nothing is told."""
    found: dict[str, dict[RecordClass, int]] = {}
    for record, places in _COUNTED.items():
        for column, condition in places:
            query = _of(select(column, func.count()).where(condition).group_by(column), column, case_ids)
            for case_id, count in connection.execute(query):
                counts = found.setdefault(case_id, {})
                counts[record] = counts.get(record, 0) + count
    return found


def read_open_complaints(connection: Connection) -> set[str]:
    """Give the cases with a complaint that was not answered yet."""
    is_open = select(complaint.c.case_id).where(complaint.c.case_id.is_not(None), complaint.c.answered_ms.is_(None))
    return set(connection.execute(is_open).scalars())


def read_last_activity(connection: Connection, case_ids: Cases = None) -> dict[str, int]:
    """Give when something last happened on each case, as far as anything did."""
    found: dict[str, int] = {}
    for column, at_ms in _ACTIVE:
        query = select(column, func.max(at_ms)).where(at_ms.is_not(None)).group_by(column)
        for case_id, last_ms in connection.execute(_of(query, column, case_ids)):
            found[case_id] = max(last_ms, found.get(case_id, 0))
    return found


# -- legal holds


def add_legal_hold(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add a legal hold."""
    connection.execute(insert(legal_hold).values(**row))


def read_legal_holds(connection: Connection) -> Sequence[AnyRow]:
    """Give the legal holds in force with their case's lender and reference, the oldest first."""
    query = (
        select(legal_hold, case.c.lender, case.c.reference)
        .outerjoin(case, case.c.id == legal_hold.c.case_id)
        .where(legal_hold.c.lifted_ms.is_(None))
    )
    return connection.execute(query.order_by(legal_hold.c.placed_ms, legal_hold.c.id)).all()


def read_held(connection: Connection, case_ids: Collection[str]) -> list[str]:
    """Give the references of those of these cases on which, or on whose person, a legal hold lies."""
    lies_on = or_(legal_hold.c.case_id == case.c.id, legal_hold.c.person_id == case.c.person_id)
    held = select(legal_hold.c.id).where(legal_hold.c.lifted_ms.is_(None), lies_on)
    query = select(case.c.reference).where(case.c.id.in_(case_ids), held.exists())
    return list(connection.execute(query.order_by(case.c.reference)).scalars())


def lock_legal_hold(connection: Connection, hold_id: str) -> AnyRow | None:
    """Give a legal hold, held until the job ends."""
    return connection.execute(select(legal_hold).where(legal_hold.c.id == hold_id).with_for_update()).one_or_none()


def lift_legal_hold(connection: Connection, hold_id: str, now_ms: int, by: str, reason: str) -> None:
    """End a legal hold."""
    values = {"lifted_ms": now_ms, "lifted_by": by, "lift_reason": reason}
    connection.execute(update(legal_hold).where(legal_hold.c.id == hold_id).values(values))


# -- what was erased


def add_retired(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Record what was erased because its time was over."""
    if rows:
        connection.execute(insert(retired), list(rows))


def read_retired(connection: Connection) -> Sequence[AnyRow]:
    """Give what was ever erased because its time was over, the oldest first."""
    return connection.execute(select(retired).order_by(retired.c.at_ms, retired.c.id)).all()


def add_erased_file(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Note that a file of a case was erased; say whether that is news."""
    added = upsert(connection)(erased_file).values(**row).on_conflict_do_nothing()
    return connection.execute(added.returning(erased_file.c.case_id)).scalar() is not None


def read_erased_files(connection: Connection, case_id: str | None = None) -> Sequence[AnyRow]:
    """Give the files that were erased by themselves, of a case or of all, the oldest first."""
    query = select(erased_file).order_by(erased_file.c.at_ms, erased_file.c.case_id, erased_file.c.sha256)
    return connection.execute(query if case_id is None else query.where(erased_file.c.case_id == case_id)).all()


def read_case_files(connection: Connection, case_id: str) -> list[str]:
    """Give the hashes of the files of a case that are here or awaited; withheld contents are none."""
    named = select(wanted_file.c.sha256).where(wanted_file.c.case_id == case_id, _HERE)
    added = select(office_file.c.sha256).where(office_file.c.case_id == case_id, _ADDED)
    return sorted(connection.execute(union(named, added)).scalars())


def is_kept_elsewhere(connection: Connection, case_id: str, sha256: str) -> bool:
    """Say whether another case, or no case at all, names a file or had it added, and has not erased it."""
    others = or_(wanted_file.c.case_id.is_(None), wanted_file.c.case_id != case_id)
    named = select(wanted_file.c.sha256).where(wanted_file.c.sha256 == sha256, others, ~is_erased(wanted_file))
    mine = (office_file.c.sha256 == sha256, office_file.c.case_id != case_id, _ADDED)
    return connection.execute(union(named, select(office_file.c.sha256).where(*mine))).first() is not None


def give_up_files(connection: Connection, case_id: str, sha256: str, now_ms: int) -> None:
    """Wait no longer for a file of a case that never came."""
    waiting = (wanted_file.c.case_id == case_id, wanted_file.c.sha256 == sha256, wanted_file.c.state == "wanted")
    connection.execute(update(wanted_file).where(*waiting).values(state="discarded", state_ms=now_ms))
