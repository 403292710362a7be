"""What programs read: lists by their filters, page by page, and nothing of another agency in any of them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from server.domain.roles import ROLES
from server.storage import tables, visit_tables
from tests.contract.office.desk import Desk
from tests.contract.office.visits import DOOR, carrier, visit
from tests.contract.rest.program import Program, program
from tests.contract.rest.towns import build_towns, index_all

EVERY_ROLE = tuple(role.value for role in ROLES)


def pages_of(caller: Program, path: str, name: str) -> list[list[dict[str, Any]]]:
    """Follow `next` from the first page of a list to its end."""
    pages, cursor = [], ""
    while True:
        told = caller.get(f"{path}{cursor}")
        pages.append(told[name])
        if told["next"] is None:
            return pages
        cursor = f"&cursor={told['next']}"


def visit_ids(caller: Program, query: str) -> list[str]:
    """Give the ids of the visits that a query finds."""
    return [each["id"] for each in caller.get(f"/visits?{query}")["visits"]]


def test_the_queue_is_read_by_its_filters(desk: Desk) -> None:
    """State, agent, finding, outcome and days narrow it as on its page; the gravest comes first."""
    office = desk.office
    ours, theirs = build_towns(office)
    flagged, foreign = ours.parts["visit_id"], theirs.parts["visit_id"]
    clean = visit(office, carrier(office, "clean"), "R-clean", DOOR, contact_result="person", disposition="promise")
    caller = program(desk, "reviewer")
    day = ours.parts["day"]

    assert {flagged, foreign, clean} == set(visit_ids(caller, ""))
    assert clean == visit_ids(caller, "")[-1]
    assert [flagged] == visit_ids(caller, "agent=ours")
    assert [clean] == visit_ids(caller, "outcome=promise")
    assert {flagged, foreign} == set(visit_ids(caller, "finding=place_outside"))
    assert [flagged, clean] == visit_ids(caller, f"agency={office.agency_id}")
    assert {flagged, foreign, clean} == set(visit_ids(caller, f"from={day}&to={day}&state=any"))
    assert [] == visit_ids(caller, "to=2016-04-01")
    assert [] == visit_ids(caller, "state=approved")


@pytest.mark.parametrize(
    ("path", "name", "count"),
    [
        ("/visits?limit=2", "visits", 5), ("/cases?limit=2", "cases", 5), ("/cases?q=case&limit=2", "cases", 5),
        ("/dispatch/cases?way=all&limit=2", "cases", 5), ("/findings?code=place_outside&limit=2", "findings", 5),
    ],
)  # fmt: skip
def test_a_list_is_read_page_by_page(desk: Desk, path: str, name: str, count: int) -> None:
    """Each row stands once, in pages of the length asked for, also where several have the same rank or moment."""
    office = desk.office
    phone = carrier(office, "a1")
    for number in range(5):
        visit(office, phone, f"case {number}", DOOR | {"lat_e7": 377_900_000})
    index_all(office)
    caller = program(desk, "everything", *EVERY_ROLE)
    pages = pages_of(caller, path, name)
    ids = [each["id"] for page in pages for each in page]

    assert count == len(ids) == len(set(ids))
    assert [2, 2, 1] == [len(page) for page in pages]


def test_complaints_and_acts_are_read_page_by_page(desk: Desk) -> None:
    """The oldest complaint first with its clocks, the newest act first with its hashes."""
    office = desk.office
    build_towns(office)
    caller = program(desk, "everything", *EVERY_ROLE)
    complaints = [each for page in pages_of(caller, "/complaints?limit=1", "complaints") for each in page]
    acts = [each for page in pages_of(caller, "/audit?limit=2", "acts") for each in page]

    assert 2 == len(complaints)
    assert complaints[0]["made"] < complaints[1]["made"]
    assert [] == caller.get("/complaints?state=done")["complaints"]
    assert list(range(len(acts), 0, -1)) == [each["seq"] for each in acts]
    assert all(later["previous"] == earlier["hash"] for later, earlier in pairwise(acts))


WRONG = {
    "/visits?state=gone": "state", "/visits?limit=0": "limit", "/visits?limit=201": "limit",
    "/visits?limit=many": "limit", "/visits?cursor=AAAA": "cursor", "/visits?from=2016-02-30": "from",
    "/visits?to=0001-01-01": "to", "/visits?colour=red": "colour", "/visits?agent=a&agent=b": "agent",
    "/visits?agency=here": "agency", "/audit?cursor={visits}": "cursor", "/cases?q=": "q",
    "/statements?day=9999-12-31": "day", "/exports/01900000-0000-7000-8000-000000000000?a=b": "a",
}  # fmt: skip


def test_what_cannot_be_read_is_said_field_by_field(desk: Desk) -> None:
    """A query nobody knows is a mistake, and not taken for no filter at all; a cursor opens its own list only."""
    build_towns(desk.office)
    caller = program(desk, "everything", *EVERY_ROLE)
    cursor = caller.get("/visits?limit=1")["next"]
    told = {path: caller.get(path.replace("{visits}", cursor), 400) for path in WRONG}

    assert {path: [field] for path, field in WRONG.items()} == {path: [*each["errors"]] for path, each in told.items()}
    assert {"urn:fairvisit:problem:malformed"} == {each["type"] for each in told.values()}


def test_a_case_is_told_with_what_hangs_on_it(desk: Desk) -> None:
    """Place, person, crew, visits and halts; of a case of the same person elsewhere only that it halts this one."""
    office = desk.office
    ours, _ = build_towns(office)
    caller = program(desk, "supervisor", agencies=[office.agency_id])
    office.clock.advance(minutes=1)
    caller.post(f"/cases/{ours.parts['case_id']}/holds", {"reason": "illness", "scope": "case"})
    told = caller.get(f"/cases/{ours.parts['case_id']}")

    assert ("R-ours", "Person R-ours") == (told["reference"], told["person"]["name"])
    assert (377_700_000, "door") == (told["place"]["lat_e7"], told["place"]["precision"])
    assert ["ours"] == [each["agent"] for each in told["assignments"]]
    assert [ours.parts["visit_id"]] == [each["id"] for each in told["visits"]]
    assert [("supervisor", False), (None, True)] == [(each["owner"], each["is_of_person"]) for each in told["holds"]]


def test_a_case_that_changed_hands_names_no_foreign_agent(desk: Desk) -> None:
    """Whoever had it before, of another agency, is not told."""
    office = desk.office
    ours, theirs = build_towns(office)
    case_id = ours.parts["case_id"]
    office.end_assignment(case_id, ours.parts["agent_id"], "unassigned")
    office.assign(case_id, theirs.parts["agent_id"])
    mine = program(desk, "supervisor", agencies=[office.agency_id]).get(f"/cases/{case_id}")
    whole = program(desk, "auditor").get(f"/cases/{case_id}")

    assert ["ours"] == [each["agent"] for each in mine["assignments"]]
    assert {"ours", theirs.name} == {each["agent"] for each in whole["assignments"]}


def test_no_list_tells_of_another_agency(desk: Desk) -> None:
    """By a token of every role and scope, whole lists and searches for the foreign names find nothing of theirs."""
    office = desk.office
    ours, theirs = build_towns(office)
    caller = program(desk, "everything", *EVERY_ROLE, agencies=[office.agency_id])
    paths = [
        "/visits?state=any&limit=200", "/cases", f"/cases?q={theirs.name}", "/cases?q=person", "/findings",
        "/complaints", "/dispatch/cases?way=all", "/dispatch/agents", f"/statements?day={ours.parts['day']}",
        f"/cases/{ours.parts['case_id']}", f"/visits/{ours.parts['visit_id']}",
        f"/visits/{ours.parts['visit_id']}/events",
    ]  # fmt: skip
    told = {path: caller.ask("GET", path) for path in paths}

    assert [200] * len(paths) == [answer.status_code for answer in told.values()]
    leaks = {path: each for path, answer in told.items() for each in theirs.marks if each in answer.text}
    assert {} == leaks
    assert ours.parts["visit_id"] in told["/visits?state=any&limit=200"].text
    whole = program(desk, "auditor")
    assert paths[:9] == [path for path in paths[:9] if theirs.name in whole.ask("GET", path).text]


def test_a_statement_is_signed(desk: Desk) -> None:
    """The day of a device, counted, and the same under the server's signature; what was signed off is told."""
    office = desk.office
    ours, _ = build_towns(office)
    device_id, day = ours.parts["device_id"], ours.parts["day"]
    caller = program(desk, "auditor")
    listed = caller.get(f"/statements?day={day}")["statements"]
    told = caller.get(f"/statements/{device_id}/{day}")

    assert device_id in {each["device_id"] for each in listed}
    assert (device_id, day, None) == (told["statement"]["device_id"], told["day"], told["signed_off_by"])
    assert 2 == told["jws"].count(".")
    assert told["received"] == told["statement"]["received"] > 0


def test_events_are_given_as_they_were_received(desk: Desk) -> None:
    """Byte for byte, so that they can be checked; an erased one is told without its content."""
    office = desk.office
    ours, _ = build_towns(office)
    caller = program(desk, "auditor")
    events = caller.get(f"/visits/{ours.parts['visit_id']}/events")["events"]
    rows = office.rows(tables.event.select().where(tables.event.c.visit_id == ours.parts["visit_id"]))

    assert {row.id: row.content.decode() for row in rows} == {each["id"]: each["content"] for each in events}
    assert ["visit_started", "step_done", "outcome_noted", "visit_ended"] == [each["kind"] for each in events]


def test_a_finding_that_is_gone_is_not_listed(desk: Desk) -> None:
    """Only what stands is told, by code and by weight."""
    office = desk.office
    ours, _ = build_towns(office)
    caller = program(desk, "auditor")
    first = caller.get("/findings?code=place_outside")["findings"]
    table = visit_tables.finding
    gone = table.update().where(table.c.visit_id == ours.parts["visit_id"]).values(gone_ms=1)
    office.site.store.write(lambda connection: connection.execute(gone) and None)
    after = caller.get("/findings?code=place_outside")["findings"]

    assert 2 == len(first)
    assert 1 == len(after)
    assert [] == [each for each in caller.get("/findings?severity=note")["findings"] if each["severity"] != "note"]
