"""Conduct codes: every word a rulebook is judged by can be ticked, and each code is said in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from server.domain.conduct.acts import PAYMENT_CODES, Artefact, ForbiddenConduct, Payment, Recording
from server.domain.conduct.codes import MEANS, WORDS, ConductCode, conduct_words, say_conduct
from server.domain.conduct.door import DISCLOSING, IdentityGate, ThirdPartyBan
from server.domain.conduct.places import ENTERING, ENTRY
from server.services.rulebooks import load_shipped, shipped_names

# Words that name what is owed or how it is got: none of them is ever said to the person visited.
NEVER_SAID = ("debt", "overdue", "collect", "loan", "owe", "borrower", "欠", "债", "逾期", "催", "贷")


def words_of(params: Any) -> Iterator[str]:
    """Give the words of a rule's parameters that only somebody who saw it can answer for."""
    if isinstance(params, ForbiddenConduct):
        yield from params.codes
    elif isinstance(params, Artefact):
        yield from (*params.forbidden, *(f"no_{word}" for word in params.required))
    elif isinstance(params, (Recording, IdentityGate)):
        yield from params.never
    elif isinstance(params, ThirdPartyBan):
        yield from params.never_say
    elif isinstance(params, Payment):
        yield from (code for name, codes in PAYMENT_CODES.items() if getattr(params, name) for code in codes)


@pytest.mark.parametrize("name", shipped_names())
def test_every_word_of_a_rulebook_can_be_ticked(name: str) -> None:
    """No conduct that a shipped rulebook forbids is beyond what a reviewer or a complaint can say."""
    asked = {word for rule in load_shipped(name).rules for word in words_of(rule.params)}

    assert set() == asked - conduct_words(ConductCode)


def test_what_no_rulebook_lists_but_the_code_asks_for_can_be_ticked() -> None:
    """Going in, telling others, and money: the words that stand in the code."""
    asked = ENTERING | ENTRY | DISCLOSING | {code for codes in PAYMENT_CODES.values() for code in codes}

    assert set() == asked - conduct_words(ConductCode)


def test_no_word_means_two_things() -> None:
    """Each word of a rulebook belongs to one code: who ticks one thing is never taken to have seen another."""
    words = [word for means in MEANS.values() for word in means]

    assert sorted(set(words)) == sorted(words)


def test_each_code_is_said_in_both_languages_without_a_word_of_what_is_owed() -> None:
    """A complaint is chosen from the same words: they tell nobody what the visit was about."""
    assert set(ConductCode) == set(WORDS) == set(MEANS)
    said = [say_conduct(code, language) for code in ConductCode for language in ("en", "zh")]
    assert len(said) == len(set(said))
    assert [] == [text for text in said if any(word in text.lower() for word in NEVER_SAID)]
