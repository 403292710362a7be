"""
Assigning: give cases to crews, move them, take them back, close them; each chunk of cases in one transaction.

Stands between the office and the feed: a packet leaves one scope and appears in another, with the holds on it, in the
same commit. Rows are locked in the order agents, cases, persons, scopes; publishing is last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

import structlog
from sqlalchemy import Connection

from schemas.errors import FieldError
from schemas.vocabulary import ItemType, RemovalReason
from server.domain.assigning import Member, Order, Outcome, judge_order
from server.domain.conduct.rules import Rulebook
from server.domain.holds import Charge
from server.domain.webhooks import Kind
from server.services import gating
from server.services.gating import Override
from server.services.holding import hold_changes_for_assignment
from server.services.notice_sending import end_papers
from server.services.packing import bump_and_repack
from server.services.site import Site
from server.services.telling import tell_cases
from server.settings import DAY_MS
from server.storage import case_rows, door_rows, people_rows
from server.storage.case_rows import AnyRow
from server.storage.feed import Change, publish

log = structlog.get_logger()


@dataclass(slots=True)
class AssignReport:
    """What became of the orders: counts, and each refused one with its reason."""

    assigned: int = 0
    moved: int = 0
    unchanged: int = 0
    extended: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)

    def note(self, outcome: Outcome, case_id: str, sentence: str) -> None:
        """Count one outcome."""
        if outcome is Outcome.REFUSED:
            self.refused.append((case_id, sentence))
        else:
            setattr(self, outcome.value, getattr(self, outcome.value) + 1)

    def add(self, other: AssignReport) -> None:
        """Add another chunk's report."""
        self.assigned += other.assigned
        self.moved += other.moved
        self.unchanged += other.unchanged
        self.extended += other.extended
        self.refused += other.refused


def assign(
    site: Site,
    case_ids: Sequence[str],
    lead_code: str,
    companion_codes: Sequence[str] = (),
    by: str = "office",
    lease_days: int | None = None,
    override: Override | None = None,
) -> AssignReport:
    """Give these cases to one crew; cases that others had move to it. Raises for agents unknown or not active."""
    orders = [Order(case_id, lead_code, tuple(companion_codes)) for case_id in sorted(set(case_ids))]
    return assign_orders(site, orders, by, lease_days, override=override)


def assign_orders(
    site: Site,
    orders: Iterable[Order],
    by: str = "office",
    lease_days: int | None = None,
    progress: Callable[[int], None] = lambda done: None,
    override: Override | None = None,
) -> AssignReport:
    """
    Carry out *orders*, a chunk in one transaction; run again after a crash they change nothing that is done.

    What the gate refuses is refused here, with its reason and cure. Raises `not-found` or `conflict` for an agent who
    is unknown or not active, before anything is written.
    """
    if override is not None:
        override.check()
    rulebooks = gating.rulebooks_of(site)
    by_case = {order.case_id: order for order in orders}
    agent_ids = _find_agents(site, sorted({code for order in by_case.values() for code in order.codes}))
    lease_ms = (site.settings.lease_days if lease_days is None else lease_days) * DAY_MS
    report = AssignReport()
    for chunk in case_rows.chunks(list(by_case)):
        work = [by_case[case_id] for case_id in chunk]
        job = partial(
            _carry_out, site=site, orders=work, agent_ids=agent_ids, by=by, lease_ms=lease_ms, rulebooks=rulebooks,
            override=override,
        )  # fmt: skip
        report.add(site.store.write(job))
        progress(len(chunk))
    log.info(
        "assigned", by=by, assigned=report.assigned, moved=report.moved, unchanged=report.unchanged,
        refused=len(report.refused),
    )  # fmt: skip
    return report


def _find_agents(site: Site, codes: Sequence[str]) -> dict[str, str]:
    with site.store.read() as connection:
        found = people_rows.read_agents_by_code(connection, codes)
    unknown = [code for code in codes if code not in found]
    if unknown:
        detail = f"No agent has the code {', '.join(unknown)}; `fairvisit agents list` shows them."
        raise FieldError("not-found", detail=detail)
    idle = [code for code in codes if found[code].status != "active"]
    if idle:
        raise FieldError("conflict", detail=f"Not active, so nothing can be assigned to them: {', '.join(idle)}.")
    return {code: found[code].id for code in codes}


def _carry_out(
    connection: Connection,
    site: Site,
    orders: Sequence[Order],
    agent_ids: dict[str, str],
    by: str,
    lease_ms: int,
    rulebooks: Sequence[Rulebook],
    override: Override | None,
) -> AssignReport:
    now_ms = site.now()
    case_ids = [order.case_id for order in orders]
    cases = lock_crews(connection, case_ids, {agent_ids[code] for order in orders for code in order.codes})
    crews = live_crews(case_rows.read_assignments(connection, case_ids))
    report = AssignReport()
    touched: list[Charge] = []
    moved: dict[str, list[str]] = {}
    judged = {}
    for order in orders:
        case = cases.get(order.case_id)
        status, crew = None if case is None else case.status, crews.get(order.case_id, [])
        judged[order.case_id] = judge_order(order, agent_ids, status, crew, now_ms)
    going = {
        order.case_id: [agent_ids[code] for code in order.codes]
        for order in orders
        if judged[order.case_id][0] in {Outcome.ASSIGNED, Outcome.MOVED}
    }
    gate = gating.ask_gate(connection, site, rulebooks, going, lease_ms, override)
    for order in orders:
        outcome, sentence = judged[order.case_id]
        if order.case_id in gate.refused:
            outcome, sentence = Outcome.REFUSED, gate.refused[order.case_id]
        report.note(outcome, order.case_id, sentence)
        if order.case_id not in gate.passed:
            continue
        case, crew, named = cases[order.case_id], crews.get(order.case_id, []), going[order.case_id]
        moved[case.id] = [member.agent_id for member in crew if member.agent_id not in named]
        touched += [Charge(agent_id, case.id, case.person_id) for agent_id in {*named, *moved[case.id]}]
    if not moved:
        return report
    case_rows.end_assignments(connection, list(moved), RemovalReason.UNASSIGNED, now_ms)
    case_rows.add_assignments(connection, list(gate.passed.values()), by, now_ms)
    changes = bump_and_repack(connection, site, list(moved), mattered=False)
    revs = {change.object_id: change.rev for change in changes}
    changes += _removals(moved, revs, RemovalReason.UNASSIGNED)
    changes += hold_changes_for_assignment(connection, touched, RemovalReason.UNASSIGNED)
    publish(connection, changes)
    return report


def lock_crews(connection: Connection, case_ids: Sequence[str], agent_ids: Iterable[str] = ()) -> dict[str, AnyRow]:
    """Lock the agents concerned, the cases and their persons, in this order; give the cases."""
    present = {row.agent_id for row in case_rows.read_crews(connection, case_ids)}
    case_rows.lock_agents(connection, sorted(present | set(agent_ids)))
    cases = case_rows.lock_cases(connection, case_ids)
    case_rows.lock_persons(connection, sorted({row.person_id for row in cases.values()}))
    return cases


def live_crews(rows: Iterable[AnyRow]) -> dict[str, list[Member]]:
    """Give who has each case now, of every assignment these cases ever had."""
    crews: dict[str, list[Member]] = {}
    for row in rows:
        if row.until_ms is None:
            crews.setdefault(row.case_id, []).append(Member(row.agent_id, row.role, row.lease_until_ms))
    return crews


def _removals(gone: dict[str, list[str]], revs: dict[str, int], reason: str) -> list[Change]:
    return [
        Change(agent_id, ItemType.PACKET, case_id, revs[case_id], reason=reason)
        for case_id, agent_ids in gone.items()
        for agent_id in agent_ids
    ]


def end_changes(
    connection: Connection, site: Site, case_ids: Sequence[str], reason: str, *, lapsed_only: bool = False
) -> list[Change]:
    """
    End the live assignments of a chunk of cases for *reason*; give the removals, which the caller publishes last.

    With *lapsed_only* a case whose lease was extended meanwhile keeps its crew.
    """
    now_ms = site.now()
    cases = lock_crews(connection, case_ids)
    crews = live_crews(case_rows.read_assignments(connection, case_ids))
    if lapsed_only:
        crews = {key: crew for key, crew in crews.items() if any(each.lease_until_ms <= now_ms for each in crew)}
    if not crews:
        return []
    case_rows.end_assignments(connection, list(crews), reason, now_ms)
    gone = {case_id: [member.agent_id for member in crew] for case_id, crew in crews.items()}
    touched = [Charge(agent_id, case_id, cases[case_id].person_id) for case_id in gone for agent_id in gone[case_id]]
    changes = _removals(gone, {case_id: cases[case_id].rev for case_id in gone}, reason)
    return changes + hold_changes_for_assignment(connection, touched, reason)


def unassign(site: Site, case_ids: Sequence[str], reason: str = RemovalReason.UNASSIGNED, by: str = "office") -> int:
    """Take these cases back from whoever has them; give how many somebody had."""

    def job(connection: Connection, case_ids: Sequence[str]) -> int:
        changes = end_changes(connection, site, case_ids, reason)
        publish(connection, changes)
        return count_packets(changes)

    count = by_chunks(site, case_ids, job)
    log.info("unassigned", by=by, reason=reason, cases=count)
    return count


def by_chunks(site: Site, case_ids: Sequence[str], job: Callable[[Connection, Sequence[str]], int]) -> int:
    """Run *job* for each chunk in a transaction of its own; give the sum of what it counts."""
    total = 0
    for chunk in case_rows.chunks(case_ids):

        def run(connection: Connection, chunk: Sequence[str] = chunk) -> int:
            return job(connection, chunk)

        total += site.store.write(run)
    return total


def count_packets(changes: Iterable[Change]) -> int:
    """Count the cases whose packets change hands."""
    return len({change.object_id for change in changes if change.type == ItemType.PACKET})


def close_changes(connection: Connection, site: Site, case_ids: Sequence[str], status: str) -> list[Change]:
    """Close a chunk of cases as *status*, paid or closed, and take them back; give the removals to publish last."""
    changes = end_changes(connection, site, case_ids, status)
    case_rows.set_status(connection, case_ids, status, site.now())
    tell_cases(connection, site, Kind.CASE_CHANGED, case_ids)
    end_papers(connection, site, case_ids, status)
    door_rows.forget_told(connection, case_ids)
    door_rows.forget_pairs(connection, case_ids)
    return changes


def close_cases(site: Site, case_ids: Sequence[str], status: str = RemovalReason.CLOSED, by: str = "office") -> int:
    """Close these cases as *status*, paid or closed; give how many somebody had."""

    def job(connection: Connection, case_ids: Sequence[str]) -> int:
        changes = close_changes(connection, site, case_ids, status)
        publish(connection, changes)
        return count_packets(changes)

    count = by_chunks(site, case_ids, job)
    log.info("closed", by=by, status=status, cases=count)
    return count
