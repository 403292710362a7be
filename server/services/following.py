"""
Following: what is done once an event is taken: appointments kept, contacts merged, answers put to questions.

Runs behind the exchange, each event in its own transaction, once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import orjson
from sqlalchemy import Connection

from schemas.vocabulary import EventKind
from server.domain.merging import Change as FieldChange
from server.domain.merging import MergeState, Proposal, merge_contact
from server.services.packing import bump_and_repack
from server.services.site import Site
from server.storage import contact_rows, feed, intake_rows, search_rows, visit_rows
from server.storage.types import AnyRow

Follow = Callable[[Connection, Site, AnyRow, Mapping[str, Any]], list[feed.Change]]
AT_ONCE = 200


def follow_events(site: Site) -> int:
    """Do what follows from every event not followed yet; give how many."""
    done = 0
    while True:
        with site.store.read() as connection:
            rows = visit_rows.read_due_events(connection, AT_ONCE)
        for row in rows:
            site.store.write(partial(_follow, site=site, row=row))
        done += len(rows)
        if len(rows) < AT_ONCE:
            return done


def _follow(connection: Connection, site: Site, row: AnyRow) -> None:
    if not visit_rows.drop_due_event(connection, row.agent_id, row.id):
        return  # followed by another process, or erased since it was read (E12)
    members = orjson.loads(row.content) if row.content is not None else None
    changes = [] if members is None else FOLLOWERS[EventKind(row.kind)](connection, site, row, members["body"])
    if changes:
        feed.publish(connection, changes)


def _keep_appointment(connection: Connection, site: Site, row: AnyRow, body: Mapping[str, Any]) -> list[feed.Change]:
    """Keep an appointment and tell everyone who holds the case."""
    kept = contact_rows.add_appointment(
        connection,
        {
            "id": body["appointment_id"], "case_id": row.case_id, "starts": body["starts"], "ends": body["ends"],
            "made_by": body["made_by"], "event_id": row.id, "agent_id": row.agent_id, "made_ms": row.received_ms,
        },
    )  # fmt: skip
    return bump_and_repack(connection, site, [row.case_id]) if kept else []


def _keep_proposal(connection: Connection, site: Site, row: AnyRow, body: Mapping[str, Any]) -> list[feed.Change]:
    """Keep a contact proposal and merge it with what is held."""
    person = contact_rows.read_person_of(connection, row.case_id)
    if person is None:
        return []
    chains = visit_rows.read_chains(connection, [row.device_id])
    number = [chain.pos for chain in chains].index(row.chain_pos)
    contact_rows.add_proposals(
        connection,
        [
            {
                "event_id": row.id, "field": change["field"], "agent_id": row.agent_id, "case_id": row.case_id,
                "person_id": person.id, "device_id": row.device_id, "chain_number": number, "seq": row.seq,
                "packet_rev": orjson.loads(row.content).get("packet_rev"), "base": change.get("base"),
                "new": change["new"], "state": MergeState.CLASH.value, "made_ms": row.received_ms,
            }
            for change in body["changes"]
        ],
    )  # fmt: skip
    return merge_person(connection, site, person.id)


def merge_person(connection: Connection, site: Site, person_id: str) -> list[feed.Change]:
    """Merge a person's undecided proposals into what the office holds; give the packets that change by it."""
    person = contact_rows.read_person(connection, person_id)
    rows = contact_rows.read_proposals(connection, person_id)
    by_event: dict[str, list[AnyRow]] = {}
    for row in rows:
        by_event.setdefault(row.event_id, []).append(row)
    proposals = [
        Proposal(
            event_id,
            own[0].device_id,
            (own[0].chain_number, own[0].seq),
            {row.field: FieldChange(row.base, row.new) for row in own},
            None if own[0].packet_rev is None else f"{own[0].case_id}:{own[0].packet_rev}",
        )
        for event_id, own in by_event.items()
    ]
    merged = merge_contact(person.contacts, proposals, site.settings.phone_region)
    for (event_id, field), outcome in merged.outcomes.items():
        grade = None if outcome.grade is None else outcome.grade.value
        contact_rows.change_proposal(
            connection, event_id, field, state=outcome.state.value, grade=grade, against=list(outcome.against)
        )
    if merged.values == (person.merged or person.contacts):
        return []
    contact_rows.change_person(connection, person_id, merged=merged.values, updated_ms=site.now())
    search_rows.mark_person(connection, person_id)
    return bump_and_repack(connection, site, contact_rows.open_cases_of(connection, person_id))


def _note_answer(connection: Connection, site: Site, row: AnyRow, body: Mapping[str, Any]) -> list[feed.Change]:
    """Put an answer to its question; the visit goes back to its reviewer."""
    found = contact_rows.answer_decision(connection, body["decision_id"], body["answer"], site.now())
    if found is not None:
        intake_rows.mark_visits(connection, [(found.case_id, found.visit_id)], site.now())
    return []


def _note_contest(connection: Connection, site: Site, row: AnyRow, body: Mapping[str, Any]) -> list[feed.Change]:
    """Note that the agent disagrees with a finding."""
    found = contact_rows.contest_finding(connection, body["finding_id"], body["reason"])
    if found is not None and found.case_id is not None and found.visit_id is not None:
        intake_rows.mark_visits(connection, [(found.case_id, found.visit_id)], site.now())
    return []


def _note_correction(connection: Connection, site: Site, row: AnyRow, body: Mapping[str, Any]) -> list[feed.Change]:
    """Let the visit of a corrected event be folded again."""
    found = contact_rows.find_event_visit(connection, row.agent_id, body["event_id"])
    if found is not None:
        intake_rows.mark_visits(connection, [found], site.now())
    return []


FOLLOWERS: dict[EventKind, Follow] = {
    EventKind.APPOINTMENT_AGREED: _keep_appointment,
    EventKind.CONTACT_PROPOSED: _keep_proposal,
    EventKind.EVENT_CORRECTED: _note_correction,
    EventKind.FINDING_CONTESTED: _note_contest,
    EventKind.QUESTION_ANSWERED: _note_answer,
}
