"""Judging: a verdict for each rule checked there, what blocks and what warns, when it would be possible."""

from __future__ import annotations

import itertools
import re

import pytest

from server.domain.conduct.facts import Facts
from server.domain.conduct.judging import TYPES, earliest, judge, read_params
from server.domain.conduct.rules import Check, Kind, OnUnknown, Rule, Rulebook, RuleType, Severity
from server.domain.conduct.stops import ProtectiveStop
from server.domain.conduct.verdicts import Answer, Finding, Verdict
from tests.unit.domain.conduct.door_builders import DAY, DOOR, GATE, NOW, REVIEW, a_hold, a_rule

STOP = ProtectiveStop(("bereavement",))
FACTS = Facts(NOW, holds=(a_hold("bereavement"),))


def a_rulebook(name: str, *rules: Rule) -> Rulebook:
    """Build a rulebook of these rules."""
    return Rulebook(name, "1", Kind.JURISDICTION, "UTC", name, rules)


def a_stop(rule_id: str, *checks: Check) -> Rule:
    """Build a stop on bereavement, checked there."""
    return a_rule(RuleType.PROTECTIVE_STOP, STOP, id=rule_id, checks=frozenset(checks))


def a_verdict(
    answer: Answer, cure_ms: int | None = None, severity: Severity = Severity.BLOCK,
    on_unknown: OnUnknown = OnUnknown.ASK,
) -> Verdict:  # fmt: skip
    """Build a verdict."""
    rule = a_rule(RuleType.PROTECTIVE_STOP, severity=severity, on_unknown=on_unknown)
    return Verdict.of("T", rule, Finding(answer, cure_ms=cure_ms))


@pytest.mark.parametrize(
    ("type_", "params", "sentence"),
    [
        (
            RuleType.CONTACT_WINDOW, {"start": "08:00", "end": "24:00"},
            "'end' should be a time in quotes, such as '09:00', and the end of a day is '00:00'",
        ),
        (RuleType.FORBIDDEN_CONDUCT, {"codes": []}, "'codes' should be a list that holds something"),
    ],
)  # fmt: skip
def test_a_parameter_that_says_nothing_is_a_fault(type_: RuleType, params: dict[str, object], sentence: str) -> None:
    """No hour is the 24th, and a rule that names nothing would pass without having looked."""
    with pytest.raises(ValueError, match=re.escape(sentence)):
        read_params(type_, params)


class TestJudge:
    """Rules in, verdicts out."""

    @pytest.mark.parametrize(
        ("check", "expected"), [(GATE, ["A-1", "B-1"]), (DOOR, ["A-2", "B-1"]), (REVIEW, ["A-3", "B-1"])]
    )
    def test_every_rule_checked_there_gets_a_verdict(self, check: Check, expected: list[str]) -> None:
        """Rules checked elsewhere are left out; of two rulebooks neither hides the other."""
        rulebooks = [
            a_rulebook("A", a_stop("A-1", GATE), a_stop("A-2", DOOR), a_stop("A-3", REVIEW)),
            a_rulebook("B", a_stop("B-1", GATE, DOOR, REVIEW)),
        ]

        assert expected == [verdict.rule_id for verdict in judge(rulebooks, FACTS, check)]

    def test_a_verdict_bears_its_rules_name_and_law(self) -> None:
        """Who asks why reads the rulebook, the law, and what the rule says."""
        [verdict] = judge([a_rulebook("A", a_stop("A-1", GATE))], FACTS, GATE, "zh")

        assert ("A", "a law", "去。", "来。", Answer.FAIL) == (
            verdict.rulebook, verdict.citation, verdict.says_agent, verdict.says_person, verdict.answer,
        )  # fmt: skip

    def test_a_language_a_rule_does_not_speak_falls_back_to_english(self) -> None:
        """Of a rule without French a French reader reads English."""
        [verdict] = judge([a_rulebook("A", a_stop("A-1", GATE))], FACTS, GATE, "fr")

        assert ("Go.", "Come.") == (verdict.says_agent, verdict.says_person)

    def test_the_check_reaches_the_rules_code(self) -> None:
        """The same rule and facts differ by where they are checked: at the gate nobody was met yet."""
        rule = a_rule(RuleType.PROTECTIVE_STOP, ProtectiveStop(("death",)))
        facts = Facts(NOW, holds=(), contact_result="deceased")

        assert [Answer.PASS, Answer.FAIL] == [
            judge([a_rulebook("A", rule)], facts, check)[0].answer for check in (GATE, DOOR)
        ]

    @pytest.mark.parametrize(
        "type_",
        [
            "identity_gate", "third_party_ban", "third_party_contact", "place_limit", "leave_on_request",
            "forbidden_conduct", "recording", "payment", "artefact", "required_statement", "protective_stop",
            "cease_contact", "dispute_pause", "representative", "complaint", "retention", "data_protection",
            "cross_border", "automated_decision",
        ],
    )  # fmt: skip
    def test_every_type_of_these_rooms_is_registered(self, type_: str) -> None:
        """A type without a row could not be read from a rulebook."""
        assert RuleType(type_) in TYPES


# What a verdict does to a visit, written out by hand: + it blocks, ? it warns, . neither. Columns are on_unknown.
EFFECTS = """
                 block ask warn
    pass block     .    .   .
    pass end       .    .   .
    pass warn      .    .   .
    pass record    .    .   .
    pass inform    .    .   .
    fail block     +    +   +
    fail end       +    +   +
    fail warn      ?    ?   ?
    fail record    .    .   .
    fail inform    .    .   .
    unknown block  +    ?   ?
    unknown end    +    ?   ?
    unknown warn   ?    ?   ?
    unknown record .    .   .
    unknown inform .    .   .
"""


def read_effects() -> dict[tuple[Answer, Severity, OnUnknown], str]:
    """Read the table above."""
    head, *rows = EFFECTS.strip().splitlines()
    return {
        (Answer(answer), Severity(severity), OnUnknown(on_unknown)): mark
        for answer, severity, *marks in (row.split() for row in rows)
        for on_unknown, mark in zip(head.split(), marks, strict=True)
    }


@pytest.mark.parametrize(("how", "mark"), read_effects().items(), ids=str)
def test_a_verdict_blocks_and_warns_as_the_table_says(how: tuple[Answer, Severity, OnUnknown], mark: str) -> None:
    """A visit stops, needs a reason, or goes on, by answer, severity and what the rule says of the unknown."""
    answer, severity, on_unknown = how
    verdict = a_verdict(answer, severity=severity, on_unknown=on_unknown)

    assert (mark == "+", mark == "?") == (verdict.blocks, verdict.warns)


def test_not_knowing_weighs_no_more_than_having_broken_it() -> None:
    """A rule that only asks for a record when broken stops nobody by being unknown; the table, looked at as a whole."""
    weights = {how: ".?+".index(mark) for how, mark in read_effects().items()}

    assert [] == [
        (severity, word)
        for severity, word in itertools.product(Severity, OnUnknown)
        if weights[Answer.UNKNOWN, severity, word] > weights[Answer.FAIL, severity, word]
    ]


def test_the_table_has_every_combination() -> None:
    """No answer, severity or word of the unknown is left out."""
    assert set(itertools.product(Answer, Severity, OnUnknown)) == set(read_effects())


class TestEarliest:
    """The earliest moment at which nothing that blocks would block any more."""

    @pytest.mark.parametrize(
        ("verdicts", "expected"),
        [
            ([], None),
            ([a_verdict(Answer.PASS)], None),
            ([a_verdict(Answer.FAIL, NOW)], NOW),
            ([a_verdict(Answer.FAIL, NOW), a_verdict(Answer.FAIL, NOW + DAY)], NOW + DAY),
            ([a_verdict(Answer.FAIL, NOW), a_verdict(Answer.FAIL)], None),
            ([a_verdict(Answer.FAIL, NOW), a_verdict(Answer.UNKNOWN, on_unknown=OnUnknown.BLOCK)], None),
            ([a_verdict(Answer.FAIL, NOW), a_verdict(Answer.UNKNOWN)], NOW),
            ([a_verdict(Answer.FAIL, NOW), a_verdict(Answer.FAIL, NOW + DAY, Severity.WARN)], NOW),
        ],
        ids=["none", "pass", "one", "latest", "incurable", "unknown blocks", "unknown asks", "warning"],
    )
    def test_it_is_the_latest_cure_of_what_blocks(self, verdicts: list[Verdict], expected: int | None) -> None:
        """One that time does not cure leaves no moment; what only warns does not count."""
        assert expected == earliest(verdicts)
