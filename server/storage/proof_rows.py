"""
Rows of proof: a device's whole history as it is stored, what was erased, and which places came by exported outbox.

Long chains are read in steps, so memory does not grow with a history.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, exists, func, insert, or_, select, update

from schemas.vocabulary import EventKind
from server.storage.proof_tables import outbox_import
from server.storage.retention_tables import is_erased
from server.storage.tables import chain, device, due_event, erasure, event, link, wanted_file
from server.storage.types import AnyRow
from server.storage.visit_file_tables import office_file, visit_file
from server.storage.visit_tables import decision, finding, proposal

STEP = 500  # rows read at once
BLANK = "(erased)"

# -- a device's history


def list_device_ids(connection: Connection) -> list[str]:
    """Give every device that was ever enrolled, in that order."""
    return list(connection.execute(select(device.c.id).order_by(device.c.enrolled_ms, device.c.id)).scalars())


def read_chains(connection: Connection, device_id: str) -> list[AnyRow]:
    """Give a device's chains in the order the server first heard of them."""
    return list(connection.execute(select(chain).where(chain.c.device_id == device_id).order_by(chain.c.pos)))


def stream_places(connection: Connection, chain_pos: int, agent_id: str) -> Iterator[AnyRow]:
    """
    Give every place of a chain by seq, with the event kept under its id and digest.

    Members: the link's, then event_at (the event's pos; None where no such event is kept), content, problem_now,
    status_now, erased, is_erasure_recorded.
    """
    is_recorded = exists().where(erasure.c.agent_id == agent_id, erasure.c.event_id == link.c.event_id)
    query = (
        select(
            link,
            event.c.pos.label("event_at"),
            event.c.content,
            event.c.problem.label("problem_now"),
            event.c.status.label("status_now"),
            event.c.erased,
            is_recorded.label("is_erasure_recorded"),
        )
        .outerjoin(
            event,
            and_(event.c.agent_id == agent_id, event.c.id == link.c.event_id, event.c.digest == link.c.digest),
        )
        .where(link.c.chain_pos == chain_pos)
        .order_by(link.c.seq)
        .limit(STEP)
    )
    after = -1
    while True:
        rows = connection.execute(query.where(link.c.seq > after)).all()
        yield from rows
        if len(rows) < STEP:
            return
        after = rows[-1].seq


def read_file_states(connection: Connection, device_id: str) -> dict[str, str]:
    """Give the state of every file that a device's events named, by hash."""
    rows = connection.execute(
        select(wanted_file.c.sha256, wanted_file.c.state).where(wanted_file.c.device_id == device_id)
    )
    return {row.sha256: row.state for row in rows}


# -- exported outboxes


def add_import(connection: Connection, row: Mapping[str, Any]) -> None:
    """Note that places of a chain came by exported outbox."""
    connection.execute(insert(outbox_import), dict(row))


def read_imports(connection: Connection, device_id: str) -> list[AnyRow]:
    """Give the runs of places (chain_id, from_seq, to_seq, at_ms, by) that came by exported outbox."""
    statement = select(outbox_import).where(outbox_import.c.device_id == device_id)
    return list(connection.execute(statement.order_by(outbox_import.c.at_ms, outbox_import.c.from_seq)))


# -- erasure


def find_events(connection: Connection, event_ids: Sequence[str], agent_id: str | None = None) -> list[AnyRow]:
    """Give every event kept under these ids, of one agent or of any; more than one where an id was reused."""
    query = select(event).where(event.c.id.in_(event_ids)).order_by(event.c.pos)
    return list(connection.execute(query if agent_id is None else query.where(event.c.agent_id == agent_id)))


def find_corrections(connection: Connection, agent_ids: Sequence[str]) -> Iterator[AnyRow]:
    """Give (id, content) of these agents' corrections that still have content."""
    return _stream_contents(connection, and_(event.c.agent_id.in_(agent_ids), event.c.kind == "event_corrected"))


def read_namers(connection: Connection, sha256: str) -> list[str]:
    """Give the agents whose devices named a file."""
    rows = connection.execute(select(wanted_file.c.agent_id).where(wanted_file.c.sha256 == sha256).distinct())
    return list(rows.scalars())


def stream_contents(connection: Connection, agent_ids: Sequence[str]) -> Iterator[AnyRow]:
    """Give (id, digest, agent_id, content) of everything these agents' events still hold."""
    return _stream_contents(connection, event.c.agent_id.in_(agent_ids))


def _stream_contents(connection: Connection, condition: Any) -> Iterator[AnyRow]:
    query = (
        select(event.c.pos, event.c.id, event.c.digest, event.c.agent_id, event.c.content)
        .where(condition, event.c.content.is_not(None))
        .order_by(event.c.pos)
        .limit(STEP)
    )
    after = -1
    while True:
        rows = connection.execute(query.where(event.c.pos > after)).all()
        yield from rows
        if len(rows) < STEP:
            return
        after = rows[-1].pos


def known_erasures(connection: Connection, erasure_ids: Sequence[str]) -> set[str]:
    """Give which of these erasures are done in this database."""
    found: set[str] = set()
    for start in range(0, len(erasure_ids), STEP):
        chosen = erasure_ids[start : start + STEP]
        found |= set(connection.execute(select(erasure.c.id).where(erasure.c.id.in_(chosen))).scalars())
    return found


def add_erasure(connection: Connection, row: Mapping[str, Any]) -> None:
    """Record an erasure."""
    connection.execute(insert(erasure), dict(row))


def blank_event(connection: Connection, pos: int, values: Mapping[str, Any]) -> None:
    """Delete an event's content, and with it the salt; its id, digest and place stay."""
    connection.execute(update(event).where(event.c.pos == pos).values(content=None, **values))


def add_blank_event(connection: Connection, row: Mapping[str, Any]) -> None:
    """Keep the id and digest of erased content that has not come (again) yet, so that it is never stored."""
    connection.execute(insert(event), dict(row))


def drop_proposals(connection: Connection, agent_id: str, event_id: str) -> list[str]:
    """Delete the contact proposals that an event made; give the persons they were about."""
    own = and_(proposal.c.agent_id == agent_id, proposal.c.event_id == event_id)
    persons = list(connection.execute(select(proposal.c.person_id).where(own).distinct()).scalars())
    connection.execute(proposal.delete().where(own))
    return persons


def drop_due(connection: Connection, agent_id: str, event_id: str) -> None:
    """Let nothing follow from an event any more."""
    connection.execute(due_event.delete().where(due_event.c.agent_id == agent_id, due_event.c.event_id == event_id))


def blank_words(connection: Connection, members: Mapping[str, Any]) -> None:
    """Blank an answer or objection where a decision or finding repeats what the event *members* said."""
    body, kind = members["body"], members["kind"]
    if kind == EventKind.QUESTION_ANSWERED:
        same = and_(decision.c.id == body["decision_id"], decision.c.answer == body["answer"])
        connection.execute(update(decision).where(same).values(answer=BLANK))
    elif kind == EventKind.FINDING_CONTESTED:
        same = and_(finding.c.id == body["finding_id"], finding.c.contested == body["reason"])
        connection.execute(update(finding).where(same).values(contested=BLANK))


def blank_flags(connection: Connection, source_ids: Sequence[str]) -> None:
    """Blank what flagged findings quote of these events, or of objections to these findings."""
    mine = or_(*(finding.c.key.startswith(f"{source_id}/", autoescape=True) for source_id in source_ids))
    flagged = and_(finding.c.code == "note_flagged", mine)
    connection.execute(update(finding).where(flagged).values(facts={}))


def forget_files(connection: Connection, sha256s: Sequence[str], content_of: Sequence[tuple[str, str]]) -> None:
    """Forget files altogether, and the withheld contents (agent, digest) that would have come as files."""
    if sha256s:
        for table in (wanted_file, visit_file, office_file):
            connection.execute(table.delete().where(table.c.sha256.in_(sha256s)))
    if content_of:
        pairs = [and_(wanted_file.c.agent_id == agent, wanted_file.c.sha256 == digest) for agent, digest in content_of]
        connection.execute(wanted_file.delete().where(wanted_file.c.role == "content", or_(*pairs)))


def secure_deletes(connection: Connection, *, on: bool) -> None:
    """Have SQLite overwrite what this connection deletes from now on; elsewhere `scrub` does what can be done."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA secure_delete={'ON' if on else 'OFF'}")


# -- after a restore


def read_verified_files(connection: Connection) -> list[AnyRow]:
    """Give (device_id, sha256) of the files that should lie in the folder."""
    here = (wanted_file.c.state == "verified", ~is_erased(wanted_file))
    statement = select(wanted_file.c.device_id, wanted_file.c.sha256).where(*here)
    return list(connection.execute(statement))


def count_kept(connection: Connection) -> dict[str, int]:
    """Count what a backup holds: devices, chains, events, erasures."""
    tables = {"devices": device, "chains": chain, "events": event, "erasures": erasure}
    return {
        name: connection.execute(select(func.count()).select_from(table)).scalar_one() for name, table in tables.items()
    }
