"""Reading a rulebook: what is understood, and every fault named by file, rule and field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from server.domain.conduct.rules import Check, Confidence, Kind, Rulebook, RulebookError, RuleType, read_rulebook

RULE: dict[str, Any] = {
    "id": "X-CREW-001",
    "type": "crew_size",
    "params": {"least": 2},
    "check": ["gate", "door"],
    "severity": "block",
    "on_unknown": "ask",
    "source": ["act", "guide"],
    "article": "Art. 3",
    "confidence": "secondary",
    "status": "in_force",
    "agent": {"en": "Go in twos.", "zh": "两人同行。"},
    "person": {"en": "Two people come.", "zh": "上门的是两个人。"},
}
SOURCES = {"act": {"law": "An Act"}, "guide": {"law": "A Guide"}}


def read_least(type_: RuleType, values: Mapping[str, Any]) -> Any:
    """Read the parameters of this page's rules: only `least` is one."""
    wrong = [f"'{name}' is no parameter" for name in values if name != "least"]
    if wrong or "least" not in values:
        raise ValueError("; ".join([*wrong, *([] if "least" in values else ["'least' is missing"])]))
    return dict(values)


def read(*rules: Mapping[str, Any], **top: Any) -> Rulebook:
    """Read a rulebook of these rules, or one."""
    text = {"rulebook": "X", "version": "1", "kind": "jurisdiction", "zone": "UTC", "title": "X", "sources": SOURCES}
    return read_rulebook("X.yaml", "d1", text | {"rules": list(rules) or [RULE]} | top, read_least)


def faults(*rules: Mapping[str, Any], **top: Any) -> list[tuple[str, str, str]]:
    """Give what is wrong with a rulebook."""
    with pytest.raises(RulebookError) as raised:
        read(*rules, **top)
    return raised.value.faults


def test_a_rule_is_read_to_the_last_member() -> None:
    """Words become enums, laws and article become one citation, sentences stand by language."""
    rulebook = read(within="Y")
    rule = rulebook.rules[0]

    assert ("X", "1", Kind.JURISDICTION, "UTC", "d1", "Y") == (
        rulebook.name, rulebook.version, rulebook.kind, rulebook.zone, rulebook.digest, rulebook.within,
    )  # fmt: skip
    assert ("An Act; A Guide, Art. 3", Confidence.SECONDARY, False) == (rule.citation, rule.confidence, rule.is_house)
    assert frozenset({Check.GATE, Check.DOOR}) == rule.checks
    assert {"least": 2} == rule.params
    assert "两人同行。" == rule.says_agent["zh"]
    assert rule is rulebook.rule("X-CREW-001")
    assert rulebook.rule("X-CREW-002") is None


def test_a_house_rule_knows_that_it_is_the_houses() -> None:
    """What a house's rulebook holds is never taken for law."""
    assert read(kind="house").rules[0].is_house


@pytest.mark.parametrize("kind", ["jurisdiction", "draft", "house"])
def test_a_policy_inside_a_laws_rulebook_is_the_houses(kind: str) -> None:
    """A rule of the house may stand beside a law's: whatever the rulebook, its status says whose it is."""
    book = read(RULE, RULE | {"id": "X-CREW-002", "status": "policy"}, kind=kind)

    assert [kind == "house", True] == [rule.is_house for rule in book.rules]


@pytest.mark.parametrize(
    ("confidence", "verified"),
    [("primary", True), ("secondary", True), ("policy", True), ("partial", False), ("memory", False)],
)
def test_below_secondary_a_rule_is_not_verified(confidence: str, verified: bool) -> None:
    """A rule whose text was seen in part or not at all says so."""
    assert verified == read(RULE | {"confidence": confidence}).rules[0].is_verified


@pytest.mark.parametrize("member", ["type", "check", "severity", "on_unknown", "confidence", "status"])
def test_a_word_that_is_none_is_named_with_those_there_are(member: str) -> None:
    """Rule, field, what stands there and what could."""
    value: Any = ["sideways"] if member == "check" else "sideways"

    [(rule_id, name, sentence)] = faults(RULE | {member: value})

    assert ("X-CREW-001", member) == (rule_id, name)
    assert sentence.startswith("'sideways' is none of ")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"source": ["act", "gone"]}, ("X-CREW-001", "source", "'gone' is not among the sources")),
        ({"source": []}, ("X-CREW-001", "source", "is missing")),
        ({"colour": "red"}, ("X-CREW-001", "colour", "is not known")),
        ({"agent": {"en": "Go in twos."}}, ("X-CREW-001", "agent", "has no sentence in 'zh'")),
        ({"person": {"en": " ", "zh": "好。"}}, ("X-CREW-001", "person", "has no sentence in 'en'")),
        ({"person": "Two people come."}, ("X-CREW-001", "person", "has no sentence in 'zh'")),
        ({"params": {}}, ("X-CREW-001", "params", "'least' is missing")),
    ],
)
def test_a_faulty_member_is_named(change: Mapping[str, Any], expected: tuple[str, str, str]) -> None:
    """One fault, at its place."""
    assert [expected] == faults(RULE | change)


def test_every_fault_of_the_parameters_is_named() -> None:
    """The reader's sentences arrive one by one."""
    wrong = faults(RULE | {"params": {"most": 3}})

    assert ["'most' is no parameter", "'least' is missing"] == [sentence for _, _, sentence in wrong]


def test_faults_of_all_rules_are_told_at_once_with_the_file() -> None:
    """A second rule's fault is not hidden by the first's; the error's text begins each line with the file."""
    with pytest.raises(RulebookError) as raised:
        read(RULE | {"severity": "loud"}, RULE | {"status": "old"})

    assert [("X-CREW-001", "severity"), ("X-CREW-001", "id"), ("X-CREW-001", "status")] == [
        fault[:2] for fault in raised.value.faults
    ]
    assert ["X.yaml: X-CREW-001"] * 3 == [line[:18] for line in str(raised.value).splitlines()]


@pytest.mark.parametrize("name", ["rulebook", "version", "zone", "title"])
def test_a_rulebook_needs_its_head(name: str) -> None:
    """Name, version, zone and title are texts: a version that YAML reads as a number is refused."""
    assert [("-", name, "is missing or is no text")] == faults(**{name: 2026.11})


def test_a_kind_there_is_not_and_a_book_without_rules_are_refused() -> None:
    """Neither makes a rulebook; only a house may have no rule of its own."""
    assert [("-", "kind", "'law' is none of jurisdiction, house, draft")] == faults(kind="law")
    assert [("-", "rules", "holds no rule")] == faults(rules=[])
    assert () == read(kind="house", rules=[]).rules
