"""Findings of files and recordings, beyond their three examples: what covers what, and what is only a note."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.domain.findings.codes import Code, Severity
from server.domain.findings.files import find_next_miss
from server.domain.findings.find import find_all
from server.domain.findings.recordings import find_next_lack
from tests.unit.domain.findings.builders import T, a_file, a_scene, with_body
from tests.unit.domain.findings.examples_files import DUTY, EARLY_S, LATE_MS, SLACK_S, VIDEO, elsewhere, ran, told


def found(context: object) -> list[tuple[Code, Severity]]:
    """Give code and weight of everything found."""
    return [(each.code, each.severity) for each in find_all(context)]  # type: ignore[arg-type]


def test_a_picture_of_an_earlier_visit_is_older_than_this_one() -> None:
    """What another visit named before this one began is told of the later one; how long before is the longest."""
    before = (elsewhere(-EARLY_S - 60), elsewhere(-EARLY_S - 1))
    [repeated, older] = find_all(a_scene(files=(a_file(),), elsewhere=before))

    assert (Code.PICTURE_REPEATED, Code.PICTURE_OLDER) == (repeated.code, older.code)
    assert {"pictures": 1, "least_before_ms": 660_000} == older.facts


def test_a_recorders_file_on_two_visits_is_no_repeated_picture() -> None:
    """A body recorder's video may run over two doors; only still pictures are held against each other."""
    assert [] == find_all(a_scene(files=(VIDEO,), elsewhere=(elsewhere(sha256="sha-v"),)))


def test_a_video_is_a_recording_of_the_sound_too() -> None:
    """Where audio is a duty, a video that runs, or whose file the office added, fulfils it."""
    office = replace(VIDEO, is_office=True)

    assert [] == find_all(ran(5, recording={"audio": "duty"}))
    assert [] == find_all(a_scene(files=(office,), recording={"audio": "duty", "video": "duty"}))
    assert [(Code.RECORDING_ABSENT, Severity.LOOK)] == found(
        a_scene(files=(a_file(media_type="audio/webm", role="recording", state="verified"),), recording=DUTY)
    )


def test_a_recording_nobody_had_to_make_counts_from_its_notice_and_is_a_note() -> None:
    """Whoever agrees to be recorded does so at the door: late is counted from the question on."""
    late = told("starts_video", 61 + SLACK_S, "started")
    asked = with_body(a_scene().visit.events[2], step="recording_notice")
    free, agreed = a_scene(late, files=(VIDEO,)), a_scene(late | {asked.id: asked}, files=(VIDEO,))
    duty = a_scene(late | {asked.id: asked}, files=(VIDEO,), recording=DUTY)

    assert "ann_shows" == asked.id
    assert [(Code.RECORDING_LATE, Severity.NOTE)] == found(free)
    assert [(Code.RECORDING_LATE, Severity.NOTE)] == found(agreed)
    assert 181_000 == find_all(agreed)[0].facts["least_late_ms"]
    assert 241_000 == find_all(duty)[0].facts["least_late_ms"]
    assert Severity.LOOK == find_all(duty)[0].severity


@pytest.mark.parametrize(("reason", "weight"), [("into the home", Severity.NOTE), ("", Severity.LOOK)])
def test_a_pause_with_a_reason_is_a_note(reason: str, weight: Severity) -> None:
    """Audio ends at the door of a home, and the crew says so; every pause adds up, and no reason is repeated."""
    pauses = told("starts_video", 0, "started") | told("pauses", 100, "paused", reason=reason)
    pauses |= told("goes_on", 200, "started") | told("stops_video", 500, "stopped", reason=reason)
    [short] = find_all(a_scene(pauses, files=(VIDEO,)))

    assert (Code.RECORDING_SHORT, weight) == (short.code, short.severity)
    assert {"medium": "video", "least_lacks_ms": 200_000} == short.facts


def test_time_alone_is_waited_for() -> None:
    """A visit that awaits a file, or a recording's, is looked at again just when that counts as missing."""
    awaits, lacks = a_scene(files=(a_file(),)), ran(5, files=())

    assert (LATE_MS + 1, None) == (find_next_miss(awaits), find_next_lack(awaits))
    assert (None, LATE_MS + 1) == (find_next_miss(lacks), find_next_lack(lacks))
    for scene in (awaits, lacks):
        assert [] == find_all(scene)
        assert [] != find_all(replace(scene, now_ms=LATE_MS + 1))
        assert (None, None) == tuple(
            find(replace(scene, now_ms=LATE_MS + 1)) for find in (find_next_miss, find_next_lack)
        )
    assert None is find_next_miss(a_scene(files=(VIDEO,), now_ms=T))
