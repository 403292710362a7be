"""Findings of files and recordings, beyond their three examples: what covers what, and what is only a note."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.vocabulary import ENTERING_HOME
from server.domain.findings.codes import Code, Severity
from server.domain.findings.context import Context
from server.domain.findings.files import find_next_miss
from server.domain.findings.find import find_all
from server.domain.findings.recordings import find_next_lack
from server.domain.visit_files import Moment, VisitFile
from tests.unit.domain.findings.builders import T, a_file, a_scene, with_body
from tests.unit.domain.findings.examples_files import DUTY, EARLY_S, LATE_MS, SLACK_S, VIDEO, elsewhere, ran, told


def found(context: Context) -> list[tuple[Code, Severity]]:
    """Give code and weight of everything found."""
    return [(each.code, each.severity) for each in find_all(context)]


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


@pytest.mark.parametrize(("reason", "weight"), [(ENTERING_HOME, Severity.NOTE), ("", Severity.LOOK)])
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


def a_film(
    since: float, until: float, *, slack: float = 0, name: str = "sha-v", media_type: str = "video/mp4"
) -> VisitFile:
    """Give a recording that ran, by its own times, from a second of the visit to another, give or take so many."""
    starts, ends = (
        Moment(T + round(each * 1000), T + round((each - slack) * 1000), T + round((each + slack) * 1000))
        for each in (since, until)
    )
    return replace(VIDEO, sha256=name, media_type=media_type, starts=starts, ends=ends)


def facts(context: Context) -> list[tuple[Code, dict[str, object]]]:
    """Give code and facts of everything found."""
    return [(each.code, dict(each.facts)) for each in find_all(context)]


def by_file(medium: str = "video", **lacks: int) -> dict[str, object]:
    """Give the facts of a finding that rests on a file's own times."""
    return {"medium": medium, "told_by": "file", **lacks}


def test_a_film_that_covers_the_visit_says_nothing() -> None:
    """T4: late and short up to the slack, at both ends; nobody at the door has to have noted it."""
    covers = a_film(SLACK_S, 600 - SLACK_S)

    assert [] == facts(a_scene(files=(covers,), recording=DUTY))
    assert [] == facts(a_scene(files=(a_film(SLACK_S + 9, 600 - SLACK_S - 9, slack=9),), recording=DUTY))


def test_a_films_own_times_go_before_what_was_said_at_the_door() -> None:
    """T4: noted from the first second to the last, and yet it was late and over early; and the other way round."""
    film = a_film(200, 350)
    late, short = by_file(least_late_ms=200_000), by_file(least_lacks_ms=250_000)
    whole = told("starts_video", 300, "started") | told("stops_video", 310, "stopped")

    assert [(Code.RECORDING_LATE, late), (Code.RECORDING_SHORT, short)] == facts(ran(0, files=(film,), recording=DUTY))
    assert [(Code.RECORDING_LATE, Severity.NOTE), (Code.RECORDING_SHORT, Severity.LOOK)] == found(ran(0, files=(film,)))
    assert [] == facts(a_scene(whole, files=(a_film(0, 600),), recording=DUTY))


def test_what_lies_between_two_files_lacks() -> None:
    """T4: a recorder that cuts its film into files covers what they cover together, in any order, overlaps once."""
    parts = (a_film(300, 320, name="sha-3"), a_film(0, 100, name="sha-1"), a_film(50, 80, name="sha-2"))
    last, after = a_film(310, 700, name="sha-4"), a_film(900, 999, name="sha-5")

    for files in (parts, (*parts, after)):
        assert [(Code.RECORDING_SHORT, by_file(least_lacks_ms=480_000))] == facts(a_scene(files=files, recording=DUTY))
    assert [(Code.RECORDING_SHORT, by_file(least_lacks_ms=200_000))] == facts(
        a_scene(files=(*parts, last), recording=DUTY)
    )


def test_one_file_without_times_leaves_it_to_what_was_said_at_the_door() -> None:
    """T4: it may hold what the others lack; so may one that ends before it starts."""
    for unsaid in (replace(VIDEO, sha256="sha-w"), a_film(10, 5, name="sha-w")):
        assert [] == facts(ran(0, files=(a_film(300, 310), unsaid), recording=DUTY))
        assert [Code.RECORDING_LATE] == [code for code, _ in facts(ran(200, files=(a_film(0, 600), unsaid)))]


@pytest.mark.parametrize(("since", "until"), [(-500, -1), (601, 1200)])
def test_a_film_of_another_time_is_none_of_the_visit(since: float, until: float) -> None:
    """T4: where recording was a duty nothing was recorded, whatever was said at the door: all the minutes lack."""
    away = (a_film(since, until, name="sha-1"), a_film(since, until, name="sha-2"))
    absent = (Code.RECORDING_ABSENT, by_file(least_lacks_ms=600_000))

    assert [absent] == facts(ran(0, files=away, recording=DUTY))
    assert [] == facts(ran(0, files=(*away, a_film(0, 600, name="sha-3")), recording=DUTY))
    assert [] != facts(ran(0, files=away))
    touches = a_film(since, until, slack=2)
    assert Code.RECORDING_ABSENT not in [code for code, _ in facts(ran(0, files=(touches,), recording=DUTY))]


def test_the_sound_of_a_film_of_another_time_is_none_either() -> None:
    """T4: where sound is a duty a film fulfils it, and one of another day does not."""
    film, sound = a_film(-500, -100), a_film(0, 600, name="sha-a", media_type="audio/webm")
    absent = (Code.RECORDING_ABSENT, by_file("audio", least_lacks_ms=600_000))
    alone, both = (facts(a_scene(files=files, recording={"audio": "duty"})) for files in ((film,), (film, sound)))

    assert [absent] == [each for each in alone if each[1]["medium"] == "audio"]
    assert [] == [each for each in both if each[1]["medium"] == "audio"]


def test_as_much_as_the_crew_gave_a_reason_for_is_a_note() -> None:
    """T4: a film that stops where they said why, and no more; without a reason, or for far less, it is looked at."""
    why = {"reason": ENTERING_HOME}
    for until, said, weight in ((300, why, Severity.NOTE), (300, {}, Severity.LOOK), (100, why, Severity.LOOK)):
        events = told("starts_video", 0, "started") | told("stops_video", 300, "stopped", **said)
        assert [(Code.RECORDING_SHORT, weight)] == found(a_scene(events, files=(a_film(0, until),), recording=DUTY))


def test_a_picture_taken_before_the_visit_is_older_though_named_within_it() -> None:
    """T4: its own time counts, as far as it is surely so; one taken at the door is not older."""

    def taken(second: float, slack: float = 0) -> VisitFile:
        return replace(a_file(), starts=a_film(second, 0, slack=slack).starts)

    older = (Code.PICTURE_OLDER, {"pictures": 1, "least_before_ms": 601_000})
    assert [older] == facts(a_scene(files=(taken(-EARLY_S - 1),)))
    assert [older] == facts(a_scene(files=(taken(-EARLY_S - 4, 3),)))
    assert [] == facts(a_scene(files=(taken(-EARLY_S - 1, 1),)))
    assert [] == facts(a_scene(files=(taken(5),)))


def test_a_visit_that_has_not_ended_lacks_nothing_yet() -> None:
    """T4: what a film covers is counted once the visit is over."""
    going_on = a_scene({"ann_ends": None, "bo_ends": None}, files=(a_film(0, 1),), recording=DUTY)

    assert [] == facts(going_on)
    assert [] != facts(a_scene(files=(a_film(0, 1),), recording=DUTY))
