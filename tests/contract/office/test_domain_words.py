"""Figures, and the reasons for which a policy leaves a case to a person, are said in Chinese on a page in Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from flask import Flask

from server.domain.findings.said import ABOUT
from server.domain.policy import Candidate, CaseFacts, PolicyRow, choose
from server.domain.reporting import Figure, Refusal, Told, Took, VisitFigures, make_figures, say_figure
from server.office.speaking import say_sentence
from server.services.dispatching import NOT_NEAR
from tests.contract.office.desk import Desk
from tests.contract.office.test_languages import catalogues

ENGLISH = re.compile("[A-Za-z]{2,}")
TOLD = Told(
    [
        VisitFigures(("R-1",), 1, tuple(ABOUT.values()), True, Took(60_000, 180_000), {"card": "yes", "left": "no"}),
        VisitFigures((), was_asked_to_leave=True, took=Took(60_000, 60_000), feedback={"came": "unsure"}),
        VisitFigures(feedback={"told": "yes", "others": "no"}),
    ],
    [Refusal(2, 1), Refusal()], complaints=2, unmatched_complaints=1,
)  # fmt: skip
CASE = CaseFacts("c", "1", None, None, None, None, None, "USD", 1)
LONE = Candidate("a", "A", "N", frozenset(), frozenset(), 0, 0)


def figures() -> list[str]:
    """Give every figure there is, of visits that have something of everything, and of none."""
    told = [*make_figures(TOLD), *make_figures(Told(())), Figure("n", 1, says="complaints")]
    return [say_figure(each) for each in told]


def reasons() -> list[str]:
    """Give every reason for which a policy leaves a case to a person."""
    rows = [
        [], [PolicyRow("r", team="1")], [PolicyRow("r", agency="2")], [PolicyRow("r", certificates=frozenset("3"))],
        [PolicyRow("r")], [PolicyRow("r", capacity=9, crew=2)],
    ]  # fmt: skip
    chosen = [choose(each, [CASE], [LONE])[0].sentence for each in rows]
    assert "" not in chosen
    return [*chosen, NOT_NEAR]


def in_chinese(app: Flask, sentences: Iterable[str]) -> list[str]:
    """Say sentences as a page in Chinese does."""
    with app.test_request_context("/office/", headers={"Accept-Language": "zh"}):
        return [say_sentence(each) for each in sentences]


@pytest.mark.parametrize("made", [figures, reasons])
def test_no_english_is_left(desk: Desk, made: object) -> None:
    """But for the names of rules, every word is Chinese, and the numbers stay."""
    english = figures() if made is figures else reasons()
    chinese = in_chinese(desk.office.app, english)

    assert [] == [each for each in chinese if ENGLISH.search(each.replace("R-1", ""))]
    for one, other in zip(english, chinese, strict=True):
        assert sorted(re.findall("[0-9.]+", one)) == sorted(re.findall("[0-9.]+", other))


def test_no_sentence_is_kept_that_nothing_says(desk: Desk) -> None:
    """Each entry of the catalogue is part of some figure or reason in Chinese."""
    said = "\n".join(in_chinese(desk.office.app, [*figures(), *reasons()]))
    parts = [re.split(r"\{\w+\}", chinese) for name, _, chinese in catalogues() if name == "domain"]

    assert [] == [each for each in parts if not all(part in said for part in each)]
