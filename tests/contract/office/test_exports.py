"""Exports: every row once, counted and hashed; nothing personal where that is asked; memory that does not grow."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from server.services import exporting
from server.services.exporting import defuse, show_row, work_export
from server.storage import tables
from tests.contract.office.desk import Browser, Desk
from tests.contract.office.visits import carrier, visit


def export(desk: Desk, browser: Browser, kind: str, form: str, profile: str = "full") -> tuple[bytes, dict[str, Any]]:
    """Ask for a file, let the worker write it, and download it with its manifest."""
    browser.get("/exports")
    browser.post("/exports", kind=kind, format=form, profile=profile)
    assert work_export(desk.office.site)
    page = browser.get("/exports")
    where = page.split('href="/office/exports/', 1)[1].split("/file", 1)[0]
    return fetch(browser, where, "file"), json.loads(fetch(browser, where, "manifest"))


def fetch(browser: Browser, where: str, part: str, **headers: str) -> bytes:
    """Download a part of an export."""
    with browser.client.get(f"/office/exports/{where}/{part}", headers=headers) as answer:
        assert answer.status_code == (206 if headers else 200)
        return answer.data


@pytest.mark.parametrize("kind", ["visits", "events", "findings", "audit"])
def test_a_file_is_what_its_manifest_says(desk: Desk, kind: str) -> None:
    """Rows, bytes and hash agree."""
    visit(desk.office, carrier(desk.office), "R1")
    body, manifest = export(desk, desk.sign_in("auditor"), kind, "jsonl")

    rows = body.splitlines()
    assert (len(rows), len(body), hashlib.sha256(body).hexdigest()) == (
        manifest["rows"], manifest["bytes"], manifest["sha256"]
    )  # fmt: skip
    assert all(isinstance(json.loads(row), dict) for row in rows)
    assert (kind == "findings") == (not rows)


def test_every_form_holds_the_same_visits(desk: Desk) -> None:
    """CSV, XLSX, JSON Lines and GeoJSON tell of the same."""
    phone = carrier(desk.office)
    visits = sorted(visit(desk.office, phone, f"R{number}") for number in range(3))
    browser = desk.sign_in("supervisor")

    table = _body(desk, browser, "csv").decode("utf-8-sig")
    read = {
        "csv": [row["visit_id"] for row in csv.DictReader(io.StringIO(table))],
        "jsonl": [json.loads(row)["visit_id"] for row in _body(desk, browser, "jsonl").splitlines()],
        "geojson": [
            each["properties"]["visit_id"] for each in json.loads(_body(desk, browser, "geojson"))["features"]
        ],
        "xlsx": [
            row[1] for row in openpyxl.load_workbook(io.BytesIO(_body(desk, browser, "xlsx"))).worksheets[-1].values
        ][1:],
    }

    assert dict.fromkeys(read, visits) == {form: sorted(ids) for form, ids in read.items()}


def _body(desk: Desk, browser: Browser, form: str) -> bytes:
    desk.office.clock.advance(seconds=1)
    return export(desk, browser, "visits", form)[0]


def test_without_persons_nothing_personal_leaves(desk: Desk) -> None:
    """No name, address, reference, place or word."""
    visit(desk.office, carrier(desk.office), "R1")
    body, _ = export(desk, desk.sign_in("supervisor"), "visits", "csv", "no_persons")

    assert b"R1" not in body
    assert b"Hill Rd" not in body
    assert {"person", "address", "reference", "lat_e7"}.isdisjoint(body.decode("utf-8-sig").splitlines()[0].split(","))


def test_a_limited_account_exports_its_agencies_and_fetches_only_its_own_files(desk: Desk) -> None:
    """Another agency's visits are not in it; another person's file is not there; the audit is refused."""
    office = desk.office
    other = office.site.new_id()
    office.insert(tables.agency, id=other, name="South Field Agency", status="active")
    visit(office, carrier(office, "b1", other), "R1")
    ours = desk.sign_in("ours", "supervisor", agencies=[office.agency_id])
    body, manifest = export(desk, ours, "visits", "jsonl")
    where = ours.get("/exports").split('href="/office/exports/', 1)[1].split("/file", 1)[0]
    refused = ours.follow("/exports", kind="audit", format="csv", profile="full")

    assert (b"", 0) == (body, manifest["rows"])
    desk.sign_in("theirs", "supervisor").get(f"/exports/{where}/file", 404)
    assert "the audit is about every agency" in refused


def test_a_download_that_broke_off_is_resumed(desk: Desk) -> None:
    """The rest is sent from where it was asked for."""
    visit(desk.office, carrier(desk.office), "R1")
    browser = desk.sign_in("supervisor")
    body, _ = export(desk, browser, "events", "jsonl")
    where = browser.get("/exports").split('href="/office/exports/', 1)[1].split("/file", 1)[0]

    assert body[100:] == fetch(browser, where, "file", Range="bytes=100-")


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """Ten times the rows take less than twice the memory, in each form that is not a sheet's own library."""

    def rows(count: int) -> Iterator[dict[str, Any]]:
        return (show_row({"number": each, "facts": {"a": each}, "at_ms": each}, "full") for each in range(count))

    def peak(form: str, count: int) -> int:
        tracemalloc.start()
        exporting.WRITERS[form](tmp_path / f"{form}{count}", rows(count))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    for form in ("csv", "jsonl"):
        assert peak(form, 20_000) < 2 * peak(form, 2_000) + 200_000


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_is_taken_for_a_formula(text: str) -> None:
    """What a spreadsheet would run is shown as text."""
    assert f"'{text}" == defuse(text)


def test_old_files_are_removed(desk: Desk) -> None:
    """After a week they are gone, and the page says so."""
    browser = desk.sign_in("supervisor")
    export(desk, browser, "visits", "csv")
    desk.office.clock.ms = 4_000_000_000_000

    assert 2 == exporting.drop_old_exports(desk.office.site)
