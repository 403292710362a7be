"""What is kept of a case or person, read from a real database: by which rule, until when, and what stops every end."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection

from schemas.errors import FieldError
from server.domain.conduct.retention import RecordClass
from server.services.retention import Kept, lift_legal_hold, place_legal_hold, what_is_kept
from server.storage import tables
from server.storage.facts_tables import contact_log
from tests.office import Office


def close(office: Office, case_id: str) -> None:
    """End a case now."""
    table = tables.case
    ended = table.update().where(table.c.id == case_id).values(status="closed", closed_ms=office.clock())

    def job(connection: Connection) -> None:
        connection.execute(ended)

    office.site.store.write(job)


def log_contact(office: Office, case_id: str, reference: str, **values: Any) -> None:
    """Put one contact into the log, now."""
    row = {
        "lender": "lender", "reference": reference, "case_id": case_id, "at_ms": office.clock(), "channel": "call",
        "result": "made", "number": "+86 139", "content": [], "source": "lender", "digest": "0" * 64,
        "imported_ms": office.clock(),
    }  # fmt: skip
    office.insert(contact_log, **row | values)


def kept(office: Office, **asked: Any) -> list[Kept]:
    """Ask what is kept."""
    with office.site.store.read() as connection:
        return what_is_kept(connection, office.site, **asked)


def test_an_open_case_is_kept_until_it_is_closed(office: Office) -> None:
    """Of an open case no class has an end; a class of which there is nothing is not named."""
    case_id = office.add_case("R1")
    log_contact(office, case_id, "c1")

    found = kept(office, case_id=case_id)

    assert [("contacts", "CASE-OPEN", None), ("persons", "CASE-OPEN", None)] == [each[:3] for each in found]
    assert "This is not finished yet: it is kept until it is." == found[0].sentence


def test_a_closed_case_is_kept_five_years_in_china(office: Office) -> None:
    """CN-RET-001 from the day it was closed, the person as well; notices and contacts are told apart."""
    case_id = office.add_case("R1")
    log_contact(office, case_id, "c1")
    log_contact(office, case_id, "c2", channel="letter", content=["purpose"])
    office.clock.advance(days=2)
    close(office, case_id)

    found = kept(office, case_id=case_id, language="zh")

    until = date(2021, 4, 9)
    assert [("contacts", "CN-RET-001", until), ("notices", "CN-RET-001", until), ("persons", "CN-RET-001", until)] == [
        each[:3] for each in found
    ]
    assert "（保存至 2021 年 4 月 9 日）" in found[0].sentence


def test_a_person_is_kept_as_long_as_the_last_of_their_cases(office: Office) -> None:
    """Two cases, one closed a year later: the person stays until the later one's day, and so it says of either."""
    first = office.add_case("R1")
    [person_id] = [row.person_id for row in office.rows(tables.case.select())]
    second = office.add_case("R2", person_id=person_id)
    close(office, first)
    office.clock.advance(days=365)
    close(office, second)

    until = [("persons", "CN-RET-001", date(2022, 4, 7))]
    assert until == [each[:3] for each in kept(office, person_id=person_id)]
    assert until == [each[:3] for each in kept(office, case_id=first)]


def test_when_its_time_is_over_nothing_is_kept(office: Office) -> None:
    """The day after its last, a record is named no more: it may go."""
    case_id = office.add_case("R1")
    close(office, case_id)
    office.clock.ms = 1_617_811_200_000 - 3_600_000  # 7 April 2021, 23:00 in Shanghai
    assert [RecordClass.PERSONS] == [each.record for each in kept(office, case_id=case_id)]

    office.clock.advance(days=1)

    assert [] == kept(office, case_id=case_id)


def test_a_legal_hold_keeps_everything_until_somebody_else_lifts_it(office: Office) -> None:
    """On the person it keeps each of their cases; who placed it cannot lift it."""
    case_id = office.add_case("R1")
    close(office, case_id)
    office.clock.advance(days=365 * 6)
    hold_id = place_legal_hold(office.site, case_id, "Dana", "court", of_person=True)
    assert [("persons", "LEGAL-HOLD", None)] == [each[:3] for each in kept(office, case_id=case_id)]

    with pytest.raises(FieldError, match="another person"):
        lift_legal_hold(office.site, hold_id, " dana ", "done")
    assert [("persons", "LEGAL-HOLD", None)] == [each[:3] for each in kept(office, case_id=case_id)]
    lift_legal_hold(office.site, hold_id, "Eve", "done")
    lift_legal_hold(office.site, hold_id, "Eve", "done")

    assert [] == kept(office, case_id=case_id)


def test_a_legal_hold_wants_a_name_a_reason_and_a_case(office: Office) -> None:
    """Nothing is kept on nobody's word."""
    case_id = office.add_case("R1")
    with pytest.raises(FieldError) as error:
        place_legal_hold(office.site, case_id, " ", "")
    assert {"by", "reason"} == set(error.value.fields)
    with pytest.raises(FieldError, match="no case"):
        place_legal_hold(office.site, office.site.new_id(), "Dana", "court")
    with pytest.raises(FieldError, match="no legal hold"):
        lift_legal_hold(office.site, office.site.new_id(), "Dana", "over")


def test_nobody_is_no_person(office: Office) -> None:
    """An id that is no case and no person is said to be none."""
    for name in ("case_id", "person_id"):
        with pytest.raises(FieldError, match="There is no"):
            kept(office, **{name: office.site.new_id()})
