"""Complaints: one that names its case halts it at once; one that names nothing halts nothing until it is matched."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.errors import FieldError
from schemas.vocabulary import HoldReason, HoldScope
from server.public.wording import say
from server.services.complaints import (
    acknowledge_complaint,
    answer_complaint,
    complain_at_door,
    match_complaint,
)
from server.services.facts import gather
from server.services.gating import rest_days
from server.services.holding import place_office_hold
from server.services.zones import find_zone
from server.storage import tables, voice_tables
from server.storage.voice_rows import read_complaints
from tests.contract.public.people import DAY_MS, carrier, letter, load, send, show_code
from tests.office import Office


def taken(office: Office) -> list[Any]:
    """Give every complaint."""
    return office.rows(voice_tables.complaint.select().order_by(voice_tables.complaint.c.id))


def halted(office: Office) -> list[str]:
    """Give the cases that a complaint halts."""
    return [row.case_id for row in office.rows(tables.hold.select()) if row.reason == "complaint"]


def test_a_complaint_by_letter_halts_its_case_at_once(office: Office) -> None:
    """Codes as reviews name them, the clocks of the floor, and a halt that the phone hears of."""
    case_id, phone = office.add_case("R1"), carrier(office)
    office.assign(case_id, phone.agent_id)

    answer = send(
        office, f"/answer/{letter(office, case_id)}/complain", what=["stayed", "insulted", "other"],
        words="He shouted.", reach="Li",
    )  # fmt: skip
    [row] = taken(office)

    assert 303 == answer.status_code
    assert (case_id, "answer", ["insulted", "stayed"]) == (row.case_id, row.channel, row.codes)
    assert ("He shouted.", "Li", None) == (row.words, row.reach, row.triage_by_ms)
    now_ms = office.clock()
    assert (now_ms + DAY_MS, now_ms + 15 * DAY_MS) == (row.acknowledge_by_ms, row.answer_by_ms)
    assert [case_id] == halted(office)
    assert ["hold"] == [item["type"] for item in phone.exchange()["pull"]["items"] if item["type"] == "hold"]


def test_a_complaint_that_names_a_visit_by_its_card_halts_that_case(office: Office) -> None:
    """The code on the phone, however old by then, names the agent and the open visit's case."""
    case_id, phone = office.add_case("R1"), carrier(office)
    office.assign(case_id, phone.agent_id)
    code = show_code(phone, case_id)
    office.clock.advance(days=2)

    send(office, "/verify/complain", c=code, what="threatened")
    [row] = taken(office)

    assert (case_id, phone.agent_id, None) == (row.case_id, row.agent_id, row.triage_by_ms)
    assert [case_id] == halted(office)


def test_a_card_that_names_a_case_its_agent_never_had_halts_nothing(office: Office) -> None:
    """A phone cannot halt what was never in its hands."""
    case_id, phone = office.add_case("R1"), carrier(office)

    send(office, "/verify/complain", c=show_code(phone, case_id), what="threatened")
    [row] = taken(office)

    assert (None, phone.agent_id) == (row.case_id, row.agent_id)
    assert [] == halted(office)


def test_ten_thousand_anonymous_complaints_halt_no_case(office: Office) -> None:
    """Each waits a day for somebody to look; not one case is halted."""
    office.add_case("R1")
    send(office, "/verify/complain", what="used_force", words="at my door")
    rows = [dict(taken(office)[0]._mapping) | {"id": office.site.new_id()} for _ in range(9_998)]
    office.site.store.write(lambda c: c.execute(voice_tables.complaint.insert(), rows) and None)
    complain_at_door(office.site, "rubbish", ["used_force"], "", "")

    assert 10_000 == len(taken(office))
    assert {None} == {row.case_id for row in taken(office)}
    assert [] == halted(office)
    assert office.clock() + DAY_MS == taken(office)[0].triage_by_ms


def test_once_matched_a_complaint_halts_its_case(office: Office) -> None:
    """Somebody unconnected says which case it is about."""
    case_id = office.add_case("R1")
    complaint_id = complain_at_door(office.site, "", ["posed"], "", "")

    match_complaint(office.site, complaint_id, case_id, "Ruth")

    assert [(case_id, "Ruth", None)] == [(row.case_id, row.matched_by, row.triage_by_ms) for row in taken(office)]
    assert [case_id] == halted(office)


@pytest.mark.parametrize("by", ["a1", "Agent A1", " agent  a1 ", "Owner"])
def test_nobody_connected_answers(office: Office, by: str) -> None:
    """Neither whoever was sent, by code or name, nor the owner of a halt on the case."""
    case_id, phone = office.add_case("R1"), carrier(office)
    office.assign(case_id, phone.agent_id)
    place_office_hold(office.site, case_id, HoldScope.PERSON, HoldReason.ILLNESS, "Owner")
    send(office, f"/answer/{letter(office, case_id)}/complain", what="insulted")
    [row] = taken(office)

    for act in (
        lambda: acknowledge_complaint(office.site, row.id, by),
        lambda: answer_complaint(office.site, row.id, by, "We are sorry."),
        lambda: match_complaint(office.site, row.id, case_id, by),
    ):
        with pytest.raises(FieldError) as caught:
            act()
        assert "conflict" == caught.value.code


def test_an_answer_is_kept_once_and_leaves_the_halt_to_be_lifted(office: Office) -> None:
    """Answered by Ruth; the second answer is refused; the halt stands until somebody lifts it."""
    case_id = office.add_case("R1")
    send(office, f"/answer/{letter(office, case_id)}/complain", what="insulted")
    [row] = taken(office)
    office.clock.advance(hours=5)

    answer_complaint(office.site, row.id, "Ruth", "We are sorry.")
    with pytest.raises(FieldError, match="stands"):
        answer_complaint(office.site, row.id, "Ruth", "No.")
    [done] = taken(office)

    assert ("We are sorry.", "Ruth", office.clock(), office.clock()) == (
        done.answer, done.answered_by, done.answered_ms, done.acknowledged_ms,
    )  # fmt: skip
    assert [case_id] == halted(office)


def test_what_is_to_be_triaged_stands_first(office: Office) -> None:
    """The list begins with those that no case is known of."""
    case_id = office.add_case("R1")
    send(office, f"/answer/{letter(office, case_id)}/complain", what="insulted")
    office.clock.advance(hours=1)
    complain_at_door(office.site, "", ["posed"], "", "")

    with office.site.store.read() as connection:
        listed = [row.case_id for row in read_complaints(connection, with_closed=False)]

    assert [None, case_id] == listed


def test_the_gate_knows_every_complaint_of_the_person(office: Office) -> None:
    """Also one on another case of theirs, open and answered; none is known to be none."""
    first, other = office.add_case("R1"), office.add_case("R3")
    [person_id] = [row.person_id for row in office.rows(tables.case.select()) if row.id == first]
    second = office.add_case("R2", person_id)
    send(office, f"/answer/{letter(office, first)}/complain", what="insulted")
    made_ms = office.clock()
    office.clock.advance(hours=5)
    answer_complaint(office.site, taken(office)[0].id, "Ruth", "We are sorry.")

    with office.site.store.read() as connection:
        facts = gather(connection, office.site, [second, other], {}, lambda _: None, find_zone, rest_days)
    [known] = facts[second].complaints or ()

    assert (made_ms, False, office.clock(), office.clock()) == (
        known.made_ms, known.is_open, known.acknowledged_ms, known.answered_ms,
    )  # fmt: skip
    assert () == facts[other].complaints


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_form_stands_in_both_languages(office: Office, language: str) -> None:
    """With and without a card's code."""
    page = load(office, f"/verify/complain?lang={language}")

    assert 200 == page.status_code
    assert say(language, "complain.clocks", hours=24, days=15) in page.text
    assert say(language, "complain.what_unnamed") in page.text


def test_a_form_that_is_too_long_is_refused_as_a_page(office: Office) -> None:
    """More than 16 kB is not taken in; the page says to make it shorter."""
    answer = send(office, "/verify/complain", words="x" * 20_000)

    assert 413 == answer.status_code
    assert say("en", "error.long") in answer.text
