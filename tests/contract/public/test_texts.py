"""What the public pages say: whole in both languages, and nothing a bystander could guess a matter from."""

from __future__ import annotations

import re
import string

import pytest

from schemas import vocabulary as v
from server.domain.conduct.voices import ANSWERS, CHOICES, OTHER, QUESTIONS
from server.public.answer import DONE
from server.public.wording import HERE, LANGUAGES, read_guides, read_texts
from server.services.answering import SAYINGS

# Words that would tell a bystander what it is about; in Chinese any text that holds one of these.
FORBIDDEN_EN = re.compile(
    r"\b(debts?|debtors?|overdue|collect\w*|loans?|lend\w*|creditors?|borrow\w*|arrears|owe[ds]?|owing|repay\w*|"
    r"pay(s|ing|ment|ments|able)?|instal\w*|default\w*|bank\w*|credit)\b",
    re.IGNORECASE,
)
FORBIDDEN_ZH = re.compile("债|欠|逾期|催|贷|借|还款|还钱|还清|账款|放款|信用|利息|本金|银行")
TEXTS = read_texts()
ALL = [
    *((f"{key} {each}", each, said.get(each, "")) for key, said in TEXTS.items() for each in LANGUAGES),
    *(
        (f"guide {number} {name} {each}", each, guide[name][each])
        for number, guide in enumerate(read_guides())
        for name in ("title", "body", "source", "owner")
        for each in LANGUAGES
    ),
]


@pytest.mark.parametrize("key", TEXTS)
def test_every_sentence_stands_in_both_languages_with_the_same_values(key: str) -> None:
    """No sentence is missing, and none shows a value in one language only."""
    names = [{name for _, name, _, _ in string.Formatter().parse(TEXTS[key][each]) if name} for each in LANGUAGES]

    assert set(LANGUAGES) == set(TEXTS[key])
    assert all(TEXTS[key].values())
    assert names[0] == names[1]


@pytest.mark.parametrize(("where", "language", "said"), ALL, ids=[each[0] for each in ALL])
def test_no_sentence_says_what_it_is_about(where: str, language: str, said: str) -> None:
    """No word of money lent or due, and no exclamation mark, stands on a page of ours."""
    assert [] == FORBIDDEN_EN.findall(said)
    assert [] == FORBIDDEN_ZH.findall(said)
    assert not set("!！") & set(said)
    assert (language == "zh") == bool(re.search(r"[\u4e00-\u9fff（]", said))


def test_the_forbidden_words_are_found() -> None:
    """The search itself works: a sentence with such a word is caught, one without is not."""
    assert FORBIDDEN_EN.search("Your loan is overdue")
    assert FORBIDDEN_ZH.search("您的贷款已逾期")
    assert not FORBIDDEN_EN.search("Your visit, your say")


def test_every_sentence_is_used_and_every_used_one_is_there() -> None:
    """What templates and pages name stands in the file; what stands there is named."""
    sources = "".join(path.read_text("utf-8") for path in (*HERE.glob("templates/*.html"), *HERE.glob("*.py")))
    built = {
        *(f"answer.{each}" for each in SAYINGS), *(f"saying.{each}" for each in SAYINGS),
        *(f"saying.{each}.button" for each in SAYINGS), *(f"done.{each}" for each in DONE),
        *(f"conduct.{each}" for each in (*CHOICES, OTHER)), *(f"feedback.{each}" for each in QUESTIONS),
        *(f"choice.{each}" for each in ANSWERS), *(f"met.{each}" for each in v.ContactResult),
        *(f"came.{each}" for each in v.Disposition if each != "none"), *(f"step.{each}" for each in v.Step),
        *(f"response.{each}" for each in v.StepResponse if each != "given"),
    }  # fmt: skip
    said = {key for key in re.findall(r'"([a-z_]+(?:\.[a-z_]+)*)"', sources) if key in TEXTS or "." in key}

    assert set(TEXTS) == {*built, *(key for key in said if key in TEXTS)}
