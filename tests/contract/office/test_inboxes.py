"""Complaints, requests and calls for help, from the inbox to the end, by people who are not connected with them."""

from __future__ import annotations

from typing import Any

import pytest

from server.services.complaints import complain_at_door
from server.services.help_calls import call_at_door
from server.storage import tables, voice_tables
from tests.contract.office.desk import Desk


@pytest.fixture
def complaint_id(desk: Desk) -> str:
    """A complaint that names no case."""
    return complain_at_door(desk.office.site, "", ["stayed"], "They did not leave.", "by letter")


def row(desk: Desk, table: Any) -> Any:
    """Give the only row of a table."""
    [found] = desk.office.rows(table.select())
    return found


def test_a_complaint_is_matched_acknowledged_and_answered(desk: Desk, complaint_id: str) -> None:
    """Matching halts the case; each step stands on the page with its name."""
    case_id = desk.office.add_case("R1")
    browser = desk.sign_in("sam", "support")

    assert complaint_id in browser.get("/complaints")
    browser.get(f"/complaints/{complaint_id}")
    browser.post(f"/complaints/{complaint_id}/own", name="sam")
    browser.post(f"/complaints/{complaint_id}/match", reference="R1", lender="")
    browser.post(f"/complaints/{complaint_id}/acknowledge")
    page = browser.follow(f"/complaints/{complaint_id}/answer", answer="We looked into it.")

    found = row(desk, voice_tables.complaint)
    assert (case_id, "sam", "sam", "We looked into it.") == (
        found.case_id, found.matched_by, found.answered_by, found.answer
    )  # fmt: skip
    assert "complaint" == row(desk, tables.hold).reason
    assert "The answer is kept." in page
    assert complaint_id not in browser.get("/complaints")
    assert complaint_id in browser.get("/complaints?done=yes")


def test_an_answer_that_cannot_be_kept_stays_on_the_page(desk: Desk, complaint_id: str) -> None:
    """Whoever is connected with the case does not answer, and what they wrote is not lost."""
    office = desk.office
    case_id = office.add_case("R1")
    agent_id = office.add_agent("sam")
    office.assign(case_id, agent_id)
    desk.sign_in("other", "support").post(f"/complaints/{complaint_id}/match", reference="R1", lender="")
    browser = desk.sign_in("sam", "support")
    browser.get(f"/complaints/{complaint_id}")
    owner = browser.follow(f"/complaints/{complaint_id}/own", name="sam")

    page = browser.post(f"/complaints/{complaint_id}/answer", 200, answer="All was well.").text
    shown_next = browser.get("/complaints")

    assert "sam is connected with this case" in owner
    assert [] == office.rows(voice_tables.complaint_owner.select())
    assert "All was well." in page
    assert "sam is connected with this case" in page + shown_next
    assert row(desk, voice_tables.complaint).answered_ms is None


def test_an_unknown_reference_is_said_and_changes_nothing(desk: Desk, complaint_id: str) -> None:
    """The form says which reference is none."""
    browser = desk.sign_in("support")
    browser.get(f"/complaints/{complaint_id}")

    page = browser.follow(f"/complaints/{complaint_id}/match", reference="R9", lender="")

    assert "R9: is no case's reference" in page
    assert row(desk, voice_tables.complaint).case_id is None


def test_a_call_for_help_is_taken_by_one_and_closed(desk: Desk) -> None:
    """A second person cannot take it; what came of it is kept."""
    call_id = call_at_door(desk.office.site, "", "555 0100")
    first, second = desk.sign_in("first", "support"), desk.sign_in("second", "support")

    assert "nobody has taken it for" in first.get("/complaints?tab=help")
    first.get(f"/help/{call_id}")
    first.post(f"/help/{call_id}/take")
    second.get(f"/help/{call_id}")
    refused = second.follow(f"/help/{call_id}/take")
    first.post(f"/help/{call_id}/close", result="They are safe.")

    found = row(desk, voice_tables.help_call)
    assert ("first", "first", "They are safe.") == (found.taken_by, found.closed_by, found.result)
    assert 'class="said stop"' in refused


def test_a_call_that_names_no_case_halts_the_one_that_is_typed(desk: Desk) -> None:
    """A wrong reference is said and halts nothing; the right one halts its case."""
    call_id = call_at_door(desk.office.site, "", "555 0100")
    case_id = desk.office.add_case("R1")
    browser = desk.sign_in("support")
    browser.get(f"/help/{call_id}")

    wrong = browser.follow(f"/help/{call_id}/hold", reason="distress", reference="R9", lender="")
    before = desk.office.rows(tables.hold.select())
    browser.post(f"/help/{call_id}/hold", reason="distress", reference="R1", lender="")

    assert "R9: is no case's reference" in wrong
    assert [] == before
    assert (case_id, "distress") == (row(desk, tables.hold).case_id, row(desk, tables.hold).reason)


def test_a_copy_is_handed_out_as_a_file_and_the_request_is_done(desk: Desk) -> None:
    """The file holds what is known of the person; the request says who gave it."""
    office = desk.office
    case_id = office.add_case("R1")
    [case] = office.rows(tables.case.select())
    request_id = office.site.new_id()
    office.insert(
        voice_tables.person_request, id=request_id, person_id=case.person_id, case_id=case_id, kind="copy",
        made_ms=office.clock(),
    )  # fmt: skip
    browser = desk.sign_in("support")
    browser.get(f"/requests/{request_id}")

    answer = browser.post(f"/requests/{request_id}/copy.json", 200)

    assert "Person R1" in answer.text
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "support" == row(desk, voice_tables.person_request).done_by


def test_a_copy_and_an_erasure_are_for_accounts_without_a_limit(desk: Desk) -> None:
    """Both hold what other agencies know of the person: a limited account reads so, and is refused."""
    office = desk.office
    case_id = office.add_case("R1")
    office.assign(case_id, office.add_agent("a1"))
    [case] = office.rows(tables.case.select())
    ids = {kind: office.site.new_id() for kind in ("copy", "erasure")}
    for kind, request_id in ids.items():
        office.insert(
            voice_tables.person_request, id=request_id, person_id=case.person_id, case_id=case_id, kind=kind,
            made_ms=office.clock(),
        )  # fmt: skip
    browser = desk.sign_in("sue", "supervisor", "support", agencies=[office.agency_id])

    pages = [browser.get(f"/requests/{request_id}") for request_id in ids.values()]
    browser.post(f"/requests/{ids['copy']}/copy.json", 404)
    browser.post(f"/requests/{ids['erasure']}/erase", 404)

    assert all("an account without a limit does it" in page and "Would be erased" not in page for page in pages)
    assert {None} == {each.done_ms for each in office.rows(voice_tables.person_request.select())}
