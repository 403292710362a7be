"""Who is answered what: each route, each role, own and foreign agency, with and without the scope it takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from server.domain.roles import ROLES, Role, TokenScope, Viewer
from server.rest.routes import PREFIX, Routes
from server.services.auditing import note_act
from server.storage import office_tables
from tests.contract.office.desk import Desk
from tests.contract.rest.program import SCOPES, Program, program, token_of
from tests.contract.rest.towns import Town, build_towns, export_for
from tests.office import Office

REVIEW, DECIDE, ANSWER = "reviewer supervisor auditor", "reviewer supervisor", "support supervisor auditor"
SOMEBODY = Viewer("", "somebody", frozenset())


@dataclass(frozen=True)
class Asked:
    """A route, who may use it, and what it answers to whom it is for: of their own agency, of a foreign one."""

    method: str
    path: str
    scope: str
    roles: str
    own: int = 200
    foreign: int | None = 404  # none where the address names nothing of an agency
    body: dict[str, Any] = field(default_factory=dict)


# The whole truth: a new route is a line here, in the order they are asked.
ROUTES = {
    "list_visits": Asked("GET", "/visits?state=any&agency={agency_id}", "read", REVIEW),
    "read_visit": Asked("GET", "/visits/{visit_id}", "read", f"{REVIEW} support"),
    "read_events": Asked("GET", "/visits/{visit_id}/events", "read", f"{REVIEW} support"),
    "list_cases": Asked("GET", "/cases", "read", f"{REVIEW} support dispatcher", foreign=None),
    "read_case": Asked("GET", "/cases/{case_id}", "read", f"{REVIEW} support dispatcher"),
    "list_board": Asked("GET", "/dispatch/cases?way=all", "read", "dispatcher supervisor auditor", foreign=None),
    "list_agents": Asked("GET", "/dispatch/agents", "read", "dispatcher supervisor auditor", foreign=None),
    "list_statements": Asked("GET", "/statements?day={day}", "read", f"{REVIEW} dispatcher", foreign=None),
    "read_statement": Asked("GET", "/statements/{device_id}/{day}", "read", f"{REVIEW} dispatcher"),
    "list_findings": Asked("GET", "/findings", "read", REVIEW, foreign=None),
    "list_complaints": Asked("GET", "/complaints", "read", ANSWER, foreign=None),
    "list_acts": Asked("GET", "/audit", "read", "auditor admin", own=404, foreign=None),  # limited to an agency
    "decide_visit": Asked(
        "POST", "/visits/{visit_id}/decisions", "review", DECIDE, 201, body={"act": "approved"}
    ),
    "assign_case": Asked(
        "POST", "/cases/{case_id}/assignments", "dispatch", "dispatcher", 201, body={"lead": "ours"}
    ),
    "unassign_case": Asked("DELETE", "/cases/{case_id}/assignments", "dispatch", "dispatcher"),
    "place_hold": Asked(
        "POST", "/cases/{case_id}/holds", "dispatch", "supervisor support", 201,
        body={"reason": "illness", "scope": "case"},
    ),
    "ask_export": Asked(
        "POST", "/exports", "export", "supervisor auditor", 202, None,
        {"kind": "visits", "format": "csv", "profile": "full"},
    ),
    "read_export": Asked("GET", "/exports/{export_id}", "export", "supervisor auditor"),
    "fetch_export": Asked("GET", "/exports/{export_id}/file", "export", "supervisor auditor"),
}  # fmt: skip


def routes_of(office: Office) -> Routes:
    """Give the API's routes."""
    routes: Routes = office.app.extensions["rest"]
    return routes


def ask(asked: Asked, caller: Program, town: Town) -> int:
    """Ask a route about a town; give the status."""
    body = {"json": asked.body} if asked.method == "POST" else {}
    answer = caller.ask(asked.method, asked.path.format(**town.parts), **body)
    if answer.status_code >= 400:
        assert "application/problem+json" == answer.mimetype, asked
    answer.close()
    return answer.status_code


def test_each_route_names_its_scope_and_its_roles(desk: Desk) -> None:
    """The table above is the whole truth: no route is missing from it, none is open to another role or scope."""
    found = {
        name.removeprefix("rest."): (access.scope.value, set(access.roles))
        for name, access in routes_of(desk.office).access.items()
    }

    assert {name: (each.scope, set(each.roles.split())) for name, each in ROUTES.items()} == found


@pytest.mark.parametrize("role", [role.value for role in Role])
def test_each_route_answers_each_role_by_its_agencies_and_scopes(desk: Desk, role: str) -> None:
    """Role by role, route by route: own, foreign, and each without the scope; nothing is done without both."""
    office = desk.office
    ours, theirs = build_towns(office)
    whole = program(desk, role, agencies=[office.agency_id])
    stranger = desk.add("stranger", "auditor", agencies=[theirs.parts["agency_id"]])
    ours.parts["export_id"] = export_for(office, whole.account_id, office.agency_id)
    theirs.parts["export_id"] = export_for(office, stranger, theirs.parts["agency_id"])
    lacking = {
        scope: token_of(
            office, whole.account_id, role, [Role(role)], [office.agency_id], [each for each in SCOPES if each != scope]
        )
        for scope in SCOPES
    }  # fmt: skip

    for name, each in ROUTES.items():
        is_theirs = role in each.roles.split()
        for town, expected in ((theirs, each.foreign), (ours, each.own)):
            if expected is None:
                continue
            assert 403 == ask(each, lacking[TokenScope(each.scope)], town), name
            assert (expected if is_theirs else 403) == ask(each, whole, town), name


@pytest.mark.parametrize("role", [role.value for role in Role])
def test_an_account_without_a_limit_is_answered_about_every_agency(desk: Desk, role: str) -> None:
    """What is foreign to one is not to an auditor of all, who also reads the audit; roles hold all the same."""
    ours, theirs = build_towns(desk.office)
    whole = program(desk, role)
    reads = {name: each for name, each in ROUTES.items() if each.method == "GET" and "export" not in name}

    for name, each in reads.items():
        expected = 200 if role in each.roles.split() else 403
        assert (expected, expected) == (ask(each, whole, ours), ask(each, whole, theirs)), name


def test_a_route_that_names_no_scope_is_closed(desk: Desk) -> None:
    """Whoever forgets to say who may, lets nobody in."""
    office = desk.office
    everything = program(desk, "everything", *(role.value for role in ROLES))
    rules = {each.endpoint for each in office.app.url_map.iter_rules() if each.rule.startswith(f"{PREFIX}/")}
    documents = {each for each in rules if each.startswith("rest-") and "api-docs" in each}
    assert rules - documents == set(routes_of(office).access)

    everything.get("/cases")
    del routes_of(office).access["rest.list_cases"]
    told = everything.get("/cases", 403)

    assert "urn:fairvisit:problem:not-permitted" == told["type"]


# What the audit keeps of each read: of which kind of thing, and which one where it is one. The others tell of nobody
# a visit was meant for: staff, devices, and the audit itself.
LOOKS = {
    "list_visits": ("visits", ""), "read_visit": ("visit", "{visit_id}"), "read_events": ("visit", "{visit_id}"),
    "list_cases": ("search", ""), "read_case": ("case", "{case_id}"), "list_board": ("board", ""),
    "list_findings": ("findings", ""), "list_complaints": ("complaints", ""),
}  # fmt: skip
SILENT = {"list_agents", "list_statements", "read_statement", "list_acts", "read_export", "fetch_export"}


def test_each_look_at_what_is_known_of_persons_is_noted(desk: Desk) -> None:
    """Route by route: once for each time it was asked, under the token; a new route is a line above."""
    office = desk.office
    ours, _ = build_towns(office)
    caller = program(desk, "everything", *(role.value for role in ROLES))
    reads = {name: each for name, each in ROUTES.items() if each.method == "GET"}
    assert reads.keys() == LOOKS.keys() | SILENT

    for name, (kind, about) in LOOKS.items():
        assert 200 == ask(reads[name], caller, ours)
        table = office_tables.office_act
        [*_, last] = office.rows(table.select().order_by(table.c.seq))
        assert ("looked", kind, about.format(**ours.parts)) == (last.act, last.object_type, last.object_id), name
        assert "everything" == last.name
        assert last.facts["token"]
        office.site.store.write(lambda connection: note_act(connection, office.site, SOMEBODY, "between"))
