"""What the tests of the import share: an invented portfolio, and reading a file down to records and rejects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from openpyxl import Workbook

from server.importing.fields import load_spec
from server.importing.mapping import read_mapping
from server.importing.reading import Record, Reject, read_records
from server.importing.table import open_table

FIXTURES = Path(__file__).parent / "fixtures"
# Valid check digits, born in 1800: they belong to no one alive.
NOBODY, NOBODY_TOO = "110101180003071233", "310101180001010012"
ENGLISH = "Loan No,Name,ID number,Phone,Address,Postal code,Overdue,Amount,Due date\n"
CHINESE = "借据号,姓名,身份证号,电话,地址,邮编,逾期金额,欠款金额,到期日\n"


def english_rows(count: int) -> str:
    """Give *count* invented rows under the ENGLISH titles."""
    return "".join(
        f"LN-{n:05},Ana Example {n},,,{n} Sample Street,9410{n % 10},{n}.50,{n * 10}.00,2024-03-{n % 28 + 1:02}\n"
        for n in range(1, count + 1)
    )


def chinese_rows(count: int) -> str:
    """Give *count* invented rows under the CHINESE titles."""
    return "".join(
        f"JJ{n:06},测试{'甲乙丙丁戊己庚辛'[n % 8]},,,示例市样本路{n}号,"
        f"10000{n % 10},{n}.50,{n * 10}.00,2024年3月{n % 28 + 1}日\n"
        for n in range(1, count + 1)
    )


def read_file(
    path: Path, mapping: dict[str, Any] | None = None, encoding: str = "", kind: Any = "portfolio",
    currency: str = "CNY",
) -> list[Record | Reject]:  # fmt: skip
    """Read *path* with a mapping whose currency is *currency* unless it says otherwise; with "" it says none."""
    spec = load_spec(kind)
    settings = {**({"currency": currency} if currency else {}), **(mapping or {}).get("settings", {})}
    plan = read_mapping({**(mapping or {}), "settings": settings}, spec)
    with open_table(path, spec, plan, encoding) as table:
        return list(read_records(table, spec, plan))


def records(outcomes: list[Record | Reject]) -> list[Record]:
    """Give the good rows."""
    return [outcome for outcome in outcomes if isinstance(outcome, Record)]


def rejects(outcomes: list[Record | Reject]) -> list[Reject]:
    """Give the bad rows."""
    return [outcome for outcome in outcomes if isinstance(outcome, Reject)]


def write_xlsx(path: Path, rows: list[list[Any]], formats: dict[str, str] | None = None) -> Path:
    """Write a workbook of one sheet; *formats* are number formats by cell name."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for name, number_format in (formats or {}).items():
        sheet[name].number_format = number_format
    book.save(path)
    return path
