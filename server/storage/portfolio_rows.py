"""
Rows that the import reads and writes: cases by the lender's reference, persons by key, places, runs, human lists.

Every function takes the connection first and runs one statement for a whole chunk of rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, and_, bindparam, delete, func, insert, select, update

from server.storage.facts_tables import preference
from server.storage.feed import upsert
from server.storage.portfolio_tables import import_doubt, import_run, person_alias, probable_match, told, trait
from server.storage.public_tables import answer_token
from server.storage.retention_tables import legal_hold
from server.storage.state_rows import put_state
from server.storage.tables import case, hold, payment, person, place
from server.storage.types import AnyRow
from server.storage.visit_tables import proposal, visit
from server.storage.voice_tables import person_request

Values = Mapping[str, Any]
ERASED = "erased:"  # how the key begins of a person who was erased


def take_turn(connection: Connection, run_id: str) -> None:
    """Hold every other import back until this job ends: one row that all of them write first."""
    put_state(connection, "importing", run_id)


# -- what is known


def is_erased(key: str) -> bool:
    """
    Say whether a person's key stands for somebody who was erased: nothing a lender sends later fills them in again.

    >>> is_erased("erased:0157"), is_erased("ref:acme:C1")
    (True, False)
    """
    return key.startswith(ERASED)


def read_cases(connection: Connection, lender: str, references: Collection[str]) -> dict[str, AnyRow]:
    """Give the lender's cases with these references, each with the key of its person."""
    found: Sequence[Any] = connection.execute(
        select(
            case.c.id, case.c.reference, case.c.person_id, case.c.place_id, case.c.digest, case.c.status,
            case.c.currency, person.c.key,
        )
        .join(person, person.c.id == case.c.person_id)
        .where(case.c.lender == lender, case.c.reference.in_(references))
    ).all()  # fmt: skip
    return {row.reference: row for row in found}


def read_persons(connection: Connection, keys: Collection[str], ids: Collection[str]) -> Sequence[Any]:
    """Give the persons that have one of these keys or ids."""
    columns = (person.c.id, person.c.key, person.c.name, person.c.language, person.c.contacts, person.c.merged)
    return connection.execute(select(*columns).where(person.c.key.in_(keys) | person.c.id.in_(ids))).all()


def read_aliases(connection: Connection, keys: Collection[str]) -> dict[str, str]:
    """Give the person behind each of these keys that was found to be someone known otherwise."""
    rows = connection.execute(select(person_alias).where(person_alias.c.key.in_(keys)))
    return {row.key: row.person_id for row in rows}


def read_places(connection: Connection, ids: Collection[str]) -> dict[str, AnyRow]:
    """Give these places by id."""
    return {row.id: row for row in connection.execute(select(place).where(place.c.id.in_(ids)))}


def read_told(connection: Connection, case_ids: Collection[str]) -> dict[str, dict[str, str]]:
    """Give what the lender last said of these cases, as hashes by field."""
    return {row.case_id: row.fields for row in connection.execute(select(told).where(told.c.case_id.in_(case_ids)))}


def read_identities(connection: Connection, person_ids: Collection[str]) -> set[tuple[str, str]]:
    """Give (person id, hash) of every identity number that was told of these persons."""
    rows = connection.execute(
        select(trait.c.person_id, trait.c.hash).where(trait.c.kind == "identity", trait.c.person_id.in_(person_ids))
    )
    return {(row.person_id, row.hash) for row in rows}


def read_cases_of(connection: Connection, person_ids: Collection[str]) -> list[tuple[str, str]]:
    """Give (person id, case id) of every case of these persons."""
    rows = connection.execute(select(case.c.person_id, case.c.id).where(case.c.person_id.in_(person_ids)))
    return [(row.person_id, row.id) for row in rows]


# -- what is written


def add_rows(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Add rows to a table, if there are any."""
    if rows:
        connection.execute(insert(table), list(rows))


def change_rows(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Change rows by their id; every row names the same columns."""
    if rows:
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in rows[0] if name != "id"}
        statement = update(table).where(table.c.id == bindparam("old_id")).values(values)
        bound = [{"old_id": row["id"], **{f"new_{name}": row[name] for name in values}} for row in rows]
        connection.execute(statement, bound)


def put_told(connection: Connection, rows: Sequence[Values]) -> None:
    """Keep what the lender now says of these cases."""
    if rows:
        statement = upsert(connection)(told)
        replaced = statement.on_conflict_do_update(
            index_elements=["case_id"], set_={"fields": statement.excluded["fields"]}
        )
        connection.execute(replaced, list(rows))


def put_doubts(connection: Connection, case_ids: Collection[str], rows: Sequence[Values]) -> None:
    """Replace the doubts about these cases."""
    connection.execute(delete(import_doubt).where(import_doubt.c.case_id.in_(case_ids)))
    if rows:
        connection.execute(upsert(connection)(import_doubt).on_conflict_do_nothing(), list(rows))


def add_traits(connection: Connection, rows: Sequence[Values], now_ms: int) -> int:
    """Keep the traits of these persons, and list every pair of persons that now share one; give how many new pairs."""
    if not rows:
        return 0
    connection.execute(upsert(connection)(trait).on_conflict_do_nothing(), list(rows))
    ids = sorted({row["person_id"] for row in rows})
    other = trait.alias()
    pairs = connection.execute(
        select(trait.c.person_id, other.c.person_id.label("other_id"), func.min(trait.c.kind).label("reason"))
        .join(other, and_(other.c.hash == trait.c.hash, other.c.person_id != trait.c.person_id))
        .where(trait.c.person_id.in_(ids))
        .group_by(trait.c.person_id, other.c.person_id)
        .order_by(trait.c.person_id, other.c.person_id)
    ).all()
    found = [
        {"person_id": min(row[:2]), "other_id": max(row[:2]), "reason": row.reason, "found_ms": now_ms} for row in pairs
    ]
    unique = {(row["person_id"], row["other_id"]): row for row in found}
    if not unique:
        return 0
    before = count_rows(connection, probable_match)
    connection.execute(upsert(connection)(probable_match).on_conflict_do_nothing(), list(unique.values()))
    return count_rows(connection, probable_match) - before


def count_rows(connection: Connection, table: Table) -> int:
    """Give how many rows a table has."""
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


# -- runs and human lists


def start_run(connection: Connection, run: Values) -> int | None:
    """Note that a run begins; give the line at which an earlier one of the same file broke off, None if none did."""
    same = and_(import_run.c.kind == run["kind"], import_run.c.lender == run["lender"], import_run.c.state == "running")
    broken = connection.execute(
        select(import_run.c.line)
        .where(same, import_run.c.file_sha256 == run["file_sha256"])
        .order_by(import_run.c.started_ms.desc())
    ).first()
    connection.execute(update(import_run).where(same).values(state="broken_off"))
    connection.execute(insert(import_run), dict(run))
    return None if broken is None else int(broken.line)


def change_run(connection: Connection, run_id: str, **values: Any) -> None:
    """Note how far a run has come."""
    connection.execute(update(import_run).where(import_run.c.id == run_id).values(**values))


def read_matches(connection: Connection) -> Sequence[AnyRow]:
    """Give every undecided pair of persons that may be one, with both names."""
    one, other = person.alias("one"), person.alias("other")
    return connection.execute(
        select(probable_match, one.c.name.label("name"), other.c.name.label("other_name"))
        .join(one, one.c.id == probable_match.c.person_id)
        .join(other, other.c.id == probable_match.c.other_id)
        .where(probable_match.c.decision.is_(None))
        .order_by(probable_match.c.found_ms, probable_match.c.person_id, probable_match.c.other_id)
    ).all()


def decide_match(connection: Connection, person_id: str, other_id: str, decision: str, by: str, now_ms: int) -> bool:
    """Note what a person decided of a pair; False where there is no such pair to decide."""
    pair = and_(probable_match.c.person_id == person_id, probable_match.c.other_id == other_id)
    statement = update(probable_match).where(pair, probable_match.c.decision.is_(None))
    return bool(connection.execute(statement.values(decision=decision, decided_by=by, decided_ms=now_ms)).rowcount)


def join_persons(connection: Connection, keep: str, gone: str, now_ms: int) -> None:
    """Give everything that hangs on person *gone* to *keep*, and have the key of *gone* mean *keep* from now on."""
    key = connection.execute(select(person.c.key).where(person.c.id == gone)).scalar_one()
    for table in (case, hold, proposal, person_alias, preference, legal_hold, person_request, answer_token):
        connection.execute(update(table).where(table.c.person_id == gone).values(person_id=keep))
    connection.execute(insert(person_alias).values(key=key, person_id=keep))
    shared = select(trait.c.kind, trait.c.hash).where(trait.c.person_id == gone)
    traits = [{"person_id": keep, "kind": row.kind, "hash": row.hash} for row in connection.execute(shared)]
    if traits:
        connection.execute(upsert(connection)(trait).on_conflict_do_nothing(), traits)
    connection.execute(delete(trait).where(trait.c.person_id == gone))
    nobody: dict[str, Any] = {"key": f"joined:{gone}", "name": "", "contacts": {}, "merged": None, "language": None}
    nobody |= {"updated_ms": now_ms}
    connection.execute(update(person).where(person.c.id == gone).values(nobody))


# -- the ledger


def read_payments(connection: Connection, lender: str, receipts: Collection[str]) -> dict[str, str]:
    """Give the digest of each of these payments that is known."""
    rows = connection.execute(
        select(payment.c.receipt, payment.c.digest).where(payment.c.lender == lender, payment.c.receipt.in_(receipts))
    )
    return {row.receipt: row.digest for row in rows}


def mark_promises(connection: Connection, case_ids: Collection[str], now_ms: int) -> None:
    """Have the visits of these cases folded again: a promise may have been kept."""
    connection.execute(
        update(visit)
        .where(visit.c.case_id.in_(case_ids), visit.c.disposition == "promise")
        .values(due=visit.c.due + 1, updated_ms=now_ms)
    )
