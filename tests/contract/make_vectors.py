"""
Writes the golden vectors of the wire: `python -m tests.contract.make_vectors`.

Expected values come from `vector_sources/`, which knows the protocol but not our code. `test_vectors.py` holds that
the files are what this writes and that our code gives what they say; the phone app's tests read the same files.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.contract.vector_sources import (
    canonical,
    chains,
    checksum,
    compiled,
    door,
    erasure,
    events,
    exchanges,
    items,
    limits,
    numbers,
    outcomes,
    places,
    problems,
    receipts,
    sealed,
    signatures,
)

FOLDER = Path(__file__).parents[2] / "schemas" / "vectors"
SOURCES = {
    "canonical": canonical,
    "chains": chains,
    "checksum": checksum,
    "compiled": compiled,
    "door": door,
    "erasure": erasure,
    "events": events,
    "exchanges": exchanges,
    "items": items,
    "limits": limits,
    "numbers": numbers,
    "outcomes": outcomes,
    "places": places,
    "problems": problems,
    "receipts": receipts,
    "sealed": sealed,
    "signatures": signatures,
}


def render(name: str) -> str:
    """Give the text of one file of vectors."""
    source = SOURCES[name]
    lines = ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in source.vectors())
    return f'{{"about": {json.dumps(source.ABOUT)},\n"vectors": [\n{lines}\n]}}\n'


if __name__ == "__main__":
    for each in SOURCES:
        (FOLDER / f"{each}.json").write_text(render(each), encoding="utf-8")
