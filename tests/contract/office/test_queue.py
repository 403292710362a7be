"""The queue and the decision: what comes first, what is seen by whom, and that one visit is decided by one person."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from schemas.errors import FieldError
from schemas.vocabulary import Act
from server.domain.roles import Role, Viewer
from server.services import deciding
from server.services.reconciling import reconcile
from server.services.reviewing import Said
from server.storage import office_tables, queue_rows, tables, visit_tables
from tests.contract.office.desk import Desk
from tests.contract.office.visits import FAR, carrier, visit
from tests.office import Office


def shown(page: str) -> list[str]:
    """Give the visits a page of the queue lists, in its order."""
    return re.findall(r"data-row href=\"/office/visits/([0-9a-f-]+)", page)


def decided(office: Office) -> list[tuple[str, str]]:
    """Give who decided what, the first first."""
    table = visit_tables.decision
    return [(row.by, row.act) for row in office.rows(table.select().order_by(table.c.at_ms, table.c.id))]


def test_what_needs_a_person_comes_first_then_what_waits_longest(desk: Desk) -> None:
    """A flagged visit stands before clean ones made earlier; among alike the oldest is first."""
    phone = carrier(desk.office)
    clean = [visit(desk.office, phone, f"R{number}") for number in range(2)]
    flagged = visit(desk.office, phone, "R3", FAR)

    page = desk.sign_in("reviewer").get("/queue")

    assert [flagged, *clean] == shown(page)
    assert "m from the door" in page


def test_pages_follow_each_other_without_a_gap(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each visit stands on exactly one page, also while the ones before are being decided."""
    monkeypatch.setattr("server.office.queue.PAGE", 2)
    phone = carrier(desk.office)
    visits = [visit(desk.office, phone, f"R{number}") for number in range(5)]
    browser = desk.sign_in("reviewer")

    first = browser.get("/queue")
    browser.post(f"/visits/{visits[0]}/decide", act="approved")
    pages, page = [shown(first)], first
    while found := re.search(r'href="/office(/queue\?[^"]*after=[^"]*)"', page):
        page = browser.get(found[1])
        pages.append(shown(page))

    assert [visits[:2], visits[2:4], visits[4:]] == pages


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?flagged=yes", ["far"]), ("?flagged=no", ["nobody", "person"]), ("?agent=a2", ["person"]),
        ("?finding=place_outside", ["far"]), ("?finding=fix_mocked", []), ("?outcome=person", ["person"]),
        ("?area=North", ["far"]), ("?day=2016-04-07", ["far", "nobody", "person"]), ("?day=2016-04-08", []),
        ("?state=approved", []), ("?state=awaiting_review", ["far", "nobody", "person"]),
        ("?finding=no-such-code", ["far", "nobody", "person"]),
        ("?state=nonsense&day=yesterday&after=1_2", ["far", "nobody", "person"]),
        ("?day=9999-12-31", ["far", "nobody", "person"]),
    ],
)  # fmt: skip
def test_filters_narrow(desk: Desk, query: str, expected: list[str]) -> None:
    """By finding, outcome, agent, area, day and state; an address that asks for nonsense shows the whole queue."""
    office = desk.office
    phone, other = carrier(office), carrier(office, "a2")
    made = {
        visit(office, phone, "R1", FAR): "far",
        visit(office, phone, "R2"): "nobody",
        visit(office, other, "R3", contact_result="person", disposition="cannot_decide"): "person",
    }
    first = next(iter(made))
    table = visit_tables.visit
    area = table.update().where(table.c.visit_id == first).values(area="North")
    office.site.store.write(lambda connection: connection.execute(area) and None)

    page = desk.sign_in("reviewer").get(f"/queue{query}")

    assert expected == sorted(made[each] for each in shown(page))


@pytest.mark.parametrize("most", [1, 2, 1000])
def test_a_finding_is_found_alike_whether_few_have_it_or_many(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Named one by one or met along the lanes: in the states and agencies asked for, in order, page by page."""
    office = desk.office
    phone = carrier(office)
    first, second, done = (visit(office, phone, f"R{number}", FAR) for number in range(3))
    desk.sign_in("reviewer").post(f"/visits/{done}/decide", act="approved")
    monkeypatch.setattr("server.storage.queue_rows.MOST_COUNTED", most)
    wanted = queue_rows.Wanted(deciding.TO_DECIDE, (office.agency_id,), finding_code="place_outside")

    with office.site.store.read() as connection:
        [one] = queue_rows.list_queue(connection, wanted, None, 1)
        [two] = queue_rows.list_queue(connection, wanted, queue_rows.place_of(one), 2)
        none = queue_rows.list_queue(connection, replace(wanted, agencies=(office.site.new_id(),)), None, 2)
        count = queue_rows.count_queue(connection, wanted)

    assert [first, second] == [one.visit_id, two.visit_id]
    assert [] == none
    assert min(2, most) == count


def test_another_agencys_visits_are_not_there(desk: Desk) -> None:
    """Whoever is limited to an agency sees, opens and decides its visits only."""
    office = desk.office
    other_agency = office.site.new_id()
    office.insert(tables.agency, id=other_agency, name="South Field Agency", status="active")
    ours = visit(office, carrier(office), "R1")
    theirs = visit(office, carrier(office, "b1", other_agency), "R2")
    browser = desk.sign_in("reviewer", agencies=[office.agency_id])

    assert [ours] == shown(browser.get("/queue"))
    assert [ours] == shown(browser.get(f"/queue?agency={other_agency}"))
    browser.get(f"/visits/{theirs}", 404)
    browser.post(f"/visits/{theirs}/decide", 404, act="approved")
    assert [] == decided(office)


def test_deciding_goes_on_to_the_next_visit(desk: Desk) -> None:
    """The next one of the same filter that nobody has open; at the end the queue itself."""
    phone = carrier(desk.office)
    visits = [visit(desk.office, phone, f"R{number}") for number in range(3)]
    desk.sign_in("other", "reviewer").get(f"/visits/{visits[1]}")
    browser = desk.sign_in("reviewer")

    wheres = [
        browser.post(f"/visits/{each}/decide?flagged=no", act="approved").headers["Location"]
        for each in (visits[0], visits[2])
    ]

    assert [f"/office/visits/{visits[2]}?flagged=no", "/office/queue?flagged=no"] == wheres
    assert [("reviewer", "approved")] * 2 == decided(desk.office)


def test_a_visit_somebody_has_open_can_be_read_but_not_decided(desk: Desk) -> None:
    """For ten minutes; then it is anybody's again."""
    visit_id = visit(desk.office, carrier(desk.office), "R1")
    desk.sign_in("first", "reviewer").get(f"/visits/{visit_id}")
    second = desk.sign_in("second", "reviewer")

    page = second.get(f"/visits/{visit_id}")
    refused = second.follow(f"/visits/{visit_id}/decide", act="approved")
    desk.office.clock.advance(minutes=11)
    second.post(f"/visits/{visit_id}/decide", act="approved")

    assert "first has this visit open until" in page
    assert 'data-key="a"' not in page
    assert "Somebody else has this visit open." in refused
    assert [("second", "approved")] == decided(desk.office)


def test_two_reviewers_at_once_decide_it_once(desk: Desk) -> None:
    """However the two requests meet, one decides and the other is told."""
    office = desk.office
    phone = carrier(office)
    visits = [visit(office, phone, f"R{number}") for number in range(6)]
    viewers = [
        Viewer(desk.add(name, "reviewer"), name, frozenset({Role.REVIEWER})) for name in ("first", "second")
    ]

    def reject(viewer: Viewer, visit_id: str) -> str:
        try:
            deciding.decide(office.site, viewer, visit_id, Act.REJECTED, Said("not so"))
        except FieldError as error:
            return error.code
        return "decided"

    for visit_id in visits:
        with ThreadPoolExecutor(2) as pool:
            came = list(pool.map(lambda viewer, visit_id=visit_id: reject(viewer, visit_id), viewers))
        assert ["conflict", "decided"] == sorted(came)
    assert len(visits) == len(decided(office))


def test_a_question_travels_and_its_answer_comes_back(desk: Desk) -> None:
    """Returned with a question, answered on the phone, back in the queue, approved; amended keeps what was before."""
    office = desk.office
    phone = carrier(office)
    visit_id = visit(office, phone, "R1")
    browser = desk.sign_in("reviewer")
    without = browser.follow(f"/visits/{visit_id}/decide", act="returned")
    browser.post(f"/visits/{visit_id}/decide", act="returned", question="Who opened?")
    [asked] = office.rows(visit_tables.decision.select())
    waiting = shown(browser.get("/queue"))
    body = {"decision_id": asked.id, "answer": "Nobody did."}
    phone.record("question_answered", body, case_id=asked.case_id, visit_id=visit_id)
    phone.exchange(phone.log[-1:])
    reconcile(office.site)

    page = browser.get(f"/visits/{visit_id}")
    changed = {"contact_result": "person", "disposition": "refuses", "reason": "It was the person."}
    browser.post(f"/visits/{visit_id}/decide", act="amended", **changed)

    assert "not returned without a question" in without
    assert [] == waiting
    assert "Nobody did." in page
    assert [("reviewer", "returned"), ("reviewer", "amended")] == decided(office)
    table = office_tables.office_act
    said = [row.act for row in office.rows(table.select().where(table.c.object_id == visit_id).order_by(table.c.seq))]
    assert ["looked", "returned", "looked", "amended"] == said


def test_the_count_stops_where_it_costs(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A queue is counted up to a limit, and says so."""
    phone = carrier(desk.office)
    for number in range(3):
        visit(desk.office, phone, f"R{number}")
    monkeypatch.setattr(queue_rows, "MOST_COUNTED", 2)

    assert "2+" in desk.sign_in("reviewer").get("/queue")


def test_lanes_are_merged_in_one_order(desk: Desk) -> None:
    """Visits of several states and agencies come as from one list."""
    office = desk.office
    phone = carrier(office)
    for number in range(4):
        visit(office, phone, f"R{number}")
    wanted = queue_rows.Wanted(deciding.TO_DECIDE, (office.agency_id, office.site.new_id()))

    with office.site.store.read() as connection:
        whole = queue_rows.list_queue(connection, wanted, None, 10)
        rest = queue_rows.list_queue(connection, wanted, queue_rows.place_of(whole[1]), 10)
        none = queue_rows.list_queue(connection, replace(wanted, agencies=(office.site.new_id(),)), None, 10)

    assert [row.visit_id for row in whole[2:]] == [row.visit_id for row in rest]
    assert [] == none
