"""What spreadsheets do to numbers, dates and amounts, seen in whole files: taken rightly, or rejected with the cure."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from schemas.errors import FieldError
from tests.contract.importing.reading_steps import (
    ENGLISH,
    NOBODY,
    english_rows,
    read_file,
    records,
    rejects,
    write_xlsx,
)

TITLES = ["Loan No", "Name", "ID number", "Address", "Amount"]


def csv_file(folder: Path, text: str) -> Path:
    """Write a CSV."""
    path = folder / "portfolio.csv"
    path.write_text(text, "utf-8")
    return path


class TestLostDigits:
    """Numbers that a spreadsheet shortened."""

    def test_a_number_shown_as_1_10101e17_is_rejected_with_the_cure(self, tmp_path: Path) -> None:
        """An identity number in scientific form is never guessed: the row is rejected and told what to do."""
        row = "LN-1,Ana Example,1.10101E+17,,1 Sample Street,94101,1,10,2024-03-01\n"
        (reject,) = rejects(read_file(csv_file(tmp_path, ENGLISH + row)))
        ((column, fault),) = reject.faults

        assert (2, "ID number") == (reject.line, column)
        assert "The number is shown as 1.10101E+17: its last digits are lost." == fault.reason
        assert fault.cure.startswith("Format the column as text in the source and export it again")

    def test_an_18_digit_number_cell_of_a_workbook_is_rejected(self, tmp_path: Path) -> None:
        """A number cell keeps 15 digits, so one with 18 is rejected even though it looks whole."""
        path = write_xlsx(tmp_path / "p.xlsx", [TITLES, ["LN-1", "Ana Example", int(NOBODY), "1 Sample Street", 10]])
        (reject,) = rejects(read_file(path))

        assert "ID number" == reject.faults[0][0]
        assert "its last digits are lost" in reject.faults[0][1].reason

    def test_a_number_kept_as_text_is_taken(self, tmp_path: Path) -> None:
        """The same number as text passes, also with an apostrophe or as ="…", as exports write it."""
        written = [NOBODY, f"'{NOBODY}", f'"=""{NOBODY}"""']
        rows = "".join(f"LN-{n},Ana Example,{text},,1 Sample Street,,1,10,\n" for n, text in enumerate(written))
        found = records(read_file(csv_file(tmp_path, ENGLISH + rows)))

        assert [NOBODY] * 3 == [record.text("identity_number") for record in found]

    def test_a_number_whose_end_became_zeros_is_rejected_with_that_reason(self, tmp_path: Path) -> None:
        """Three zeros at the end of a number that fails its check are named as a spreadsheet's doing."""
        row = f"LN-1,Ana Example,{NOBODY[:15]}000,,1 Sample Street,94101,1,10,\n"
        (reject,) = rejects(read_file(csv_file(tmp_path, ENGLISH + row)))

        assert "a spreadsheet seems to have dropped its last digits" in reject.faults[0][1].reason

    def test_a_wrong_check_digit_is_rejected(self, tmp_path: Path) -> None:
        """Identity numbers are checked by python-stdnum; the reason says what does not fit."""
        row = f"LN-1,Ana Example,{NOBODY[:-1]}9,,1 Sample Street,94101,1,10,\n"
        (reject,) = rejects(read_file(csv_file(tmp_path, ENGLISH + row)))

        assert "its check digit does not fit the other digits" in reject.faults[0][1].reason


class TestLostZeros:
    """References and postal codes without the zeros they began with."""

    def test_a_reference_without_its_zeros_is_rejected(self, tmp_path: Path) -> None:
        """Where references have eight digits and leading zeros, one of five digits would be another case: rejected."""
        titles = "Loan No,Name,Address,Amount\n"
        rows = "".join(f"000{n},Ana Example,1 Sample Street,10\n" for n in (12345, 12346, 12347, 12348))
        outcomes = read_file(csv_file(tmp_path, f"{titles}{rows}12349,Bo Example,2 Sample Street,10\n"))
        (reject,) = rejects(outcomes)

        assert 4 == len(records(outcomes))
        assert "has 5 digits where the others have 8: leading zeros seem lost" in reject.faults[0][1].reason
        assert "Write it in full, with its zeros." in reject.faults[0][1].cure

    def test_references_of_different_lengths_without_zeros_are_taken(self, tmp_path: Path) -> None:
        """Plain running numbers are no lost zeros."""
        rows = "".join(f"{n},Ana Example,1 Sample Street,10\n" for n in (7, 98, 99, 100, 101))
        outcomes = read_file(csv_file(tmp_path, "Loan No,Name,Address,Amount\n" + rows))

        assert ["7", "98", "99", "100", "101"] == [record.text("reference") for record in records(outcomes)]

    def test_zeros_that_a_workbook_only_shows_are_kept(self, tmp_path: Path) -> None:
        """A number cell in format 00000000 reads as it is shown, with its zeros."""
        path = write_xlsx(tmp_path / "p.xlsx", [TITLES, [12345, "Ana", None, "1 Sample St", 10]], {"A2": "00000000"})

        assert ["00012345"] == [record.text("reference") for record in records(read_file(path))]

    def test_a_postal_code_without_its_zero_is_taken_and_flagged(self, tmp_path: Path) -> None:
        """A four-digit code among five-digit ones costs nobody the case, but a person is told."""
        row = "LN-9,Ana Example,,,9 Sample Street,2139,1,10,\n"
        found = records(read_file(csv_file(tmp_path, ENGLISH + english_rows(5) + row)))

        assert "2139" == found[-1].text("postal_code")
        assert [("postal_code", "The postal code has 4 digits instead of 5: a leading zero seems lost.")] == [
            (doubt.field, doubt.reason) for doubt in found[-1].doubts
        ]


class TestDates:
    """Days in the forms they come in."""

    @pytest.mark.parametrize(
        "written",
        ["45366", "2024-03-15", "2024/3/15", "2024年3月15日", "20240315", "2024-03-15 00:00:00", "民國113年3月15日"],
    )
    def test_a_day_is_read_in_many_forms(self, written: str, tmp_path: Path) -> None:
        """Excel's serial number in a CSV, ISO, Chinese and Republic years all mean the same day."""
        row = f"LN-1,Ana Example,,,1 Sample Street,,1,10,{written}\n"

        assert ["2024-03-15"] == [r.text("due_on") for r in records(read_file(csv_file(tmp_path, ENGLISH + row)))]

    def test_serial_and_real_dates_of_a_workbook_agree(self, tmp_path: Path) -> None:
        """A date cell and a bare serial number give the same day."""
        titles = [*TITLES, "Due date"]
        days = [datetime(2024, 3, 15), date(2024, 3, 15), 45366, 45366.75]  # noqa: DTZ001
        rows = [[f"LN-{n}", "Ana", None, "1 Sample St", 10, day] for n, day in enumerate(days)]
        found = records(read_file(write_xlsx(tmp_path / "p.xlsx", [titles, *rows])))

        assert ["2024-03-15"] * 4 == [record.text("due_on") for record in found]

    def test_day_and_month_are_told_by_the_rest_of_the_column(self, tmp_path: Path) -> None:
        """03/04/2024 is 3 April where another row says 15/03/2024."""
        rows = "".join(f"LN-{n},Ana,,,1 Sample St,,1,10,{day}\n" for n, day in enumerate(("03/04/2024", "15/03/2024")))
        found = records(read_file(csv_file(tmp_path, ENGLISH + rows)))

        assert ["2024-04-03", "2024-03-15"] == [record.text("due_on") for record in found]

    def test_a_column_that_does_not_tell_asks(self, tmp_path: Path) -> None:
        """Where every date fits both ways the import asks, naming the setting, before a row is taken."""
        path = csv_file(tmp_path, ENGLISH + "LN-1,Ana,,,1 Sample St,,1,10,03/04/2024\n")
        with pytest.raises(FieldError) as caught:
            read_file(path)
        found = records(read_file(path, {"settings": {"dates": "mdy"}}))

        assert ["dates"] == list(caught.value.fields)
        assert ["2024-03-04"] == [record.text("due_on") for record in found]

    def test_a_day_that_is_none_is_rejected(self, tmp_path: Path) -> None:
        """30 February is told as such."""
        (reject,) = rejects(read_file(csv_file(tmp_path, ENGLISH + "LN-1,Ana,,,1 Sample St,,1,10,2024-02-30\n")))

        assert "There is no day 2024-02-30." == reject.faults[0][1].reason


class TestMoney:
    """Amounts as integers of the minor unit."""

    @pytest.mark.parametrize(
        ("title", "written", "minor"),
        [
            ("欠款金额(万元)", "1.5", 1_500_000),
            ("欠款金额（元）", "15000", 1_500_000),
            ("欠款金额", "1.5万", 1_500_000),
            ("欠款金额", "1.5万元", 1_500_000),
            ("欠款金额(万元)", "15000元", 1_500_000),
            ("欠款金额", "¥15,000.00", 1_500_000),
            ("欠款金额", "１５０００", 1_500_000),
            ("欠款金额", "人民币15000元", 1_500_000),
        ],
    )
    def test_wan_and_yuan_come_to_the_same_fen(self, title: str, written: str, minor: int, tmp_path: Path) -> None:
        """万元 in the title or the cell, full-width digits, signs and thousands all give one integer."""
        text = f'借据号,姓名,地址,{title}\nJJ1,测试甲,样本路1号,"{written}"\n'
        (found,) = records(read_file(csv_file(tmp_path, text)))

        assert minor == found.number("amount")

    def test_a_workbook_amount_is_exact(self, tmp_path: Path) -> None:
        """What a spreadsheet stores as 1234.5600000000001 is 1234.56."""
        path = write_xlsx(tmp_path / "p.xlsx", [TITLES, ["LN-1", "Ana", None, "1 Sample St", 1234.56 + 1e-13]])

        assert [123456] == [record.number("amount") for record in records(read_file(path))]

    @pytest.mark.parametrize("written", ["12.345", "1.234,56", "about 500", "1,0000", "12 or 13"])
    def test_an_amount_that_is_none_is_rejected_not_rounded(self, written: str, tmp_path: Path) -> None:
        """Fractions of a cent, foreign commas and words are rejected with the cure."""
        text = f'Loan No,Name,Address,Amount\nLN-1,Ana,1 Sample St,"{written}"\n'
        (reject,) = rejects(read_file(csv_file(tmp_path, text)))

        assert ["Amount"] == [column for column, _ in reject.faults]

    def test_a_decimal_comma_is_taken_when_it_is_named(self, tmp_path: Path) -> None:
        """settings: {decimal: ","} reads 1.234,56 as such."""
        path = csv_file(tmp_path, "Loan No;Name;Address;Amount\nLN-1;Ana;1 Sample St;1.234,56\n")

        assert [123456] == [r.number("amount") for r in records(read_file(path, {"settings": {"decimal": ","}}))]

    def test_a_file_that_names_no_currency_asks(self, tmp_path: Path) -> None:
        """Without a currency anywhere nothing is imported; the question names the option."""
        with pytest.raises(FieldError) as caught:
            read_file(csv_file(tmp_path, ENGLISH + english_rows(1)), currency="")

        assert "Add --currency CNY" in caught.value.fields["currency"][1]

    def test_a_title_may_name_the_currency(self, tmp_path: Path) -> None:
        """Amount (USD) needs no setting."""
        path = csv_file(tmp_path, "Loan No,Name,Address,Amount (USD)\nLN-1,Ana,1 Sample St,12.50\n")
        (found,) = records(read_file(path, currency=""))

        assert ("USD", 1250) == (found.text("currency"), found.number("amount"))
