"""
Write what the words of `vocabulary` are called for the phone app, from `schemas/words.py`: one place, two languages.

    python -m tests.contract.make_phone_words
"""

from __future__ import annotations

import json
from pathlib import Path

from schemas import vocabulary as v
from schemas.words import WORDS

FOLDER = Path(__file__).parents[2] / "agent_sync/pwa/src/texts"
LANGUAGES = ("en", "zh")
SHOWN = (
    v.EventKind, v.Step, v.StartRemark, v.ContactResult, v.Disposition, v.Identity, v.IdentityMethod, v.FactKind,
    v.HoldReason, v.EndReason, v.RecordingMedium, v.NoFixReason, v.Role, v.ParkReason, v.Act, v.Precision,
    v.StepResponse, v.RecordingState,
)  # fmt: skip


def write_words(language: str) -> str:
    """Give the file of one language."""
    at = LANGUAGES.index(language)
    words = {of.__name__: {str(name): said[at] for name, said in WORDS[of].items()} for of in SHOWN}
    return json.dumps(words, ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    """Write both files."""
    for language in LANGUAGES:
        (FOLDER / f"words.{language}.json").write_text(write_words(language), "utf-8")


if __name__ == "__main__":
    main()
