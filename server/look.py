"""How all faces of Fairvisit look alike: their colours, and the outlines that stand beside every state."""

from __future__ import annotations

from pathlib import Path

COLOURS = Path(__file__).parent / "colours.css"
ICONS = {
    "good": "M4 10.5l4 4 8-9",
    "look": "M10 3l8 14H2zM10 8v4M10 14.5v.1",
    "stop": "M5 5l10 10M15 5L5 15",
    "signed": "M2 10.5l4 4 7-9M10 14l1 .5 7-9",  # seen twice: by the server, and by a person
    "wait": "M10 5v5l3 2M10 2a8 8 0 100 16 8 8 0 000-16",
}
