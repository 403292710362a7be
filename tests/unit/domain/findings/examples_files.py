"""Examples of files that never came, of pictures that cannot be of this visit, of recordings that lack."""

from __future__ import annotations

from typing import Any

from schemas.vocabulary import EventKind
from server.domain.findings.codes import Code
from server.domain.findings.context import Context
from server.domain.folding import SeenEvent
from server.domain.thresholds import DEFAULTS
from server.domain.visit_files import Elsewhere
from tests.unit.domain.findings.builders import (
    DAY_MS,
    HEARD_MS,
    Example,
    Examples,
    T,
    a_file,
    a_scene,
    an_event,
    nothing_known,
)

LATE_MS = HEARD_MS + DEFAULTS.file_late_days * DAY_MS
EARLY_S = DEFAULTS.picture_early_ms / 1000
SLACK_S = DEFAULTS.recording_slack_ms / 1000
VIDEO = a_file("sha-v", role="recording", media_type="video/mp4", state="verified")
DUTY = {"video": "duty"}


def told(name: str, second: float, state: str, **members: Any) -> dict[str, SeenEvent]:
    """Give the lead's word that a recording changed, so many seconds after the visit began."""
    body = {"state": state, "medium": "video"} | members
    slack_ms = body.pop("slack_ms", 0)
    event = an_event(f"ann_{name}", second, EventKind.RECORDING_CHANGED, body, seq=30 + int(second), slack_ms=slack_ms)
    return {event.id: event}


def ran(since: float, until: float | None = None, *, files: tuple[Any, ...] = (VIDEO,), **around: Any) -> Context:
    """Build the scene of a visit, 600 s long, whose video ran from a second to another, or to the end."""
    events = told("starts_video", since, "started") | ({} if until is None else told("stops_video", until, "stopped"))
    return a_scene({**events}, files=files, **around)


def elsewhere(second: float = 10, sha256: str = "sha-1", case_id: str = "case-2") -> Elsewhere:
    """Give the content at another visit, where it was known so many seconds after this one began."""
    return Elsewhere(sha256, case_id, "visit-2", T + round(second * 1000))


FILES: Examples = {
    Code.FILES_MISSING: Example(
        a_scene(files=(a_file("sha-1"), a_file("sha-2")), now_ms=LATE_MS + 1), {"files": 2},
        a_scene(files=(a_file("sha-1"), a_file("sha-2")), now_ms=LATE_MS), "on the last millisecond of its days",
        a_scene(files=(a_file("sha-1"),), now_ms=LATE_MS + 1, parked=["p"]), "what a record that was set aside says",
    ),
    Code.PICTURE_REPEATED: Example(
        a_scene(files=(a_file(),), elsewhere=(elsewhere(), elsewhere(case_id="case-3"))), {"pictures": 1, "visits": 2},
        a_scene(files=(a_file("sha-2"),), elsewhere=(elsewhere(),)), "with another picture",
        nothing_known(), "any file",
    ),
    Code.PICTURE_OLDER: Example(
        a_scene(files=(a_file(second=-EARLY_S - 0.001),)), {"pictures": 1, "least_before_ms": 600_001},
        a_scene(files=(a_file(second=-EARLY_S),)), "a millisecond later",
        a_scene({"ann_starts": None}, files=(a_file(second=-EARLY_S - 1),)), "when the visit began",
    ),
    Code.RECORDING_ABSENT: Example(
        a_scene(recording=DUTY), {"medium": "video"},
        a_scene(recording={"video": "only_with_consent"}), "where it was no duty",
        a_scene(recording=None), "what the packet said",
        key="video",
    ),
    Code.RECORDING_UNNAMED: Example(
        ran(5, files=(), now_ms=LATE_MS + 1), {"medium": "video"},
        ran(5, files=(), now_ms=LATE_MS), "on the last millisecond of its days",
        ran(5, files=(), now_ms=LATE_MS + 1, unreadable=True), "what a record beside it says",
        key="video",
    ),
    Code.RECORDING_LATE: Example(
        ran(SLACK_S + 0.001, recording=DUTY), {"medium": "video", "least_late_ms": 180_001},
        ran(SLACK_S, recording=DUTY), "a millisecond earlier",
        a_scene(told("starts_video", SLACK_S + 1, "started", slack_ms=1001), files=(VIDEO,), recording=DUTY),
        "when it surely began",
        key="video",
    ),
    Code.RECORDING_SHORT: Example(
        ran(5, 600 - SLACK_S - 0.001), {"medium": "video", "least_lacks_ms": 180_001},
        ran(5, 600 - SLACK_S), "a millisecond later",
        a_scene(
            told("starts_video", 5, "started") | told("stops_video", 600 - SLACK_S - 1, "stopped", slack_ms=1001),
            files=(VIDEO,),
        ),
        "when it surely stopped",
        key="video",
    ),
}  # fmt: skip
