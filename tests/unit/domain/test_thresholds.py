"""Thresholds are settings with units: every one is explained, and none takes nonsense."""

from __future__ import annotations

import ast
import inspect
from dataclasses import fields
from itertools import pairwise

import pytest

from server.domain import thresholds
from server.domain.thresholds import Thresholds

UNITS = ("_dm", "_ms", "_ppm", "_m_per_s", "_minor", "_count", "_percent", "_days")


@pytest.mark.parametrize("name", [field.name for field in fields(Thresholds)])
def test_a_threshold_names_its_unit(name: str) -> None:
    """The unit of a threshold is the end of its name."""
    assert name.endswith(UNITS)


def test_every_threshold_says_what_it_decides_and_where_it_comes_from() -> None:
    """Each field is followed by its docstring, and nothing in it is left unexplained."""
    tree = ast.parse(inspect.getsource(thresholds))
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef)).body
    explained = {
        field.target.id
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
    }

    assert {field.name for field in fields(Thresholds)} == explained


@pytest.mark.parametrize("nonsense", [-1, 1.5, "60", None, True])
def test_a_threshold_that_is_no_whole_number_is_refused_by_name(nonsense: object) -> None:
    """A setting that cannot be meant is refused with the name of the threshold."""
    with pytest.raises(ValueError, match=r"threshold fence_dm .* whole number"):
        Thresholds(fence_dm=nonsense)  # type: ignore[arg-type]


def test_a_threshold_may_be_nothing() -> None:
    """Zero is a setting: the strictest one."""
    assert Thresholds(fence_dm=0).fence_dm == 0
