"""The files of a visit: each once, as it was first named, and only whole ones count."""

from __future__ import annotations

from dataclasses import replace

from schemas.vocabulary import EventKind
from server.domain.visit_files import lacking, name_files, set_states
from tests.unit.domain.findings.builders import T, an_event

NAMED = {"sha256": "sha-1", "size": 9, "media_type": "image/jpeg", "role": "photo"}


def test_a_file_named_twice_is_one_as_it_was_first_named() -> None:
    """A file named again, by whoever, is the same file."""
    first = replace(an_event("ann_files", 10, EventKind.FILES_ATTACHED, {}, seq=8), files=(NAMED,))
    again = replace(an_event("bo_files", 20, EventKind.FILES_ATTACHED, {}, seq=8), files=(NAMED | {"role": "x"},))
    [found] = name_files([first, again])

    assert ("ann", "photo", T + 10_000) == (found.agent_id, found.role, found.named_late_ms)
    assert "wanted" == found.state


def test_a_file_that_came_whole_from_anybody_is_verified() -> None:
    """T1: complete means that every named hash is verified, whichever of those who named it sent it."""
    events = [replace(an_event("ann_files", 10, EventKind.FILES_ATTACHED, {}, seq=8), files=(NAMED,))]
    verified = set_states(name_files(events), [("sha-1", "verified", "image/png"), ("sha-1", "wanted", "")])
    discarded = set_states(name_files(events), [("sha-1", "discarded", "")])

    assert [] == lacking(verified)
    assert ("image", "") == (verified[0].shown_as, replace(verified[0], sniffed="image/svg+xml").shown_as)
    assert discarded == lacking(discarded)
    assert "discarded" == discarded[0].state


def test_an_erased_file_is_neither_shown_nor_awaited() -> None:
    """A visit whose recording went by its own clock is as complete as it was."""
    events = [replace(an_event("ann_files", 10, EventKind.FILES_ATTACHED, {}, seq=8), files=(NAMED,))]
    [erased] = set_states(name_files(events), [("sha-1", "erased", ""), ("sha-1", "verified", "image/png")])

    assert ("erased", "", []) == (erased.state, erased.shown_as, lacking([erased]))
