"""Asking which of these: the right answer is among them, always among the same, and its place does not tell it."""

from __future__ import annotations

from collections import Counter

import pytest

from schemas.vocabulary import FactKind
from server.domain.asking import CHOICES, YOUNGEST, choose_pair, read_answer, write_choices

ANSWERS = {"birth_year": "1974", "birth_month": "3", "document_end": "07", "phone_end": "38"}
SEEDS = [bytes([number]) * 32 for number in range(200)]


@pytest.mark.parametrize("kind", list(FactKind))
def test_the_answer_is_among_choices_that_could_all_be_it(kind: FactKind) -> None:
    """Five different ones, in order of size, each of the form that an answer has."""
    for seed in SEEDS:
        choices = write_choices(kind, ANSWERS[kind], seed)

        assert ANSWERS[kind] in choices
        assert CHOICES == len(set(choices))
        assert sorted(choices, key=int) == choices
        assert choices == [read_answer(kind, each) for each in choices]


@pytest.mark.parametrize("kind", list(FactKind))
def test_the_same_person_is_asked_the_same(kind: FactKind) -> None:
    """One seed always gives the same choices, another one others: nobody learns by comparing revisions or cases."""
    assert write_choices(kind, ANSWERS[kind], SEEDS[0]) == write_choices(kind, ANSWERS[kind], SEEDS[0])
    assert write_choices(kind, ANSWERS[kind], SEEDS[0]) != write_choices(kind, ANSWERS[kind], SEEDS[1])


@pytest.mark.parametrize("kind", [FactKind.BIRTH_YEAR, FactKind.DOCUMENT_END])
def test_no_place_in_the_list_is_a_good_guess(kind: FactKind) -> None:
    """Over many persons with all kinds of answers the right one stands everywhere."""
    answers = [str(1940 + n % 60) if kind is FactKind.BIRTH_YEAR else f"{n % 100:02}" for n in range(len(SEEDS))]
    lists = zip(answers, SEEDS, strict=True)
    places = Counter(write_choices(kind, answer, seed).index(answer) for answer, seed in lists)

    assert CHOICES == len(places)
    assert max(places.values()) < 0.4 * len(SEEDS)


def test_no_year_is_offered_that_nobody_could_have() -> None:
    """A year too young to owe anything would be seen to be wrong, and leave fewer."""
    for answer in ("1999", str(YOUNGEST)):
        assert YOUNGEST >= max(int(year) for seed in SEEDS for year in write_choices(FactKind.BIRTH_YEAR, answer, seed))


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (FactKind.BIRTH_YEAR, "1974年3月9日", "1974"),
        (FactKind.BIRTH_YEAR, "74", ""),
        (FactKind.BIRTH_MONTH, "19740309", "3"),
        (FactKind.BIRTH_MONTH, "1974/12/09", "12"),
        (FactKind.BIRTH_MONTH, "07", "7"),
        (FactKind.BIRTH_MONTH, "0", ""),
        (FactKind.BIRTH_MONTH, "09/03/1974", ""),
        (FactKind.DOCUMENT_END, "11010119740309007X", "07"),
        (FactKind.PHONE_END, "5", ""),
    ],
)
def test_of_a_cell_only_the_answer_is_read(kind: FactKind, text: str, expected: str) -> None:
    """The rest of a number or a date goes nowhere; what could be read two ways is not read."""
    assert expected == read_answer(kind, text)


def test_a_pair_needs_two_facts() -> None:
    """The first two known are asked for; one alone is not."""
    assert (FactKind.BIRTH_YEAR, FactKind.BIRTH_MONTH) == choose_pair(ANSWERS)
    assert None is choose_pair({"birth_year": "1974", "phone_end": ""})
