"""Every code of the catalogue, by its three examples: found, nearly found, and not known."""

from __future__ import annotations

import pytest

from server.domain.findings.codes import CATALOGUE, Code, Finding, Severity
from server.domain.findings.find import RULES, find_all
from tests.unit.domain.findings import examples_done, examples_files, examples_judged, examples_seen
from tests.unit.domain.findings.builders import Example, Examples, a_scene

FAMILIES = (
    examples_seen.PLACE, examples_seen.CLOCKS, examples_seen.CHAINS, examples_done.AT_DOOR, examples_done.CREWS,
    examples_done.STANDING, examples_done.RECORDS, examples_files.FILES, examples_judged.JUDGED,
)  # fmt: skip
EXAMPLES: Examples = {code: example for family in FAMILIES for code, example in family.items()}


STOPS = {
    Code.PLACE_OUTSIDE, Code.FIX_MOCKED, Code.IMPOSSIBLE_TRAVEL, Code.CHAIN_LOST, Code.CHAIN_FORKED,
    Code.CHECKPOINT_BAD, Code.ID_REUSED, Code.SEALED_BEFORE_IDENTITY, Code.AGENT_IN_TWO_VISITS, Code.AFTER_CLOSING,
    Code.RULE_BROKEN,
}  # fmt: skip
NOTES = {
    Code.PLACE_UNCERTAIN, Code.COMPANION_UNASSIGNED, Code.PROMISE_KEPT, Code.PROMISE_BROKEN, Code.PROMISE_OPEN,
}  # fmt: skip
FOUND = [pytest.param(code, each, id=code.value) for code, each in EXAMPLES.items()]
NEAR = [pytest.param(code, each, id=f"{code.value}: {each.near_is}") for code, each in EXAMPLES.items()]
UNKNOWN = [pytest.param(code, each, id=f"{code.value}: not known {each.unknown_is}") for code, each in EXAMPLES.items()]


def test_every_code_has_a_rule_a_sentence_and_three_examples() -> None:
    """A code cannot be added without its rule, its words, and the scenes that hold it."""
    assert list(Code) == list(RULES) == list(CATALOGUE)
    assert sorted(Code) == sorted(EXAMPLES)
    assert len(Code) == sum(len(family) for family in FAMILIES)


@pytest.mark.parametrize(("code", "example"), FOUND)
def test_a_code_is_found_alone_with_its_facts(code: Code, example: Example) -> None:
    """In its minimal scene a rule finds its code with these facts, and no other rule finds anything."""
    assert [Finding(code, example.facts, example.key)] == find_all(example.found)


@pytest.mark.parametrize(("code", "example"), NEAR)
def test_a_code_is_not_found_one_unit_away(code: Code, example: Example) -> None:
    """One unit or one fact away, the same rule finds nothing."""
    assert code not in {finding.code for finding in find_all(example.near)}


@pytest.mark.parametrize(("code", "example"), UNKNOWN)
def test_a_code_is_not_found_where_its_fact_is_unknown(code: Code, example: Example) -> None:
    """What is not known is no finding, and no error."""
    assert code not in {finding.code for finding in find_all(example.unknown)}


@pytest.mark.parametrize(("code", "example"), FOUND)
def test_a_sentence_says_everything(code: Code, example: Example) -> None:
    """Every sentence is filled in from its facts, and ends."""
    (finding,) = find_all(example.found)

    assert "unknown" not in finding.sentence
    assert not set("{}") & set(finding.sentence)
    assert finding.sentence.endswith(".")


@pytest.mark.parametrize(("code", "example"), FOUND)
def test_facts_are_whole_numbers_words_and_ids(code: Code, example: Example) -> None:
    """Facts travel as JSON without floats and nulls; numbers name their unit or what they count."""
    for value in example.facts.values():
        parts = value if isinstance(value, list) else [value]
        assert {type(part) for part in parts} <= {int, str}


@pytest.mark.parametrize("code", list(Code))
def test_a_code_weighs_what_was_agreed(code: Code) -> None:
    """A note flags nothing: who turns one into something to look at, or to stop for, says so here too."""
    expected = Severity.STOP if code in STOPS else Severity.NOTE if code in NOTES else Severity.LOOK

    assert expected == Finding(code).severity


def test_a_clean_visit_has_no_findings() -> None:
    """A crew of two together at the right door, in the right order, is no finding at all."""
    assert [] == find_all(a_scene())


@pytest.mark.parametrize(
    ("code", "severity", "sentence"),
    [
        (
            Code.PLACE_OUTSIDE, Severity.STOP,
            "Checked in 170 m from the door; the fix is good to 10 m, the address to 10 m.",
        ),
        (
            Code.IMPOSSIBLE_TRAVEL, Severity.STOP, "Nobody gets here this fast: at least 8980 m in at most 164 s.",
        ),
        (Code.CLOCK_OFF, Severity.LOOK, "The phone's clock was at least 5 min behind."),
        (Code.TOO_SHORT, Severity.LOOK, "The person was met, yet the visit lasted at most 60 s."),
        (Code.COMPANION_LEFT_EARLY, Severity.LOOK, "A companion left at least 5 min before the visit ended."),
        (Code.PROMISE_BROKEN, Severity.NOTE, "The promise was not kept: 2016-10-12 passed without it being paid."),
    ],
)  # fmt: skip
def test_a_sentence_is_true_when_rounded(code: Code, severity: Severity, sentence: str) -> None:
    """What is at least so much is rounded down, what is at most so much is rounded up."""
    (finding,) = find_all(EXAMPLES[code].found)

    assert (severity, sentence) == (finding.severity, finding.sentence)
