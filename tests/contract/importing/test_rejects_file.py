"""The rejects file: what it holds, and that it can be mended and imported again."""

from __future__ import annotations

import csv
import io
import stat
from pathlib import Path

import pytest

from server.importing.fields import load_spec
from server.importing.reading import Reject, read_records
from server.importing.rejects import RejectsFile
from server.importing.settings import FileMapping, ReadingSettings
from server.importing.table import open_table
from tests.contract.importing.reading_steps import (
    ENGLISH,
    NOBODY,
    english_rows,
    read_file,
    records,
    rejects,
    write_xlsx,
)

SPEC = load_spec("portfolio")
MAPPING = FileMapping(settings=ReadingSettings(currency="CNY"))
BAD = [
    'LN-7,"Ana ""Bo"" Example",1.10101E+17,,"7 Sample Street, Flat 3",94107,1,10,2024-03-01\n',
    "LN-8,=cmd(),,,8 Sample Street,94108,1,-5x,2024-02-30\n",
]


def write_rejects(path: Path, rejected: Path) -> int:
    """Read *path* and write its rejects; give how many."""
    with open_table(path, SPEC, MAPPING) as table, RejectsFile(rejected, table.titles) as file:
        for outcome in read_records(table, SPEC, MAPPING):
            if isinstance(outcome, Reject):
                file.write(outcome)
    return file.count


@pytest.fixture
def rejected(tmp_path: Path) -> Path:
    """The rejects of a file with two good and two bad rows."""
    path = tmp_path / "portfolio.csv"
    path.write_text(ENGLISH + english_rows(2) + "".join(BAD), "utf-8")
    write_rejects(path, tmp_path / "rejects.csv")
    return tmp_path / "rejects.csv"


def test_a_reject_tells_line_column_reason_and_cure(rejected: Path) -> None:
    """Each bad row stands as it was, with the four columns beside it."""
    first, second = csv.DictReader(io.StringIO(rejected.read_text("utf-8-sig"), newline=""))

    assert ('Ana "Bo" Example', "7 Sample Street, Flat 3") == (first["Name"], first["Address"])
    assert ("4", "ID number") == (first["reject_line"], first["reject_column"])
    assert "its last digits are lost" in first["reject_reason"]
    assert "Format the column as text" in first["reject_cure"]
    assert "Amount | Due date" == second["reject_column"]


def test_a_mended_rejects_file_is_taken_in(rejected: Path) -> None:
    """The rejects file itself, with the cells corrected, reads like any portfolio, whatever else was in the row."""
    text = rejected.read_text("utf-8-sig").replace("1.10101E+17", NOBODY).replace("-5x", "5").replace("02-30", "02-29")
    mended = rejected.with_name("mended.csv")
    mended.write_text(text, "utf-8")
    found = records(read_file(mended))

    assert [("LN-7", 'Ana "Bo" Example'), ("LN-8", "=cmd()")] == [(r.text("reference"), r.text("name")) for r in found]


def test_a_rejects_file_rejected_again_keeps_its_shape(rejected: Path) -> None:
    """Importing it unmended gives the same rows again, with one set of reject columns."""
    again = rejected.with_name("again.csv")

    assert 2 == write_rejects(rejected, again)
    assert rejected.read_text("utf-8-sig").splitlines()[0] == again.read_text("utf-8-sig").splitlines()[0]


def test_a_cell_that_begins_like_a_formula_is_defused(rejected: Path) -> None:
    """A spreadsheet that opens the rejects runs nothing from a lender's file."""
    assert "'=cmd()" in rejected.read_text("utf-8-sig")


def test_rejects_are_for_their_owner_only(rejected: Path) -> None:
    """The file holds personal facts: nobody else may read it."""
    assert 0o600 == stat.S_IMODE(rejected.stat().st_mode)


def test_without_rejects_there_is_no_file(tmp_path: Path) -> None:
    """A clean portfolio leaves nothing behind."""
    path = tmp_path / "portfolio.csv"
    path.write_text(ENGLISH + english_rows(2), "utf-8")

    assert 0 == write_rejects(path, tmp_path / "rejects.csv")
    assert [path] == list(tmp_path.iterdir())


def test_rejects_appear_only_when_complete(tmp_path: Path) -> None:
    """An import that ends in the middle leaves no half-written rejects file."""
    file = RejectsFile(tmp_path / "rejects.csv", ["a"])
    file.write(Reject(2, (), ("x",)))
    file.__exit__(RuntimeError, None, None)

    assert [] == list(tmp_path.iterdir())


def test_rejects_of_a_workbook_can_be_mended_too(tmp_path: Path) -> None:
    """Numbers and dates of a workbook are written so that they read the same again."""
    titles = ["Loan No", "Name", "Address", "Amount", "Due date"]
    path = write_xlsx(tmp_path / "p.xlsx", [titles, [731, None, "1 Sample St", 12.5, 45366]], {"A2": "000000"})
    write_rejects(path, tmp_path / "rejects.csv")
    text = (tmp_path / "rejects.csv").read_text("utf-8-sig").replace("000731,,", "000731,Ana,")
    (tmp_path / "mended.csv").write_text(text, "utf-8")
    outcomes = read_file(tmp_path / "mended.csv")

    assert [] == rejects(outcomes)
    assert [("000731", 1250, "2024-03-15")] == [
        (row.text("reference"), row.number("amount"), row.text("due_on")) for row in records(outcomes)
    ]
