"""
Reporting: gather what an agency's report is made of, visit by visit.

Comes in: an agency and a period. Goes out: its figures. Visits count to the agency whose agent led them, complaints to
the agency of the agent complained of, else to the one that had the case; what belongs to nobody is said to.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection

from schemas.errors import FieldError
from server.domain.conduct.spans import day_starts, whole_day
from server.domain.findings.codes import Code
from server.domain.reporting import (
    LEAVING,
    Figure,
    Refusal,
    Told,
    VisitFigures,
    find_request,
    leave_time,
    make_figures,
)
from server.services.reconciling import fold_rows
from server.services.site import Site
from server.storage import report_rows
from server.storage.types import AnyRow

COUNTED = (Code.RULE_BROKEN, Code.NEAR_MISS, Code.NOTE_FLAGGED)
REASONS = sorted(each.value for each in LEAVING)


def report_conduct(site: Site, agency: str, first: date | None = None, last: date | None = None) -> list[Figure]:
    """
    Give the figures of an agency from the first to the last day, both with it, in the office's zone; else of all time.

    Raises `not-found` for an agency that is not there, `invalid` where the last day is before the first.
    """
    if first is not None and last is not None and last < first:
        raise FieldError("invalid", {"to": [f"{last.isoformat()} is before {first.isoformat()}"]})
    zone = site.settings.zone
    from_ms = 0 if first is None else day_starts(first, zone)
    to_ms = 2**62 if last is None else whole_day(last, zone).ends_ms
    with site.store.read() as connection:
        agency_id = report_rows.find_agency(connection, agency)
        if agency_id is None:
            names = ", ".join(report_rows.list_agencies(connection)) or "none"
            raise FieldError("not-found", detail=f"There is no agency {agency!r}; there is {names}.")
        visits = report_rows.read_visits(connection, agency_id, from_ms, to_ms)
        complaints = report_rows.read_complaints(connection, from_ms, to_ms)
        told = Told(
            visits=_visits(connection, site, visits),
            refusals=_refusals(connection, agency_id, from_ms, to_ms),
            complaints=sum(_agency_of(connection, row) == agency_id for row in complaints),
            unmatched_complaints=sum(_agency_of(connection, row) is None for row in complaints),
        )
    return make_figures(told)


def _visits(connection: Connection, site: Site, visits: Sequence[AnyRow]) -> list[VisitFigures]:
    ids = [row.visit_id for row in visits]
    found: dict[str, dict[str, list[AnyRow]]] = defaultdict(lambda: defaultdict(list))
    for row in report_rows.read_findings(connection, ids, [code.value for code in COUNTED]):
        found[row.visit_id][row.code].append(row)
    judged = report_rows.read_judged(connection, ids)
    feedback = report_rows.read_feedback(connection, ids)
    given = []
    for row in visits:
        mine = found[row.visit_id]
        visit, _, _ = fold_rows(connection, site, row.case_id, row.visit_id)
        answers = feedback.get(row.visit_id)
        given.append(
            VisitFigures(
                broken=tuple(each.key for each in mine[Code.RULE_BROKEN]) if row.visit_id in judged else None,
                near_misses=len(mine[Code.NEAR_MISS]),
                flags=tuple(each.facts.get("about", "what was erased") for each in mine[Code.NOTE_FLAGGED]),
                was_asked_to_leave=find_request(visit) is not None,
                took=leave_time(visit),
                feedback=None if answers is None else answers.answers,
            )
        )
    return given


def _refusals(connection: Connection, agency_id: str, from_ms: int, to_ms: int) -> list[Refusal]:
    halts = report_rows.read_refusals(connection, agency_id, REASONS, from_ms, to_ms)
    after = {halt.id: report_rows.read_visits_after(connection, agency_id, halt) for halt in halts}
    ids = [visit_id for each in after.values() for visit_id in each]
    missed = Counter(
        row.key.removeprefix("hold:") for row in report_rows.read_findings(connection, ids, [Code.NEAR_MISS.value])
    )
    return [Refusal(len(after[halt.id]), missed[halt.id]) for halt in halts]


def _agency_of(connection: Connection, complaint: AnyRow) -> str | None:
    """Give the agency a complaint is about: its agent's, else the one that had the case; None where nobody knows."""
    if complaint.agency_id is not None or complaint.case_id is None:
        return None if complaint.agency_id is None else str(complaint.agency_id)
    return report_rows.read_agency_at(connection, complaint.case_id, complaint.made_ms)
