"""
Rows that go when their time is over: emptied where other rows lean on them, deleted where none does.

Every function takes the connection first, and may be run again: what is gone stays gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, or_, select, update
from sqlalchemy import case as either

from schemas.vocabulary import DEVICE_KINDS
from server.storage.conduct_tables import judgement
from server.storage.door_tables import fact_pair, fact_told
from server.storage.facts_tables import contact_log, lender_word, preference
from server.storage.packed_rows import drop_packed
from server.storage.portfolio_rows import ERASED
from server.storage.portfolio_tables import import_doubt, person_alias, probable_match, told, trait
from server.storage.priority_tables import priority_word
from server.storage.proof_rows import BLANK
from server.storage.tables import agent, case, event, feed, hold, payment, person, place
from server.storage.types import AnyRow
from server.storage.visit_tables import decision, finding, proposal, visit
from server.storage.voice_tables import complaint, feedback, help_call

# -- events, which `erase_events` empties


def read_events(connection: Connection, case_id: str) -> Sequence[AnyRow]:
    """Give (code, id) of what the events of a case still hold, by agent; what a chain itself needs is left out."""
    query = (
        select(agent.c.code, event.c.id)
        .join(agent, agent.c.id == event.c.agent_id)
        .where(
            event.c.case_id == case_id,
            event.c.content.is_not(None),
            or_(event.c.kind.is_(None), event.c.kind.not_in(DEVICE_KINDS)),
        )
    )
    return connection.execute(query.distinct().order_by(agent.c.code, event.c.id)).all()


def read_objections(connection: Connection, case_id: str) -> Iterator[AnyRow]:
    """Give (code, id, content) of the objections of those who had anything found on a case: they name no case."""
    theirs = select(event.c.agent_id).where(event.c.case_id == case_id)
    query = (
        select(agent.c.code, event.c.id, event.c.content)
        .join(agent, agent.c.id == event.c.agent_id)
        .where(event.c.kind == "finding_contested", event.c.content.is_not(None), event.c.agent_id.in_(theirs))
    )
    yield from connection.execute(query.order_by(agent.c.code, event.c.id))


def read_finding_ids(connection: Connection, case_id: str) -> set[str]:
    """Give the findings of a case."""
    return set(connection.execute(select(finding.c.id).where(finding.c.case_id == case_id)).scalars())


def read_visit_ids(connection: Connection, case_id: str) -> list[str]:
    """Give the visits of a case."""
    return list(connection.execute(select(visit.c.visit_id).where(visit.c.case_id == case_id)).scalars())


# -- what the office made


def read_told_decisions(connection: Connection, case_id: str) -> Sequence[AnyRow]:
    """Give (scope_id, object_id, rev) of the decisions on a case that still lie in feeds with their words."""
    mine = select(decision.c.id).where(decision.c.case_id == case_id)
    query = select(feed.c.scope_id, feed.c.object_id, feed.c.rev)
    return connection.execute(
        query.where(feed.c.type == "decision", feed.c.op == "put", feed.c.object_id.in_(mine))
    ).all()  # fmt: skip


def empty_visits(connection: Connection, case_id: str) -> None:
    """
    Delete what was found on a case and told of its visits, and blank the words of its decisions.

    Who decided what and when stays.
    """
    for table in (finding, feedback):
        connection.execute(delete(table).where(table.c.case_id == case_id))
    words = {
        column.name: either((column.is_(None), None), else_=BLANK)
        for column in (decision.c.reason, decision.c.question, decision.c.answer)
    }
    connection.execute(update(decision).where(decision.c.case_id == case_id).values(words))


def empty_judgements(connection: Connection, case_id: str) -> None:
    """Blank what was known when a case was judged; which rulebooks answered what stays."""
    values: dict[str, Any] = {"facts": {}, "troubles": [], "limits": {}}
    connection.execute(update(judgement).where(judgement.c.case_id == case_id).values(values))


# What is blanked of a complaint and of a call; an answer that was never given stays none.
_SAID: dict[str, tuple[Table, dict[str, Any]]] = {
    "complaint": (complaint, {
        "words": BLANK, "reach": BLANK, "answer": either((complaint.c.answer.is_(None), None), else_=BLANK),
    }),
    "help_call": (help_call, {"reach": BLANK, "result": either((help_call.c.result.is_(None), None), else_=BLANK)}),
}  # fmt: skip


def read_unnamed(connection: Connection) -> list[tuple[str, AnyRow]]:
    """Give (table, row with id and ended_ms) of complaints and calls that name no case, are over and not blank yet."""
    found: list[tuple[str, AnyRow]] = []
    for table, ended, words in (
        (complaint, complaint.c.answered_ms, complaint.c.words), (help_call, help_call.c.closed_ms, help_call.c.reach),
    ):
        query = select(table.c.id, ended.label("ended_ms")).where(table.c.case_id.is_(None), ended.is_not(None))
        found += [(table.name, row) for row in connection.execute(query.where(words != BLANK).order_by(table.c.id))]
    return found


def blank_unnamed(connection: Connection, name: str, row_id: str) -> None:
    """Blank what was said in a complaint or call that names no case."""
    table, values = _SAID[name]
    connection.execute(update(table).where(table.c.id == row_id).values(values))


def blank_voices(connection: Connection, case_id: str) -> None:
    """Blank what a person said of a case and how they wanted to be reached; that they spoke, and when, stays."""
    for table, values in _SAID.values():
        connection.execute(update(table).where(table.c.case_id == case_id).values(values))


def drop_contacts(connection: Connection, case_id: str, *, notices: bool) -> None:
    """Delete a case's logged contacts that were notices, or those that were none."""
    kind = contact_log.c.content != [] if notices else contact_log.c.content == []
    connection.execute(delete(contact_log).where(contact_log.c.case_id == case_id, kind))


# -- who it is


def blank_person(connection: Connection, person_id: str, now_ms: int) -> None:
    """
    Take from a person and all of their cases who it is, where they live, what is owed and was paid.

    The rows stay, since others lean on them: ids, states and times tell nobody anything. A place that is another
    person's too keeps its address.
    """
    cases = select(case.c.id).where(case.c.person_id == person_id)
    for table in (told, import_doubt, payment, fact_told, fact_pair, priority_word, lender_word):
        connection.execute(delete(table).where(table.c.case_id.in_(cases)))
    drop_packed(connection, person_id)
    for table in (trait, person_alias, preference, proposal):
        connection.execute(delete(table).where(table.c.person_id == person_id))
    either_of_two = or_(probable_match.c.person_id == person_id, probable_match.c.other_id == person_id)
    connection.execute(delete(probable_match).where(either_of_two))
    _blank_places(connection, person_id, now_ms)
    own = or_(hold.c.person_id == person_id, hold.c.case_id.in_(cases))
    for column in (hold.c.confirm_reason, hold.c.lift_reason):
        connection.execute(update(hold).where(own, column.is_not(None)).values({column: BLANK}))
    blank: dict[str, Any] = {"amount": 0, "overdue": None, "days_past_due": None, "product": None, "grade": None}
    blank |= {"sealed": {}, "digest": "0" * 64}
    connection.execute(update(case).where(case.c.person_id == person_id).values(blank))
    nobody: dict[str, Any] = {"name": BLANK, "key": f"{ERASED}{person_id}", "contacts": {}, "merged": None}
    nobody |= {"language": None, "updated_ms": now_ms}
    connection.execute(update(person).where(person.c.id == person_id).values(nobody))


def _blank_places(connection: Connection, person_id: str, now_ms: int) -> None:
    own = select(case.c.place_id).where(case.c.person_id == person_id)
    others = select(case.c.place_id).where(case.c.person_id != person_id)
    values: dict[str, Any] = {"address": BLANK, "updated_ms": now_ms}
    values |= dict.fromkeys(("postal_code", "lat_e7", "lon_e7", "precision", "source"))
    mine = and_(place.c.id.in_(own), place.c.id.not_in(others))
    connection.execute(update(place).where(mine).values(values))

