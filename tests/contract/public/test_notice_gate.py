"""A notice at the gate: no visit before the person was told in time; a letter that came back told them nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from schemas.errors import FieldError
from server.services import assigning
from server.services.notice_sending import mark_returned, mark_sent
from server.services.noticing import Plan, make_notices
from server.storage.portfolio_tables import import_run
from tests.office import Office, opened_office

HOUSE = """
rulebook: HOUSE
version: "1"
kind: house
zone: Asia/Manila
title: A house that tells first
sources: {product: {law: product policy, url: "", seen: ""}}
rules:
- id: HOUSE-NOTICE
  type: prior_notice
  params:
    content: [purpose, date, time_range, agency, agent_names, verification_link, right_to_refuse_or_rearrange,
      complaint_channel]
    lead: P2D
    media: [app, sms, email, letter]
    to: borrower
    when: before_visit
  check: [gate]
  severity: block
  on_unknown: block
  source: [product]
  confidence: policy
  status: policy
  agent: {en: "Tell first.", zh: "先告知。"}
  person: {en: "You are told first.", zh: "会先告知您。"}
- id: HOUSE-ONLINE
  type: prior_step
  params: {requires: [digital_contact]}
  check: [gate]
  severity: block
  on_unknown: block
  source: [product]
  confidence: policy
  status: policy
  agent: {en: "Try otherwise first.", zh: "先用其他方式联系。"}
  person: {en: "Other ways are tried first.", zh: "会先用其他方式联系您。"}
"""
TOLD_MS = 1_459_900_000_000


@pytest.fixture
def strict(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose house demands a notice two days before; the lender's logs are there, and empty."""
    path = tmp_path / "house.yaml"
    path.write_text(HOUSE, "utf-8")
    with opened_office(database_url, tmp_path, rulebooks="PH", house_rulebook=str(path), zone="Asia/Manila") as office:
        for kind in ("ledger", "contacts"):
            run = {"kind": kind, "lender": "lender", "file_name": "l.csv", "file_sha256": "0" * 64, "line": 0}
            run |= {"state": "finished", "counts": {}, "started_ms": TOLD_MS, "updated_ms": TOLD_MS}
            office.insert(import_run, id=office.site.new_id(), **run)
        for code in ("a1", "a2"):
            office.add_agent(code)
        yield office


def refusal(office: Office, case_id: str) -> str:
    """Try to hand a case out; give why not, nothing where it went through."""
    report = assigning.assign(office.site, [case_id], "a1", ["a2"], lease_days=20)
    return report.refused[0][1] if report.refused else ""


def make(office: Office, case_id: str) -> str:
    """Make a notice of a visit on 14 April; give its id."""
    plan = Plan.read(["a1", "a2"], date(2016, 4, 14), "10:00-12:00")
    [letter] = make_notices(office.site, [case_id], plan, "test", lambda letters: None).letters
    return letter.notice_id


def test_a_case_waits_until_its_person_was_told_in_time(strict: Office) -> None:
    """Refused without a notice, with one not sent, with one too fresh; then it passes; returned, it does not."""
    case_id = strict.add_case("R1")
    said = [refusal(strict, case_id)]
    notice_id = make(strict, case_id)
    said.append(refusal(strict, case_id))
    mark_sent(strict.site, [notice_id], "letter", date(2016, 4, 7), "test")  # at 11:33 in Manila
    strict.clock.advance(minutes=1)
    said.append(refusal(strict, case_id))
    strict.clock.advance(days=2)

    passed = refusal(strict, case_id)
    report = mark_returned(strict.site, [notice_id], date(2016, 4, 9), "test")
    assigning.unassign(strict.site, [case_id])
    said.append(refusal(strict, case_id))

    assert ("", [case_id]) == (passed, report.held)
    assert ["HOUSE-NOTICE (house): "] * 4 == [each[: len("HOUSE-NOTICE (house): ")] for each in said]
    assert [True, True, False, True] == ["once a notice with purpose" in each for each in said]
    assert "from 11:34 on Saturday 9 April" in said[2]
    # a letter is also a try to reach them otherwise, until it comes back
    assert [True, True, False, True] == ["HOUSE-ONLINE" in each for each in said]


def test_no_letter_promises_a_day_the_rules_would_refuse(strict: Office) -> None:
    """The rule's lead counts from the end of today: a day before that is refused with the first that would do."""
    case_id = strict.add_case("R1")
    plan = Plan.read(["a1"], date(2016, 4, 9), "10:00-12:00")

    with pytest.raises(FieldError, match="too soon for HOUSE-NOTICE sent today; name 2016-04-10 or later"):
        make_notices(strict.site, [case_id], plan, "test", lambda letters: None)
