"""
The files of a visit: what its events and the office name by hash, and how far each has come.

Comes in: a folded visit, the rows of wanted files, what the office added. Goes out: each file once, by its hash. Only
verified ones count: until every one is, a visit's files are not complete (T1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from schemas.file_times import LAST_MS
from server.domain.clocks import parse_wall
from server.domain.folding import SeenEvent

VERIFIED, WANTED, ERASED = "verified", "wanted", "erased"
WEIGHS = {ERASED: 2, VERIFIED: 1}  # which of several states counts
# What a browser shows without running anything in it. Pictures are drawn anew before; whatever else there is stays.
SHOWABLE = {
    "image/jpeg", "image/png", "image/webp", "audio/ogg", "audio/webm", "audio/mp4", "video/ogg", "video/webm",
    "video/mp4",
}  # fmt: skip


class Moment(NamedTuple):
    """A moment that a file says of itself: as it stands there, and between when and when it may have been (ms)."""

    said_ms: int
    earliest_ms: int
    latest_ms: int


@dataclass(frozen=True, slots=True)
class VisitFile:
    """
    One file of a visit, as it was first named.

    *named_early_ms* and *named_late_ms* bound when it was named, *heard_ms* is when the server heard of it;
    *media_type* is what the device says of it, *sniffed* what its own bytes show; empty where that is not known.
    *event_id* is empty for a file that the office added, and for one of a record that was set aside. *starts* and
    *ends* are what it says of itself: a recording from when until when it ran, a picture when it was taken (T4).
    """

    sha256: str
    size: int
    role: str
    media_type: str
    agent_id: str
    event_id: str
    named_early_ms: int
    named_late_ms: int
    heard_ms: int
    state: str = WANTED  # wanted, verified, discarded; erased once its own time was over
    sniffed: str = ""
    is_office: bool = False
    starts: Moment | None = None
    ends: Moment | None = None

    @property
    def kind(self) -> str:
        """Give what it is said to be, as far as rules care: `image`, `audio`, `video`, or another first half."""
        return self.media_type.partition("/")[0]

    @property
    def is_picture(self) -> bool:
        """Say whether it is said to be a still picture."""
        return self.kind == "image"

    @property
    def known_ms(self) -> int:
        """Give since when it surely was there: named, or, for a picture, taken by its own time."""
        taken = [self.starts.latest_ms] if self.is_picture and self.starts is not None else []
        return min(self.named_late_ms, self.heard_ms, *taken)

    @property
    def shown_as(self) -> str:
        """Give how a browser may show it: `image`, `audio`, `video`; empty where it may not, or is not here whole."""
        return self.sniffed.partition("/")[0] if self.state == VERIFIED and self.sniffed in SHOWABLE else ""

    @property
    def media(self) -> frozenset[str]:
        """Give which media a recording holds, as far as it says: a video also has the sound."""
        if self.kind == "video":
            return frozenset({"audio", "video"})
        return frozenset({self.kind} & {"audio"})


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The very same content at another visit: since when it surely was known there (ms)."""

    sha256: str
    case_id: str
    visit_id: str
    known_ms: int


def name_files(events: Sequence[SeenEvent]) -> list[VisitFile]:
    """
    Give the files that events name, each once and as it was first named; all of them still wanted.

    What its own times are, who named it may put right by naming it again.
    """
    found: dict[str, VisitFile] = {}
    off: dict[str, list[int]] = {}  # by device: how far its clock was off at each event (ms), and by nothing
    for event in events:
        if event.reading.wall_ms is not None:
            off.setdefault(event.device_id, [0]).append(event.bound.estimate_ms - event.reading.wall_ms)
    for event in events:
        by_ms = off.get(event.device_id, [0])
        for each in event.files:
            named = VisitFile(
                each["sha256"], each["size"], each["role"], each["media_type"], event.agent_id, event.id,
                event.bound.earliest_ms, event.bound.latest_ms, event.received_ms,
                starts=_place(each.get("starts"), by_ms), ends=_place(each.get("ends"), by_ms),
            )  # fmt: skip
            first = found.setdefault(named.sha256, named)
            if first.agent_id == named.agent_id and named.starts is not None:
                found[named.sha256] = replace(first, starts=named.starts, ends=named.ends)
    return list(found.values())


def _place(wall: str | None, off_ms: Sequence[int]) -> Moment | None:
    """
    Bound a moment that a file says of itself; None where it says none that there is.

    By whose clock it is, the device's or a recorder's, nobody says, nor whether that was set meanwhile. So it may be as
    it stands, or off as the device's own clock was at any of its events of the visit.
    """
    said_ms = None if wall is None else parse_wall(wall)
    if said_ms is None or not 0 <= said_ms < LAST_MS:
        return None
    return Moment(said_ms, said_ms + min(off_ms), said_ms + max(off_ms))


def set_states(files: Iterable[VisitFile], states: Iterable[tuple[str, str, str]]) -> list[VisitFile]:
    """
    Give *files* with their state and what their bytes show, of (hash, state, media type).

    One that came whole from anybody of those who named it is verified, until it was erased.
    """
    known: dict[str, tuple[str, str]] = {}
    for sha256, state, sniffed in sorted(states, key=lambda each: WEIGHS.get(each[1], 0), reverse=True):
        if sha256 not in known:
            known[sha256] = (state, sniffed)
    return [
        replace(each, state=known[each.sha256][0], sniffed=known[each.sha256][1]) if each.sha256 in known else each
        for each in files
    ]


def lacking(files: Sequence[VisitFile]) -> list[VisitFile]:
    """Give the files that are still to come; one that was here and is erased is not."""
    return [each for each in files if each.state not in {VERIFIED, ERASED}]
