"""Weights are read from YAML; what may not decide, or cannot be meant, is refused with a sentence."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from schemas.errors import FieldError
from server.services.closed_schema import PROTECTED
from server.services.priority_table import USUAL, load_weights


def table(**changed: Any) -> str:
    """Give a table of two factors, changed."""
    steps = [{"from": 1, "level": 50}]
    days: dict[str, Any] = {"factor": "days_past_due", "weight": 60, "why": "Long.", "steps": steps}
    money: dict[str, Any] = {
        "factor": "amount", "weight": 40, "why": "Large.", "steps": [{"currency": "USD", "from": 1, "level": 50}],
    }  # fmt: skip
    top = {"name": "t", "version": "1", "look_back_days": 30, "look_ahead_days": 7, "factors": [days | changed, money]}
    return yaml.safe_dump(top)


def refused(text: str) -> dict[str, list[str]]:
    """Give the sentences that weights are refused with."""
    with pytest.raises(FieldError) as caught:
        load_weights(text)
    assert "invalid" == caught.value.code
    return dict(caught.value.fields)


def test_the_shipped_weights_are_read() -> None:
    """They add up to 100, and each factor says why it counts."""
    usual = load_weights(USUAL.read_text("utf-8"))

    assert 100 == sum(each.weight for each in usual.factors)
    assert all(each.why for each in usual.factors)
    assert "t" == load_weights(table()).name


@pytest.mark.parametrize("word", sorted(word for words in PROTECTED.values() for word in words))
def test_protected_attributes_are_no_factor(word: str) -> None:
    """No protected attribute is taken, as a factor or as a member, and the sentence says why."""
    [as_factor] = refused(table(factor=word)).values()
    [as_member] = refused(table(**{word: 1})).values()

    assert "a protected attribute: who is visited first may not depend on it" in as_factor[0]
    assert as_factor == as_member


@pytest.mark.parametrize(
    ("changed", "path", "why"),
    [
        ({"factor": "grade"}, "factors.0.factor", "'grade' is no factor; there is days_past_due"),
        ({"weight": 61}, "factors", "add up to 101; they should to 100"),
        ({"weight": 101}, "factors.0.weight", "less than or equal to 100"),
        ({"factor": "amount"}, "factors.0.steps", "amounts need a currency"),
        ({"steps": [{"from": 1, "level": 1, "currency": "USD"}]}, "factors.0.steps", "nothing else has one"),
        ({"steps": [{"from": 1, "to": 9, "level": 1}, {"from": 9, "level": 2}]}, "factors.0.steps", "overlap"),
        ({"steps": [{"from": 9, "to": 1, "level": 1}]}, "factors.0.steps.0", "nothing lies between"),
        ({"steps": [{"level": 1}]}, "factors.0.steps.0", "needs `from`, `to` or both"),
        ({"steps": [{"from": 1, "level": 101}]}, "factors.0.steps.0.level", "less than or equal to 100"),
        ({"why": ""}, "factors.0.why", "Length"),
    ],
)
def test_what_cannot_be_meant_is_refused(changed: dict[str, Any], path: str, why: str) -> None:
    """The sentence names the place and says what would be right."""
    [(where, [sentence])] = refused(table(**changed)).items()

    assert where.startswith(path)
    assert why in sentence


@pytest.mark.parametrize("text", ["- a list", "a: [", ""])
def test_what_is_no_table_is_refused(text: str) -> None:
    """Anything else ends in a sentence too."""
    assert ["."] == list(refused(text))
