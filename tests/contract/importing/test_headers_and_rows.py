"""Headers that are not simply the first row, and rows that are broken as rows, in whole files."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import FieldError
from tests.contract.importing.reading_steps import (
    CHINESE,
    ENGLISH,
    english_rows,
    read_file,
    records,
    rejects,
    write_xlsx,
)


def csv_file(folder: Path, text: str) -> Path:
    """Write a CSV."""
    path = folder / "portfolio.csv"
    path.write_text(text, "utf-8")
    return path


class TestHeaders:
    """Titles that are not simply the first row."""

    def test_a_merged_header_of_two_rows_is_understood(self, tmp_path: Path) -> None:
        """A banner, then groups merged over their columns: titles come from both rows."""
        rows = [
            ["示例银行委外清单 2024年3月"],
            [],
            ["借据号", "借款人", None, "地址", "欠款", None],
            [None, "姓名", "电话", None, "逾期金额(万元)", "欠款金额"],
            ["JJ1", "测试甲", None, "样本路1号", 1.5, 20000],
        ]
        (found,) = records(read_file(write_xlsx(tmp_path / "p.xlsx", rows)))

        assert ("JJ1", "测试甲", "样本路1号", 1_500_000, 2_000_000, 5) == (
            found.text("reference"), found.text("name"), found.text("address"),
            found.number("overdue"), found.number("amount"), found.line,
        )  # fmt: skip

    def test_titles_that_stand_twice_are_told_apart_by_their_group(self, tmp_path: Path) -> None:
        """The guarantor's name and phone under a merged title are not the borrower's."""
        text = "借据号,借款人,,担保人,,地址,欠款金额\n,姓名,电话,姓名,电话,,\nJJ1,测试甲,,测试乙,,样本路1号,5\n"
        (found,) = records(read_file(csv_file(tmp_path, text)))

        assert "测试甲" == found.text("name")

    def test_a_header_further_down_is_found(self, tmp_path: Path) -> None:
        """Notes above the table are passed over; line numbers are those of the file."""
        text = "Example Bank,,,\nPrinted 2024-03-01,,,\n\nLoan No,Name,Address,Amount\nLN-1,Ana,1 Sample St,5\n"

        assert [5] == [record.line for record in records(read_file(csv_file(tmp_path, text)))]

    def test_a_header_row_may_be_named(self, tmp_path: Path) -> None:
        """header_row takes the titles from that line, however far down and whatever stands above."""
        text = "Loan No,Name,Address,Amount\n" * 30 + "Akte,Name,Address,Amount\nA1,Ana,1 Sample St,5\n"
        mapping = {"header_row": 31, "columns": {"reference": "Akte"}}

        assert ["A1"] == [r.text("reference") for r in records(read_file(csv_file(tmp_path, text), mapping))]

    def test_two_columns_for_one_field_ask(self, tmp_path: Path) -> None:
        """Two columns that both read like the name are not chosen between."""
        with pytest.raises(FieldError) as caught:
            read_file(csv_file(tmp_path, "Loan No,Name,Borrower,Address,Amount\nLN-1,A,B,1 Sample St,5\n"))

        assert ["name"] == list(caught.value.fields)

    def test_a_missing_column_asks_and_lists_the_titles(self, tmp_path: Path) -> None:
        """A required field without a column names what is there and how to map it."""
        with pytest.raises(FieldError) as caught:
            read_file(csv_file(tmp_path, "Loan No,Name,Wohnort,Amount\nLN-1,A,1 Sample St,5\n"))

        assert "“Wohnort”" in caught.value.fields["address"][0]
        assert "columns: {address: …}" in caught.value.fields["address"][0]


class TestRows:
    """Rows that are broken as rows."""

    def test_a_stray_quotation_mark_costs_one_row(self, tmp_path: Path) -> None:
        """An unclosed quotation mark rejects its own line; the rows behind it are read."""
        text = ENGLISH + english_rows(2) + '"LN-9,Ana,,,1 Sample St,,1,10,\n' + english_rows(4).split("\n", 2)[2]
        outcomes = read_file(csv_file(tmp_path, text))

        assert [4] == [reject.line for reject in rejects(outcomes)]
        assert [2, 3, 5, 6] == [record.line for record in records(outcomes)]

    def test_two_stray_marks_do_not_swallow_the_rows_between_them(self, tmp_path: Path) -> None:
        """What stands between two stray marks is no cell unless the row then has the header's width."""
        lines = english_rows(5).splitlines(keepends=True)
        lines[1], lines[3] = '"' + lines[1], lines[3].replace("\n", '"\n')
        outcomes = read_file(csv_file(tmp_path, ENGLISH + "".join(lines)))

        assert [2, 4, 6] == [record.line for record in records(outcomes)]
        assert [3, 5] == [reject.line for reject in rejects(outcomes)]

    def test_a_quoted_cell_may_hold_line_ends(self, tmp_path: Path) -> None:
        """An address over two lines is one cell, and later lines keep their numbers."""
        text = ENGLISH + 'LN-1,Ana,,,"1 Sample St\nFlat 3",,1,10,\nLN-2,Bo,,,2 Sample St,,1,10,\n'
        found = records(read_file(csv_file(tmp_path, text)))

        assert [(2, "1 Sample St Flat 3"), (4, "2 Sample St")] == [(r.line, r.text("address")) for r in found]

    def test_a_row_with_too_many_cells_is_rejected(self, tmp_path: Path) -> None:
        """An unquoted comma in an address shifts everything behind it: the row is not taken."""
        row = "LN-1,Ana,,,1 Sample St,Flat 3,94101,1,10,2024-03-01\n"
        (reject,) = rejects(read_file(csv_file(tmp_path, ENGLISH + row)))

        assert "The row has more cells than the header." == reject.faults[0][1].reason

    def test_every_fault_of_a_row_is_named_at_once(self, tmp_path: Path) -> None:
        """A row with three faults tells all three, so that it is mended in one go."""
        row = "LN-1,,1.10101E+17,,1 Sample St,,1,lots,\n"
        (reject,) = rejects(read_file(csv_file(tmp_path, ENGLISH + row)))

        assert {"Name", "ID number", "Amount"} == {column for column, _ in reject.faults}

    def test_a_total_below_the_table_is_no_case(self, tmp_path: Path) -> None:
        """合计 in the first column is told as a total."""
        (reject,) = rejects(read_file(csv_file(tmp_path, CHINESE + "合计,,,,,,,100,\n")))

        assert "The row reads like a total, not like a case." in {fault.reason for _, fault in reject.faults}

    @pytest.mark.parametrize("delimiter", [";", "\t", "|"])
    def test_other_delimiters_are_found(self, delimiter: str, tmp_path: Path) -> None:
        """Semicolons, tabs and bars cut cells as commas do."""
        text = (ENGLISH + english_rows(3)).replace(",", delimiter)

        assert 3 == len(records(read_file(csv_file(tmp_path, text))))

    @pytest.mark.parametrize(
        ("start", "said"), [(b"\xd0\xcf\x11\xe0" + b"x" * 600, "old workbook"), (b"<html>", "web page")]
    )
    def test_files_that_are_something_else_are_told(self, start: bytes, said: str, tmp_path: Path) -> None:
        """An old .xls and a web page named .xls are refused with the cure."""
        path = tmp_path / "portfolio.xls"
        path.write_bytes(start)
        with pytest.raises(FieldError) as caught:
            read_file(path)

        assert said in caught.value.detail
