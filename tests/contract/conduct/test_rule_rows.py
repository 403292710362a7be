"""Each rule's own numbers: hours at both ends, caps, intervals; and that no threshold can move unnoticed."""

from __future__ import annotations

import pytest

from server.domain.conduct.rules import Kind, Rule, RuleType
from server.domain.conduct.verdicts import Answer
from server.services.rulebooks import load_shipped, shipped_names
from tests.contract.conduct.rule_rows import COMPLETE, DRAFTS, FOLDER, Row, read_rows, thresholds

NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
ROWS = [row for name in NAMES for row in read_rows(name)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_rule_answers_as_its_row_says(row: Row) -> None:
    """The answer, and where the row has them the limit in words and the moment of the cure."""
    assert row.expected == row.says(row.rule)


def test_rows_are_told_apart() -> None:
    """Every row has its own name, so that a failure names one."""
    assert len(ROWS) == len({row.name for row in ROWS})


@pytest.mark.parametrize("type_", RuleType)
def test_each_type_passes_fails_and_does_not_know(type_: RuleType) -> None:
    """Each of the 31 types has rows of all three answers."""
    assert set(Answer) == {row.expected["is"] for row in ROWS if row.rule.type is type_}


def test_thirteen_rulebooks_are_shipped() -> None:
    """Six are complete and have rows of their own numbers; seven are drafts, which may only block."""
    books = {name: load_shipped(name) for name in shipped_names()}

    assert set(books) == {*COMPLETE, *DRAFTS}
    assert 13 == len(books)
    assert set(DRAFTS) == {name for name, book in books.items() if book.kind is Kind.DRAFT}
    assert set(COMPLETE) <= set(NAMES)


@pytest.mark.parametrize(("name", "mutant", "file"), thresholds(), ids=[name for name, _, _ in thresholds()])
def test_no_threshold_moves_by_one_unit_unnoticed(name: str, mutant: Rule, file: str) -> None:
    """With any number, time, weekday, period or flag of a rule moved by one, some row of the rule answers otherwise."""
    rows = [row for row in read_rows(file) if row.rule.id == mutant.id]

    assert any(row.expected != row.says(mutant) for row in rows), f"no row of {mutant.id} notices: {name}"
