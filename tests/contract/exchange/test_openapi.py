"""The served OpenAPI document is true: whatever a client sends, the server answers as documented, never with 5xx."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core import NotSet
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.office import Phone, opened_office

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Phone]:
    """A phone of an agent with a case, on one server for all examples."""
    folder = tmp_path_factory.mktemp("openapi")
    shutil.copyfile(sqlite_template, folder / "fairvisit.db")
    with opened_office(f"sqlite:///{folder / 'fairvisit.db'}", folder) as office:
        phone = Phone.enrolled(office)
        office.assign(office.add_case("R1"), phone.agent_id)
        yield phone


@pytest.fixture(scope="module")
def operations(phone: Phone) -> list[Any]:
    """Every operation of the document as it is served."""
    document = schemathesis.openapi.from_wsgi("/openapi.json", phone.office.app)
    return [found.ok() for found in document.get_all_operations()]


def try_many(operation: Any, ask: Callable[[schemathesis.Case], None], examples: int) -> None:
    """Ask with many generated requests to one operation."""

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate])
    @given(case=operation.as_strategy() | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def run(case: schemathesis.Case) -> None:
        ask(case)

    run()


def bytes_of(body: Any) -> bytes:
    """Give the bytes a generated body is sent as."""
    if isinstance(body, bytes):
        return body
    return b"" if isinstance(body, NotSet) else json.dumps(body).encode()


def test_the_document_is_openapi_3_1(phone: Phone) -> None:
    """The served document says OpenAPI 3.1 and names every route of the wire."""
    document = phone.office.client.get("/openapi.json").json

    assert document["openapi"].startswith("3.1")
    wire = {"enrol", "exchange", "manifest", "fetch", "files"}
    assert wire <= {path.removeprefix("/sync/v1/") for path in document["paths"]}


def test_unsigned_requests_are_answered_as_documented(operations: list[Any]) -> None:
    """No 5xx and no undocumented status, whatever comes without a signature."""
    assert len(operations) >= 11
    for operation in operations:
        try_many(operation, lambda case: case.call_and_validate(checks=CHECKS), 40)


def test_signed_requests_are_answered_as_documented(operations: list[Any], phone: Phone) -> None:
    """No 5xx and no undocumented status, whatever a device that signs well sends."""
    signed = [each for each in operations if each.path.endswith(("exchange", "manifest", "fetch"))]
    seen: set[int] = set()

    def ask(case: schemathesis.Case) -> None:
        path = case.formatted_path + ("?" + urlencode(case.query, doseq=True) if case.query else "")
        response = phone.request(path, body=bytes_of(case.body), method=case.method)
        seen.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    for operation in signed:
        try_many(operation, ask, 150)

    assert {200, 400} <= seen
