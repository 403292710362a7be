"""Priority: points, order, what is not known, and what people said of it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from server.domain.policy import Span
from server.domain.priority import NEVER, Factor, Ranked, Standing, Step, Weight, Weights, Word, rank, weigh
from server.services.priority_table import USUAL, load_weights

TODAY = date(2026, 5, 11)
WEIGHTS = Weights(
    "test", "1", 30, 7,
    (
        Weight(Factor.DAYS_PAST_DUE, 60, (Step(Span(1, 30), 50), Step(Span(31, None), 100)), "Long."),
        Weight(Factor.AMOUNT, 40, (Step(Span(None, 99), 25, "USD"), Step(Span(100, None), 100, "USD")), "Large."),
    ),
)  # fmt: skip


def a_case(name: str, days: int | None = 40, amount: int | None = 100, currency: str = "USD", **more: Any) -> Standing:
    """Build a case."""
    values = {Factor.DAYS_PAST_DUE: days, Factor.AMOUNT: amount}
    return Standing(name, "bank", name, currency, values, **more)


def said(kind: str, value: int | None, until: date | None = TODAY, by: str = "Dana") -> Word:
    """Build what somebody said."""
    return Word(kind, value, by, "because", until, 0)


def order(cases: list[Standing], **words: list[Word]) -> list[tuple[str, int | None, int]]:
    """Give (case, place, score) in order."""
    return [(each.standing.case_id, each.place, each.score) for each in rank(WEIGHTS, cases, words, TODAY)]


@pytest.mark.parametrize(
    ("days", "amount", "points"),
    [(0, 0, [0, 10]), (1, 99, [30, 10]), (30, 100, [30, 40]), (31, 100, [60, 40]), (None, None, [0, 0])],
)
def test_each_factor_brings_its_level_of_its_weight(days: int | None, amount: int | None, points: list[int]) -> None:
    """Both ends of a step are in it; what is not known, and what no step names, brings nothing."""
    assert points == [reason.points for reason in weigh(WEIGHTS, a_case("a", days, amount))]


def test_a_reason_says_value_step_and_why() -> None:
    """Whoever is shown a score reads what it was made of."""
    days, amount = weigh(WEIGHTS, a_case("a", 45, None))
    [_, foreign] = weigh(WEIGHTS, a_case("a", 45, 500, "EUR"))

    assert "days past due: 45, 31 or more: 100 of 100. Long." == days.sentence
    assert "amount overdue, in minor units: not known, so it brings nothing" == amount.sentence
    assert "amount overdue, in minor units: 500 EUR, which no step names, so it brings nothing" == foreign.sentence


def test_the_highest_score_comes_first_then_the_reference() -> None:
    """The order is the same whatever order the cases come in."""
    cases = [a_case("c", 10), a_case("b"), a_case("a")]

    assert [("a", 1, 100), ("b", 2, 100), ("c", 3, 70)] == order(cases) == order(cases[::-1])


def test_what_bars_a_visit_comes_last_and_has_no_place() -> None:
    """A halted case keeps its score and is nowhere in the order, whatever place somebody named."""
    cases = [a_case("a", bars=("There is a halt.",)), a_case("b", 10)]

    assert [("b", 1, 70), ("a", None, 100)] == order(cases, a=[said("place", 1)])


def test_a_person_names_a_place_or_a_score() -> None:
    """Both hold on their last day; the factors' own score stays to be seen."""
    cases = [a_case("a"), a_case("b"), a_case("c", 10)]
    [first, *_] = rank(WEIGHTS, cases, {"c": [said("score", 100)], "a": [said("place", 3)]}, TODAY)

    assert [("c", 1, 70), ("a", 2, 100), ("b", 3, 100)] == order(cases, c=[said("place", 1)])
    assert [("b", 1, 100), ("c", 2, 100), ("a", 3, 100)] == order(cases, c=[said("score", 100)], a=[said("place", 3)])
    assert ("b", 100) == (first.standing.case_id, first.proposed)
    assert 70 == _of("c", rank(WEIGHTS, cases, {"c": [said("score", 100)]}, TODAY)).proposed


def _of(name: str, ranked: list[Ranked]) -> Ranked:
    return next(each for each in ranked if each.standing.case_id == name)


def test_what_is_over_counts_no_more_and_the_newest_counts() -> None:
    """An override ends with its day; of two the one said last holds."""
    cases = [a_case("a"), a_case("c", 10)]

    [_, over] = rank(WEIGHTS, cases, {"c": [said("place", 1, date(2026, 5, 10))]}, TODAY)

    assert [("a", 1, 100), ("c", 2, 70)] == order(cases, c=[said("place", 1, date(2026, 5, 10))])
    assert (1, None) == (len(over.words), over.override)
    assert [("c", 1, 90), ("a", 2, 5)] == order(cases, a=[said("score", 5), said("score", 95)], c=[said("score", 90)])


def test_a_contest_changes_nothing_and_is_seen_until_it_is_answered() -> None:
    """Who contests asks a person; what the person says then answers it."""
    contest, answer = said("contest", None, None), said("score", 90)

    assert [("a", 1, 100)] == order([a_case("a")], a=[contest])
    assert _of("a", rank(WEIGHTS, [a_case("a")], {"a": [contest]}, TODAY)).is_contested
    assert not _of("a", rank(WEIGHTS, [a_case("a")], {"a": [answer, contest]}, TODAY)).is_contested


def test_the_usual_weights_score_from_nothing_to_a_hundred() -> None:
    """The most urgent case has 100 points, one of which nothing is known has none; never is told as such."""
    usual = load_weights(USUAL.read_text("utf-8"))
    most = {
        Factor.DAYS_PAST_DUE: 91, Factor.AMOUNT: 10_000_000, Factor.TRIES: 6, Factor.DAYS_SINCE_CONTACT: NEVER,
        Factor.OPEN_HOURS: 1,
    }  # fmt: skip
    reasons = weigh(usual, Standing("a", "bank", "a", "USD", most))

    assert 100 == sum(reason.points for reason in reasons)
    assert 0 == sum(reason.points for reason in weigh(usual, Standing("a", "bank", "a", "USD", {})))
    assert "days since the person was last reached: never, 30 or more" in reasons[3].sentence
