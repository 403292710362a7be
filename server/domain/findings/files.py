"""
Findings of files: those that never came, and pictures that cannot be of this visit.

A hash tells that two pictures are the same to the last bit, never that two scenes are. How old a picture is, nobody
knows from its bytes: devices take its own time away. What is known is when it was taken, where its device says so (T4),
when it was named, and what was named before.
"""

from __future__ import annotations

from server.domain.findings.codes import Code, Finding
from server.domain.findings.context import Context
from server.domain.visit_files import VisitFile, lacking

DAY_MS = 86_400_000


def find_files_missing(context: Context) -> list[Finding]:
    """
    Find files that were named long ago and have not arrived whole.

    While records are set aside nothing is said (E8): one of them may name the file anew, or take it back.
    """
    if not context.visit.is_complete:
        return []
    since_ms = context.now_ms - _patience_ms(context)
    late = [each for each in lacking(context.files) if each.heard_ms < since_ms]
    return [Finding(Code.FILES_MISSING, {"files": len(late)})] if late else []


def find_next_miss(context: Context) -> int | None:
    """Give when (ms) time alone makes a file count as missing; None if no file is awaited."""
    patience_ms = _patience_ms(context)
    ends = [each.heard_ms + patience_ms + 1 for each in lacking(context.files)]
    return min((each for each in ends if each > context.now_ms), default=None)


def find_picture_repeated(context: Context) -> list[Finding]:
    """Find pictures whose very content stands at another visit too."""
    repeated = {each.sha256 for each in context.elsewhere} & {each.sha256 for each in _pictures(context)}
    if not repeated:
        return []
    visits = {(each.case_id, each.visit_id) for each in context.elsewhere if each.sha256 in repeated}
    return [Finding(Code.PICTURE_REPEATED, {"pictures": len(repeated), "visits": len(visits)})]


def find_picture_older(context: Context) -> list[Finding]:
    """Find pictures that surely were there before the visit began: taken or named earlier, here or at another visit."""
    started = context.visit.started
    if started is None:
        return []
    known = {each.sha256: each.known_ms for each in _pictures(context)}
    for each in context.elsewhere:
        if each.sha256 in known:
            known[each.sha256] = min(known[each.sha256], each.known_ms)
    before = [started.bound.earliest_ms - known_ms for known_ms in known.values()]
    early = [each for each in before if each > context.thresholds.picture_early_ms]
    return [Finding(Code.PICTURE_OLDER, {"pictures": len(early), "least_before_ms": max(early)})] if early else []


def _pictures(context: Context) -> list[VisitFile]:
    return [each for each in context.files if each.is_picture]


def _patience_ms(context: Context) -> int:
    return context.thresholds.file_late_days * DAY_MS
