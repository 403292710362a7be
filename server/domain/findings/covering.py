"""
What of a visit its recordings cover, by the times that the files themselves say (T4).

Comes in: the scene of a visit. Goes out: the spans of its files of a kind, and how much of the visit lies in none of
them. Each side is taken as far as the clocks leave it open, so that what lacks surely lacks.
"""

from __future__ import annotations

from collections.abc import Sequence

from schemas.vocabulary import RecordingMedium
from server.domain.findings.context import Context
from server.domain.visit_files import Moment

Span = tuple[Moment, Moment]


def timed_files(context: Context, *kinds: str) -> list[Span]:
    """
    Give from when until when each file of these kinds ran.

    None at all where one of them does not say: it may hold what the others lack.
    """
    files = [each for each in context.files if each.kind in kinds]
    spans = [
        (each.starts, each.ends)
        for each in files
        if each.starts is not None and each.ends is not None and each.starts.said_ms <= each.ends.said_ms
    ]
    return spans if len(spans) == len(files) else []


def is_of_another_time(context: Context, medium: RecordingMedium) -> bool:
    """Say whether every recording that holds a medium surely ended before the visit or began after it."""
    files = timed_files(context, medium, RecordingMedium.VIDEO)  # a video has the sound
    started, ended = context.visit.started, context.visit.ended
    if not files or started is None or ended is None:
        return False
    since_ms, until_ms = started.bound.earliest_ms, ended.bound.latest_ms
    return all(ends.latest_ms < since_ms or starts.earliest_ms > until_ms for starts, ends in files)


def uncovered_ms(context: Context, files: Sequence[Span]) -> int:
    """Give how much of the visit lies in none of *files*, from the first of them on: before that it is late."""
    since_ms, until_ms = _least_span(context)
    at_ms, lacks_ms = max(since_ms, min(starts.earliest_ms for starts, _ in files)), 0
    for starts, ends in sorted(files, key=lambda each: each[0].earliest_ms):
        lacks_ms += max(0, min(starts.earliest_ms, until_ms) - at_ms)
        at_ms = max(at_ms, ends.latest_ms)
    return lacks_ms + max(0, until_ms - at_ms)


def least_stay_ms(context: Context) -> int:
    """Give how long the visit lasted."""
    since_ms, until_ms = _least_span(context)
    return max(0, until_ms - since_ms)


def _least_span(context: Context) -> tuple[int, int]:
    """Give from when until when the visit surely went on; nothing where it was not begun, or not ended."""
    started, ended = context.visit.started, context.visit.ended
    if started is None or ended is None:
        return 0, 0
    return started.bound.latest_ms, ended.bound.earliest_ms
