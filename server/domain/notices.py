"""
What a notice of a visit says, to whom, in which language and by when; and the code that only its paper carries.

Comes in: a person, a case, who would come and when. Goes out: words, never a decision to visit: that is the gate's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from server.domain.enrolling import ALPHABET, GROUP

# What every letter and every message text of ours holds, in the words of rulebooks. A test holds the letters to it.
CONTENT = (
    "purpose", "intended_outcome", "date", "time_range", "agency", "agent_names", "verification_link",
    "right_to_refuse_or_rearrange", "complaint_channel",
)  # fmt: skip
LANGUAGES = ("en", "zh")
ANSWER_DAYS = 90  # how long after the day of the visit its person can still answer, complain and look
CODE_LENGTH = 8  # 39 bits; each try costs a device as much as ITERATIONS in schemas/sealing.py says
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def make_letter_code(random_bytes: bytes) -> str:
    """
    Make a letter's code of at least 16 random bytes, as it is printed.

    >>> make_letter_code(bytes(16))
    '2222-2222'
    """
    number, letters = int.from_bytes(random_bytes, "big"), ""
    for _ in range(CODE_LENGTH):
        number, place = divmod(number, len(ALPHABET))
        letters += ALPHABET[place]
    return f"{letters[:GROUP]}-{letters[GROUP:]}"


def choose_language(language: str | None, region: str) -> str:
    """
    Give the language a person is written to in: Chinese for its speakers, and in China where nobody told.

    >>> choose_language("zh-CN", "US"), choose_language(None, "CN"), choose_language("es", "CN")
    ('zh', 'zh', 'en')
    """
    told = (language or "").lower()
    return "zh" if told.startswith("zh") or (not told and region.startswith("CN")) else "en"


def say_town(area: str | None, address: str) -> str:
    """
    Give what of a place's area belongs into its address: no code of a part of a country, nothing said already.

    >>> say_town("San Francisco", "88 King"), say_town("苓雅区", "高雄市苓雅区四维三路2号"), say_town("US-MA", "1 Elm")
    ('San Francisco', '', '')
    """
    return "" if not area or area in address or re.fullmatch("[A-Z]{2}-[A-Z0-9]{1,3}", area) else area


def say_day(day: date, language: str) -> str:
    """
    Give a day as a person reads it.

    >>> say_day(date(2026, 12, 3), "en"), say_day(date(2026, 12, 3), "zh")
    ('Thursday 3 December 2026', '2026年12月3日（星期四）')
    """
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日（星期{'一二三四五六日'[day.weekday()]}）"
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def say_names(names: Sequence[str], language: str) -> str:
    """
    Give names in a row.

    >>> say_names(["Ann", "Bo", "Cy"], "en"), say_names(["王芳", "李强"], "zh")
    ('Ann, Bo and Cy', '王芳、李强')
    """
    if language == "zh" or len(names) < 2:
        return "、".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything that one letter, its message or a slip says. Token and code are nowhere else."""

    notice_id: str
    name: str
    address: str
    town: str
    postal_code: str
    language: str
    lender: str
    reference: str
    agency: str
    agents: tuple[str, ...]
    day: date
    starts: str  # HH:MM, local to the place
    ends: str
    until: date  # the last day on which the token answers
    phone: str = ""
    email: str = ""
    token: str = field(default="", repr=False)
    code: str = field(default="", repr=False)

    @property
    def number(self) -> str:
        """The end of the notice's id: by it a letter that came back is known without opening it."""
        return self.notice_id[-8:]


def message_of(letter: Letter, verify_url: str, answer_url: str) -> str:
    """
    Give a text for the lender's own message; it holds all of `CONTENT` and no code.

    It speaks with the lender's voice, as the lender sends it, and names nothing that a bystander could draw from it.
    """
    day, who = say_day(letter.day, letter.language), say_names(letter.agents, letter.language)
    if letter.language == "zh":
        return (
            f"【{letter.lender}】{letter.agency}的{who}拟于{day} {letter.starts}至{letter.ends}上门拜访您，"
            f"就您与我们的合同（编号{letter.reference}）听取您的情况，并介绍可行的帮助；当场不必决定、签字或付款。"
            f"核对来访人员：{verify_url} 改期、拒绝上门或投诉：{answer_url}"
        )
    return (
        f"{letter.lender}: {who} of {letter.agency} would like to visit you on {day} between {letter.starts} and "
        f"{letter.ends}, to hear how things are with your contract {letter.reference} and tell you what help there is; "
        f"nothing is decided, signed or paid then. Check who comes: {verify_url} "
        f"Choose another time, refuse the visit or complain: {answer_url}"
    )


@dataclass(frozen=True, slots=True)
class Slip:
    """What a slip says that is left, sealed, where nobody was met. It carries no code: a letter does."""

    name: str
    language: str
    agency: str
    agents: tuple[str, ...]
    until: date
    token: str = field(default="", repr=False)
