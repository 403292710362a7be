"""The letter's code: what its holder decides acts at once, and one that cannot be used says nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from server.domain.conduct.voices import QUESTIONS
from server.public.wording import say, say_moment
from server.services.answering import SAYINGS, offers_of
from server.services.holding import lift_hold
from server.services.reconciling import reconcile
from server.storage import tables, visit_tables, voice_tables
from server.storage.token_rows import revoke_tokens_of
from tests.contract.public.people import letter, load, send
from tests.office import Office, Phone, opened_office

PLACE = ZoneInfo("America/Los_Angeles")
MONDAY_MS = 1_794_276_000_000  # 2026-11-09, 18:00 in San Francisco; the 11th is a holiday


@pytest.fixture
def coast(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office in California, in a year whose holidays are known."""
    with opened_office(database_url, tmp_path, region="US-CA", house_rulebook="") as office:
        office.clock.ms = MONDAY_MS
        yield office


def holds(office: Office) -> list[tuple[str, bool, str]]:
    """Give (reason, whether of the person, source) of every hold in force."""
    rows = office.rows(tables.hold.select().order_by(tables.hold.c.placed_ms))
    return [(row.reason, row.person_id is not None, row.source) for row in rows if row.lifted_ms is None]


def entrusted(office: Office) -> tuple[str, Phone, str]:
    """Give a case, the phone that has it, and the token on its letter."""
    case_id, phone = office.add_case("R1"), Phone.enrolled(office)
    office.assign(case_id, phone.agent_id)
    phone.exchange()
    return case_id, phone, letter(office, case_id)


def pulled(phone: Phone, kind: str) -> list[dict[str, Any]]:
    """Give what a phone receives of one kind at its next exchange."""
    return [item for item in phone.exchange()["pull"].get("items", ()) if item["type"] == kind]


@pytest.mark.parametrize("saying", SAYINGS)
def test_what_is_said_with_one_button_acts_at_once(office: Office, saying: str) -> None:
    """A halt in the gate and at the phone's next exchange, a request in the office's list, each once however often."""
    case_id, phone, token = entrusted(office)
    reason, scope, request = SAYINGS[saying]

    answers = [send(office, f"/answer/{token}/say/{saying}") for _ in range(2)]

    assert [303, 303] == [each.status_code for each in answers]
    assert ([] if reason is None else [(reason, scope == "person", "public")]) == holds(office)
    assert ([request] if request else []) == [row.kind for row in office.rows(voice_tables.person_request.select())]
    told = pulled(phone, "hold")
    assert ([] if reason is None else [(reason, [case_id])]) == [
        (item["body"]["reason"], item["body"]["case_ids"]) for item in told
    ]
    assert say("en", f"done.{saying}") in load(office, answers[0].headers["Location"]).text


def test_a_refusal_follows_the_person_to_every_case(office: Office) -> None:
    """Two cases of one person, one letter: both halt."""
    first = office.add_case("R1")
    [person_id] = [row.person_id for row in office.rows(tables.case.select())]
    second, phone = office.add_case("R2", person_id), Phone.enrolled(office)
    for case_id in (first, second):
        office.assign(case_id, phone.agent_id)

    send(office, f"/answer/{letter(office, first)}/say/refuse")

    assert [sorted([first, second])] == [item["body"]["case_ids"] for item in pulled(phone, "hold")]


def test_a_halt_that_was_lifted_can_be_asked_for_again(office: Office) -> None:
    """No is no, also the second time."""
    _, _, token = entrusted(office)
    send(office, f"/answer/{token}/say/refuse")
    [row] = office.rows(tables.hold.select())
    lift_hold(office.site, row.id, "Ann", "agreed by telephone")
    send(office, f"/answer/{token}/say/refuse")

    assert [("refusal", True, "public")] == holds(office)


PATHS = ["", "/time", "/say/refuse", "/complain", "/visits", "/read"]
FORMS = ["/time", "/say/refuse", "/complain", "/help", "/visits/01900000-0000-7000-8000-000000000001"]


@pytest.mark.parametrize("path", PATHS)
def test_codes_that_cannot_be_used_look_alike(office: Office, path: str) -> None:
    """Unknown, expired and withdrawn: the same page, the same status, and nothing of the case."""
    expired, revoked, case_id = letter(office, office.add_case("R1"), days=-1), "", office.add_case("R2")
    revoked = letter(office, case_id)
    office.site.store.write(lambda c: revoke_tokens_of(c, [case_id], office.clock()))

    pages = [(token, load(office, f"/answer/{token}{path}")) for token in ("0" * 28, expired, revoked)]

    assert [404] * 3 == [page.status_code for _, page in pages]
    assert 1 == len({page.text.replace(token, "") for token, page in pages})
    assert say("en", "error.unknown") in pages[0][1].text


@pytest.mark.parametrize("path", FORMS)
def test_a_form_with_a_code_that_cannot_be_used_does_nothing(office: Office, path: str) -> None:
    """Nothing is written, and the same page comes back."""
    expired = letter(office, office.add_case("R1"), days=-1)

    answers = [send(office, f"/answer/{token}{path}", time="1-2", came="yes") for token in ("0" * 28, expired)]

    assert [404, 404] == [each.status_code for each in answers]
    assert [] == [*office.rows(tables.hold.select()), *office.rows(voice_tables.complaint.select())]
    assert [] == office.rows(voice_tables.help_call.select())


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_stands_in_both_languages_and_is_small(office: Office, path: str, language: str) -> None:
    """No page leaves a sentence out, is larger than 30 kB, sets a cookie or names the person, lender or amount."""
    _, _, token = entrusted(office)

    page = load(office, f"/answer/{token}{path}?lang={language}")

    assert 200 == page.status_code
    assert len(page.data) < 30_000
    assert "Set-Cookie" not in page.headers
    assert not re.search(r"Person R1|lender|1200|Hill Rd", page.text)


def test_only_lawful_times_are_offered(coast: Office) -> None:
    """From tomorrow on, on no Sunday and no holiday, two hours each between 9 and 19 o'clock, as the floor has it."""
    _, _, token = entrusted(coast)

    zone, offers = offers_of(coast.site, token)
    starts = [datetime.fromtimestamp(each.starts_ms / 1000, PLACE) for each in offers]

    assert "America/Los_Angeles" == zone
    assert datetime(2026, 11, 10, 9, tzinfo=PLACE) == starts[0]
    assert [10, 12, 13, 14, 16] == sorted({each.day for each in starts})
    assert {9, 11, 13, 15, 17} == {each.hour for each in starts}
    assert {7_200_000} == {each.ends_ms - each.starts_ms for each in offers}


def test_where_holidays_are_not_known_no_time_is_offered(office: Office) -> None:
    """What is unknown is not guessed: the page says to ring."""
    _, _, token = entrusted(office)

    assert say("en", "time.none") in load(office, f"/answer/{token}/time").text


def test_once_it_is_settled_no_time_is_offered(coast: Office) -> None:
    """Nobody comes any more: the page says so, and has no times."""
    _, _, token = entrusted(coast)
    coast.site.store.write(lambda c: c.execute(tables.case.update().values(status="paid")) and None)

    assert [] == offers_of(coast.site, token)[1]
    assert say("en", "answer.closed") in load(coast, f"/answer/{token}").text


def test_a_chosen_time_is_an_appointment_on_the_phone(coast: Office) -> None:
    """It is made by the person, takes the place of the one before, and travels with the packet."""
    case_id, phone, token = entrusted(coast)
    _, offers = offers_of(coast.site, token)
    for each in offers[1:3]:
        send(coast, f"/answer/{token}/time", time=f"{each.starts_ms}-{each.ends_ms}")

    [row] = coast.rows(tables.appointment.select())
    [packet] = pulled(phone, "packet")

    assert (case_id, "person", "2026-11-10T13:00:00.000-08:00") == (row.case_id, row.made_by, row.starts)
    assert [("2026-11-10T13:00:00.000-08:00", "person")] == [
        (each["starts"], each["made_by"]) for each in packet["body"]["open"]["appointments"]
    ]
    assert "Tuesday 10 November 2026, 13:00–15:00" in load(coast, f"/answer/{token}").text


@pytest.mark.parametrize("when", ["1-2", "x", "", "9" * 30 + "-1", "-1-2"])
def test_a_time_that_was_not_offered_cannot_be_taken(coast: Office, when: str) -> None:
    """Whatever is sent, only what is on offer becomes an appointment."""
    _, _, token = entrusted(coast)

    answer = send(coast, f"/answer/{token}/time", time=when)

    assert 303 == answer.status_code
    assert [] == coast.rows(tables.appointment.select())


def test_an_agents_lawful_proposal_can_be_confirmed(coast: Office) -> None:
    """What an agent proposed stands first, and is the person's once they take it; an unlawful one is not shown."""
    case_id, _, token = entrusted(coast)
    for hour in (8, 14):
        coast.insert(
            tables.appointment, id=coast.site.new_id(), case_id=case_id, starts=f"2026-11-12T{hour:02}:30:00.000-08:00",
            ends=f"2026-11-12T{hour + 1:02}:30:00.000-08:00", made_by="agent", made_ms=coast.clock(),
        )  # fmt: skip
    _, offers = offers_of(coast.site, token)
    first = offers[0]
    send(coast, f"/answer/{token}/time", time=f"{first.starts_ms}-{first.ends_ms}")

    assert "Thursday 12 November 2026, 14:30" == say_moment("en", first.starts_ms, "America/Los_Angeles")
    assert ["agent", "agent", "person"] == [
        row.made_by for row in coast.rows(tables.appointment.select().order_by(tables.appointment.c.made_by))
    ]


def visited(office: Office, **outcome: str) -> tuple[str, str]:
    """Give the visit that was made of a case, and the letter's token."""
    case_id, phone, token = entrusted(office)
    visit_id = office.site.new_id()
    about = {"case_id": case_id, "visit_id": visit_id, "packet_rev": 1}
    body = {"contact_result": "person", "disposition": "hardship", "note": "ring 415 555 0132, ask Li@example.com"}
    phone.record("visit_started", {"fixes": [], "no_fix_reason": "denied"}, **about)
    phone.step(case_id, visit_id)
    phone.record("identity_checked", {"identity": "confirmed", "method": "letter_code"}, **about)
    phone.record("outcome_noted", body | outcome, **about)
    phone.record("visit_ended", {"fixes": [], "no_fix_reason": "denied", "reason": "completed"}, **about)
    phone.exchange()
    reconcile(office.site)
    return visit_id, token


def test_the_person_sees_what_was_recorded(office: Office) -> None:
    """When, who came, what was done, what was noted; numbers of others are left out."""
    _, token = visited(office)

    page = load(office, f"/answer/{token}/visits")

    for part in ("Agent a1", "North Field Agency", say("en", "step.card_shown"), say("en", "met.person"),
                 say("en", "came.hardship"), "ring …, ask …"):  # fmt: skip
        assert part in page.text


def test_a_note_about_somebody_else_is_not_shown(office: Office) -> None:
    """Where another adult was met, what was noted concerns them, too."""
    _, token = visited(office, contact_result="other_adult", disposition="none", note="the sister opened")

    page = load(office, f"/answer/{token}/visits")

    assert say("en", "met.other_adult") in page.text
    assert "sister" not in page.text


def test_feedback_that_contradicts_the_record_is_a_finding_until_it_is_taken_back(office: Office) -> None:
    """No card was shown, says the person; the phone says it was. Unsure later, and it is gone."""
    visit_id, token = visited(office)
    where = f"/answer/{token}/visits/{visit_id}"

    def found() -> list[tuple[str, str]]:
        reconcile(office.site)
        rows = office.rows(visit_tables.finding.select().where(visit_tables.finding.c.code == "feedback_contradicts"))
        return [(row.key, row.severity) for row in rows if row.gone_ms is None]

    send(office, where, card="no")
    first = found()
    send(office, where, card="unsure")

    assert [("card", "look")] == first
    assert [] == found()


def test_a_tap_is_kept_and_shown(office: Office) -> None:
    """Each question keeps its last answer; the others stay."""
    visit_id, token = visited(office)
    for question in QUESTIONS:
        send(office, f"/answer/{token}/visits/{visit_id}", **{question: "yes"})
    send(office, f"/answer/{token}/visits/{visit_id}", came="unsure")

    [row] = office.rows(voice_tables.feedback.select())

    assert {**dict.fromkeys(QUESTIONS, "yes"), "came": "unsure"} == row.answers
    assert 5 == load(office, f"/answer/{token}/visits").text.count('aria-pressed="true"')


@pytest.mark.parametrize("form", [{"came": "maybe"}, {"more": "yes"}, {}])
def test_no_other_answer_is_taken(office: Office, form: dict[str, str]) -> None:
    """Five questions, three answers."""
    visit_id, token = visited(office)

    assert 400 == send(office, f"/answer/{token}/visits/{visit_id}", **form).status_code
    assert [] == office.rows(voice_tables.feedback.select())


def test_feedback_on_another_persons_visit_is_refused(office: Office) -> None:
    """A letter speaks of its own case only."""
    visit_id, _ = visited(office)
    other = letter(office, office.add_case("R2"))

    assert 404 == send(office, f"/answer/{other}/visits/{visit_id}", came="no").status_code


def test_a_halt_without_an_end_is_looked_at_again(office: Office) -> None:
    """Every halt of the page has a day on which somebody looks at it."""
    _, _, token = entrusted(office)
    send(office, f"/answer/{token}/say/dispute")
    [row] = office.rows(tables.hold.select())

    assert row.until_ms is None
    assert office.clock() + 14 * 86_400_000 == row.review_ms


def test_a_halt_that_ends_by_itself_swallows_no_new_one(office: Office) -> None:
    """A refusal said again the day before the first one's end is placed anew, without an end."""
    _, _, token = entrusted(office)
    send(office, f"/answer/{token}/say/refuse")
    ends_ms = office.clock() + 86_400_000
    office.site.store.write(lambda c: c.execute(tables.hold.update().values(until_ms=ends_ms)) and None)
    send(office, f"/answer/{token}/say/refuse")
    send(office, f"/answer/{token}/say/refuse")

    rows = office.rows(tables.hold.select().where(tables.hold.c.lifted_ms.is_(None)))
    assert [None, ends_ms] == sorted((row.until_ms for row in rows), key=lambda each: each or 0)
