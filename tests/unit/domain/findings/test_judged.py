"""Findings of conduct: how much a broken rule weighs, and what a crew can have known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.domain.clocks import Basis
from server.domain.conduct.rules import Severity as Weight
from server.domain.conduct.verdicts import Answer
from server.domain.findings.codes import Severity
from server.domain.findings.context import Gated, News
from server.domain.findings.find import find_all
from tests.unit.domain.findings.builders import CLEAN, HOUR_MS, T, a_scene
from tests.unit.domain.findings.examples_judged import MINUTE_MS, a_hold, a_verdict, gated


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        (Weight.BLOCK, Severity.STOP), (Weight.END, Severity.STOP), (Weight.WARN, Severity.LOOK),
        (Weight.RECORD, Severity.NOTE), (Weight.INFORM, Severity.NOTE),
    ],
)  # fmt: skip
def test_a_broken_rule_weighs_what_the_rule_does(weight: Weight, expected: Severity) -> None:
    """A rule that stops is something to stop for, a warning something to look at, the rest a note."""
    [finding] = find_all(a_scene(verdicts=[a_verdict(Answer.FAIL, weight)]))

    assert expected == finding.severity


def test_every_broken_rule_is_found_by_its_name() -> None:
    """Two rules are two findings, in one order however they were judged."""
    verdicts = [a_verdict(Answer.FAIL, rule_id=name) for name in ("B", "A")]

    assert ["A", "B"] == [finding.key for finding in find_all(a_scene(verdicts=verdicts))]


@pytest.mark.parametrize(
    "news",
    [
        a_hold(T - HOUR_MS),  # placed as the phone was heard
        a_hold(T - MINUTE_MS, T),  # over when the visit began
        News("payment:1", "payment", T + 1, T + 1),
    ],
)
def test_what_the_phone_could_know_or_was_not_there_yet_is_no_near_miss(news: News) -> None:
    """What was told, what had ended, and what came later is no finding."""
    assert [] == find_all(a_scene(news=[news], exchanged_ms=T - HOUR_MS))


def test_a_payment_told_after_the_visit_is_a_near_miss() -> None:
    """What was paid before and told by the lender only later was there, and nobody could know."""
    paid = News("payment:1", "payment", T - HOUR_MS, T + HOUR_MS)
    [finding] = find_all(a_scene(news=[paid], exchanged_ms=T - MINUTE_MS))

    expected = "A payment was there at least 60 min before the visit began; the phone could not know of it."
    assert expected == finding.sentence


def test_of_a_visit_at_a_guessed_time_nothing_is_told() -> None:
    """Where the time of the check-in is a guess, nobody can say what came before it."""
    started = CLEAN["ann_starts"]
    guessed = replace(started, bound=replace(started.bound, basis=Basis.WALL))
    scene = a_scene({"ann_starts": guessed}, news=[a_hold(T - MINUTE_MS)], exchanged_ms=T - HOUR_MS)

    assert [] == find_all(scene)


@pytest.mark.parametrize(
    ("passage", "expected"),
    [
        (gated(Answer.FAIL), ("pass", "fail")),
        (gated(Answer.UNKNOWN), ("pass", "unknown")),
        (gated(Answer.PASS, before="fail"), ("fail", "pass")),  # let through by two persons; it would pass now
        (gated(Answer.FAIL, before=None), ("nothing", "fail")),  # a new rule
        (gated(Answer.PASS, before=None), None),
        (gated(Answer.FAIL, before="fail"), None),
        (gated(Answer.FAIL, digest="new"), None),  # the same rulebook: it is the facts that differ
    ],
)
def test_a_rule_changed_meanwhile_is_found_where_its_answer_changed_with_it(
    passage: Gated, expected: tuple[str, str] | None
) -> None:
    """Another rulebook with another answer over the same facts; either alone is no finding."""
    found = [(each.facts["before"], each.facts["now"]) for each in find_all(a_scene(gated=passage))]

    assert ([] if expected is None else [expected]) == found
