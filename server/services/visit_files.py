"""
The files of a visit, gathered from rows: for the rules that look at them, and for whoever reads the visit.

What events name stands beside what the office added; a file counts by its hash, whichever visit its device named it at
first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from server.domain.folding import Visit
from server.domain.visit_files import VERIFIED, Elsewhere, VisitFile, name_files, set_states
from server.services.site import Site
from server.storage import intake_rows, packed_rows, visit_file_rows
from server.storage.types import AnyRow


def gather_files(connection: Connection, visit: Visit) -> list[VisitFile]:
    """Give every file of a visit, each once: those its events name, of records set aside, of the office."""
    case_id, visit_id = visit.case_id, visit.visit_id
    wanted = visit_file_rows.read_wanted(connection, case_id, visit_id)
    named = name_files([*visit.events, *visit.beside])
    coming = visit_file_rows.read_coming(connection, {each.agent_id for each in named}, {each.sha256 for each in named})
    found = {row.sha256: _office_file(row) for row in visit_file_rows.list_office_files(connection, case_id, visit_id)}
    found |= {row.sha256: _wanted_file(row) for row in wanted}
    found |= {each.sha256: each for each in named}
    files = set_states(found.values(), [(row.sha256, row.state) for row in [*wanted, *coming]])
    return sorted(files, key=lambda each: (each.heard_ms, each.sha256))


def _office_file(row: AnyRow) -> VisitFile:
    return VisitFile(
        row.sha256,
        row.size,
        "recording",
        row.media_type,
        "",
        "",
        row.at_ms,
        row.at_ms,
        row.at_ms,
        VERIFIED,
        is_office=True,
    )


def _wanted_file(row: AnyRow) -> VisitFile:
    """Give a file whose record was set aside, so that little more than its name is known."""
    return VisitFile(
        row.sha256, row.size, row.role, "", row.agent_id, "", row.named_ms, row.named_ms, row.named_ms, row.state
    )  # fmt: skip


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
    rows = {
        each.sha256: {"known_ms": min(each.named_late_ms, each.heard_ms), "state": each.state} for each in files
    }  # fmt: skip
    news = visit_file_rows.keep_files(connection, visit.case_id, visit.visit_id, rows)
    others = visit_file_rows.read_elsewhere(connection, visit.case_id, visit.visit_id, news)
    intake_rows.mark_visits(connection, {(row.case_id, row.visit_id) for row in others}, site.now())
