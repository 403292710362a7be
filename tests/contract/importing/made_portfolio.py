"""A made portfolio of any length, the same for the same number of rows; every five-hundredth row is bad."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from openpyxl import Workbook
from stdnum.cn import ric

TITLES = (
    "借据号,客户号,姓名,身份证号,电话,地址,邮编,区域,纬度,经度,产品,信用等级,逾期金额(元),欠款金额(元),逾期天数,到期日".split(",")
)
BAD_EVERY = 500


def made_rows(count: int) -> Iterator[list[str]]:
    """Give rows of invented persons, three cases to two of them; identity numbers of births before 1800."""
    for n in range(count):
        person = n * 2 // 3
        born = f"{1700 + person % 90:04}{person % 12 + 1:02}{person % 28 + 1:02}"
        number = f"1101{'01' if person % 2 else '05'}{born}{person % 1000:03}"
        number += ric.calc_check_digit(number + "0")
        yield [
            f"JJ{n:08}", f"KH{person:07}", f"测试{'甲乙丙丁戊己庚辛'[person % 8]}{person}",
            "1.10101E+17" if n % BAD_EVERY == BAD_EVERY - 1 else number,
            f"138{person:08}", f"示例市样本区样本路{n % 999}号{n}室", f"{100000 + n % 900}", "样本区",
            f"{39 + n % 1000 / 1e4:.4f}", f"{116 + n % 1000 / 1e4:.4f}", "消费贷", "ABCDE"[n % 5],
            f"{n % 5000}.50", f"{n % 50000 + 5000}.00", str(n % 360), f"2024-0{n % 9 + 1}-1{n % 10}",
        ]  # fmt: skip


def write_made_portfolio(path: Path, count: int) -> Path:
    """Write it as CSV in GB18030, or as XLSX by the name's ending."""
    if path.suffix == ".xlsx":
        book = Workbook(write_only=True)
        sheet = book.create_sheet("委外清单")
        for row in [list(TITLES), *made_rows(count)]:
            sheet.append(row)
        book.save(path)
        return path
    with path.open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows([TITLES, *made_rows(count)])
    return path
