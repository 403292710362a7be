"""Rows of the files of visits: the state of each, where its content also stands, and what the office added."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, delete, exists, insert, or_, select

from server.storage.feed import upsert
from server.storage.tables import wanted_file
from server.storage.types import AnyRow
from server.storage.visit_file_tables import office_file, visit_file


def read_wanted(connection: Connection, case_id: str, visit_id: str) -> list[AnyRow]:
    """Give the files that a visit's events were the first of their device to name, withheld contents left out."""
    mine = and_(wanted_file.c.case_id == case_id, wanted_file.c.visit_id == visit_id)
    return list(connection.execute(select(wanted_file).where(mine, wanted_file.c.role != "content")))


def read_coming(connection: Connection, agent_ids: Collection[str], sha256s: Collection[str]) -> list[AnyRow]:
    """Give what is wanted of these agents under these hashes, whichever visit was the first to name it."""
    if not sha256s:
        return []
    theirs = and_(wanted_file.c.agent_id.in_(agent_ids), wanted_file.c.sha256.in_(sha256s))
    return list(connection.execute(select(wanted_file).where(theirs)))


def read_elsewhere(connection: Connection, case_id: str, visit_id: str, sha256s: Collection[str]) -> list[AnyRow]:
    """Give (sha256, case_id, visit_id, known_ms) of these contents at other visits."""
    if not sha256s:
        return []
    others = or_(visit_file.c.case_id != case_id, visit_file.c.visit_id != visit_id)
    mine = select(visit_file).where(visit_file.c.sha256.in_(sha256s), others)
    return list(connection.execute(mine.order_by(visit_file.c.known_ms).limit(500)))


def keep_files(connection: Connection, case_id: str, visit_id: str, rows: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Write what a visit names, {sha256: {known_ms, state}}; give the hashes that are new or gone."""
    mine = and_(visit_file.c.case_id == case_id, visit_file.c.visit_id == visit_id)
    known = {
        row.sha256: {"known_ms": row.known_ms, "state": row.state}
        for row in connection.execute(select(visit_file).where(mine))
    }
    gone = known.keys() - rows.keys()
    if gone:
        connection.execute(delete(visit_file).where(mine, visit_file.c.sha256.in_(gone)))
    changed = [
        {"case_id": case_id, "visit_id": visit_id, "sha256": sha256, **row}
        for sha256, row in rows.items()
        if known.get(sha256) != row
    ]
    if changed:
        statement = upsert(connection)(visit_file)
        values = {name: statement.excluded[name] for name in ("known_ms", "state")}
        again = statement.on_conflict_do_update(index_elements=["case_id", "visit_id", "sha256"], set_=values)
        connection.execute(again, changed)
    return gone | (rows.keys() - known.keys())


def find_visits(connection: Connection, sha256: str) -> set[tuple[str, str]]:
    """Give (case, visit) of every visit that names a content."""
    rows = connection.execute(select(visit_file).where(visit_file.c.sha256 == sha256))
    return {(row.case_id, row.visit_id) for row in rows}


# -- what the office added


def add_office_file(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Add a file to a visit; False where its content stands there already."""
    same = [office_file.c[name] == row[name] for name in ("case_id", "visit_id", "sha256")]
    if connection.execute(select(exists().where(*same))).scalar():
        return False
    connection.execute(insert(office_file), dict(row))
    return True


def list_office_files(connection: Connection, case_id: str, visit_id: str) -> Sequence[AnyRow]:
    """Give what the office added to a visit, the first first."""
    mine = and_(office_file.c.case_id == case_id, office_file.c.visit_id == visit_id)
    return list(connection.execute(select(office_file).where(mine).order_by(office_file.c.at_ms)))
