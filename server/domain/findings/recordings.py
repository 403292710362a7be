"""
Findings of recordings: where one was a duty, or was said to run, it covers the visit.

Comes in: what the crew recorded of starting and stopping, what the packet asked for, the files named. Where each file
of a medium says from when until when it ran (T4), that counts, and not what the crew said of it. What counts is what
surely was so, whatever the clocks leave open. A crew that gives a reason for a pause is heard: audio ends at the
door of a home. While records are set aside nothing is said (E8): one of them may be a start.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemas.vocabulary import EventKind, RecordingDuty, RecordingMedium, RecordingState, Step
from server.domain.clocks import TimeBound
from server.domain.findings import covering
from server.domain.findings.codes import Code, Finding, Severity
from server.domain.findings.context import Context
from server.domain.findings.crews import is_crew_heard
from server.domain.findings.files import DAY_MS
from server.domain.findings.presence import crew_events
from server.domain.folding import SeenEvent


def find_recording_absent(context: Context) -> list[Finding]:
    """
    Find a medium whose recording was a duty and of which nothing ran and no file is named; its key is the medium.

    Nothing is there either where every file of it is, by its own times, of before or after the visit.
    """
    visit = context.visit
    if visit.ended is None or not visit.is_complete or not is_crew_heard(context):
        return []
    ran = {str(each.body["medium"]) for each in _changes(context)}
    ran |= {RecordingMedium.AUDIO.value} if RecordingMedium.VIDEO in ran else set()  # a video has the sound
    duties = {medium for medium in RecordingMedium if _is_duty(context, medium)}
    lacking: dict[str, dict[str, Any]] = {medium: {"medium": medium.value} for medium in duties - ran - _media(context)}
    lacking |= {
        medium: {"medium": medium.value, "least_lacks_ms": covering.least_stay_ms(context), "told_by": "file"}
        for medium in duties if covering.is_of_another_time(context, medium)
    }  # fmt: skip
    return [Finding(Code.RECORDING_ABSENT, facts, medium) for medium, facts in sorted(lacking.items())]


def find_recording_unnamed(context: Context) -> list[Finding]:
    """Find a recording that was said to run and whose file nobody named in time; its key is the medium."""
    if not context.visit.is_complete or context.now_ms <= _awaited_until(context):
        return []
    return [Finding(Code.RECORDING_UNNAMED, {"medium": medium}, medium) for medium in _unnamed(context)]


def find_next_lack(context: Context) -> int | None:
    """Give when (ms) time alone may find that a recording's file was not named; None if none is awaited."""
    end_ms = _awaited_until(context) + 1
    return end_ms if _unnamed(context) and end_ms > context.now_ms else None


def find_recording_late(context: Context) -> list[Finding]:
    """
    Find a recording that surely began long after it should have; its key is the medium.

    A duty counts from the check-in. Where nobody had to record, it counts from the notice, if one was given, and is a
    note: it may have been agreed to later.
    """
    started = context.visit.started
    if started is None or not context.visit.is_complete:
        return []
    found = []
    for medium in RecordingMedium:
        first_ms, told = _first_ms(context, medium)
        is_duty = _is_duty(context, medium)
        if first_ms is None or (is_duty and covering.is_of_another_time(context, medium)):
            continue
        since = started if is_duty else (_notice(context) or started)
        late_ms = first_ms - since.bound.latest_ms
        if late_ms > context.thresholds.recording_slack_ms:
            facts = {"medium": medium.value, "least_late_ms": late_ms} | told
            weight = None if is_duty else Severity.NOTE
            found.append(Finding(Code.RECORDING_LATE, facts, medium, weight))
    return found


def find_recording_short(context: Context) -> list[Finding]:
    """
    Find a recording that surely stood still, or was over, for long while the visit went on; its key is the medium.

    It is a note where the crew gave a reason each time, or for as much as its files lack.
    """
    ended, slack_ms = context.visit.ended, context.thresholds.recording_slack_ms
    if ended is None or not context.visit.is_complete:
        return []
    found = []
    for medium in RecordingMedium:
        if _is_duty(context, medium) and covering.is_of_another_time(context, medium):
            continue
        gaps = list(_gaps(_changes(context, medium), ended.bound))
        lacks_ms, told = sum(gap_ms for gap_ms, _ in gaps), {}
        is_reasoned = all(reason for _, reason in gaps)
        if files := covering.timed_files(context, medium):
            lacks_ms, told = covering.uncovered_ms(context, files), {"told_by": "file"}
            is_reasoned = lacks_ms - sum(gap_ms for gap_ms, reason in gaps if reason) <= slack_ms
        if lacks_ms > slack_ms:
            facts = {"medium": medium.value, "least_lacks_ms": lacks_ms} | told
            found.append(Finding(Code.RECORDING_SHORT, facts, medium, Severity.NOTE if is_reasoned else None))
    return found


def _first_ms(context: Context, medium: RecordingMedium) -> tuple[int | None, dict[str, str]]:
    """Give when a recording began at the earliest, and by whom that is told where it is not the crew."""
    if files := covering.timed_files(context, medium):
        return min(starts.earliest_ms for starts, _ in files), {"told_by": "file"}
    first = next((each for each in _changes(context, medium) if _is_start(each)), None)
    return None if first is None else first.bound.earliest_ms, {}


def _gaps(changes: list[SeenEvent], end: TimeBound) -> Iterator[tuple[int, str]]:
    """Give how long (ms) it surely stood still each time, and why, as the crew says; before its start is no gap."""
    stopped: SeenEvent | None = None
    has_run = False
    for each in changes:
        if _is_start(each):
            if stopped is not None:
                yield _gap(stopped, each.bound)
            stopped, has_run = None, True
        elif has_run and stopped is None:
            stopped = each
    if stopped is not None:
        yield _gap(stopped, end)


def _gap(stopped: SeenEvent, until: TimeBound) -> tuple[int, str]:
    return max(0, until.earliest_ms - stopped.bound.latest_ms), str(stopped.body.get("reason", ""))


def _changes(context: Context, *media: str) -> list[SeenEvent]:
    """Give what the crew did to recordings, of these media or of any, in time order."""
    changed = [each for each in crew_events(context.visit) if each.kind == EventKind.RECORDING_CHANGED]
    return [each for each in changed if not media or each.body["medium"] in media]


def _media(context: Context) -> set[str]:
    """Give the media that the files of the visit hold."""
    return {medium for each in context.files for medium in each.media}


def _unnamed(context: Context) -> list[str]:
    """Give the media that ran and of which no file is named."""
    return sorted({str(each.body["medium"]) for each in _changes(context) if _is_start(each)} - _media(context))


def _is_start(event: SeenEvent) -> bool:
    return bool(event.body["state"] == RecordingState.STARTED)


def _is_duty(context: Context, medium: RecordingMedium) -> bool:
    return (context.recording or {}).get(medium) == RecordingDuty.DUTY


def _notice(context: Context) -> SeenEvent | None:
    """Give when the crew last spoke of recording at the door."""
    return next(
        (
            each
            for each in reversed(crew_events(context.visit))
            if each.kind == EventKind.STEP_DONE and each.body["step"] == Step.RECORDING_NOTICE
        ),
        None,
    )


def _awaited_until(context: Context) -> int:
    """Give until when (ms) the file of a recording may still be named: a recorder is read out days later."""
    heard_ms = max((event.received_ms for event in crew_events(context.visit)), default=0)
    return heard_ms + context.thresholds.file_late_days * DAY_MS
