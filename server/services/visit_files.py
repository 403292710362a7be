"""
The files of a visit, gathered from rows: for the rules that look at them, and for whoever reads the visit.

What events name stands beside what the office added; a file counts by its hash, whichever visit its device named it at
first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from schemas.messages import format_time
from server.domain.findings.files import DAY_MS
from server.domain.folding import Visit
from server.domain.visit_files import (
    ERASED,
    VERIFIED,
    WANTED,
    Elsewhere,
    Moment,
    VisitFile,
    lacking,
    name_files,
    set_states,
)
from server.services.filing import uploads_folder
from server.services.site import Site
from server.storage import intake_rows, packed_rows, retention_rows, upload_parts, visit_file_rows
from server.storage.types import AnyRow


def gather_files(connection: Connection, visit: Visit) -> list[VisitFile]:
    """Give every file of a visit, each once: those its events name, of records set aside, of the office."""
    case_id, visit_id = visit.case_id, visit.visit_id
    wanted = visit_file_rows.read_wanted(connection, case_id, visit_id)
    named = name_files([*visit.events, *visit.beside])
    coming = visit_file_rows.read_coming(
        connection, {each.agent_id for each in named}, {each.sha256 for each in named}
    )
    added = visit_file_rows.list_office_files(connection, case_id, visit_id)
    found = {row.sha256: _added(row) for row in added}
    found |= {row.sha256: _set_aside(row) for row in wanted}
    found |= {each.sha256: each for each in named}
    states = [(row.sha256, row.state, row.media_type or "") for row in [*wanted, *coming]]
    states += [(row.sha256, VERIFIED, row.media_type) for row in added]
    states += [(row.sha256, ERASED, "") for row in retention_rows.read_erased_files(connection, case_id)]
    return sorted(set_states(found.values(), states), key=lambda each: (each.heard_ms, each.sha256))


def _added(row: AnyRow) -> VisitFile:
    """Give a file that the office added: a record of its own, not an event (T1)."""
    at = row.at_ms
    starts, ends = (None if ms is None else Moment(ms, ms, ms) for ms in (row.starts_ms, row.ends_ms))
    return VisitFile(
        row.sha256, row.size, "recording", row.media_type, "", "", at, at, at, is_office=True, starts=starts, ends=ends
    )  # fmt: skip


def _set_aside(row: AnyRow) -> VisitFile:
    """Give a file whose record was set aside, so that little more than its name is known."""
    at = row.named_ms
    return VisitFile(row.sha256, row.size, row.role, "", row.agent_id, "", at, at, at)


def find_elsewhere(connection: Connection, visit: Visit, files: Sequence[VisitFile]) -> list[Elsewhere]:
    """Give where the pictures among *files* stand at other visits."""
    pictures = {each.sha256 for each in files if each.is_picture}
    rows = visit_file_rows.read_elsewhere(connection, visit.case_id, visit.visit_id, pictures)
    return [Elsewhere(row.sha256, row.case_id, row.visit_id, row.known_ms) for row in rows]


def read_recording(connection: Connection, visit: Visit) -> Mapping[str, str] | None:
    """Give medium -> duty as the packet said that the lead went by; None where that packet is not kept."""
    started = visit.started
    if started is None or started.packet_rev is None:
        return None
    part = packed_rows.read_open(connection, visit.case_id, started.packet_rev)
    recording: Mapping[str, Any] | None = None if part is None else part["limits"].get("recording", {})
    return recording


def keep_files(connection: Connection, site: Site, visit: Visit, files: Sequence[VisitFile]) -> None:
    """Keep what the visit names, and mark the visits that have the same content where that is news."""
    rows = {each.sha256: {"known_ms": each.known_ms, "state": each.state} for each in files}
    news = visit_file_rows.keep_files(connection, visit.case_id, visit.visit_id, rows)
    others = visit_file_rows.read_elsewhere(connection, visit.case_id, visit.visit_id, news)
    intake_rows.mark_visits(connection, {(row.case_id, row.visit_id) for row in others}, site.now())


def tell_files(
    connection: Connection, site: Site, visit: Visit, names: Mapping[str, str]
) -> tuple[list[dict[str, Any]], bool]:
    """Tell a visit's files, and whether all are here whole (T1); *names* has the agents' codes by id."""
    files = gather_files(connection, visit)
    added = {row.sha256: row for row in visit_file_rows.list_office_files(connection, visit.case_id, visit.visit_id)}
    coming = {
        row.sha256: row.device_id
        for row in visit_file_rows.read_coming(
            connection, {each.agent_id for each in files}, {each.sha256 for each in files}
        )
        if row.state == WANTED
    }
    erased = {row.sha256: row for row in retention_rows.read_erased_files(connection, visit.case_id)}
    late_ms = site.now() - site.thresholds.file_late_days * DAY_MS
    return [
        {
            "sha256": each.sha256, "size": each.size, "role": each.role,
            "media_type": each.sniffed or each.media_type, "state": each.state,
            "shown_as": "" if each.sha256 in erased else each.shown_as, "erased": _tell_erased(erased.get(each.sha256)),
            "by": added[each.sha256].by if each.is_office else names.get(each.agent_id, each.agent_id),
            "is_office": each.is_office, "serial": added[each.sha256].serial if each.is_office else "",
            "named": format_time((each.named_early_ms + each.named_late_ms) // 2),
            "starts": _tell_moment(each.starts), "ends": _tell_moment(each.ends),
            "heard": format_time(each.heard_ms), "is_missing": each in lacking(files) and each.heard_ms < late_ms,
            "arrived": each.size if each.state == VERIFIED else _arrived(site, coming.get(each.sha256), each.sha256),
        }
        for each in files
    ], not lacking(files)  # fmt: skip


def _tell_moment(moment: Moment | None) -> str | None:
    """Tell a moment as a file says it of itself; None where it says none."""
    return None if moment is None else format_time(moment.said_ms)


def _tell_erased(row: AnyRow | None) -> dict[str, str] | None:
    """Tell by whom, when and why a file was erased; None of one that was not."""
    return None if row is None else {"by": row.by, "at": format_time(row.at_ms), "reason": row.reason}


def _arrived(site: Site, device_id: str | None, sha256: str) -> int:
    """Give how many bytes of a file have come so far."""
    if device_id is None:
        return 0
    return upload_parts.size_of(upload_parts.part_path(uploads_folder(site), device_id, sha256)) or 0
