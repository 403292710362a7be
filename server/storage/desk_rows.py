"""Rows of the pages about a case and a person: lists by page within agencies, and all that hangs on one case."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Select, or_, select
from sqlalchemy import case as either

from server.storage.case_rows import AREA, in_area
from server.storage.facts_tables import contact_log, preference
from server.storage.notice_tables import notice
from server.storage.portfolio_tables import probable_match
from server.storage.scope_rows import agent_within, case_within
from server.storage.tables import agent, appointment, assignment, case, hold, payment, person, place
from server.storage.types import AnyRow
from server.storage.visit_tables import finding, proposal, visit
from server.storage.voice_tables import complaint

Agencies = Collection[str]
_LISTED = (
    select(
        case.c.id, case.c.lender, case.c.reference, case.c.status, AREA, case.c.person_id, person.c.name,
        place.c.address,
    )
    .join(person, person.c.id == case.c.person_id)
    .join(place, place.c.id == case.c.place_id)
)  # fmt: skip


def list_cases(
    connection: Connection, agencies: Agencies, status: str, area: str, before: str | None, most: int
) -> list[AnyRow]:
    """Give cases of a status, and of an area where one is named, the newest first, from before a case on."""
    wanted = _LISTED.where(case.c.status == status, case_within(case.c.id, agencies), in_area(area))
    if before is not None:
        wanted = wanted.where(case.c.id < before)
    return list(connection.execute(wanted.order_by(case.c.id.desc()).limit(most)))


def read_listed(connection: Connection, case_ids: Sequence[str]) -> list[AnyRow]:
    """Give these cases in this order."""
    rows = {row.id: row for row in connection.execute(_LISTED.where(case.c.id.in_(case_ids)))}
    return [rows[each] for each in case_ids if each in rows]


def find_case(connection: Connection, case_id: str, agencies: Agencies) -> AnyRow | None:
    """Give a case with person and place; none where it is another agency's."""
    columns = (
        case, person.c.name, person.c.language, person.c.contacts, person.c.merged, place.c.address,
        place.c.postal_code, place.c.lat_e7, place.c.lon_e7, place.c.precision, place.c.source,
        place.c.area.label("place_area"),
    )  # fmt: skip
    joined = case.join(person, person.c.id == case.c.person_id).join(place, place.c.id == case.c.place_id)
    wanted = select(*columns).select_from(joined).where(case.c.id == case_id, case_within(case.c.id, agencies))
    return connection.execute(wanted).one_or_none()


def read_cases_of(connection: Connection, person_id: str, agencies: Agencies) -> list[AnyRow]:
    """Give a person's cases, of these agencies only."""
    mine = _LISTED.where(case.c.person_id == person_id, case_within(case.c.id, agencies))
    return list(connection.execute(mine.order_by(case.c.id)))


def read_assignments(connection: Connection, case_id: str, agencies: Agencies) -> list[AnyRow]:
    """Give who of these agencies had a case, the newest first."""
    rows = select(assignment, agent.c.code).join(agent, agent.c.id == assignment.c.agent_id)
    mine = rows.where(assignment.c.case_id == case_id, agent_within(agent.c.id, agencies))
    return _rows(connection, mine.order_by(assignment.c.from_ms.desc()))


def read_visits(connection: Connection, case_ids: Sequence[str], agencies: Agencies) -> list[AnyRow]:
    """Give the visits to these cases, the newest first."""
    rows = select(visit, agent.c.code).outerjoin(agent, agent.c.id == visit.c.lead_agent_id)
    rows = rows.where(visit.c.case_id.in_(case_ids))
    if agencies:
        rows = rows.where(visit.c.agency_id.in_(agencies))
    return _rows(connection, rows.order_by(visit.c.started_ms.desc(), visit.c.visit_id))


def read_holds(connection: Connection, case_ids: Sequence[str], person_id: str) -> list[AnyRow]:
    """
    Give every hold on these cases or on their person, those in force first.

    Who answers for one that another case of the person brought is not told.
    """
    mine = or_(hold.c.case_id.in_(case_ids), hold.c.person_id == person_id)
    columns = [each for each in hold.c if each is not hold.c.owner]
    owner = either((hold.c.case_id.in_(case_ids), hold.c.owner)).label("owner")
    rows = select(*columns, owner).where(mine)
    return _rows(connection, rows.order_by(hold.c.lifted_ms.is_not(None), hold.c.placed_ms.desc()))


def read_contacts(connection: Connection, case_id: str, most: int) -> list[AnyRow]:
    """Give what the lender and the office did before, the newest first."""
    mine = select(contact_log).where(contact_log.c.case_id == case_id)
    return _rows(connection, mine.order_by(contact_log.c.at_ms.desc(), contact_log.c.reference).limit(most))


def read_payments(connection: Connection, case_id: str) -> list[AnyRow]:
    """Give what was paid, the newest first."""
    return _rows(connection, select(payment).where(payment.c.case_id == case_id).order_by(payment.c.paid_on.desc()))


def read_promises(connection: Connection, case_id: str) -> list[AnyRow]:
    """Give what stands found of promises: open, kept, broken."""
    mine = (finding.c.case_id == case_id) & finding.c.code.like("promise%") & finding.c.gone_ms.is_(None)
    return _rows(connection, select(finding).where(mine).order_by(finding.c.key))


def read_appointments(connection: Connection, case_id: str) -> list[AnyRow]:
    """Give what was agreed, the newest first."""
    mine = select(appointment).where(appointment.c.case_id == case_id)
    return _rows(connection, mine.order_by(appointment.c.starts.desc()))


def read_notices(connection: Connection, case_id: str) -> list[AnyRow]:
    """Give the letters written, the newest first."""
    return _rows(connection, select(notice).where(notice.c.case_id == case_id).order_by(notice.c.id.desc()))


def read_preferences(connection: Connection, person_id: str) -> list[AnyRow]:
    """Give what the person asks for now."""
    mine = (preference.c.person_id == person_id) & preference.c.ended_ms.is_(None)
    return _rows(connection, select(preference).where(mine).order_by(preference.c.given_ms))


def read_complaints(connection: Connection, case_id: str) -> list[AnyRow]:
    """Give the complaints on a case, never their words."""
    columns = (complaint.c.id, complaint.c.codes, complaint.c.made_ms, complaint.c.answered_ms)
    mine = select(*columns).where(complaint.c.case_id == case_id)
    return _rows(connection, mine.order_by(complaint.c.made_ms.desc()))


def read_clashes(
    connection: Connection, agencies: Agencies, most: int, of: tuple[str, str] | None = None
) -> list[AnyRow]:
    """Give proposed fields that wait for a person, with who proposed them; only *of* an event and field if named."""
    theirs = select(case.c.id).where(case.c.person_id == proposal.c.person_id, case_within(case.c.id, agencies))
    rows = select(proposal, person.c.name, person.c.contacts, agent.c.code)
    rows = rows.join(person, person.c.id == proposal.c.person_id).join(agent, agent.c.id == proposal.c.agent_id)
    rows = rows.where(proposal.c.state == "clash", proposal.c.decided_ms.is_(None), theirs.exists())
    if of is not None:
        rows = rows.where(proposal.c.event_id == of[0], proposal.c.field == of[1])
    return _rows(connection, rows.order_by(person.c.id, proposal.c.field, proposal.c.event_id).limit(most))


def read_matches(connection: Connection, person_id: str, agencies: Agencies) -> list[AnyRow]:
    """Give the pairs that a person is one of, as `read_pairs` gives them."""
    mine = or_(probable_match.c.person_id == person_id, probable_match.c.other_id == person_id)
    return _rows(connection, _pairs(agencies).where(mine).order_by(probable_match.c.found_ms))


def read_pairs(
    connection: Connection, agencies: Agencies, most: int, of: tuple[str, str] | None = None
) -> list[AnyRow]:
    """
    Give pairs of persons that may be one and that nobody decided on; only *of* two persons where they are named.

    Who is limited to agencies sees a pair only where both persons are theirs.
    """
    rows = _pairs(agencies)
    if of is not None:
        rows = rows.where(probable_match.c.person_id == min(of), probable_match.c.other_id == max(of))
    return _rows(connection, rows.order_by(probable_match.c.found_ms, probable_match.c.person_id).limit(most))


def _pairs(agencies: Agencies) -> Select[Any]:
    one, other = person.alias("one"), person.alias("second")
    columns = (probable_match, one.c.name.label("name"), other.c.name.label("other_name"))
    rows = select(*columns).join(one, one.c.id == probable_match.c.person_id)
    rows = rows.join(other, other.c.id == probable_match.c.other_id).where(probable_match.c.decision.is_(None))
    for side in (one, other):
        theirs = select(case.c.id).where(case.c.person_id == side.c.id, case_within(case.c.id, agencies))
        rows = rows.where(theirs.exists())
    return rows


def read_cases_of_all(connection: Connection, person_ids: Collection[str], agencies: Agencies) -> list[AnyRow]:
    """Give the cases of these persons, of these agencies only."""
    mine = _LISTED.where(case.c.person_id.in_(person_ids), case_within(case.c.id, agencies))
    return list(connection.execute(mine.order_by(case.c.id)))


def _rows(connection: Connection, wanted: Select[Any]) -> list[AnyRow]:
    return list(connection.execute(wanted))
