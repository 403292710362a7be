"""Papers from the board: letters and slips to print, never twice by accident, counted once they were sent."""

from __future__ import annotations

import dataclasses

import pytest

from server.storage import office_tables, tables
from server.storage.facts_tables import contact_log
from server.storage.notice_tables import notice
from tests.contract.office.desk import Browser, Desk

WHEN = {"notice_day": "2016-04-17", "starts": "10:00", "ends": "12:00", "lead": "a2", "companions": ""}


@pytest.fixture
def board(desk: Desk) -> Browser:
    """A dispatcher's browser; the public pages have an address, two agents are there."""
    office = desk.office
    office.settings = dataclasses.replace(office.settings, public_url="https://visits.example.org")
    office.site.store.close()
    office.start()
    for code in ("a1", "a2"):
        office.add_agent(code)
    return desk.sign_in("dispatcher")


def give(desk: Desk, code: str, *references: str) -> list[str]:
    """Give an agent a case for each reference."""
    [agent] = desk.office.rows(tables.agent.select().where(tables.agent.c.code == code))
    ids = [desk.office.add_case(each) for each in references]
    for case_id in ids:
        desk.office.assign(case_id, agent.id)
    return ids


def made(desk: Desk) -> list[tuple[str, str]]:
    """Give (reference, who comes) of every letter that is remembered."""
    names = {row.id: row.reference for row in desk.office.rows(tables.case.select())}
    return sorted((names[row.case_id], " ".join(row.agents)) for row in desk.office.rows(notice.select()))


def test_letters_are_one_page_to_print_in_the_name_of_each_cases_crew(desk: Desk, board: Browser) -> None:
    """One page a case, with the crew that has it, or that was named where nobody has it; the act is noted."""
    ids = [*give(desk, "a1", "R1", "R2"), desk.office.add_case("R3")]

    answer = board.post("/dispatch/letters", 200, case=ids, **WHEN)

    assert 3 == answer.text.count('class="window"')
    assert "script" not in answer.headers["Content-Security-Policy"].replace("default-src 'none'", "")
    assert [("R1", "a1"), ("R2", "a1"), ("R3", "a2")] == made(desk)
    assert "made_letters" in {row.act for row in desk.office.rows(office_tables.office_act.select())}
    assert "3 papers were made to print." in board.get("/dispatch")


def test_nobody_gets_a_second_letter_unless_it_is_asked_for(desk: Desk, board: Browser) -> None:
    """The same form sent twice makes nothing the second time and says why; "again" makes another."""
    ids = give(desk, "a1", "R1")
    board.post("/dispatch/letters", 200, case=ids, **WHEN)
    board.get("/dispatch")

    told = board.follow("/dispatch/letters", case=ids, **WHEN)
    once = made(desk)
    board.post("/dispatch/letters", 200, case=ids, again="yes", **WHEN)

    assert "1 person has a letter for a day to come already" in told
    assert [("R1", "a1")] == once
    assert [("R1", "a1"), ("R1", "a1")] == made(desk)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"notice_day": ""}, "day: name it first"),
        ({"notice_day": "9999-12-31"}, "until: is not a day"),
        ({"notice_day": "2016-04-07"}, "is too soon"),
        ({"starts": "12:00", "ends": "10:00"}, "hours: "),
    ],
)
def test_a_letter_that_cannot_be_says_why(desk: Desk, board: Browser, changed: dict[str, str], said: str) -> None:
    """No day, one that is too soon, hours that are none: nothing is made."""
    ids = give(desk, "a1", "R1")

    page = board.follow("/dispatch/letters", case=ids, **(WHEN | changed))

    assert said in page
    assert [] == made(desk)


def test_a_letter_counts_once_it_was_sent(desk: Desk, board: Browser) -> None:
    """Made, it tells nobody; written as sent, it is a contact; said again it changes nothing."""
    ids = give(desk, "a1", "R1")
    board.post("/dispatch/letters", 200, case=ids, **WHEN)
    before = len(desk.office.rows(contact_log.select()))

    first = board.follow("/dispatch/letters/sent", case=ids, sent_on="2016-04-07")
    second = board.follow("/dispatch/letters/sent", case=ids, sent_on="2016-04-07")
    future = board.follow("/dispatch/letters/sent", case=ids, sent_on="2017-01-01")

    assert (0, 1) == (before, len(desk.office.rows(contact_log.select())))
    assert "1 letter counts as sent." in first
    assert "0 letters count as sent." in second
    assert "day: 2017-01-01 is still to come" in future


def test_slips_are_made_for_what_a_crew_has(desk: Desk, board: Browser) -> None:
    """A slip each; what nobody has gets none and is named."""
    given, free = give(desk, "a1", "R1")[0], desk.office.add_case("R2")

    page = board.post("/dispatch/slips", 200, case=[given, free]).text
    told = board.get("/dispatch")

    assert "Person R1" in page
    assert "Person R2" not in page
    assert "R2: is with no crew; hand it out first" in told


def test_a_limited_account_prints_for_its_own_only(desk: Desk, board: Browser) -> None:
    """Another agency's case gets no paper from it, nor does it write in the name of another agency's agents."""
    office = desk.office
    other = office.site.new_id()
    office.insert(tables.agency, id=other, name="South Field Agency", status="active")
    moved = tables.agent.update().where(tables.agent.c.code == "a1").values(agency_id=other)
    office.site.store.write(lambda connection: connection.execute(moved) and None)
    theirs, free = give(desk, "a1", "R1")[0], office.add_case("R2")
    browser = desk.sign_in("limited", "dispatcher", agencies=[office.agency_id])

    nothing = browser.follow("/dispatch/letters", case=[theirs], **WHEN)
    strange = browser.follow("/dispatch/letters", case=[free], **(WHEN | {"lead": "a1"}))

    assert "nothing was made" in nothing
    assert "'a1' is no active agent of your agencies" in strange
    assert [] == made(desk)
