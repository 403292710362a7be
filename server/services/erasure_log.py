"""
The erasure log: what was erased, kept outside the database and its backups, so that a restore forgets no erasure.

One JSON object a line in `erasures.log`, in the settings' folder: of an event {id, agent_id, event_id, digests, files,
by, reason, at}, of a case or person {id, case_id, person_id, records, by, reason, at}. It is only ever appended to, and
on the disk before the database changes (E12). Copy it off the machine too.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from schemas.errors import FieldError
from schemas.messages import format_time, parse_time
from server.storage.blobs import sync_folder

LOG_NAME = "erasures.log"


@dataclass(frozen=True, slots=True)
class Erasure:
    """One event's erasure: what is deleted, by whom, why, when. `files` are hashes that no other event names."""

    id: str
    agent_id: str
    event_id: str
    digests: tuple[str, ...]
    files: tuple[str, ...]
    by: str
    reason: str
    at_ms: int

    def to_line(self) -> bytes:
        """Write the log's line."""
        return _write_line(self, self.__slots__)

    @classmethod
    def of(cls, read: Mapping[str, Any]) -> Erasure:
        """Read a line's object; raises for one that is damaged."""
        texts = {name: str(read[name]) for name in ("id", "agent_id", "event_id", "by", "reason")}
        return cls(
            digests=tuple(read["digests"]), files=tuple(read["files"]), at_ms=parse_time(read["at"]), **texts
        )


@dataclass(frozen=True, slots=True)
class Emptying:
    """A case's classes of records, or (with a person and no case) who a person is: erased by whom, why, when."""

    id: str  # of the moment: a later emptying has a later id
    case_id: str
    person_id: str
    records: tuple[str, ...]
    by: str
    reason: str
    at_ms: int

    def to_line(self) -> bytes:
        """Write the log's line."""
        return _write_line(self, self.__slots__)

    @classmethod
    def of(cls, read: Mapping[str, Any]) -> Emptying:
        """Read a line's object; raises for one that is damaged."""
        texts = {name: str(read[name]) for name in ("id", "case_id", "person_id", "by", "reason")}
        return cls(records=tuple(read["records"]), at_ms=parse_time(read["at"]), **texts)


Line = Erasure | Emptying


def _write_line(line: Line, names: Iterable[str]) -> bytes:
    members = {name: getattr(line, name) for name in names if name != "at_ms"}
    return orjson.dumps(members | {"at": format_time(line.at_ms)}) + b"\n"


def append_erasures(folder: Path, erasures: Sequence[Line]) -> None:
    """Append to the log; return once it is on the disk."""
    path = folder / LOG_NAME
    is_new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        size = os.fstat(descriptor).st_size
        # A line that a crash cut short was never acted on; it must not swallow the next one.
        is_cut = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, (b"\n" if is_cut else b"") + b"".join(erasure.to_line() for erasure in erasures))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if is_new:
        sync_folder(folder)


def read_erasures(folder: Path) -> list[Erasure]:
    """Give every erasure of an event in the log, the oldest first; none where there is no log."""
    return [line for line in _read_log(folder) if isinstance(line, Erasure)]


def read_emptyings(folder: Path, after_id: str) -> list[Emptying]:
    """Give every emptying of a case or person in the log that is later than the one called *after_id*."""
    return [line for line in _read_log(folder) if isinstance(line, Emptying) and line.id > after_id]


def _read_log(folder: Path) -> list[Line]:
    """
    Give every line of the log, the oldest first; none where there is no log.

    The tail of a write that a crash cut short is passed over. Raises `unavailable` for a damaged line: an erasure
    that cannot be read cannot be kept, so nothing may be served until a person has mended the line.
    """
    path = folder / LOG_NAME
    if not path.exists():
        return []
    found: list[Line] = []
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            read = orjson.loads(line)
            found.append(Erasure.of(read) if "event_id" in read else Emptying.of(read))
        except (ValueError, KeyError, TypeError):
            if not line.endswith(b"}"):
                continue  # cut short: a whole line ends with its brace
            detail = f"{path}, line {number}, cannot be read. Mend it from a copy of the log, then start again."
            raise FieldError("unavailable", detail=detail) from None
    return found
