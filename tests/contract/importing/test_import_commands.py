"""The commands as a person runs them: what they say, and what they ask."""

from __future__ import annotations

import csv
import io
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from schemas.errors import FieldError
from server.cli.importing import geocode_command, import_command, matches_command, payments_command
from server.services.assigning import assign
from server.settings import Settings
from server.storage import tables
from tests.contract.importing.conftest import Desk
from tests.contract.importing.fake_geocoders import FakeGeocoder, nominatim, running

PORTFOLIO = "Loan No,Name,Phone,Address,Amount,Shoe size\nL1,Ana Example,13800130001,1 Sample St,5,40\n"
MORE = "L2,Ana Example,13800130001,2 Sample St,6,41\nL3,Bo Example,,3 Sample St,lots,42\n"
Run = Callable[..., Result]


@pytest.fixture
def run(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on the office's database."""
    monkeypatch.setenv("FAIRVISIT_DATABASE_URL", desk.office.site.settings.database_url)
    monkeypatch.setenv("FAIRVISIT_FOLDER", str(tmp_path))
    monkeypatch.setenv("FAIRVISIT_PHONE_REGION", "CN")

    def invoke(command: object, *arguments: str) -> Result:
        result = CliRunner().invoke(command, arguments)  # type: ignore[arg-type]
        assert result.exception is None or isinstance(result.exception, FieldError | SystemExit), result.exception
        return result

    return invoke


def test_import_says_what_became_of_the_rows(desk: Desk, run: Run) -> None:
    """Counts, the rejects file, places without coordinates, probable matches and unused columns are told; no names."""
    path = desk.put(PORTFOLIO + MORE)
    said = run(import_command, str(path), "--lender", "Bank", "--currency", "CNY").output

    assert "3 rows for Bank (utf-8): 2 new, 0 changed, 0 unchanged, 1 rejected." in said
    assert f"{path}.rejects.csv" in said.replace("\n", "")
    assert "2 places have no coordinates yet" in said
    assert "1 pairs of persons may be one" in said
    assert "Columns not used: Shoe size" in said
    assert "Ana" not in said


def test_payments_says_how_many_cases_were_taken_back(desk: Desk, run: Run) -> None:
    """Where nothing is owed any more the number of cases is told; where nobody had one, nothing is."""
    desk.take("Loan No,Name,Address,Amount\nL1,Ana Example,1 Sample St,100\n")
    assign(desk.office.site, [desk.case("L1").id], "a1")
    path = desk.put("Loan No,Receipt,Payment date,Amount\nL1,S1,2026-09-30,100\n", "ledger.csv")
    said = [run(payments_command, str(path), "--lender", "Bank", "--currency", "CNY").output for _ in range(2)]

    assert [True, False] == ["Taken back from their crews, as nothing is owed any more: 1." in each for each in said]


def doubtful(count: int) -> str:
    """Give a portfolio of rows whose phone is no number."""
    rows = (f"D{n},Cy Example {n},n.a.,{n} Sample St,5,40\n" for n in range(count))
    return PORTFOLIO.splitlines(keepends=True)[0] + "".join(rows)


def test_import_says_each_doubt(desk: Desk, run: Run) -> None:
    """Up to twenty doubts are told with line, column and sentence, without the value; there is no file of them."""
    path = desk.put(doubtful(20))
    said = run(import_command, str(path), "--lender", "Bank", "--currency", "CNY").output.splitlines()
    told = [line for line in said if line.startswith("  line ")]

    assert [f"  line {n}, Phone: This is no phone number." for n in range(2, 22)] == told
    assert "n.a." not in "".join(said)
    assert [path] == list(desk.folder.glob("portfolio*"))


def test_many_doubts_are_all_in_a_file(desk: Desk, run: Run) -> None:
    """Beyond twenty the rest is counted, and every doubtful row stands beside the rejects, told as rejects are."""
    path = desk.put(doubtful(22) + MORE)
    said = run(import_command, str(path), "--lender", "Bank", "--currency", "CNY").output
    found = path.with_name("portfolio.csv.doubts.csv")
    rows = list(csv.DictReader(io.StringIO(found.read_text("utf-8-sig"), newline="")))
    names = ("Loan No", "Phone", "reject_line", "reject_column", "reject_reason")

    assert 20 == said.count("no phone number")
    assert f"  and 2 more; all of them: {found}" in said
    assert [f"D{n}" for n in range(22)] == [row["Loan No"] for row in rows]
    assert ("D21", "n.a.", "23", "Phone", "This is no phone number.") == tuple(rows[-1][name] for name in names)
    assert 0o600 == stat.S_IMODE(found.stat().st_mode)
    assert path.with_name("portfolio.csv.rejects.csv").exists()


def test_import_asks_for_what_it_cannot_tell(desk: Desk, run: Run) -> None:
    """An undecidable encoding ends the command with the question, and nothing is imported."""
    path = desk.folder / "portfolio.csv"
    path.write_bytes(b"Loan No,Name,Address,Amount\n1,\xc4\xe3,x,5\n")
    failed = run(import_command, str(path), "--lender", "Bank", "--currency", "CNY")
    done = run(import_command, str(path), "--lender", "Bank", "--currency", "CNY", "--encoding", "gb18030")

    assert isinstance(failed.exception, FieldError)
    assert "it may be gb18030 or big5" in failed.exception.detail
    assert "1 new" in done.output
    assert ["你"] == [row.name for row in desk.office.rows(tables.person)]


def test_rejects_never_overwrite_the_file_that_is_read(desk: Desk, run: Run) -> None:
    """--rejects with the name of the portfolio itself is refused."""
    path = desk.put(PORTFOLIO + MORE)
    failed = run(import_command, str(path), "--lender", "Bank", "--currency", "CNY", "--rejects", str(path))

    assert isinstance(failed.exception, FieldError)
    assert PORTFOLIO + MORE == path.read_text("utf-8")


def test_payments_and_matches_say_what_they_did(desk: Desk, run: Run) -> None:
    """A ledger's counts are told; a pair is listed and decided."""
    run(import_command, str(desk.put(PORTFOLIO + MORE)), "--lender", "Bank", "--currency", "CNY")
    ledger = desk.put("Loan No,Receipt,Date,Amount\nL1,S1,2024-03-01,1\n", "ledger.csv")
    paid = run(payments_command, str(ledger), "--lender", "Bank", "--currency", "CNY")
    listed = run(matches_command).output.split()
    decided = run(matches_command, "--same", listed[0], listed[1], "--by", "Rita")
    unsigned = run(matches_command, "--same", listed[0], listed[1])

    assert "1 rows for Bank (utf-8): 1 new, 0 unchanged." in paid.output
    assert "one person from now on" in decided.output
    assert "Nothing to decide." in run(matches_command).output
    assert 2 == unsigned.exit_code


def test_the_settings_name_the_geocoder(desk: Desk, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Geocoder and address come from the settings where the command does not say them; a file goes before them."""
    run(import_command, str(desk.put(PORTFOLIO)), "--lender", "Bank", "--currency", "CNY")
    known = desk.put("Address,Latitude,Longitude\n9 Other St,31,121\n", "known.csv")
    with running(FakeGeocoder()) as fake:
        monkeypatch.setenv("FAIRVISIT_GEOCODER", "nominatim")
        monkeypatch.setenv("FAIRVISIT_GEOCODER_URL", fake.url)
        from_file = run(geocode_command, "--known", str(known)).output
        asked_before = list(fake.asked)
        run(geocode_command, "--delay", "0")
    monkeypatch.setenv("FAIRVISIT_GEOCODER", "nobody")
    wrong = run(geocode_command)

    assert "0 places found, 1 still without coordinates." in from_file
    assert ([], ["1 Sample St"]) == (asked_before, fake.asked)
    assert "'nobody' is none of nominatim" in str(wrong.exception)


def test_the_settings_hold_the_geocoders_key_and_do_not_show_it() -> None:
    """The key is read like any setting, and printing the settings tells nobody."""
    settings = Settings.from_environment({"FAIRVISIT_GEOCODER_KEY": "k-secret"})

    assert "k-secret" == settings.geocoder_key
    assert "k-secret" not in repr(settings)


def test_geocode_asks_and_tells(desk: Desk, run: Run) -> None:
    """Either a file or a geocoder is named; found and missing places are counted."""
    run(import_command, str(desk.put(PORTFOLIO)), "--lender", "Bank", "--currency", "CNY")
    with running(FakeGeocoder()) as fake:
        fake.answers["1 Sample St, Sampleton"] = nominatim(31.2, 121.4, addresstype="house", place_rank=30)
        options = ("--geocoder", "nominatim", "--geocoder-url", fake.url, "--delay", "0", "--region", "Sampleton")
        said = run(geocode_command, *options).output
    neither = run(geocode_command)

    assert "1 places found, 0 still without coordinates." in said
    assert 2 == neither.exit_code
