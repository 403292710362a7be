"""What is said at the door: each step has its words in both languages, and none of them tells what it is about."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

import pytest

from schemas.packet import TextSchema
from schemas.vocabulary import Saying, Step
from server.domain.conduct.rules import Check, Rule, RuleType
from server.domain.conduct.texts import (
    Statement,
    find_recording,
    find_statements,
    write_private_texts,
    write_texts,
)
from tests.unit.domain.conduct.when import a_rule, a_rulebook

STEPS = tuple(Step)
TELLING = re.compile("debt|overdue|collect|owe|arrears|欠款|逾期|催收|债", re.IGNORECASE)
PRIVATE = Statement("XX-SAY-001", "2026.1", "an attempt to collect a debt", is_private=True)
OPEN = Statement("XX-SAY-002", "2026.1", "you may complain to the regulator", is_private=False)


def recording(**params: Any) -> Rule:
    """Give a rule of recording that is checked at the door."""
    return a_rule(RuleType.RECORDING, params, checks=frozenset({Check.DOOR}))


@pytest.mark.parametrize("language", ["en", "zh-TW", None])
def test_every_step_has_its_words(language: str | None) -> None:
    """Each step and each saying has one text in the person's language, and one in each where it is not known."""
    texts = write_texts(STEPS, ("", ""), (), language)
    tongues = ["en", "zh"] if language is None else [language[:2]]

    assert [(tongue, key.value) for tongue in tongues for key in (*Step, *Saying)] == [
        (each.language, each.key) for each in texts
    ]
    assert {} == TextSchema(many=True).validate([asdict(each) for each in texts])


def test_no_open_text_tells_what_it_is_about() -> None:
    """Neither the house's words nor an open statement say it; what a rulebook wants said of it is sealed."""
    texts = write_texts(STEPS, ("duty", "only_with_consent"), (PRIVATE, OPEN), None)

    assert [] == [each.text for each in texts if TELLING.search(each.text)]
    assert [OPEN.words] == [each.text[13:-1] for each in texts if each.language == "und"]
    assert [PRIVATE.words] == [each.text[13:-1] for each in write_private_texts((PRIVATE, OPEN))]


def test_a_text_that_changes_has_another_version() -> None:
    """The version names the very words, so that a step tells what was said."""
    versions = {each.version: each.text for state in ("duty", "forbidden", "") for each in
                write_texts(STEPS, (state, state), (PRIVATE,), None)}  # fmt: skip

    assert len(versions) == len(set(versions.values()))


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], ("", "")),
        ([recording(audio="duty", video="duty")], ("duty", "duty")),
        ([recording(audio="duty"), recording(audio="only_with_consent")], ("only_with_consent", "")),
        ([recording(audio="only_with_consent"), recording(audio="forbidden", video="forbidden")],
         ("forbidden", "forbidden")),
        ([a_rule(RuleType.RECORDING, {"audio": "duty"}, checks=frozenset({Check.GATE}))], ("", "")),
    ],
)  # fmt: skip
def test_what_protects_more_wins_of_recording(rules: list[Rule], expected: tuple[str, str]) -> None:
    """A ban stands over consent, consent over a duty; a rule that is not checked at the door says nothing there."""
    assert expected == find_recording([a_rulebook(rule) for rule in rules])


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (("duty", "duty"), "I have to record sound and video"),
        (("duty", "only_with_consent"), "May I record video"),
        (("only_with_consent", "forbidden"), "May I record sound"),
        (("forbidden", "forbidden"), "Nothing of this visit is recorded."),
        (("", "forbidden"), "Nothing is being recorded."),
    ],
)
def test_the_notice_says_what_holds(held: tuple[str, str], words: str) -> None:
    """A duty is announced, consent is asked for, a ban is said."""
    [notice] = [each.text for each in write_texts((), held, (), "en") if each.key == Step.RECORDING_NOTICE]

    assert words in notice


def test_a_statement_is_private_where_identity_comes_first() -> None:
    """The rule's own `when` decides, and its rulebook's version goes with it."""
    rules = [
        a_rule(RuleType.REQUIRED_STATEMENT, {"text": text, "when": when}, checks=frozenset({Check.DOOR}))
        for text, when in (("a", "after identity, each time"), ("b", "at arrival"))
    ]
    found = find_statements([a_rulebook(*rules)])

    assert [("a", True), ("b", False)] == [(each.words, each.is_private) for each in found]
