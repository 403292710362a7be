"""Figures, and the reasons for which a policy leaves a case to a person, are said in Chinese on a page in Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from flask import Flask

from server.domain.findings.codes import Code
from server.domain.findings.said import ABOUT
from server.domain.policy import Candidate, CaseFacts, PolicyRow, choose
from server.domain.reporting import Figure, Refusal, Told, Took, VisitFigures, make_figures, say_figure
from server.office.speaking import say_finding, say_sentence
from server.services.dispatching import NOT_NEAR
from tests.contract.office.desk import Desk
from tests.contract.office.test_languages import catalogues
from tests.unit.domain.findings.test_catalogue import EXAMPLES

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


NAMES = ("rule", "rulebook", "limit", "citation", "pattern")  # of a rule, as its rulebook has them
OTHERS = [
    (Code.RECORDING_ABSENT, {"medium": "audio"}), (Code.FIXES_MISSING, {"reason": "timeout"}),
    (Code.FIXES_MISSING, {"reason": "only old ones"}), (Code.CLOCK_OFF, {"direction": "behind"}),
    (Code.CLOCK_STEPPED, {"direction": "back"}), (Code.COMPANION_UNASSIGNED, {"how": "kept beside the visit"}),
    (Code.IMPOSSIBLE_OUTCOME, {"lacks": " without an amount without a day"}),
    (Code.FEEDBACK_CONTRADICTS, {"recorded": "somebody was met (only_minor)"}), (Code.NEAR_MISS, {"what": "payment"}),
]  # fmt: skip


def test_a_finding_leaves_no_word_in_english(desk: Desk) -> None:
    """What any finding rests on is said in words of the page's language: 录像, not video."""
    told = [(code, {**EXAMPLES[code].facts}) for code in Code]
    told += [(code, EXAMPLES[code].facts | facts) for code, facts in OTHERS]
    with desk.office.app.test_request_context("/office/", headers={"Accept-Language": "zh"}):
        said = [say_finding({"code": code, "facts": facts | dict.fromkeys(NAMES, "–")}) for code, facts in told]

    assert [] == [each for each in said if ENGLISH.search(each)]
    assert "按规定应当录制（录像），但没有任何录制。" in said
