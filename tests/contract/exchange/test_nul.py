"""NUL, which no text of PostgreSQL can hold: wherever a device puts it, nothing is lost and nothing blocks."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from schemas import signing
from server.services.enrolling import issue_code
from server.services.erasing import erase_events
from server.services.following import follow_events
from server.services.reconciling import reconcile
from server.services.reviewing import Act, Said, decide_visit
from server.storage import tables, visit_tables
from tests.office import Office, Phone, statuses

NUL = "a\0b"


@pytest.fixture
def phone(office: Office) -> Phone:
    """A phone whose agent holds one case."""
    phone = Phone.enrolled(office)
    office.assign(office.add_case("R1"), phone.agent_id)
    return phone


@pytest.fixture
def visit(office: Office, phone: Phone) -> dict[str, Any]:
    """What an event names of a visit to the case."""
    case_id = str(office.rows(select(tables.case.c.id))[0].id)
    return {"case_id": case_id, "visit_id": office.site.new_id(), "packet_rev": 1}


def test_events_with_a_nul_are_accepted_or_parked_as_they_came(
    office: Office, phone: Phone, visit: dict[str, Any]
) -> None:
    """E5, E7: a NUL in a kind, an id or a note gets its receipt like anything else, and the bytes are kept."""
    phone.record(NUL, {})
    phone.record(f"step_done{NUL}", {"note": NUL}, **visit)
    phone.step(visit["case_id"], visit["visit_id"], note=NUL)
    phone.step(visit["case_id"], visit["visit_id"], text_version=NUL)
    phone.record("step_done", {"step": NUL, "text_version": "1", "response": "given"}, **visit)
    phone.record("step_done", {}, **visit | {"case_id": NUL})
    phone.record("hold_placed", {"reason": NUL, "scope": NUL, "until": NUL, "note": NUL}, **visit)
    phone.record("crew_joined", {"qr": NUL, "no_fix_reason": "unavailable"}, **visit)
    phone.record("directive_done", {"directive_id": office.site.new_id(), "result": NUL})
    phone.append(office.site.new_id(), f'{{"kind":"{NUL}"}}')
    phone.step(visit["case_id"], visit["visit_id"])

    found = statuses(phone.exchange(checkpoint=NUL))

    kinds, notes = ["parked:unknown-kind"] * 2, ["accepted"] * 2
    ends = ["parked:invalid"] * 3 + ["accepted", "parked:invalid", "parked:unreadable", "accepted"]
    assert ["accepted", *kinds, *notes, *ends] == found
    stored = office.rows(select(tables.event.c.content).order_by(tables.event.c.pos))
    assert [entry["content"].encode() for entry in phone.log] == [bytes(row.content) for row in stored]


def test_what_follows_from_events_with_a_nul_is_done(office: Office, phone: Phone, visit: dict[str, Any]) -> None:
    """A proposal, an answer and an objection with a NUL are followed and folded; they can be erased as well."""
    phone.record("visit_started", {"no_fix_reason": "unavailable"}, **visit)
    phone.record("outcome_noted", {"contact_result": "person", "disposition": "none", "note": NUL}, **visit)
    phone.record("visit_ended", {"reason": "completed", "no_fix_reason": "unavailable"}, **visit)
    phone.exchange()
    reconcile(office.site)
    why = Said(question="Why?")
    decision = decide_visit(office.site, visit["case_id"], visit["visit_id"], Act.RETURNED, "Rita", why)
    finding = office.rows(select(visit_tables.finding.c.id))[0].id
    changes = [{"field": "note", "base": NUL, "new": NUL}, {"field": "email", "new": f"{NUL}@example.org"}]
    phone.record("contact_proposed", {"changes": changes}, case_id=visit["case_id"])
    answered = phone.record("question_answered", {"decision_id": decision, "answer": NUL})
    contested = phone.record("finding_contested", {"finding_id": finding, "reason": NUL})
    phone.record("event_corrected", {"event_id": answered["id"], "reason": NUL, "body": {"any": NUL}})

    assert ["accepted"] * 4 == statuses(phone.exchange(phone.log[-4:]))
    assert 4 == follow_events(office.site)
    reconcile(office.site)
    columns = visit_tables.decision.c.answer, visit_tables.finding.c.contested
    said = [[row[0] for row in office.rows(select(column)) if row[0]] for column in columns]
    assert [["a", "b"]] * 2 == [re.split("[\0\ufffd]", text) for (text,) in said]
    erase_events(office.site, [answered["id"], contested["id"]], "Dana", "request of the person")
    assert [["(erased)"]] * 2 == [[row[0] for row in office.rows(select(column)) if row[0]] for column in columns]


@pytest.mark.parametrize("member", ["boot", "wall", "mono"])
def test_a_clock_with_a_nul_breaks_no_exchange(phone: Phone, member: str) -> None:
    """A clock that cannot be is refused with what is wrong; a strange name of a boot is taken."""
    body = {"clock": phone.clock_body() | {member: NUL}, "push": {"chain_id": phone.chain_id, "events": phone.log}}
    answer = phone.request(body=body)

    if member == "boot":
        assert ["accepted"] == statuses(answer.json)
    else:
        assert (400, True) == (answer.status_code, "clock" in answer.text)


def test_a_device_with_a_nul_in_its_description_is_enrolled(office: Office) -> None:
    """A1: what a device says of itself is only shown to people."""
    office.add_agent("a1")
    key, code = signing.new_private_key(), issue_code(office.site, "a1", by="test")
    jwk = signing.public_jwk(key.public_key())
    jkt = signing.thumbprint(jwk)
    proof = signing.sign({"typ": "enrol", "code": code, "jkt": jkt}, key, jkt)
    body = {"code": code, "jwk": jwk, "device": {"kind": NUL, "model": NUL, "app": NUL}, "proof": proof}
    tries: list[dict[str, str]] = [{}, {}, {"code": NUL}, {"proof": NUL}]
    answers = [office.client.post("/sync/v1/enrol", json=body | more) for more in tries]

    assert [201, 201, 403, 403] == [answer.status_code for answer in answers]
    assert 1 == len(office.rows(select(tables.device)))


def test_a_cursor_with_a_nul_is_foreign(phone: Phone) -> None:
    """F2: a cursor that is none is answered in the pull half, and the push stands."""
    phone.cursor = NUL
    answer = phone.exchange()

    assert ["accepted"] == statuses(answer)
    assert "urn:fairvisit:problem:cursor-foreign" == answer["pull"]["problem"]["type"]
