"""
Leases: how long a crew may hold its packets. One is extended only through the gate, and one that ends is taken back.

Each chunk of cases is done in one transaction, with the locks and in the order of `assigning`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import structlog
from sqlalchemy import Connection

from schemas.vocabulary import RemovalReason, Role
from server.domain.conduct.rules import Rulebook
from server.services import gating
from server.services.assigning import AssignReport, count_packets, end_changes, live_crews, lock_crews
from server.services.gating import Override
from server.services.packing import bump_and_repack
from server.services.site import Site
from server.settings import DAY_MS
from server.storage import case_rows, people_rows
from server.storage.feed import publish

log = structlog.get_logger()


def extend_lease(
    site: Site,
    case_ids: Sequence[str],
    lease_days: int | None = None,
    by: str = "office",
    override: Override | None = None,
) -> AssignReport:
    """
    Let the crews of these cases hold their packets for *lease_days* from now: a new revision (F3).

    Each case is judged again for its crew, and its limits are compiled for the new lease. What the gate refuses now
    keeps the lease it has, and is told with its reason and cure.
    """
    if override is not None:
        override.check()
    rulebooks = gating.rulebooks_of(site)
    lease_ms = (site.settings.lease_days if lease_days is None else lease_days) * DAY_MS
    report = AssignReport()
    for chunk in case_rows.chunks(case_ids):
        job = partial(_extend, site=site, case_ids=chunk, lease_ms=lease_ms, rulebooks=rulebooks, override=override)
        report.add(site.store.write(job))
    log.info("leases_extended", by=by, cases=report.extended, refused=len(report.refused))
    return report


def _extend(
    connection: Connection,
    site: Site,
    case_ids: Sequence[str],
    lease_ms: int,
    rulebooks: Sequence[Rulebook],
    override: Override | None,
) -> AssignReport:
    lock_crews(connection, case_ids)
    crews = live_crews(case_rows.read_assignments(connection, case_ids))
    going = {
        case_id: [each.agent_id for each in sorted(crew, key=lambda each: (each.role != Role.LEAD, each.agent_id))]
        for case_id, crew in sorted(crews.items())
    }
    idle = people_rows.read_idle(connection, {each for crew in going.values() for each in crew})
    away = {case_id: sorted(idle[each] for each in crew if each in idle) for case_id, crew in going.items()}
    going = {case_id: crew for case_id, crew in going.items() if not away[case_id]}
    gate = gating.ask_gate(connection, site, rulebooks, going, lease_ms, override)
    if gate.passed:
        case_rows.extend_assignments(connection, list(gate.passed.values()))
        publish(connection, bump_and_repack(connection, site, list(gate.passed), mattered=False))
    left = [(each, f"Not active: {', '.join(codes)}. Assign it to others.") for each, codes in away.items() if codes]
    return AssignReport(extended=len(gate.passed), refused=[*left, *gate.refused.items()])


def expire_leases(site: Site) -> int:
    """Take back the cases whose lease has ended (F3); give how many. To be called every minute or so."""
    total = 0
    while True:
        with site.store.read() as connection:
            lapsed = case_rows.read_lapsed(connection, site.now(), case_rows.CHUNK)
        if not lapsed:
            return total

        def job(connection: Connection, chunk: Sequence[str] = lapsed) -> int:
            changes = end_changes(connection, site, chunk, RemovalReason.EXPIRED, lapsed_only=True)
            publish(connection, changes)
            return count_packets(changes)

        total += site.store.write(job)
