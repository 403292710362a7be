"""
Deciding in the office: a visit is claimed by whoever opens it, decided by one person, and the act is noted.

Two reviewers never decide the same visit: the claim is taken again in the transaction of the decision.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from schemas.errors import FieldError
from schemas.vocabulary import Act
from server.domain.reviewing import State
from server.domain.roles import Viewer
from server.services.auditing import note_act
from server.services.reviewing import NOTHING_SAID, Said, check_permitted, decide_within
from server.services.site import Site
from server.storage import bulk_rows, queue_rows, review_rows
from server.storage.queue_rows import Wanted
from server.storage.types import AnyRow

CLAIM_MS = 10 * 60_000
LOOKED_AT = 50  # of the queue, to find the next one
ESCALATE_MS = 3 * 24 * 3_600_000  # a question without an answer: its visit comes back to the supervisors
APPROVING = frozenset({Act.APPROVED, Act.AMENDED})
TO_DECIDE = (State.AWAITING_REVIEW.value, State.ANSWERED.value)


@dataclass(frozen=True)
class Claim:
    """Who has a visit open, and until when (ms since the epoch)."""

    is_mine: bool
    name: str
    until_ms: int


def find_visit(connection: Connection, viewer: Viewer, visit_id: str) -> AnyRow:
    """Give a visit of the viewer's agencies; raise `not-found`, also for one of another agency."""
    rows = review_rows.find_visit(connection, visit_id)
    if not rows or not viewer.sees(rows[0].agency_id):
        raise FieldError("not-found", detail="There is no such visit among those of your agencies.")
    return rows[0]


def claim_visit(site: Site, viewer: Viewer, case_id: str, visit_id: str) -> Claim:
    """Claim a visit for ten minutes; where somebody else has it open, say who."""
    now_ms = site.now()

    def job(connection: Connection) -> Claim:
        is_mine = queue_rows.put_claim(connection, case_id, visit_id, viewer.id, now_ms, now_ms + CLAIM_MS)
        row = queue_rows.read_claims_of(connection, [visit_id], now_ms)[visit_id]
        return Claim(is_mine, row.name, row.until_ms)

    return site.store.write(job)


def decide(site: Site, viewer: Viewer, visit_id: str, act: Act, said: Said = NOTHING_SAID) -> str | None:
    """Decide on a visit in a transaction of its own; see `decide_own`."""
    return site.store.write(lambda connection: decide_own(connection, site, viewer, visit_id, act, said))


def decide_own(
    connection: Connection, site: Site, viewer: Viewer, visit_id: str, act: Act, said: Said, **facts: str
) -> str | None:
    """
    Decide on a visit of the viewer's agencies, let go of it and note it with *facts*; give the decision's id.

    None where it is the first of two approvals. Raises `conflict` while somebody else has it open, where it is the
    viewer's own visit, and what `decide_within` raises.
    """
    now_ms = site.now()
    row = find_visit(connection, viewer, visit_id)
    if viewer.agent_id and viewer.agent_id in review_rows.crew_of(connection, row.case_id, visit_id):
        raise FieldError("conflict", detail="You were at this visit yourself; somebody else decides on it.")
    if not queue_rows.put_claim(connection, row.case_id, visit_id, viewer.id, now_ms, now_ms + CLAIM_MS):
        raise FieldError("conflict", detail="Somebody else has this visit open. Nothing was changed.")
    check_permitted(row.state or State.OPEN, act)
    if act in APPROVING and _is_first_of_two(connection, site, viewer, row, act):
        return None
    decision_id = decide_within(connection, site, row.case_id, visit_id, act, viewer.name, said)
    queue_rows.drop_claim(connection, row.case_id, visit_id)
    bulk_rows.drop_second(connection, row.case_id, visit_id)
    note_act(connection, site, viewer, act.value, "visit", visit_id, **facts)
    return decision_id


def _is_first_of_two(connection: Connection, site: Site, viewer: Viewer, row: AnyRow, act: Act) -> bool:
    """
    Say whether this approval is the first of two, and keep it: a crew that overrode a warning is judged by two persons.

    Raises `conflict` where the viewer gave the first already, and for an amendment as the first, which would be lost.
    """
    if not bulk_rows.find_overridden(connection, [(row.case_id, row.visit_id)]):
        return False
    first = bulk_rows.read_second(connection, row.case_id, row.visit_id)
    if first is not None and first.user_id == viewer.id:
        raise FieldError("conflict", detail="You approved it already; a second person has to, since it was overridden.")
    if first is not None:
        return False
    if act is Act.AMENDED:
        raise FieldError("conflict", detail="A warning was overridden: approve it first; a second person may amend it.")
    kept = {"case_id": row.case_id, "visit_id": row.visit_id, "user_id": viewer.id, "name": viewer.name}
    bulk_rows.add_second(connection, kept | {"at_ms": site.now()})
    queue_rows.drop_claim(connection, row.case_id, row.visit_id)
    note_act(connection, site, viewer, "seconded", "visit", row.visit_id)
    return True


def find_next(site: Site, viewer: Viewer, wanted: Wanted) -> str | None:
    """Give the next visit that waits for the viewer: nobody has it open, they have not seconded it, nor been there."""
    with site.store.read() as connection:
        rows = queue_rows.list_queue(connection, wanted, None, LOOKED_AT)
        ids = [row.visit_id for row in rows]
        taken = queue_rows.read_claims_of(connection, ids, site.now())
        done = {each.visit_id for each in bulk_rows.read_seconds(connection, ids) if each.user_id == viewer.id}
        own = review_rows.read_visits_with(connection, viewer.agent_id, ids) if viewer.agent_id else set()
    barred = done | own | {each for each, claim in taken.items() if claim.user_id != viewer.id}
    return next((each for each in ids if each not in barred), None)
