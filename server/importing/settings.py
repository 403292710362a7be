"""How a lender's file is to be read: what a mapping file may say, frozen, with defaults that ask rather than guess."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

DateOrder = Literal["ymd", "dmy", "mdy"]


@dataclass(frozen=True, slots=True)
class ReadingSettings:
    """Currency, units, orders and kinds that cells are read by."""

    currency: str = ""  # ISO 4217; "": the file must say
    money_unit: int | None = None  # units of the currency that one written unit stands for; None: as the title says
    decimal: Literal[".", ","] = "."
    dates: DateOrder | None = None  # of dates with the year last; None: as the column's other dates show
    counts_from_1904: bool = False  # serial dates
    identity_kinds: tuple[str, ...] = ("cn.ric",)  # python-stdnum modules, tried in order
    phone_region: str = "US"
    zone: str = "UTC"  # of times that name none
    postal_digits: tuple[int, ...] = ()  # (): as the column's other codes show
    reference_digits: int = 0  # 0: as the column's other references show
    datum: Literal["wgs84", "gcj02", "bd09"] = "wgs84"
    precision: Literal["door", "building", "street", "village", "town"] = "street"


@dataclass(frozen=True, slots=True)
class FileMapping:
    """Which columns feed which fields, fixed values for fields without a column, and how cells are read."""

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    settings: ReadingSettings = field(default_factory=ReadingSettings)
    sheet: str = ""
    header_row: int = 0  # 0: found
    lender: str = ""
