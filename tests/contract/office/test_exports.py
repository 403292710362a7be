"""Exports: every row once, counted and hashed; nothing personal where that is asked; memory that does not grow."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from schemas.errors import FieldError
from server.cli.main import fairvisit
from server.services import exporting
from server.services.exporting import defuse, show_row, work_export
from server.storage import office_tables, tables
from tests.contract.office.desk import Browser, Desk
from tests.contract.office.visits import FAR, carrier, visit
from tests.office import Office


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


@pytest.mark.parametrize("kind", list(exporting.KINDS))
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


# What leaves without persons, kind by kind; a column more is a line here, and somebody who thought about it.
ANONYMOUS = {
    "visits": "case_id visit_id state started contact_result disposition rank area lender precision agency"
    " files files_verified",
    "events": "pos id kind case_id visit_id status problem first_received digest",
    "findings": "id case_id visit_id code severity found gone is_right",
    "statements": "device_id agency state day received accepted parked id_reuse duplicates erased withheld files_named"
    " files_missing is_in_gap is_signed_off is_changed signed_off",
    "audit": "seq at act object_type",
}
TOLD_BY = ("reviewer", "a1", "Agent a1", "R1", "Hill Rd", "377700", "Person")


@pytest.mark.parametrize("kind", list(exporting.KINDS))
def test_without_persons_nothing_personal_leaves(desk: Desk, kind: str) -> None:
    """No name, address, reference, place or word, nor a code or hash by which one is known or guessed."""
    phone = carrier(desk.office)
    visit(desk.office, phone, "R1", FAR)
    sign_off(desk, phone.device_id)
    browser = desk.sign_in("auditor")
    titles, *rows = csv.reader(io.StringIO(export(desk, browser, kind, "csv", "no_persons")[0].decode("utf-8-sig")))
    desk.office.clock.advance(seconds=1)
    full = export(desk, browser, kind, "csv")[0].decode("utf-8-sig")

    assert ANONYMOUS[kind].split() == titles
    assert rows
    assert [] == [cell for row in rows for cell in row for each in TOLD_BY if each == cell or f"{each} " in cell]
    assert any(each in full for each in TOLD_BY)


@pytest.mark.parametrize("kind", list(exporting.KINDS))
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_table_without_rows_has_its_titles(office: Office, tmp_path: Path, kind: str, form: str) -> None:
    """Whoever opens an empty file sees what would stand in it."""
    exporting.write_export(office.site, kind, form, "full", tmp_path / f"made.{form}")

    if form == "csv":
        [titles] = csv.reader(io.StringIO((tmp_path / "made.csv").read_text("utf-8-sig")))
    else:
        [titles] = [list(row) for row in openpyxl.load_workbook(tmp_path / "made.xlsx").worksheets[0].values]
    assert exporting.show_titles(exporting.KINDS[kind](office.site, []).columns, "full") == titles
    assert set(ANONYMOUS[kind].split()) < set(titles)


def sign_off(desk: Desk, device_id: str) -> None:
    """Have a reviewer sign the day of a device off."""
    browser = desk.sign_in("reviewer")
    seen = re.search(r'name="seen" value="([0-9a-f]{64})"', browser.get(f"/statements/{device_id}/2016-04-07"))
    assert seen is not None
    browser.post(f"/statements/{device_id}/2016-04-07", seen=seen[1])


def test_statements_leave_as_a_row_for_each_device_and_day(desk: Desk) -> None:
    """The counts of each statement, what is missing, who signed it off and whether it changed since."""
    office = desk.office
    phone = carrier(office)
    carrier(office, "b1").exchange()  # nothing but its opening
    visit(office, phone, "R1")
    sign_off(desk, phone.device_id)
    office.clock.advance(days=1)
    visit(office, phone, "R2")
    phone.append(office.site.new_id(), "no JSON")
    phone.exchange(phone.log[-1:])
    body, _ = export(desk, desk.sign_in("auditor"), "statements", "jsonl")

    rows = {(row["agent"], row["day"]): row for row in map(json.loads, body.splitlines())}
    told = ("received", "accepted", "parked", "state", "signed_off_by", "is_changed")
    assert [("a1", "2016-04-07"), ("a1", "2016-04-08"), ("b1", "2016-04-07")] == sorted(rows)
    assert (5, 5, 0, "signed_off", "reviewer", False) == tuple(rows["a1", "2016-04-07"][name] for name in told)
    assert (5, 4, 1, "differs", None, False) == tuple(rows["a1", "2016-04-08"][name] for name in told)


def test_the_command_writes_the_same_file(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the office: the same bytes as the office's export, with its manifest, readable by nobody else, noted."""
    visit(office, carrier(office), "R1")
    monkeypatch.setenv("FAIRVISIT_DATABASE_URL", office.site.settings.database_url)
    monkeypatch.setenv("FAIRVISIT_FOLDER", str(tmp_path))
    out, theirs = tmp_path / "visits.csv", tmp_path / "theirs.csv"

    said = CliRunner().invoke(fairvisit, ["export", "visits", "--profile", "full", "--out", str(out)])
    exporting.write_export(office.site, "visits", "csv", "full", theirs)
    odd = CliRunner().invoke(fairvisit, ["export", "events", "--format", "geojson", "--out", str(out)])

    manifest = json.loads((tmp_path / "visits.csv.manifest.json").read_text())
    assert out.read_bytes() == theirs.read_bytes()
    assert (hashlib.sha256(out.read_bytes()).hexdigest(), 1) == (manifest["sha256"], manifest["rows"])
    assert f"visits.csv: 1 rows, {manifest['bytes']} bytes, SHA-256 {manifest['sha256']}." in said.output
    assert isinstance(odd.exception, FieldError)
    assert [0o600, 0o600] == [path.stat().st_mode & 0o777 for path in (out, exporting.manifest_of(out))]
    table = office_tables.office_act
    [act] = office.rows(table.select().where(table.c.act == "exported"))
    assert {"kind": "visits", "format": "csv", "profile": "full"} == act.facts


def test_an_account_limited_since_does_not_fetch_what_it_may_see_no_more(desk: Desk) -> None:
    """A file of every agency is not there for whoever sees only one now; a new one is."""
    office = desk.office
    visit(office, carrier(office), "R1")
    browser = desk.sign_in("supervisor")
    export(desk, browser, "visits", "jsonl")
    where = browser.get("/exports").split('href="/office/exports/', 1)[1].split("/file", 1)[0]
    table = office_tables.office_user
    narrowed = table.update().values(agencies=[office.agency_id])
    office.site.store.write(lambda connection: connection.execute(narrowed) and None)

    assert "Your account was limited since" in browser.get(f"/exports/{where}/file", 404)
    office.clock.advance(seconds=1)
    assert 1 == export(desk, browser, "visits", "jsonl")[1]["rows"]


@pytest.mark.parametrize("asked_for", ["theirs", "both"])
def test_an_account_moved_to_another_agency_leaves_its_files_behind(desk: Desk, asked_for: str) -> None:
    """Limited before and after: what holds an agency that is not theirs any more is not there for them."""
    office = desk.office
    other = office.site.new_id()
    office.insert(tables.agency, id=other, name="South Field Agency", status="active")
    visit(office, carrier(office), "R1")
    agencies = [office.agency_id] if asked_for == "theirs" else [office.agency_id, other]
    browser = desk.sign_in("moved", "supervisor", agencies=agencies)
    export(desk, browser, "visits", "jsonl")
    where = browser.get("/exports").split('href="/office/exports/', 1)[1].split("/file", 1)[0]
    assert fetch(browser, where, "file")
    table = office_tables.office_user
    moved = table.update().where(table.c.name == "moved").values(agencies=[other])
    office.site.store.write(lambda connection: connection.execute(moved) and None)

    assert "ask for this file once more" in browser.get(f"/exports/{where}/file", 404)


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
        exporting.WRITERS[form](tmp_path / f"{form}{count}", ["number", "facts", "at"], rows(count))
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
