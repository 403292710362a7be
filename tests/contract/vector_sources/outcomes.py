"""The table of possible (contact_result, disposition) pairs, written out by hand."""

from __future__ import annotations

from tests.contract.vector_sources.plain import Vector

ABOUT = (
    "Which dispositions can come of a contact: `possible` lists them, in the order of the vocabulary; every other is"
    " impossible. With anyone but the person nothing is discussed."
)
EVERY = "promise says_paid refuses disputes hardship cannot_decide appointment represented none".split()
POSSIBLE = {
    "person": EVERY,
    "other_adult": ["represented", "none"],
    "only_minor": ["none"],
    "nobody": ["none"],
    "moved": ["none"],
    "not_found": ["none"],
    "no_access": ["none"],
    "unsafe": ["none"],
    "deceased": ["represented", "none"],
}


def vectors() -> list[Vector]:
    """Give the vectors of `outcomes.json`."""
    return [
        {"name": contact, "given": {"contact_result": contact}, "expected": {"possible": possible}}
        for contact, possible in POSSIBLE.items()
    ]
