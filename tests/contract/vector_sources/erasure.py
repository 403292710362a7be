"""Erasure: a chain verifies with content and salt gone; what was not erased lawfully is found."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tests.contract.vector_sources.chains import CHAIN, VISIT, entry, linked
from tests.contract.vector_sources.plain import ZEROS, Vector

ABOUT = (
    "E3 and E12. The stored `places` of a whole chain; content is absent where it was erased, and `erased` says by whom"
    " and when. `refused` is the first fault, found at place `at`."
)
ERASED = {"by": "Office Person", "at": "2026-09-01T09:00:00.000Z", "reason": "asked by the person"}


def stored() -> dict[str, Any]:
    """Give a whole chain as it is stored."""
    entries = [entry(event) for event in VISIT]
    links = linked(CHAIN, 1, ZEROS, entries)
    places = [link | {"content": each["content"]} for link, each in zip(links, entries, strict=True)]
    return {"chain_id": CHAIN, "next_seq": len(places) + 1, "head": links[-1]["hash"], "places": places}


def erase(given: dict[str, Any], *seqs: int) -> None:
    """Erase places lawfully."""
    for seq in seqs:
        del given["places"][seq - 1]["content"]
        given["places"][seq - 1]["erased"] = ERASED


def drop(given: dict[str, Any], seq: int) -> None:
    """Delete a place."""
    del given["places"][seq - 1]


def set_member(given: dict[str, Any], seq: int, **members: Any) -> None:
    """Change a place."""
    given["places"][seq - 1] |= members


def forget(given: dict[str, Any], seq: int) -> None:
    """Lose a content without erasing it."""
    del given["places"][seq - 1]["content"]


def swap(given: dict[str, Any]) -> None:
    """Swap two places' events and leave their numbers."""
    second, third = given["places"][1], given["places"][2]
    second["seq"], third["seq"] = 3, 2
    given["places"][1], given["places"][2] = third, second


def shorten(given: dict[str, Any]) -> None:
    """Cut the end off, head and all."""
    del given["places"][-1]
    given["next_seq"] -= 1


GOOD: dict[str, tuple[Callable[[dict[str, Any]], None], list[int]]] = {
    "a whole chain": (lambda given: None, []),
    "one content and its salt erased": (lambda given: erase(given, 4), [4]),
    "the first content erased": (lambda given: erase(given, 1), [1]),
    "every content erased": (lambda given: erase(given, 1, 2, 3, 4, 5), [1, 2, 3, 4, 5]),
}
BAD: dict[str, tuple[Callable[[dict[str, Any]], None], str, int]] = {
    "a content that is gone without an erasure": (lambda given: forget(given, 3), "content_missing", 3),
    "a place deleted": (lambda given: drop(given, 3), "place_missing", 3),
    "the last place deleted": (lambda given: drop(given, 5), "place_missing", 5),
    "the end cut off": (shorten, "head_changed", 4),
    "two places swapped": (swap, "link_changed", 2),
    "a content edited": (
        lambda given: set_member(given, 2, content=given["places"][4]["content"]),
        "content_changed",
        2,
    ),
    "a digest edited": (lambda given: set_member(given, 2, digest=given["places"][4]["digest"]), "link_changed", 2),
    "an id edited": (lambda given: set_member(given, 2, id=given["places"][4]["id"]), "link_changed", 2),
    "an erased place whose digest was edited": (
        lambda given: (erase(given, 4), set_member(given, 4, digest=ZEROS))[0],
        "link_changed",
        4,
    ),
    "another head": (lambda given: given.update(head=ZEROS), "head_changed", 5),
}


def vectors() -> list[Vector]:
    """Give the vectors of `erasure.json`."""
    out: list[Vector] = []
    for name, (change, erased) in GOOD.items():
        given = copy.deepcopy(stored())
        change(given)
        out.append({"name": name, "given": given, "expected": {"places": 5, "erased": erased}})
    for name, (spoil, fault, at) in BAD.items():
        given = copy.deepcopy(stored())
        spoil(given)
        out.append({"name": name, "given": given, "refused": fault, "at": at})
    return out
