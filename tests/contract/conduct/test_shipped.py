"""The rulebooks that are shipped: readable, honest about what they are, and written for two kinds of readers."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from server.domain.conduct import judging
from server.domain.conduct.rules import Confidence, Kind, RuleType, Status
from server.services import rulebooks

REAL_TYPES = dict(judging.TYPES)
NAMES = rulebooks.shipped_names()
UNSAID = re.compile(
    r"debt|overdue|arrears|collect|creditor|\blend|\bloans?\b|\bborrow|credit\b|\bow(?:e[sd]?|ing)\b|repay|!|"
    r"债|逾期|催|欠|贷|借|还款|还钱|！",
    re.IGNORECASE,
)


def test_the_floor_and_mainland_china_are_there() -> None:
    """The draft's rules and one of lawfulness more in the house's own floor; Xinjiang's hours in the other."""
    floor, china = rulebooks.load_shipped("FLOOR"), rulebooks.load_shipped("CN")

    assert (19, 43) == (len(floor.rules), len(china.rules))
    assert {"primary": 17, "secondary": 16, "partial": 5, "memory": 3, "policy": 2} == Counter(
        rule.confidence.value for rule in china.rules
    )
    xinjiang = china.rule("CN-WIN-002")
    assert xinjiang is not None
    assert "CN-XJ" == xinjiang.params.region


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_file_is_read_with_its_types_own_parameters(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No stand-in: each rule's parameters are those that the code which judges it knows."""
    monkeypatch.setattr(judging, "TYPES", REAL_TYPES)

    assert set(RuleType) == set(REAL_TYPES)
    assert name == rulebooks.load_shipped(name).name


@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_to_the_person_names_no_matter(name: str) -> None:
    """No sentence for the person holds a word that tells a bystander what it is about, or shouts."""
    said = {rule.id: " ".join(rule.says_person.values()) for rule in rulebooks.load_shipped(name).rules}

    assert {} == {rule_id: text for rule_id, text in said.items() if UNSAID.search(text)}


@pytest.mark.parametrize("name", NAMES)
def test_every_sentence_is_one_in_its_language(name: str) -> None:
    """English ends in one full stop and holds no Chinese; Chinese ends in 。 and holds some."""
    for rule in rulebooks.load_shipped(name).rules:
        for words in (rule.says_agent, rule.says_person):
            assert re.fullmatch(r"[^一-鿿。]+\.", words["en"]), rule.id
            assert re.fullmatch(r"[^。]*[一-鿿][^。]*。", words["zh"]), rule.id


def test_a_house_rule_cites_the_house_first_and_no_law() -> None:
    """The floor is policy through and through; what inspired a rule is said to be a model."""
    for rule in rulebooks.load_shipped("FLOOR").rules:
        house, *models = rule.citation.split("; ")
        assert ("product policy", Confidence.POLICY, Status.POLICY, True) == (
            house, rule.confidence, rule.status, rule.is_house,
        )  # fmt: skip
        assert all(model.startswith("modelled on ") for model in models), rule.id


@pytest.mark.parametrize("name", NAMES)
def test_a_policy_is_the_houses_whatever_book_it_stands_in(name: str) -> None:
    """In a jurisdiction's rulebook exactly the rules of status policy are the house's; a house's are all its own."""
    book = rulebooks.load_shipped(name)
    policies = {rule.id for rule in book.rules if rule.status is Status.POLICY or book.kind is Kind.HOUSE}

    assert policies == {rule.id for rule in book.rules if rule.is_house}
    assert {"CN-WIN-002", "CN-DAY-001"} == policies or name != "CN"


@pytest.mark.parametrize("name", NAMES)
def test_only_a_house_widens(name: str) -> None:
    """Law is never widened here: an appointment opens the house's own hours only."""
    book = rulebooks.load_shipped(name)
    widened = [rule.id for rule in book.rules if getattr(rule.params, "widened_by", None)]

    assert widened == [] or book.kind is Kind.HOUSE
