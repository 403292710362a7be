"""The REST API's document is true: whatever a program asks, the answer is as documented, no 5xx, nothing foreign."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core import NotSet
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from server.domain.roles import Role
from server.rest.routes import PREFIX, Routes
from tests.contract.office.desk import Desk
from tests.contract.rest.program import Program, program
from tests.contract.rest.towns import build_towns

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 12  # for each operation and role
SEED = 20_161_012


def test_every_route_stands_in_the_document(desk: Desk) -> None:
    """Each with its scope, its roles, its answer and what it may refuse; nobody needs a token to read it."""
    office = desk.office
    document = office.client.get(f"{PREFIX}/openapi.json").json
    routes: Routes = office.app.extensions["rest"]
    rules = {each.endpoint: each for each in office.app.url_map.iter_rules() if each.endpoint in routes.access}
    assert document["openapi"].startswith("3.1")
    assert {"token": {"type": "http", "scheme": "bearer"}} == document["components"]["securitySchemes"]

    said = {}
    for path, operations in document["paths"].items():
        for method, each in operations.items():
            if method != "parameters":
                said[method.upper(), path] = each
    for endpoint, access in routes.access.items():
        rule = rules[endpoint]
        path = "/".join(f"{{{part.strip('<>').rpartition(':')[2]}}}" if "<" in part else part
                        for part in rule.rule.split("/"))
        [method] = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        each = said.pop((method, path))
        assert (access.scope.value, sorted(access.roles)) == (each["x-scope"], each["x-roles"])
        assert [{"token": []}] == each["security"]
        assert {"400", "401", "403", "405", "429", "500"} <= set(each["responses"])
        assert any(status.startswith("2") for status in each["responses"])
        assert ("requestBody" in each) == (method == "POST")
        assert each["summary"]
    assert {} == said


def test_the_document_tells_of_no_person(desk: Desk) -> None:
    """It is the same however many cases there are."""
    before = desk.office.client.get(f"{PREFIX}/openapi.json").json
    build_towns(desk.office)

    assert before == desk.office.client.get(f"{PREFIX}/openapi.json").json


def test_whatever_is_asked_is_answered_as_documented(desk: Desk) -> None:
    """By each role's token: no 5xx, no status or member that is not documented, nothing of the foreign agency."""
    office = desk.office
    ours, theirs = build_towns(office)
    document = schemathesis.openapi.from_wsgi(f"{PREFIX}/openapi.json", office.app)
    operations = [found.ok() for found in document.get_all_operations()]
    callers = {role: program(desk, role.value, agencies=[office.agency_id]) for role in Role}
    seen: set[tuple[str, int]] = set()

    for caller in callers.values():
        for operation in operations:
            _try_many(operation, caller, [ours.parts, theirs.parts, {}], theirs.marks, seen)

    assert {200, 201, 202, 400, 403, 404, 409} <= {status for _, status in seen}
    assert {each.label for each in operations} == {label for label, status in seen if status < 300 or status == 404}


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def _try_many(
    operation: Any, caller: Program, towns: list[dict[str, str]], marks: set[str], seen: set[tuple[str, int]]
) -> None:
    """Ask many generated requests of one operation, about ours, about theirs, and about what there is not."""

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate],
        database=None,
    )  # fmt: skip
    @given(
        case=operation.as_strategy() | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        parts=st.sampled_from(towns),
    )
    def run(case: schemathesis.Case, parts: dict[str, str]) -> None:
        case.path_parameters = {name: parts.get(name, each) for name, each in (case.path_parameters or {}).items()}
        if parts and "agency" in case.query:
            case.query["agency"] = parts["agency_id"]
        path = case.formatted_path.removeprefix(PREFIX) + (f"?{urlencode(case.query, True)}" if case.query else "")
        body = {} if isinstance(case.body, NotSet) else {"data": _bytes(case.body), "content_type": "application/json"}
        answer = caller.ask(case.method, path, **body)
        seen.add((operation.label, answer.status_code))
        case.validate_response(answer, checks=CHECKS)
        told = answer.get_data(as_text=True)
        answer.close()
        assert set() == {each for each in marks if each in told}, f"{case.method} {path} told of {told}"

    run()
