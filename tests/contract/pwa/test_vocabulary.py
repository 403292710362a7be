"""The phone app's words and shapes are the ones that Python has."""

from __future__ import annotations

import pytest

from tests.contract.pwa.write_vocabulary import APP, FILES


@pytest.mark.parametrize("name", FILES)
def test_a_written_file_is_up_to_date(name: str) -> None:
    """A word added in Python reaches the phone: else run `python -m tests.contract.pwa.write_vocabulary`."""
    assert FILES[name]() == (APP / name).read_text(encoding="utf-8")
