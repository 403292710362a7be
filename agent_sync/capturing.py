"""
Evidence on the device: from a photo, a signature or a recording to durable bytes, and then the event that names them.

Comes in: a file that something else made, and the visit it belongs to. Goes out: `files_attached`, once its bytes are
on the disk. Pictures are made anew (`pictures.py`); a recording is copied as it is, while it is hashed.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from agent_sync import pictures, recording, store_files, store_outbox, store_visits
from agent_sync.clock import Reading, format_wall, parse_wall
from agent_sync.file_times import times_of
from agent_sync.recording import Draft, Noise, Recorded
from agent_sync.rules import OPENING_KINDS
from agent_sync.store import Store
from agent_sync.store_files import FileCopy
from schemas.errors import FieldError
from schemas.vocabulary import EventKind

SHORT = 8
PHOTO, SIGNATURE, RECORDING = "photo", "signature", "recording"
OF_ANOTHER_TIME = "By its own times it ran before this visit or after it; the office will see that."


@dataclass(frozen=True, slots=True)
class Capture:
    """One moment of taking evidence in: the store, the clocks' reading, and how many bytes have to stay free."""

    store: Store
    now: Reading
    noise: Noise
    least_free: int

    def photo(self, visit: str, source: Path, longest: int) -> Recorded:
        """Keep a photo, scaled, stripped and marked with time and case; then record it and when it was taken (T4)."""
        case_id, visit_id = name_visit(self.store, visit)
        mark = f"{self.now.wall[:19].replace('T', ' ')} {self.now.wall[23:]}  case {case_id[-SHORT:]}"
        content = pictures.prepare_photo(source, mark, longest)
        taken_ms = pictures.read_taken(source, self.now.wall[23:])
        draft = Draft(EventKind.FILES_ATTACHED, {}, case_id, visit_id)
        taken = "" if taken_ms is None else format_wall(taken_ms, self.now.offset_min)
        return self._record(draft, content, "image/jpeg", PHOTO, taken)

    def signature(self, visit: str, source: Path) -> Recorded:
        """Keep a signature, a picture or the strokes of an SVG, as a plain PNG; then record it."""
        case_id, visit_id = name_visit(self.store, visit)
        content = pictures.prepare_signature(source)
        return self._record(Draft(EventKind.FILES_ATTACHED, {}, case_id, visit_id), content, "image/png", SIGNATURE)

    def recording(self, visit: str, source: Path, starts: str = "", ends: str = "") -> Recorded:
        """
        Keep an audio or video file as it is, and record it with the source and serial number noted at the door.

        *starts* and *ends* are its times as a person says them, where the file does not. What the packet forbids, or
        the person did not agree to, is refused before a byte of it is kept.
        """
        case_id, visit_id = name_visit(self.store, visit)
        media_type = guess_type(source)
        medium = media_type.partition("/")[0]
        if medium not in {"audio", "video"}:
            said = f"{source.name} is no audio or video by its name. For a photo: agent-sync photo"
            raise FieldError("invalid", {"files": [said]})
        body = noted_source(self.store, case_id, visit_id, medium)
        draft = Draft(EventKind.FILES_ATTACHED, body, case_id, visit_id)
        named = {"path": str(source), "media_type": media_type, "role": RECORDING, "starts": starts, "ends": ends}
        recorded = self.record(draft, [named])
        if _is_of_another_time(self.store, case_id, visit_id, recorded.files[0]):
            return replace(recorded, warnings=(*recorded.warnings, OF_ANOTHER_TIME))
        return recorded

    def record(self, draft: Draft, named: Sequence[Mapping[str, str]]) -> Recorded:
        """Copy the files that are named, if the event may be recorded with them; then record it."""
        told = [(Path(each["path"]), _type_of(each), each.get("role", "attachment")) for each in named]
        if told:
            planned = [FileCopy("", 0, media_type, role) for _, media_type, role in told]
            recording.refuse(recording.judge_now(self.store, draft.with_files(planned), 0, self.now))
        times = [times_of(each, self.now.offset_min) for each in named]
        copies = [
            replace(
                store_files.copy_file(self.store, path, media_type, role, self.noise, self.least_free),
                starts=starts, ends=ends,
            )
            for (path, media_type, role), (starts, ends) in zip(told, times, strict=True)
        ]  # fmt: skip
        return recording.record_event(self.store, draft.with_files(copies), self.now, self.noise)

    def _record(self, draft: Draft, content: bytes, media_type: str, role: str, starts: str = "") -> Recorded:
        store_files.check_room(self.store, len(content), self.least_free)
        copy = replace(store_files.keep_chunks(self.store, [content], media_type, role, self.noise), starts=starts)
        return recording.record_event(self.store, draft.with_files([copy]), self.now, self.noise)


def name_visit(store: Store, text: str) -> tuple[str, str]:
    """Give (case id, visit id) of the one visit that is meant by its id or its case's, or the end of either."""
    found = store_visits.find_visits(store, text.strip().lower())
    if len({row["case_id"] for row in found}) != 1:
        many = f"{len(found)} visits" if found else "no visit of this device"
        raise FieldError("invalid", detail=f"'{text}' names {many}. See: agent-sync status")
    return found[0]["case_id"], found[0]["visit_id"]


def noted_source(store: Store, case_id: str, visit_id: str, medium: str) -> dict[str, str]:
    """Give `source` and `serial` as the visit's last `recording_changed` of this medium that has any names them."""
    for kind, body in reversed(recording.view_visit(store, case_id, visit_id).events):
        if kind == EventKind.RECORDING_CHANGED and body.get("medium") == medium and {"source", "serial"} & body.keys():
            return {name: str(body[name]) for name in ("source", "serial") if name in body}
    return {}


def _is_of_another_time(store: Store, case_id: str, visit_id: str, copy: FileCopy) -> bool:
    """Say whether a recording ended before a visit's start here, or began after its end, by the clocks' faces."""
    walls = {row["kind"]: parse_wall(row["wall"]) for row in store_outbox.visit_events(store, case_id, visit_id)}
    since_ms = min((walls[kind] for kind in OPENING_KINDS if kind in walls), default=None)
    until_ms = walls.get(EventKind.VISIT_ENDED)
    is_before = since_ms is not None and bool(copy.ends) and parse_wall(copy.ends) < since_ms
    return is_before or (until_ms is not None and bool(copy.starts) and parse_wall(copy.starts) > until_ms)


def guess_type(source: Path) -> str:
    """
    Give the media type that a file's name says; the server looks at its bytes.

    >>> guess_type(Path("door.mp3")), guess_type(Path("x.unheard-of"))
    ('audio/mpeg', 'application/octet-stream')
    """
    return mimetypes.guess_type(source.name)[0] or "application/octet-stream"


def _type_of(named: Mapping[str, str]) -> str:
    return named.get("media_type") or guess_type(Path(named["path"]))
