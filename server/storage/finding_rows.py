"""Rows of findings that stand, the newest first, a page at a time and within agencies."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, literal, select, tuple_

from server.storage.scope_rows import agent_within
from server.storage.tables import agent
from server.storage.types import AnyRow
from server.storage.visit_tables import finding, visit

Place = tuple[int, str]  # found_ms, id: where a page ended
_PLACE = (finding.c.found_ms, finding.c.id)


def list_standing(
    connection: Connection, agencies: Collection[str], code: str, severity: str, after: Place | None, most: int
) -> list[AnyRow]:
    """Give findings from *after* on; one on a visit is of the visit's agency, another of its agent's."""
    of_visit = (visit.c.case_id == finding.c.case_id) & (visit.c.visit_id == finding.c.visit_id)
    wanted = (
        select(finding, agent.c.code.label("agent"))
        .outerjoin(agent, agent.c.id == finding.c.agent_id)
        .outerjoin(visit, of_visit)
        .where(finding.c.gone_ms.is_(None))
    )
    if agencies:
        of_agent = finding.c.visit_id.is_(None) & agent_within(finding.c.agent_id, agencies)
        wanted = wanted.where(visit.c.agency_id.in_(agencies) | of_agent)
    if code:
        wanted = wanted.where(finding.c.code == code)
    if severity:
        wanted = wanted.where(finding.c.severity == severity)
    if after is not None:
        wanted = wanted.where(tuple_(*_PLACE) < tuple_(*(literal(part, column.type) for column, part in
                                                         zip(_PLACE, after, strict=True))))
    return list(connection.execute(wanted.order_by(*(column.desc() for column in _PLACE)).limit(most)))
