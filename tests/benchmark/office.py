"""
The office with a million visits behind it: each page's time on the server, beside the bare query it rests on.

Comes in: a database's address and how many visits. Goes out: for each page the median and the 95th percentile in ms,
and how many times the bare query's median that is; at last the memory in which every visit is exported. Rows are put in
as the fold leaves them, a few visits are real events; requests go through the whole application in this process, so a
browser's network is not in the figures.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from server.domain.roles import ROLES, Role, Viewer
from server.services import deciding, signing_in
from server.services.searching import find_cases, index_due
from server.storage import desk_rows, office_tables, queue_rows, review_rows, search_rows, tables, visit_tables
from server.storage.migrating import migrate
from tests.benchmark import exports
from tests.contract.office.desk import PASSWORD, Browser
from tests.contract.office.visits import carrier, visit
from tests.office import START_MS, Office

Figures = dict[str, dict[str, float]]
CHUNK = 10_000
CASES_SHARE = 4  # visits a case
AGENCIES, AGENTS, AREAS = 4, 200, 50
RUNS = 60
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴", "人民三号伟芳娜敏静丽强磊军洋勇艳杰娟涛明"


def measure(url: str, folder: Path, visits: int = 1_000_000) -> Figures:
    """Fill a fresh database and time the pages."""
    migrate(url)
    office = Office(url, folder)
    began = time.perf_counter()
    fill(office, visits)
    index(office)
    real = [visit(office, phone, f"real {number}") for phone in [carrier(office, "real")] for number in range(5)]
    print(f"  {visits:,} visits filled in {time.perf_counter() - began:.0f} s", flush=True)
    browser = _sign_in(office)
    viewer = Viewer(office.site.new_id(), "bench", frozenset({Role.SUPERVISOR}))
    figures: Figures = {}
    for name, (page, bare) in _pages(office, browser, viewer, real).items():
        figures[name] = _compare(page, bare)
        p50, p95, ratio = (figures[name][figure] for figure in ("p50_ms", "p95_ms", "ratio"))
        print(f"  {name:<24}{p50:>9.1f}{p95:>9.1f} ms{ratio:>9.1f} x the bare query", flush=True)
    [account] = office.rows(office_tables.office_user.select())
    figures |= exports.measure(url, folder, account.id, visits + len(real))
    office.close()
    return figures


def fill(office: Office, visits: int) -> None:
    """Put the visits in, with their cases, persons, places, agents and findings; most were decided long ago."""
    drawn = random.Random(7)
    agencies = [office.site.new_id() for _ in range(AGENCIES)]
    agents = [office.site.new_id() for _ in range(AGENTS)]
    for number, each in enumerate(agencies):
        office.insert(tables.agency, id=each, name=f"Agency {number}", status="active")
    for number, each in enumerate(agents):
        office.insert(
            tables.agent, id=each, code=f"b{number}", name=f"Agent {number}", agency_id=agencies[number % AGENCIES],
            certificates=[], languages=[],
        )  # fmt: skip
    for first in range(0, visits, CHUNK):
        rows = _rows(office, drawn, agencies, agents, first, min(CHUNK, visits - first))
        office.site.store.write(lambda connection, rows=rows: _put(connection, rows))
    with office.site.store.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


def index(office: Office) -> None:
    """Index every case for searching, as the process behind the server does."""
    office.site.store.write(search_rows.mark_all)
    while index_due(office.site, CHUNK // 2):
        pass


def _put(connection: Any, rows: list[tuple[Any, list[dict[str, Any]]]]) -> None:
    for table, each in rows:
        connection.execute(insert(table), each)


def _rows(
    office: Office, drawn: random.Random, agencies: list[str], agents: list[str], first: int, count: int
) -> list[tuple[Any, list[dict[str, Any]]]]:
    persons: list[dict[str, Any]] = []
    places: list[dict[str, Any]] = []
    cases: list[dict[str, Any]] = []
    visits: list[dict[str, Any]] = []
    findings: list[dict[str, Any]] = []
    new_id = office.site.new_id
    for number in range(first, first + count):
        if number % CASES_SHARE == 0:
            person_id, place_id, case_id = new_id(), new_id(), new_id()
            area = f"area {drawn.randrange(AREAS)}"
            name = drawn.choice(SURNAMES) + drawn.choice(GIVEN) + drawn.choice(GIVEN)
            person = {"id": person_id, "key": f"b:{number}", "name": name, "contacts": {}, "updated_ms": START_MS}
            persons.append(person)
            places.append({"id": place_id, "address": f"{number} Hill Rd", "area": area, "updated_ms": START_MS})
            cases.append({
                "id": case_id, "lender": "b", "reference": f"B-{number:07}", "person_id": person_id,
                "place_id": place_id, "currency": "CNY", "amount": 100, "area": area, "sealed": {}, "status": "open",
                "digest": "0" * 64, "rev": 1, "updated_ms": START_MS,
            })  # fmt: skip
        at = drawn.randrange(AGENTS)
        waits = drawn.random() < 0.02
        rank = drawn.choices((0, 1, 2, 3), (1, 4, 15, 80))[0]
        visits.append({
            "case_id": cases[-1]["id"], "visit_id": new_id(), "due": 0, "lead_agent_id": agents[at],
            "state": "awaiting_review" if waits else "approved", "folded": {}, "contact_result": "person",
            "started_ms": START_MS - drawn.randrange(700) * 86_400_000 - drawn.randrange(86_400_000),
            "disposition": "promise", "updated_ms": START_MS, "rank": rank, "agency_id": agencies[at % AGENCIES],
            "area": cases[-1]["area"],
        })  # fmt: skip
        if rank < 3:
            findings.append({
                "id": new_id(), "case_id": cases[-1]["id"], "visit_id": visits[-1]["visit_id"], "key": "",
                "agent_id": agents[at], "code": ("place_outside", "too_short", "place_uncertain")[rank],
                "severity": ("stop", "look", "note")[rank], "facts": {}, "sentence": "", "found_ms": START_MS,
            })  # fmt: skip
    made = [(tables.person, persons), (tables.place, places), (tables.case, cases)]
    return [*made, (visit_tables.visit, visits), (visit_tables.finding, findings)]


def _sign_in(office: Office) -> Browser:
    signing_in.add_user(office.site, "bench", PASSWORD, ROLES, needs_totp=False)
    browser = Browser(office.app.test_client())
    browser.client.post("/office/sign-in", data={"name": "bench", "password": PASSWORD, "code": ""})
    return browser


Pair = tuple[Callable[[], object], Callable[[], object]]


def _pages(office: Office, browser: Browser, viewer: Viewer, real: list[str]) -> dict[str, Pair]:
    """Give each page and the bare query behind it."""
    todo = queue_rows.Wanted(deciding.TO_DECIDE)
    done = queue_rows.Wanted(("approved",))
    [agency] = [row.id for row in office.rows(tables.agency.select().where(tables.agency.c.name == "Agency 1"))]
    with office.site.store.read() as connection:
        deep = queue_rows.place_of(queue_rows.list_queue(connection, todo, None, 10_000)[-1])
    waiting = iter(_waiting(office))

    def query(wanted: queue_rows.Wanted, after: queue_rows.Place | None = None) -> object:
        with office.site.store.read() as connection:
            return queue_rows.list_queue(connection, wanted, after, 51)

    def find(visit_id: str) -> object:
        with office.site.store.read() as connection:
            return review_rows.find_visit(connection, visit_id)

    def find_case(case_id: str) -> object:
        with office.site.store.read() as connection:
            return desk_rows.find_case(connection, case_id, [])

    def search(text: str) -> object:
        with office.site.store.read() as connection:
            return find_cases(connection, text, [], None, 51)

    some = [row.id for row in office.rows(tables.case.select().limit(200))]
    names = [row.name for row in office.rows(tables.person.select().limit(200))]
    drawn = random.Random(3)
    after = "_".join(str(part) for part in deep)
    of_agency = queue_rows.Wanted(deciding.TO_DECIDE, (agency,))
    return {
        "today": (lambda: browser.get("/today"), lambda: query(todo)),
        "queue": (lambda: browser.get("/queue"), lambda: query(todo)),
        "queue, page 200": (lambda: browser.get(f"/queue?after={after}"), lambda: query(todo, deep)),
        "queue of one agency": (lambda: browser.get(f"/queue?agency={agency}"), lambda: query(of_agency)),
        "queue, all approved": (lambda: browser.get("/queue?state=approved"), lambda: query(done)),
        "visit": (lambda: browser.get(f"/visits/{random.choice(real)}"), lambda: find(random.choice(real))),
        "case": (lambda: browser.get(f"/cases/{drawn.choice(some)}"), lambda: find_case(drawn.choice(some))),
        "search, a name": (lambda: browser.get(f"/cases?q={drawn.choice(names)}"), lambda: search(drawn.choice(names))),
        "search, two common words": (lambda: browser.get("/cases?q=hill+人民"), lambda: search("hill 人民")),
        "search, a reference": (lambda: browser.get("/cases?q=B-0000400"), lambda: search("B-0000400")),
        "decision": (lambda: browser.post(f"/visits/{next(waiting)}/decide", act="approved"), lambda: query(todo)),
    }


def _waiting(office: Office) -> Iterator[str]:
    with office.site.store.read() as connection:
        rows = queue_rows.list_queue(connection, queue_rows.Wanted(("awaiting_review",)), None, RUNS * 3)
    yield from (row.visit_id for row in reversed(rows))


def _compare(page: Callable[[], object], bare: Callable[[], object]) -> dict[str, float]:
    """Time a page and its bare query in turn, so that whatever else the machine does meets both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(RUNS):
        for kept, run in zip(times, (page, bare), strict=True):
            began = time.perf_counter()
            run()
            kept.append((time.perf_counter() - began) * 1000)
    pages, bares = sorted(times[0]), sorted(times[1])
    p50, p95 = statistics.median(pages), pages[int(len(pages) * 0.95)]
    return {"p50_ms": p50, "p95_ms": p95, "bare_ms": statistics.median(bares), "ratio": p50 / statistics.median(bares)}
