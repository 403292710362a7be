"""Why a visit is returned: a closed list, each with the question that its crew is asked in either language."""

from __future__ import annotations

from enum import StrEnum


class ReturnReason(StrEnum):
    """What the reviewer has to know."""

    PLACE = "place"
    TIME = "time"
    OUTCOME = "outcome"
    STEPS = "steps"
    NOTE = "note"
    CREW = "crew"
    FILES = "files"


QUESTIONS: dict[ReturnReason, tuple[str, str]] = {
    ReturnReason.PLACE: (
        "The position is away from the address. Where were you, and how did you find the door?",
        "定位与地址不符。您当时在哪里，是怎样找到该住址的？",
    ),
    ReturnReason.TIME: (
        "The times of the records do not fit together. When did you arrive, and when did you leave?",
        "记录的时间前后不一致。您何时到达、何时离开？",
    ),
    ReturnReason.OUTCOME: (
        "The outcome does not fit what was recorded before it. Whom did you meet, and what was said?",
        "结果与之前的记录不一致。您见到了谁，对方说了什么？",
    ),
    ReturnReason.STEPS: (
        "A step that the case asks for is missing. Was it done, and if not, why?",
        "缺少本案件要求的步骤。是否已完成？如未完成，原因是什么？",
    ),
    ReturnReason.NOTE: (
        "A sentence of your note is not clear. What exactly happened, in your own words?",
        "备注中有一句不清楚。请用您自己的话说明具体经过。",
    ),
    ReturnReason.CREW: (
        "It is not clear who was there. Who came along, and from when until when?",
        "同行人员不清楚。谁一同前往，从何时到何时？",
    ),
    ReturnReason.FILES: (
        "A photo or paper that was named has not arrived. Is it still on the phone?",
        "所列照片或文件尚未收到。是否还在手机上？",
    ),
}


def ask(reason: ReturnReason, language: str) -> str:
    """
    Give the question of a reason.

    >>> ask(ReturnReason.CREW, "en")
    'It is not clear who was there. Who came along, and from when until when?'
    """
    return QUESTIONS[reason][1 if language.startswith("zh") else 0]
