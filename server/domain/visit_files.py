"""
The files of a visit: what its events and the office name by hash, and how far each has come.

Comes in: a folded visit, the rows of wanted files, what the office added. Goes out: each file once, by its hash. Only
verified ones count: until every one is, a visit's files are not complete (T1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from server.domain.folding import SeenEvent

VERIFIED, WANTED, ERASED = "verified", "wanted", "erased"
WEIGHS = {ERASED: 2, VERIFIED: 1}  # which of several states counts
# What a browser shows without running anything in it. Pictures are drawn anew before; whatever else there is stays.
SHOWABLE = {
    "image/jpeg", "image/png", "image/webp", "audio/ogg", "audio/webm", "audio/mp4", "video/ogg", "video/webm",
    "video/mp4",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class VisitFile:
    """
    One file of a visit, as it was first named.

    *named_early_ms* and *named_late_ms* bound when it was named, *heard_ms* is when the server heard of it;
    *media_type* is what the device says of it, *sniffed* what its own bytes show; empty where that is not known.
    *event_id* is empty for a file that the office added, and for one of a record that was set aside.
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

    @property
    def is_picture(self) -> bool:
        """Say whether it is said to be a still picture."""
        return self.media_type.startswith("image/")

    @property
    def shown_as(self) -> str:
        """Give how a browser may show it: `image`, `audio`, `video`; empty where it may not, or is not here whole."""
        return self.sniffed.partition("/")[0] if self.state == VERIFIED and self.sniffed in SHOWABLE else ""

    @property
    def media(self) -> frozenset[str]:
        """Give which media a recording holds, as far as it says: a video also has the sound."""
        kind = self.media_type.partition("/")[0]
        if kind == "video":
            return frozenset({"audio", "video"})
        return frozenset({kind} & {"audio"})


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The very same content at another visit: since when it surely was known there (ms)."""

    sha256: str
    case_id: str
    visit_id: str
    known_ms: int


def name_files(events: Iterable[SeenEvent]) -> list[VisitFile]:
    """Give the files that events name, each once and as it was first named; all of them still wanted."""
    found: dict[str, VisitFile] = {}
    for event in events:
        for each in event.files:
            named = VisitFile(
                each["sha256"], each["size"], each["role"], each["media_type"], event.agent_id, event.id,
                event.bound.earliest_ms, event.bound.latest_ms, event.received_ms,
            )  # fmt: skip
            found.setdefault(named.sha256, named)
    return list(found.values())


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
