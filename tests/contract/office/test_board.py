"""The board: refused cases by rule with their earliest time, free cases in order, and what people say of that."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, date, datetime

import pytest

from server.office.factors import USUAL
from server.services import dispatching, prioritizing
from server.services.priority_table import load_usual
from server.storage import priority_tables, tables
from server.storage.conduct_tables import judgement
from tests.contract.office.desk import Browser, Desk


def judge_by_law(desk: Desk) -> None:
    """Put the house's floor and the rulebook of the United States in force."""
    office = desk.office
    office.settings = dataclasses.replace(office.settings, house_rulebook="", rulebooks="US")
    office.site.store.close()
    office.start()


def refuse(desk: Desk, browser: Browser, *case_ids: str) -> None:
    """Try to hand out cases as the board does, so that the gate's answer is kept."""
    browser.get("/dispatch")
    page = browser.post("/dispatch/try", 200, case=list(case_ids), how="chosen", lead="a1", companions="").text
    refused = re.findall(r'name="refused" value="([^"]+)"', page)
    assert len(case_ids) == len(refused)
    browser.post("/dispatch/assign", refused=refused)


def keep_trouble(desk: Desk, case_id: str, **parts: object) -> None:
    """Let the gate have refused a case for one trouble."""
    row = {
        "id": desk.office.site.new_id(), "case_id": case_id, "agent_id": desk.office.site.new_id(), "crew": [],
        "made_ms": desk.office.clock(), "lease_until_ms": desk.office.clock(), "is_open": False, "rulebooks": [],
        "facts": {}, "answers": {}, "limits": {},
    }  # fmt: skip
    trouble = {
        "rule_id": "US-REGF-HOURS", "rulebook": "US", "answer": "fail", "severity": "block", "on_unknown": "block",
        "limit": "08:00 to 21:00", "used": [], "missing": [], "cure": "from 08:00", "cure_ms": None,
        "citation": "12 CFR 1006.6(b)", "confidence": "verified", "is_house": False, "says_agent": "Not at night.",
        "says_person": "Nobody comes at night.",
    }  # fmt: skip
    desk.office.insert(judgement, **row, troubles=[trouble | parts])


def test_refused_cases_stand_under_each_rule_that_is_in_their_way(desk: Desk) -> None:
    """A halted case stands under the halt, in both languages; the count leads to just those cases."""
    office = desk.office
    judge_by_law(desk)
    office.add_agent("a1")
    halted, other = office.add_case("R1"), office.add_case("R2")
    supervisor = desk.sign_in("supervisor")
    supervisor.post(f"/cases/{halted}/holds", reason="illness", scope="case", until="")
    browser = desk.sign_in("dispatcher")
    nothing = browser.get("/dispatch?way=refused")
    refuse(desk, browser, halted, other)

    page = browser.get("/dispatch?way=refused")
    [listed] = re.findall(r'href="/office(/dispatch\?way=refused&rule=GATE-HOLD)">1 case<', page)
    group = browser.get(listed)
    browser.post("/me/language", language="zh")
    chinese = browser.get("/dispatch?way=refused")

    assert "The gate keeps no free case back here." in nothing
    assert "2 free cases are kept back." in page
    assert "There is a halt: nobody goes there until it is lifted." in page
    assert (True, False) == (f"/office/cases/{halted}" in group, f"/office/cases/{other}" in group)
    assert "此案已暂停：解除之前任何人不得上门。" in chinese
    assert [] == office.rows(tables.assignment.select())


def test_a_refused_case_says_when_it_is_possible_or_that_no_time_is_known(desk: Desk) -> None:
    """The latest of its rules' times; none where one of them knows none; once it has come, the page says so."""
    office = desk.office
    later_ms = office.clock() + 3 * 3_600_000
    timed, endless, old = (office.add_case(each) for each in ("R1", "R2", "R3"))
    keep_trouble(desk, timed, cure_ms=later_ms)
    keep_trouble(desk, endless, rule_id="X-CURED-BY-PAPER", cure="after the dispute was answered")
    keep_trouble(desk, old, cure_ms=office.clock() - 1)
    browser = desk.sign_in("dispatcher")

    page = browser.get("/dispatch?way=refused")
    moment = datetime.fromtimestamp(later_ms / 1000, UTC).isoformat()

    assert re.search(rf'{timed}">R1</a>[^\n]*at the earliest <time datetime="{re.escape(moment)}"', page)
    assert re.search(rf'{endless}">R2</a>[^\n]*no time is known[^\n]*after the dispute was answered', page)
    assert re.search(rf'{old}">R3</a>[^\n]*its time has come', page)
    assert "12 CFR 1006.6(b)" in page


def test_what_was_shown_as_refused_never_goes_out(desk: Desk) -> None:
    """Even where the gate would let it through by now: it was shown as refused, so it is only kept as asked."""
    office = desk.office
    agent_id = office.add_agent("a1")
    case_id = office.add_case("R1")
    browser = desk.sign_in("dispatcher")

    browser.post("/dispatch/assign", refused=f"{case_id} a1")

    assert [] == office.rows(tables.assignment.select())
    assert [(case_id, agent_id)] == [(row.case_id, row.agent_id) for row in office.rows(judgement.select())]


def test_free_cases_stand_in_order_of_priority(desk: Desk) -> None:
    """The longest due first, whenever it came; a place that somebody gave holds."""
    office = desk.office
    low, high, middle = (office.add_case(each) for each in ("R1", "R2", "R3"))
    due = tables.case.update().where
    for case_id, days in ((low, 1), (high, 95), (middle, 40)):
        changed = due(tables.case.c.id == case_id).values(days_past_due=days)
        office.site.store.write(lambda connection, changed=changed: connection.execute(changed) and None)
    browser = desk.sign_in("dispatcher")

    proposed = _order(browser.get("/dispatch"))
    prioritizing.override(office.site, low, "place", 1, "Dana", "asked for a visit", date(2016, 5, 1))
    pinned = _order(browser.get("/dispatch"))

    assert ["R2", "R3", "R1"] == proposed
    assert ["R1", "R2", "R3"] == pinned


def _order(page: str) -> list[str]:
    return re.findall(r'<a data-row href="[^"]+">(\w+)</a>', page)


def test_where_too_many_are_free_the_newest_stand_first_and_the_page_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within an area that has few enough they stand in order."""
    office = desk.office
    office.add_case("R1")
    here = office.add_case("R2")
    changed = tables.case.update().where(tables.case.c.id == here).values(area="Mission")
    office.site.store.write(lambda connection: connection.execute(changed) and None)
    monkeypatch.setattr(dispatching, "MOST_RANKED", 1)
    browser = desk.sign_in("dispatcher")

    everywhere, mission = browser.get("/dispatch"), browser.get("/dispatch?area=Mission")

    assert "More than 1 cases are free here" in everywhere
    assert ["R2", "R1"] == _order(everywhere)
    assert "In order of priority" in mission
    assert ["R2"] == _order(mission)


def test_what_the_usual_weights_say_is_said_in_both_languages() -> None:
    """Each of their sentences is one that the office has in Chinese."""
    assert {each.why for each in load_usual().factors} == {str(each) for each in USUAL}


def test_a_case_explains_its_priority_and_takes_what_people_say_of_it(desk: Desk) -> None:
    """Each factor with its points; contested, then changed until a day; without a reason or day nothing is kept."""
    case_id = desk.office.add_case("R1")
    browser = desk.sign_in("dispatcher")
    say = f"/cases/{case_id}/priority"

    before = browser.get(f"/cases/{case_id}")
    silent = browser.follow(say, act="contest", reason="")
    contested = browser.follow(say, act="contest", reason="she asked to wait")
    endless = browser.follow(say, act="score", reason="urgent", value="90", until="")
    odd = browser.follow(say, act="score", reason="urgent", value="900", until="2016-04-20")
    changed = browser.follow(say, act="score", reason="she asked for help", value="90", until="2016-04-20")
    words = [(row.kind, row.value, row.by) for row in desk.office.rows(priority_tables.priority_word.select())]

    assert "of 100 points" in before
    assert all(each in before for each in ("days past due", "tries to reach the person of late", "not known"))
    assert "Say why; it is kept" in silent
    assert "she asked to wait" in contested
    assert "until: name the last day it holds" in endless
    assert "score: is 0 to 100" in odd
    assert "90 of 100 points" in changed
    assert [("contest", None, "dispatcher"), ("score", 90, "dispatcher")] == words
