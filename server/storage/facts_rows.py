"""
Rows that conduct is judged by: what is known of many cases, their persons, what was done before, and who would go.

Every function takes the connection first and runs one statement for a whole chunk of cases.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, insert, or_, select, update

from server.storage.facts_tables import agency_paper, agent_paper, attestation, contact_log, lender_word, preference
from server.storage.feed import upsert
from server.storage.portfolio_tables import import_run
from server.storage.tables import agency, agent, appointment, case, hold, payment, place
from server.storage.types import AnyRow
from server.storage.visit_tables import visit

Values = Mapping[str, Any]
PAPERS = {"agent": agent_paper, "agency": agency_paper}

# -- the imports


def read_contact_digests(connection: Connection, lender: str, references: Collection[str]) -> dict[str, str]:
    """Give the digest of each of these contacts that is known."""
    rows = connection.execute(
        select(contact_log.c.reference, contact_log.c.digest).where(
            contact_log.c.lender == lender, contact_log.c.reference.in_(references)
        )
    )
    return {row.reference: row.digest for row in rows}


def put_contacts(connection: Connection, rows: Sequence[Values]) -> None:
    """Write contacts, each in place of the one of its reference."""
    _put(connection, contact_log, rows)


def put_papers(connection: Connection, holder: str, rows: Sequence[Values]) -> None:
    """Write papers of agents or agencies, each in place of the one of its key."""
    _put(connection, PAPERS[holder], rows)


def _put(connection: Connection, table: Any, rows: Sequence[Values]) -> None:
    if rows:
        keys = [column.name for column in table.primary_key]
        statement = upsert(connection)(table)
        changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), list(rows))


def read_agent_papers(connection: Connection, agent_ids: Collection[str]) -> list[AnyRow]:
    """Give the papers of these agents, by kind, name and first day."""
    table = agent_paper
    ordered = select(table).order_by(table.c.kind, table.c.name, table.c.principal, table.c.valid_from)
    return list(connection.execute(ordered.where(table.c.agent_id.in_(agent_ids))))


def read_agency_papers(connection: Connection, agency_ids: Collection[str]) -> list[AnyRow]:
    """Give the papers of these agencies."""
    return list(connection.execute(select(agency_paper).where(agency_paper.c.agency_id.in_(agency_ids))))


# -- what people tell


def add_attestation(connection: Connection, row: Values) -> None:
    """Keep that somebody vouches for a rule."""
    connection.execute(insert(attestation).values(**row))


def read_attestations(connection: Connection) -> Sequence[AnyRow]:
    """Give every attestation, by rule, the newest first."""
    newest = (attestation.c.made_ms.desc(), attestation.c.id.desc())
    return connection.execute(select(attestation).order_by(attestation.c.rule_id, *newest)).all()


def add_lender_words(connection: Connection, rows: Sequence[Values]) -> None:
    """Keep what a lender says."""
    connection.execute(insert(lender_word), list(rows))


def list_lender_words(connection: Connection) -> Sequence[AnyRow]:
    """Give what lenders ever said, by lender and word, the newest first, with the reference of a single case."""
    said = select(lender_word, case.c.reference).outerjoin(case, case.c.id == lender_word.c.case_id)
    ordered = said.order_by(lender_word.c.lender, lender_word.c.word, lender_word.c.made_ms.desc(), lender_word.c.id)
    return connection.execute(ordered).all()


def is_lender(connection: Connection, lender: str) -> bool:
    """Say whether any case is of this lender."""
    return connection.execute(select(case.c.id).where(case.c.lender == lender).limit(1)).first() is not None


def add_preference(connection: Connection, row: Values) -> None:
    """Keep what a person asked for."""
    connection.execute(insert(preference).values(**row))


def read_live_preferences(connection: Connection, person_id: str) -> Sequence[AnyRow]:
    """Give what a person asks for now, the oldest first."""
    lasting = select(preference).where(preference.c.person_id == person_id, preference.c.ended_ms.is_(None))
    return connection.execute(lasting.order_by(preference.c.given_ms, preference.c.id)).all()


def end_preference(connection: Connection, preference_id: str, now_ms: int) -> None:
    """End what a person asked for."""
    connection.execute(update(preference).where(preference.c.id == preference_id).values(ended_ms=now_ms))


# -- what is gathered


def _persons_of(case_ids: Collection[str]) -> Select[tuple[str]]:
    return select(case.c.person_id).where(case.c.id.in_(case_ids))


def _all_of_them(case_ids: Collection[str]) -> Select[tuple[str]]:
    """Select every case of the persons of these cases."""
    return select(case.c.id).where(case.c.person_id.in_(_persons_of(case_ids)))


def read_person_cases(connection: Connection, case_ids: Collection[str]) -> list[AnyRow]:
    """Give every case of the persons of these cases, whoever the lender, with where it is visited."""
    return list(
        connection.execute(
            select(
                case.c.id, case.c.lender, case.c.person_id, case.c.status, case.c.currency, case.c.amount,
                case.c.overdue, case.c.updated_ms, place.c.lat_e7, place.c.lon_e7,
                func.coalesce(place.c.area, case.c.area).label("area"),
            )
            .join(place, place.c.id == case.c.place_id)
            .where(case.c.person_id.in_(_persons_of(case_ids)))
        )
    )  # fmt: skip


def read_contacts(connection: Connection, case_ids: Collection[str]) -> list[AnyRow]:
    """Give the logged contacts of the persons of these cases, the oldest first."""
    found = select(contact_log).where(contact_log.c.case_id.in_(_all_of_them(case_ids)))
    return list(connection.execute(found.order_by(contact_log.c.at_ms, contact_log.c.lender, contact_log.c.reference)))


def read_visits(connection: Connection, case_ids: Collection[str]) -> list[AnyRow]:
    """Give the visits to the persons of these cases that have begun, the oldest first."""
    return list(
        connection.execute(
            select(visit.c.case_id, visit.c.visit_id, visit.c.started_ms, visit.c.contact_result)
            .where(visit.c.case_id.in_(_all_of_them(case_ids)), visit.c.started_ms.is_not(None))
            .order_by(visit.c.started_ms, visit.c.visit_id)
        )
    )


def read_told_lenders(connection: Connection, lenders: Collection[str]) -> set[tuple[str, str]]:
    """Give (kind, lender) of each log of contacts and ledger that came in whole at least once."""
    rows = connection.execute(
        select(import_run.c.kind, import_run.c.lender)
        .where(import_run.c.lender.in_(lenders), import_run.c.kind.in_(("contacts", "ledger")))
        .where(import_run.c.state == "finished")
        .distinct()
    )
    return {(row.kind, row.lender) for row in rows}


def read_holds(connection: Connection, case_ids: Collection[str]) -> list[AnyRow]:
    """Give the holds ever placed on these cases or their persons."""
    mine = or_(hold.c.case_id.in_(case_ids), hold.c.person_id.in_(_persons_of(case_ids)))
    return list(connection.execute(select(hold).where(mine).order_by(hold.c.placed_ms, hold.c.id)))


def read_lender_words(
    connection: Connection, lenders: Collection[str], case_ids: Collection[str]
) -> Sequence[AnyRow]:  # fmt: skip
    """Give what these lenders said of all their cases, and of these: of all first, then the oldest first."""
    of_these = or_(lender_word.c.case_id.is_(None), lender_word.c.case_id.in_(case_ids))
    said = select(lender_word).where(lender_word.c.lender.in_(lenders), of_these)
    return connection.execute(
        said.order_by(lender_word.c.case_id.is_not(None), lender_word.c.made_ms, lender_word.c.id)
    ).all()


def read_preferences(connection: Connection, case_ids: Collection[str]) -> list[AnyRow]:
    """Give what the persons of these cases ever asked for."""
    found = select(preference).where(preference.c.person_id.in_(_persons_of(case_ids)))
    return list(connection.execute(found.order_by(preference.c.given_ms, preference.c.id)))


def read_appointments(connection: Connection, case_ids: Collection[str]) -> list[AnyRow]:
    """Give the appointments on these cases."""
    found = select(appointment).where(appointment.c.case_id.in_(case_ids))
    return list(connection.execute(found.order_by(appointment.c.made_ms, appointment.c.id)))


def read_payments(connection: Connection, case_ids: Collection[str]) -> list[AnyRow]:
    """Give what was paid on these cases, by day and currency."""
    columns = (payment.c.case_id, payment.c.paid_on, payment.c.currency)
    return list(
        connection.execute(
            select(*columns, func.sum(payment.c.amount).label("amount"))
            .where(payment.c.case_id.in_(case_ids))
            .group_by(*columns)
        )
    )


def read_attested(connection: Connection) -> dict[str, str]:
    """Give the last day each rule is vouched for."""
    until = func.max(attestation.c.until)
    rows = connection.execute(select(attestation.c.rule_id, until.label("until")).group_by(attestation.c.rule_id))
    return {row.rule_id: row.until for row in rows}


def read_agents(connection: Connection, agent_ids: Collection[str]) -> list[AnyRow]:
    """Give these agents with their agencies."""
    return list(
        connection.execute(
            select(agent.c.id, agent.c.code, agent.c.agency_id, agency.c.name.label("agency_name"))
            .join(agency, agency.c.id == agent.c.agency_id)
            .where(agent.c.id.in_(agent_ids))
        )
    )
