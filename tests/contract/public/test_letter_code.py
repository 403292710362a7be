"""The code on a person's letter, from the printer to the door: the real device program against the real server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas.errors import FieldError
from schemas.sealing import ITERATIONS
from server.domain.notices import Letter
from server.services.notice_sending import mark_returned, mark_sent
from server.services.noticing import Plan, make_notices
from server.storage import tables
from tests.contract.proof.phones import Field
from tests.office import Office


@pytest.fixture
def field(office: Office, tmp_path: Path) -> Iterator[Field]:
    """A device in the field whose agent has one case."""
    made = Field(office, tmp_path)
    yield made
    made.device.close()


def write(field: Field, *, is_again: bool = False) -> Letter:
    """Make a letter for the device's case."""
    plan = Plan.read(["a1"], date(2016, 4, 14), "10:00-12:00")
    kept: list[Any] = []
    [letter] = make_notices(field.office.site, [field.case_id], plan, "test", kept.extend, is_again=is_again).letters
    assert [letter] == kept
    return letter


def wraps(field: Field) -> list[dict[str, Any]]:
    """Give the wraps of the case's packet as it lies in the feed."""
    rows = field.office.rows(tables.feed.select().where(tables.feed.c.type == "packet"))
    found: list[dict[str, Any]] = orjson.loads(bytes(rows[0].item))["body"]["sealed"]["wraps"]
    return found


def visit(field: Field) -> str:
    """Begin a visit."""
    return str(field.device.record("visit_started", field.case_id, body={"no_fix_reason": "unavailable"}).visit_id)


def test_the_code_of_the_letter_confirms_and_opens(field: Field) -> None:
    """A wrong code fails, the right one confirms identity, as it is said, and opens what the lender entrusted."""
    letter = write(field)
    field.exchange()
    visit_id, wrong = visit(field), letter.code.translate(str.maketrans("23456789", "34567892", "-"))[::-1]

    assert not field.device.check_identity(field.case_id, visit_id, "letter_code", wrong)
    with pytest.raises(FieldError, match="only after identity"):
        field.device.open_sealed(field.case_id, visit_id, "letter_code", letter.code)
    assert field.device.check_identity(field.case_id, visit_id, "letter_code", letter.code.lower().replace("-", " "))
    content = field.device.open_sealed(field.case_id, visit_id, "letter_code", letter.code)

    assert ("lender", 120_000) == (content["lender"], content["amount"])
    field.exchange()
    kinds = [row.kind for row in field.office.rows(tables.event.select().order_by(tables.event.c.pos))]
    assert ["identity_checked", "identity_checked", "sealed_part_opened"] == kinds[-3:]


def test_the_code_is_derived_once_for_every_revision(field: Field) -> None:
    """Packed again, the wrap has the same salt and another key: nothing slow was done again."""
    write(field)
    first = wraps(field)
    field.office.site.store.write(field._pack)
    second = wraps(field)

    assert ["letter_code", "document"] == [each["kind"] for each in second]
    assert (first[0]["salt"], ITERATIONS) == (second[0]["salt"], second[0]["iterations"])
    assert first[0]["key"] != second[0]["key"]


def test_of_two_letters_either_code_opens(field: Field) -> None:
    """Who got a second letter may have kept the first."""
    letters = [write(field), write(field, is_again=True)]
    field.exchange()

    for letter in letters:
        assert field.device.check_identity(field.case_id, visit(field), "letter_code", letter.code)


def test_a_letter_that_came_back_opens_nothing_at_the_next_exchange(field: Field) -> None:
    """Whoever holds the returned letter cannot pass for the person with it."""
    letter = write(field)
    field.exchange()
    mark_sent(field.office.site, [letter.notice_id], "letter", date(2016, 4, 7), "test")
    mark_returned(field.office.site, [letter.notice_id], date(2016, 4, 7), "test")
    field.exchange()

    assert ["document"] == [each["kind"] for each in wraps(field)]
    visit_id = visit(field)
    with pytest.raises(FieldError, match="cannot be checked this way"):
        field.device.check_identity(field.case_id, visit_id, "letter_code", letter.code)


def test_after_its_day_a_code_is_packed_no_more(field: Field) -> None:
    """A code works as long as the letter says; later revisions do not carry it."""
    write(field)
    field.advance(98 * 86_400_000)
    field.office.site.store.write(field._pack)

    assert ["document"] == [each["kind"] for each in wraps(field)]
