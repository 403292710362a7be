"""The phone app's words are those of `schemas/words.py`."""

from __future__ import annotations

import pytest

from tests.contract.make_phone_words import FOLDER, LANGUAGES, write_words


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_phone_calls_things_what_everybody_calls_them(language: str) -> None:
    """Written anew, the file is the same; if not: `python -m tests.contract.make_phone_words`."""
    assert (FOLDER / f"words.{language}.json").read_text("utf-8") == write_words(language)
