"""A policy table is read from YAML; what may not decide, or cannot be meant, is refused with a sentence."""

from __future__ import annotations

import pytest

from schemas.errors import FieldError
from server.domain.policy import PolicyRow, Span
from server.services.closed_schema import PROTECTED
from server.services.policy_table import load_policy

TABLE = """
- name: early cards
  when:
    grade: [A, B]
    days_past_due: {from: 1, to: 60}
    product: [card]
    amount: {currency: TWD, to: 1000000}
    area: [north]
    language: [zh]
  to: {team: City}
  certificates: [consumer]
  capacity: 40
- name: rest
  to: {agency: North}
  crew: 2
"""


def refused(text: str) -> dict[str, list[str]]:
    """Give the sentences a table is refused with."""
    with pytest.raises(FieldError) as caught:
        load_policy(text)
    assert caught.value.code == "invalid"
    return dict(caught.value.fields)


def test_a_table_is_read_in_order() -> None:
    """Every condition comes through, rows stay in order, and what is left out asks for nothing."""
    early = PolicyRow(
        name="early cards",
        grades=frozenset("AB"),
        products=frozenset({"card"}),
        areas=frozenset({"north"}),
        languages=frozenset({"zh"}),
        days_past_due=Span(1, 60),
        amount=Span(None, 1_000_000),
        currency="TWD",
        team="City",
        certificates=frozenset({"consumer"}),
        capacity=40,
    )

    assert (early, PolicyRow("rest", agency="North", crew=2)) == load_policy(TABLE)
    assert load_policy("rows:" + TABLE.replace("\n", "\n  ")) == load_policy(TABLE)


@pytest.mark.parametrize("word", sorted(word for words in PROTECTED.values() for word in words))
def test_protected_attributes_are_refused_by_name(word: str) -> None:
    """No protected attribute is taken, wherever it stands, and the sentence says why."""
    in_when = refused(f"- name: x\n  when: {{{word}: [1]}}\n  to: {{team: City}}")
    in_row = refused(f"- name: x\n  {word}: 1\n  to: {{team: City}}")

    assert [f"rows.0.when.{word}"] == list(in_when)
    assert [f"rows.0.{word}"] == list(in_row)
    assert "protected attribute" in in_when[f"rows.0.when.{word}"][0]


@pytest.mark.parametrize("spelling", ["Sex", "MARITAL-STATUS", "Date of birth", " age "])
def test_other_spellings_do_not_get_past(spelling: str) -> None:
    """Capitals, dashes and blanks hide nothing."""
    [sentences] = refused(f'- name: x\n  when: {{"{spelling}": [1]}}\n  to: {{team: City}}').values()

    assert "protected attribute" in sentences[0]


def test_a_range_may_lie_below_zero_and_lack_an_end() -> None:
    """Negative figures are figures: a range may end below zero."""
    [row] = load_policy("- {name: x, to: {team: C}, when: {days_past_due: {to: -1}}}")

    assert Span(None, -1) == row.days_past_due


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("- name: x\n  when: {shoe_size: [1]}\n  to: {team: City}", "rows.0.when.shoe_size"),
        ("- name: x\n  to: {team: City, agency: North}", "rows.0.to"),
        ("- name: x\n  to: {}", "rows.0.to"),
        ("- name: x", "rows.0.to"),
        ("- to: {team: City}", "rows.0.name"),
        ("- {name: x, to: {team: C}}\n- {name: x, to: {team: D}}", "rows"),
        ("- {name: x, to: {team: C}, when: {days_past_due: {from: 5, to: 4}}}", "rows.0.when.days_past_due"),
        ("- {name: x, to: {team: C}, when: {days_past_due: {}}}", "rows.0.when.days_past_due"),
        ("- {name: x, to: {team: C}, when: {amount: {to: 5}}}", "rows.0.when.amount.currency"),
        ("- {name: x, to: {team: C}, when: {amount: {to: 5.5, currency: EUR}}}", "rows.0.when.amount.to"),
        ("- {name: x, to: {team: C}, when: {grade: []}}", "rows.0.when.grade"),
        ("- {name: x, to: {team: C}, capacity: 0}", "rows.0.capacity"),
        ("[]", "rows"),
        ("", "rows"),
        ("just words", "rows"),
        ("{", "."),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_place(text: str, place: str) -> None:
    """Each mistake is refused at the place it was made."""
    assert [place] == list(refused(text))
