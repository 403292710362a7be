"""
Closed schemas for tables that decide about cases: what they do not know is refused, and by name what a person is.

Sex, age, marriage, education, religion, health … decide nothing here: neither who visits nor who is visited first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, pre_load

PROTECTED = {
    "age": {"age", "birth", "birth_date", "birthday", "date_of_birth", "dob", "年龄", "出生日期"},
    "sex": {"sex", "gender", "sexual_orientation", "orientation", "性别"},
    "marriage": {"marriage", "marital", "marital_status", "married", "spouse", "children", "婚姻", "婚姻状况"},
    "education": {"education", "schooling", "degree", "学历", "教育程度"},
    "religion": {"religion", "faith", "belief", "宗教", "宗教信仰"},
    "health": {"health", "illness", "disability", "disabled", "pregnancy", "健康", "健康状况", "残疾"},
    "ethnicity": {"ethnicity", "ethnic_group", "race", "nationality", "birthplace", "caste", "民族", "国籍", "籍贯"},
    "conviction": {"politics", "political_party", "party", "union", "trade_union", "政治面貌"},
}
_PROTECTED_WORD = {word: name for name, words in PROTECTED.items() for word in words}


def protected_word(name: str) -> str | None:
    """
    Give the protected attribute that a word names, if it does.

    >>> protected_word("Date-of-birth"), protected_word("amount")
    ('age', None)
    """
    return _PROTECTED_WORD.get(name.strip().lower().replace("-", "_").replace(" ", "_"))


class Closed(Schema):
    """A schema that refuses what it does not know, and says why where that is a protected attribute."""

    allowed = ""  # what may be asked for instead, in words

    class Meta:
        unknown = RAISE

    @pre_load
    def refuse_protected(self, given: Any, **_: Any) -> Any:
        """Refuse each protected attribute by name."""
        if isinstance(given, Mapping):
            known = {str(key): word for key in given if (word := protected_word(str(key)))}
            wrong = {key: [self.say_protected(word)] for key, word in known.items()}
            if wrong:
                raise ValidationError(wrong)
        return given

    @classmethod
    def say_protected(cls, word: str) -> str:
        """Say why a protected attribute decides nothing here."""
        return f"is {word}, a protected attribute: {cls.allowed}."
