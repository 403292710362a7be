"""
What the public pages say, in English and Simplified Chinese: sentences by key, days and times as people say them.

To change a sentence: `texts.yaml`, in both languages. A test holds every key to both, and to the words that never
appear on a page that a bystander may read over a shoulder.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

HERE = Path(__file__).parent
LANGUAGES = ("en", "zh")
TAGS = {"en": "en", "zh": "zh-Hans"}
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip
_DAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
}


@cache
def read_texts() -> Mapping[str, Mapping[str, str]]:
    """Give every sentence by its key, in both languages."""
    read: Mapping[str, Mapping[str, str]] = yaml.safe_load((HERE / "texts.yaml").read_text("utf-8"))
    return read


@cache
def read_guides() -> list[Mapping[str, Mapping[str, str]]]:
    """Give the texts about where to find help, each with its source, its day and who of the house answers for it."""
    read: list[Mapping[str, Mapping[str, str]]] = yaml.safe_load((HERE / "guides.yaml").read_text("utf-8"))
    return read


def say(language: str, key: str, **values: object) -> str:
    """Give the sentence of *key*, with *values* in it."""
    return read_texts()[key][language].format(**values)


def say_day(language: str, day: date) -> str:
    """
    Give a day as people say it.

    >>> say_day("en", date(2026, 5, 5)), say_day("zh", date(2026, 5, 5))
    ('Tuesday 5 May 2026', '2026年5月5日（周二）')
    """
    name = _DAYS[language][day.weekday()]
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日（{name}）"
    return f"{name} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def say_text_day(language: str, text: str) -> str:
    """
    Give a day written YYYY-MM-DD as people write it; the name of its weekday says nothing there.

    >>> say_text_day("en", "2026-05-05"), say_text_day("zh", "2026-05-05")
    ('5 May 2026', '2026年5月5日')
    """
    said = say_day(language, date.fromisoformat(text))
    return said.partition("（")[0] if language == "zh" else said.partition(" ")[2]


def local(at_ms: int, zone: str) -> datetime:
    """Give a moment in a zone."""
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone))


def say_clock(at_ms: int, zone: str) -> str:
    """
    Give the time of day.

    >>> say_clock(1_700_000_000_000, "Asia/Shanghai")
    '06:13'
    """
    return f"{local(at_ms, zone):%H:%M}"


def say_moment(language: str, at_ms: int, zone: str) -> str:
    """
    Give day and time of day.

    >>> say_moment("zh", 1_700_000_000_000, "UTC")
    '2023年11月14日（周二）22:13'
    """
    gap = "" if language == "zh" else ", "
    return f"{say_day(language, local(at_ms, zone).date())}{gap}{say_clock(at_ms, zone)}"


def say_span(language: str, starts_ms: int, ends_ms: int, zone: str) -> str:
    """
    Give from when until when; the day once.

    >>> say_span("en", 0, 7_200_000, "UTC")
    'Thursday 1 January 1970, 00:00–02:00'
    """
    return f"{say_moment(language, starts_ms, zone)}–{say_clock(ends_ms, zone)}"


def say_age(language: str, age_ms: int) -> str:
    """
    Give how long ago something was.

    >>> say_age("en", 12_400), say_age("zh", 400_000), say_age("en", 90_000_000)
    ('12 s', '6 分钟', '25 hours')
    """
    seconds = max(0, age_ms) // 1000
    for size, names in ((3600, (" hours", " 小时")), (60, (" min", " 分钟")), (1, (" s", " 秒"))):
        if seconds >= size * 2 or size == 1:
            return f"{seconds // size}{names[LANGUAGES.index(language)]}"
    raise AssertionError
