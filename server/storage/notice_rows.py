"""Rows of notices. Every function takes the connection first and runs one statement."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from server.storage.facts_tables import contact_log
from server.storage.notice_tables import notice
from server.storage.tables import case
from server.storage.types import AnyRow

_NO_CODE = {"code_salt": None, "code_iterations": None, "code_key": None}


def add_notices(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add notices."""
    connection.execute(insert(notice), list(rows))


def change_notice(connection: Connection, notice_id: str, **values: Any) -> None:
    """Change what is known of a notice."""
    connection.execute(update(notice).where(notice.c.id == notice_id).values(**values))


def forget_codes(connection: Connection, case_ids: Collection[str]) -> None:
    """Keep nothing of the codes on these cases' letters."""
    connection.execute(update(notice).where(notice.c.case_id.in_(case_ids)).values(**_NO_CODE))


def forget_code(connection: Connection, notice_id: str) -> None:
    """Keep nothing of the code on this letter."""
    connection.execute(update(notice).where(notice.c.id == notice_id).values(**_NO_CODE))


def read_letter_keys(connection: Connection, case_ids: Collection[str], now_ms: int) -> Sequence[AnyRow]:
    """Give what wraps a packet's key for each letter of these cases whose code is good, the newest first."""
    return connection.execute(
        select(notice.c.case_id, notice.c.code_salt, notice.c.code_iterations, notice.c.code_key)
        .where(notice.c.case_id.in_(case_ids), notice.c.code_key.is_not(None), notice.c.expires_ms > now_ms)
        .order_by(notice.c.made_ms.desc(), notice.c.id.desc())
    ).all()


def read_lasting(connection: Connection, case_ids: Collection[str], today: str) -> set[str]:
    """Give those of these cases that have a notice which did not come back and whose day is not over."""
    lasting = select(notice.c.case_id).where(
        notice.c.case_id.in_(case_ids), notice.c.returned_on.is_(None), notice.c.day >= today
    )
    return set(connection.execute(lasting).scalars())


def read_notices(connection: Connection, lender: str | None = None) -> Sequence[AnyRow]:
    """Give every notice with its case's lender and reference, the newest first."""
    statement = select(notice, case.c.lender, case.c.reference).join(case, case.c.id == notice.c.case_id)
    if lender is not None:
        statement = statement.where(case.c.lender == lender)
    return connection.execute(statement.order_by(notice.c.made_ms.desc(), notice.c.id.desc())).all()


def read_cases_of(connection: Connection, notice_ids: Collection[str]) -> list[str]:
    """Give the cases that these notices are of."""
    return list(connection.execute(select(notice.c.case_id).where(notice.c.id.in_(notice_ids))).scalars())


def read_chosen(connection: Connection, notice_ids: Collection[str]) -> Sequence[AnyRow]:
    """Give these notices with their case's lender."""
    return connection.execute(
        select(notice, case.c.lender)
        .join(case, case.c.id == notice.c.case_id)
        .where(notice.c.id.in_(notice_ids))
        .order_by(notice.c.id)
    ).all()


def read_printed(connection: Connection, case_ids: Collection[str]) -> Sequence[AnyRow]:
    """Give the notices of these cases that did not come back, the newest of each case last."""
    mine = select(notice).where(notice.c.case_id.in_(case_ids), notice.c.returned_on.is_(None))
    return connection.execute(mine.order_by(notice.c.made_ms, notice.c.id)).all()


def return_contact(connection: Connection, lender: str, reference: str) -> None:
    """Write that a letter that was sent came back."""
    sent = (contact_log.c.lender == lender, contact_log.c.reference == reference)
    connection.execute(update(contact_log).where(*sent).values(result="returned"))


def forget_numbers(connection: Connection, case_ids: Collection[str]) -> None:
    """Keep no number or address to which our own notices of these cases went."""
    ours = (contact_log.c.case_id.in_(case_ids), contact_log.c.source == "office")
    connection.execute(update(contact_log).where(*ours).values(number=""))
