"""The files of a visit: each once, as it was first named, and only whole ones count."""

from __future__ import annotations

from dataclasses import replace

from schemas.vocabulary import EventKind
from server.domain.folding import SeenEvent
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


def a_naming(second: float, wall_off_ms: int = 0, agent: str = "ann", **times: str) -> SeenEvent:
    """Give an event that names a recording, by a phone whose clock is off by so much."""
    event = an_event(
        f"{agent}_files_{second}", second, EventKind.FILES_ATTACHED, {}, seq=8 + int(second), wall_off_ms=wall_off_ms
    )
    return replace(event, files=(NAMED | {"media_type": "video/mp4"} | times,))


def test_a_files_own_times_are_by_the_devices_clock_or_a_recorders() -> None:
    """T4: they may be as they stand, or off as the device's clock was at any event of the visit; no moment is none."""
    walls = {"starts": "2016-10-11T09:00:00.000-07:00", "ends": "2016-10-11T16:08:00.000+00:00"}
    [right] = name_files([a_naming(10, **walls)])
    [ahead] = name_files([a_naming(10, 90_000, **walls)])
    [behind] = name_files([a_naming(10, -90_000, starts=walls["starts"])])
    began = an_event("ann_starts", 0, EventKind.VISIT_STARTED, {}, seq=2, wall_off_ms=-3_600_000)
    stranger = an_event("bo_starts", 0, EventKind.VISIT_STARTED, {}, seq=2, wall_off_ms=7_200_000)
    [stepped] = name_files([stranger, began, a_naming(10, 90_000, **walls)])
    [unreal] = name_files([a_naming(10, starts="2016-02-31T09:00:00.000-07:00")])
    ends_of_time = [
        name_files([a_naming(10, starts=each)])[0].starts
        for each in ("9999-12-31T23:59:59.999-23:59", "0001-01-01T00:00:00.000+23:59", "1904-01-01T00:00:00.000+00:00")
    ]

    assert [(T, T, T), (T + 480_000,) * 3] == [right.starts, right.ends]
    assert (T, T - 90_000, T) == ahead.starts
    assert ((T, T, T + 90_000), None) == (behind.starts, behind.ends)
    assert (T, T - 90_000, T + 3_600_000) == stepped.starts
    assert (None, None) == (unreal.starts, unreal.ends)
    assert [None] * 3 == ends_of_time


def test_who_named_a_file_may_put_its_times_right() -> None:
    """T4: the last word of the same agent counts; another agent's does not, and naming it without times takes none."""
    at = {name: {"starts": f"2016-10-11T09:0{name}:00.000-07:00"} for name in (0, 1, 2)}
    [found] = name_files([a_naming(10), a_naming(20, **at[1]), a_naming(30), a_naming(40, agent="bo", **at[2])])

    assert (T + 60_000, T + 10_000) == (found.starts and found.starts.said_ms, found.named_late_ms)


def test_a_picture_is_known_since_it_was_taken_or_named() -> None:
    """T4: whichever surely was first; how a recording's times lie says nothing of when it was known."""
    taken = {"starts": "2016-10-11T08:59:00.000-07:00"}
    later = {"starts": "2016-10-11T09:59:00.000-07:00"}
    picture = {"media_type": "image/jpeg"}

    assert [T - 60_000, T + 10_000, T + 10_000, T + 10_000] == [
        name_files([a_naming(10, **each)])[0].known_ms for each in (picture | taken, picture | later, picture, taken)
    ]


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
