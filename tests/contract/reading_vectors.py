"""Reading golden vectors in tests: one test run for each vector, and its answer in the vector's own words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from schemas.errors import FieldError
from tests.builders import read_vectors


def vectors_of(name: str, having: str = "name") -> Callable[[Any], Any]:
    """Run a test once for each vector of a file that has a member."""
    chosen = [vector for vector in read_vectors(name) if having in vector]
    return pytest.mark.parametrize("vector", chosen, ids=lambda vector: vector["name"])


def outcome_of(call: Callable[[], Any]) -> dict[str, Any]:
    """Give what a call answers as a vector would say it."""
    try:
        return {"expected": call()}
    except FieldError as error:
        return {"refused": error.code}


def said(vector: dict[str, Any]) -> dict[str, Any]:
    """Give what a vector says should come of it."""
    return {name: vector[name] for name in ("expected", "refused") if name in vector}
