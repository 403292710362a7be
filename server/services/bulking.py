"""
Approving clean visits in bulk: a sample is drawn and each of it decided alone; only then the rest follows.

One of the sample that is not approved cancels the whole. What changed meanwhile is left out and named.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from schemas.errors import FieldError
from schemas.vocabulary import Act
from server.domain.reviewing import State
from server.domain.roles import Viewer
from server.domain.sampling import draw_sample
from server.services.auditing import note_act
from server.services.deciding import decide
from server.services.site import Site
from server.storage import bulk_rows, queue_rows
from server.storage.queue_rows import Wanted
from server.storage.types import AnyRow, is_id

MOST = 500  # visits in one bulk
FIRST_VISITS = 20  # of an agent, which are always looked at
CLEAN = 3


def find_candidates(site: Site, wanted: Wanted) -> list[AnyRow]:
    """Give the clean visits of a selection that may be approved in bulk."""
    clean = replace(wanted, states=(State.AWAITING_REVIEW.value,), is_flagged=False)
    with site.store.read() as connection:
        rows = [row for row in queue_rows.list_queue(connection, clean, None, MOST * 2) if row.rank == CLEAN][:MOST]
        barred = bulk_rows.read_barred(connection, [(row.case_id, row.visit_id) for row in rows], FIRST_VISITS)
    return [row for row in rows if row.visit_id not in barred]


def begin_bulk(site: Site, viewer: Viewer, wanted: Wanted) -> str:
    """Draw a sample of a selection's clean visits; give the bulk's id. Raises `conflict` where there is none."""
    rows = find_candidates(site, wanted)
    if not rows:
        raise FieldError("conflict", detail="No visit of this selection may be approved in bulk.")
    by_agent: dict[str, list[str]] = {}
    for row in rows:
        by_agent.setdefault(row.lead_agent_id, []).append(row.visit_id)
    bulk_id, seed = site.new_id(), site.random_bytes(16).hex()
    sample = set(draw_sample(by_agent, seed))
    kept = {"id": bulk_id, "user_id": viewer.id, "seed": seed, "state": "open", "made_ms": site.now()}

    def job(connection: Connection) -> None:
        bulk_rows.add_bulk(connection, kept, {row.visit_id: row.visit_id in sample for row in rows})
        note_act(
            connection, site, viewer, "began_bulk", "bulk", bulk_id, seed=seed, visits=len(rows), sample=sorted(sample)
        )  # fmt: skip

    site.store.write(job)
    return bulk_id


@dataclass(frozen=True)
class Bulk:
    """A bulk as it stands: its sample and the rest, and whether it can be finished, or has to be cancelled."""

    row: AnyRow
    sample: tuple[AnyRow, ...]
    rest: tuple[AnyRow, ...]

    @property
    def is_ready(self) -> bool:
        """Whether all of the sample was approved."""
        return all(each.state == State.APPROVED for each in self.sample)

    @property
    def is_spoilt(self) -> bool:
        """Whether one of the sample was decided otherwise, or is not clean any more."""
        return any(each.state in {State.RETURNED, State.REJECTED} or each.rank < CLEAN for each in self.sample)


def read_bulk(site: Site, viewer: Viewer, bulk_id: str) -> Bulk:
    """Give a bulk of the viewer's own; raise `not-found`."""
    with site.store.read() as connection:
        row = bulk_rows.find_bulk(connection, bulk_id) if is_id(bulk_id) else None
        if row is None or row.user_id != viewer.id:
            raise FieldError("not-found", detail="There is no such bulk of yours.")
        visits = bulk_rows.read_visits(connection, bulk_id)
    sample = tuple(each for each in visits if each.is_sample)
    return Bulk(row, sample, tuple(each for each in visits if not each.is_sample))


def finish_bulk(site: Site, viewer: Viewer, bulk_id: str) -> tuple[int, list[str]]:
    """
    Approve the rest; give how many, and the visits left out since they changed or somebody has them open.

    Raises `conflict` while one of the sample is not approved; one decided otherwise cancels the bulk.
    """
    bulk = read_bulk(site, viewer, bulk_id)
    if bulk.is_spoilt:
        cancel_bulk(site, viewer, bulk_id)
        said = "One of the sample was not clean: the bulk is cancelled, nothing was approved."
        raise FieldError("conflict", detail=said)
    if not bulk.is_ready:
        raise FieldError("conflict", detail="Decide on each visit of the sample first; nothing was approved.")
    _end(site, viewer, bulk_id, "done")
    approved, left = 0, []
    for each in bulk.rest:
        try:
            if each.state != State.AWAITING_REVIEW or each.rank < CLEAN:
                raise FieldError("conflict")
            decide(site, viewer, each.visit_id, Act.APPROVED, bulk_id=bulk_id)
            approved += 1
        except FieldError:
            left.append(each.visit_id)
    return approved, left


def cancel_bulk(site: Site, viewer: Viewer, bulk_id: str) -> None:
    """Cancel a bulk; what was decided one by one stays."""
    _end(site, viewer, bulk_id, "cancelled")


def _end(site: Site, viewer: Viewer, bulk_id: str, state: str) -> None:
    def job(connection: Connection) -> None:
        if not bulk_rows.end_bulk(connection, bulk_id, state, site.now()):
            raise FieldError("conflict", detail="This bulk has ended already.")
        note_act(connection, site, viewer, f"bulk_{state}", "bulk", bulk_id)

    site.store.write(job)
