"""
Approving clean visits in bulk: a sample is drawn and each of it decided alone; only then the rest follows.

One of the sample that is not approved cancels the whole. What is not clean any more is left out and named.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy import Connection

from schemas.errors import FieldError
from schemas.vocabulary import Act
from server.domain.reviewing import State
from server.domain.roles import Viewer
from server.domain.sampling import Standing, draw_sample, is_clean
from server.services.auditing import note_act
from server.services.deciding import decide_own
from server.services.reviewing import NOTHING_SAID
from server.services.site import Site
from server.storage import bulk_rows, queue_rows
from server.storage.queue_rows import Wanted
from server.storage.types import AnyRow, is_id

MOST = 500  # visits in one bulk


def find_candidates(site: Site, wanted: Wanted) -> list[Standing]:
    """Give the clean visits of a selection that may be approved in bulk, none that is in an open one."""
    clean = replace(wanted, states=(State.AWAITING_REVIEW.value,), is_flagged=False)
    with site.store.read() as connection:
        rows = queue_rows.list_queue(connection, clean, None, MOST)
        standings = bulk_rows.read_standings(connection, [(row.case_id, row.visit_id) for row in rows])
    return [each for each in standings if is_clean(each) and not each.is_in_bulk]


def begin_bulk(site: Site, viewer: Viewer, wanted: Wanted) -> str:
    """Draw a sample of a selection's clean visits; give the bulk's id. Raises `conflict` where there is none."""
    visits = find_candidates(site, wanted)
    if not visits:
        raise FieldError("conflict", detail="No visit of this selection may be approved in bulk.")
    by_agent: dict[str, list[str]] = {}
    for each in visits:
        by_agent.setdefault(each.lead_agent_id, []).append(each.visit_id)
    bulk_id, seed = site.new_id(), site.random_bytes(16).hex()
    sample = set(draw_sample(by_agent, seed))
    kept = {"id": bulk_id, "user_id": viewer.id, "seed": seed, "state": "open", "made_ms": site.now()}

    def job(connection: Connection) -> None:
        bulk_rows.add_bulk(connection, kept, {each.visit_id: each.visit_id in sample for each in visits})
        note_act(
            connection, site, viewer, "began_bulk", "bulk", bulk_id, seed=seed, visits=len(visits),
            sample=sorted(sample),
        )  # fmt: skip

    site.store.write(job)
    return bulk_id


@dataclass(frozen=True)
class Bulk:
    """
    A bulk as it stands: its sample and the rest.

    *is_ready*: the viewer approved each of the sample since it was drawn. *is_spoilt*: one of it was decided in any
    other way meanwhile.
    """

    row: AnyRow
    sample: tuple[AnyRow, ...]
    rest: tuple[AnyRow, ...]
    is_ready: bool
    is_spoilt: bool


def read_bulk(site: Site, viewer: Viewer, bulk_id: str) -> Bulk:
    """Give a bulk of the viewer's own; raise `not-found`."""
    with site.store.read() as connection:
        row = bulk_rows.find_bulk(connection, bulk_id) if is_id(bulk_id) else None
        if row is None or row.user_id != viewer.id:
            raise FieldError("not-found", detail="There is no such bulk of yours.")
        visits = bulk_rows.read_visits(connection, bulk_id)
        sample = tuple(each for each in visits if each.is_sample)
        acts = bulk_rows.read_acts_since(connection, [each.visit_id for each in sample], row.made_ms)
    approved = {each.visit_id for each in acts if each.act == Act.APPROVED and each.by == viewer.name}
    return Bulk(
        row, sample, tuple(each for each in visits if not each.is_sample),
        is_ready=approved == {each.visit_id for each in sample},
        is_spoilt=any(each.act != Act.APPROVED for each in acts),
    )  # fmt: skip


def finish_bulk(site: Site, viewer: Viewer, bulk_id: str) -> tuple[int, list[str]]:
    """
    Approve the rest; give how many, and the visits left out: not clean any more, decided meanwhile, open elsewhere.

    Each in its own transaction: a bulk that broke off half-way is finished by finishing it again. Raises `conflict`
    while one of the sample is not approved; one decided otherwise cancels the bulk.
    """
    bulk = read_bulk(site, viewer, bulk_id)
    if bulk.row.state != "open":
        raise FieldError("conflict", detail="This bulk has ended already.")
    if bulk.is_spoilt:
        cancel_bulk(site, viewer, bulk_id)
        said = "One of the sample was not approved as it was: the bulk is cancelled, nothing else was approved."
        raise FieldError("conflict", detail=said)
    if not bulk.is_ready:
        raise FieldError("conflict", detail="Decide on each visit of the sample first; nothing was approved.")
    approved, left = 0, []
    for each in bulk.rest:
        if each.state == State.APPROVED:
            continue
        try:
            site.store.write(partial(_approve, site=site, viewer=viewer, row=each, bulk_id=bulk_id))
            approved += 1
        except FieldError:
            left.append(each.visit_id)
    _end(site, viewer, bulk_id, "done")
    return approved, left


def _approve(connection: Connection, site: Site, viewer: Viewer, row: AnyRow, bulk_id: str) -> None:
    """Approve one visit of a bulk where it is still clean; raise `conflict` where it is not."""
    standings = bulk_rows.read_standings(connection, [(row.case_id, row.visit_id)])
    if not all(is_clean(each) for each in standings):
        raise FieldError("conflict", detail="This visit is not clean any more.")
    decide_own(connection, site, viewer, row.visit_id, Act.APPROVED, NOTHING_SAID, bulk=bulk_id)


def cancel_bulk(site: Site, viewer: Viewer, bulk_id: str) -> None:
    """Cancel a bulk; what was decided one by one stays."""
    _end(site, viewer, bulk_id, "cancelled")


def _end(site: Site, viewer: Viewer, bulk_id: str, state: str) -> None:
    def job(connection: Connection) -> None:
        if not bulk_rows.end_bulk(connection, bulk_id, state, site.now()):
            raise FieldError("conflict", detail="This bulk has ended already.")
        note_act(connection, site, viewer, f"bulk_{state}", "bulk", bulk_id)

    site.store.write(job)
