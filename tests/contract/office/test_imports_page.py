"""A lender's file through the browser: uploaded, asked about, imported by the worker, mended in place."""

from __future__ import annotations

import io
import re

import pytest

from server.services.uploading import work_upload
from server.storage import desk_tables, office_tables, tables
from tests.contract.office.desk import Browser, Desk

GOOD = """Loan No,Borrower Name,Borrower ID,Address,Latitude,Longitude,Currency,Amount Due,Days Past Due
LN-1,Ana Imagined,P-1,1 Hill Rd,37.7700,-122.4200,USD,1200.00,45
LN-2,Bo Imagined,P-2,2 Hill Rd,37.7700,-122.4200,USD,much,45
"""
ODD = GOOD.replace("Loan No", "Kennung")


def upload(browser: Browser, text: str, name: str = "cases.csv") -> str:
    """Upload a file; give the address of its page."""
    browser.get("/imports")
    file = (io.BytesIO(text.encode()), name)
    answer = browser.client.post(
        "/office/imports",
        data={"csrf": browser.csrf, "kind": "portfolio", "lender": "acme", "currency": "", "file": file},
    )
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"].removeprefix("/office")


def references(desk: Desk) -> list[str]:
    """Give the references of all cases."""
    return sorted(row.reference for row in desk.office.rows(tables.case.select()))


def test_a_file_is_imported_and_its_rejects_are_mended_in_place(desk: Desk) -> None:
    """The good row is there; the bad one shows its reason; mended, it comes in, and nothing comes twice."""
    browser = desk.sign_in("dispatcher")
    where = upload(browser, GOOD)
    waiting = browser.get(where)

    assert work_upload(desk.office.site)
    page = browser.get(where)
    fields = dict(re.findall(r'name="(row-0-\d+)" value="([^"]*)"', page))
    amount = next(name for name, value in fields.items() if value == "much")
    first = references(desk)
    mended = browser.post(f"{where}/rejects", **(fields | {amount: "900.00"})).headers["Location"]
    assert work_upload(desk.office.site)

    assert 'data-reload="2"' in waiting
    assert "Line 3" in page
    assert ["LN-1"] == first
    assert ["LN-1", "LN-2"] == references(desk)
    assert "done" in browser.get(mended.removeprefix("/office"))
    assert not work_upload(desk.office.site)


def test_a_file_whose_columns_cannot_be_told_asks_and_writes_nothing(desk: Desk) -> None:
    """A person names the column among the titles, and it comes in."""
    browser = desk.sign_in("dispatcher")
    where = upload(browser, ODD)
    work_upload(desk.office.site)
    page = browser.get(where)
    before = references(desk)

    browser.post(f"{where}/columns", **{"column-reference": "Kennung"})
    work_upload(desk.office.site)

    assert '<option value="Kennung">' in page
    assert "Nothing of this file was written." in page
    assert [] == before
    assert ["LN-1"] == references(desk)


def test_a_job_whose_worker_died_is_begun_anew(desk: Desk) -> None:
    """After a minute without a sign another worker takes it; before that nobody does."""
    browser = desk.sign_in("dispatcher")
    upload(browser, GOOD)
    table = desk_tables.upload
    taken = table.update().values(state="running", touched_ms=desk.office.clock())
    desk.office.site.store.write(lambda connection: connection.execute(taken) and None)

    early = work_upload(desk.office.site)
    desk.office.clock.advance(minutes=2)
    late = work_upload(desk.office.site)

    assert [False, True] == [early, late]
    assert ["LN-1"] == references(desk)


@pytest.mark.parametrize("limit", [10, 40])
def test_a_file_that_is_too_large_is_refused_with_its_limit(
    desk: Desk, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is kept of it."""
    monkeypatch.setattr("server.services.uploading.MOST_BYTES", limit)
    browser = desk.sign_in("dispatcher")

    where = upload(browser, GOOD)

    assert "/imports" == where
    assert "A file takes at most 200 MB" in browser.get("/imports")
    assert [] == desk.office.rows(desk_tables.upload.select())
    folder = desk.office.site.settings.folder_path / "office-uploads"
    assert [] == list(folder.iterdir())


def test_whoever_is_limited_to_an_agency_sees_no_file(desk: Desk) -> None:
    """A lender's file is about everybody; each upload is noted."""
    upload(desk.sign_in("dispatcher"), GOOD)
    desk.sign_in("limited", "dispatcher", agencies=[desk.office.agency_id]).get("/imports", 404)

    table = office_tables.office_act
    assert "uploaded" in [row.act for row in desk.office.rows(table.select())]
