"""
Exporting: visits, events, findings and acts as files, row by row, with a manifest that counts and hashes them.

Comes in: what, in which form, and whether persons may be told from it. Goes out: a file and its manifest, kept for a
week. A worker writes it beside its name and moves it there when it is whole; one that dies leaves a job that is begun
anew.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import orjson
from openpyxl import Workbook
from sqlalchemy import Connection

from schemas.errors import FieldError
from schemas.messages import format_time
from server.domain.roles import Viewer
from server.services.auditing import note_act
from server.services.jobs import tell_job, work_job
from server.services.site import Site
from server.storage import export_rows, job_rows
from server.storage.types import AnyRow, is_id

Row = Mapping[str, Any]
KINDS: dict[str, Callable[[Connection, Collection[str]], Iterator[Row]]] = {
    "visits": export_rows.read_visits,
    "events": export_rows.read_events,
    "findings": export_rows.read_findings,
    "audit": lambda connection, _agencies: export_rows.read_acts(connection),
}
FORMATS = ("csv", "xlsx", "jsonl", "geojson")
FULL, NO_PERSONS = "full", "no_persons"
PROFILES = (FULL, NO_PERSONS)
PERSONAL = frozenset({
    "person", "address", "reference", "lat_e7", "lon_e7", "content", "facts", "sentence", "contested", "name",
    "user_id", "object_id",
})  # fmt: skip
MOST_SHEET_ROWS = 1_048_575  # what a sheet holds below its titles
KEPT_MS = 7 * 24 * 3_600_000
DEAD_MS = 120_000
TELL_EVERY = 5_000  # rows
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def ask_export(site: Site, viewer: Viewer, kind: str, form: str, profile: str) -> str:
    """Have a file written; give the job's id. Raises `invalid` for what there is not."""
    wrong = {
        name: ["is none of: " + ", ".join(known)]
        for name, value, known in (("kind", kind, KINDS), ("format", form, FORMATS), ("profile", profile, PROFILES))
        if value not in known
    }
    if form == "geojson" and (kind != "visits" or profile != FULL):
        wrong["format"] = ["holds visits with their places, so it takes the kind visits and the profile full"]
    if kind == "audit" and viewer.agencies:
        wrong["kind"] = ["the audit is about every agency; your account is limited to some"]
    if wrong:
        raise FieldError("invalid", wrong)
    job_id, now_ms = site.new_id(), site.now()
    row = {
        "id": job_id, "kind": kind, "format": form, "profile": profile, "agencies": sorted(viewer.agencies),
        "user_id": viewer.id, "state": "waiting", "made_ms": now_ms, "touched_ms": now_ms,
    }  # fmt: skip

    def job(connection: Connection) -> None:
        job_rows.add_job(connection, "export", row)
        note_act(connection, site, viewer, "asked_export", "export", job_id, kind=kind, format=form, profile=profile)

    site.store.write(job)
    return job_id


def find_export(site: Site, viewer: Viewer, export_id: str) -> AnyRow:
    """Give an export of the viewer's own; raise `not-found`, also where it holds agencies not theirs by now."""
    with site.store.read() as connection:
        row = job_rows.find_job(connection, "export", export_id) if is_id(export_id) else None
    if row is None or row.user_id != viewer.id:
        raise FieldError("not-found", detail="You have asked for no such export.")
    if viewer.agencies and not (row.agencies and viewer.agencies >= set(row.agencies)):
        raise FieldError("not-found", detail="This export holds more agencies than are yours; ask for it once more.")
    return row


def work_export(site: Site) -> bool:
    """Write the export that waits longest; say whether there was one."""

    def write(row: AnyRow) -> dict[str, Any]:
        with site.store.read() as connection:
            return write_export(site, connection, row)

    return work_job(site, "export", DEAD_MS, write, "It could not be written; ask for it once more.")


def write_export(site: Site, connection: Connection, row: AnyRow) -> dict[str, Any]:
    """Write an export's file and manifest; give what is to be kept of the job."""
    path = path_of(site, row)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{site.new_id()}.part")  # its writer's own: another may hold this one for dead
    count = 0

    def counted(rows: Iterable[Row]) -> Iterator[Row]:
        nonlocal count
        for each in rows:
            count += 1
            if count % TELL_EVERY == 0:
                tell_job(site, "export", row.id, rows=count)
            yield each

    part.touch(mode=0o600)
    try:
        shown = (show_row(each, row.profile) for each in counted(KINDS[row.kind](connection, row.agencies)))
        WRITERS[row.format](part, shown)
        with part.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        size = part.stat().st_size
        manifest = {
            "file": path.name, "kind": row.kind, "profile": row.profile, "rows": count, "bytes": size,
            "sha256": sha256, "made": format_time(site.now()),
        }  # fmt: skip
        manifest_path = path.with_name(path.name + ".manifest.json")
        manifest_path.touch(mode=0o600)
        manifest_path.write_text(json.dumps(manifest, indent=1) + "\n")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return {"state": "done", "rows": count, "size": size, "sha256": sha256}


def path_of(site: Site, row: AnyRow) -> Path:
    """Give where an export's file lies."""
    return site.settings.folder_path / "exports" / f"{row.kind}-{row.id[-12:]}.{row.format}"


def drop_old_exports(site: Site) -> int:
    """Remove files that were kept long enough; give how many."""
    folder, gone = site.settings.folder_path / "exports", 0
    for path in folder.glob("*") if folder.exists() else ():
        if path.stat().st_mtime * 1000 < site.now() - KEPT_MS:
            path.unlink()
            gone += 1
    return gone


def show_row(row: Row, profile: str) -> dict[str, Any]:
    """Give a row as it leaves: times as text, and without what a person could be told by, where that is asked."""
    shown: dict[str, Any] = {}
    for name, value in row.items():
        if profile == NO_PERSONS and name in PERSONAL:
            continue
        if name.endswith("_ms"):
            shown[name.removesuffix("_ms")] = None if value is None else format_time(value)
        elif isinstance(value, bytes):
            shown[name] = value.decode("utf-8", "replace")
        else:
            shown[name] = value
    return shown


def _flat(value: object) -> object:
    if isinstance(value, dict | list):
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    return value


def defuse(value: object) -> object:
    """
    Give a cell that no spreadsheet takes for a formula.

    >>> defuse("=1+1"), defuse("-3"), defuse(-3)
    ("'=1+1", "'-3", -3)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def _write_csv(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer: Any = None
        for row in rows:
            if writer is None:
                writer = csv.DictWriter(file, list(row))
                writer.writeheader()
            writer.writerow({name: defuse(_flat(value)) for name, value in row.items()})


def _write_jsonl(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    with path.open("wb") as file:
        for row in rows:
            file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


def _write_xlsx(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    book = Workbook(write_only=True)
    sheet: Any = None
    written = 0
    for row in rows:
        if sheet is None or written == MOST_SHEET_ROWS:
            sheet, written = book.create_sheet(), 0
            sheet.append(list(row))
        sheet.append([defuse(_flat(value)) for value in row.values()])
        written += 1
    if sheet is None:
        book.create_sheet()
    book.save(path)


def _write_geojson(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write('{"type":"FeatureCollection","features":[')
        for number, row in enumerate(rows):
            _write_feature(file, row, is_first=number == 0)
        file.write("]}\n")


def _write_feature(file: TextIO, row: dict[str, Any], *, is_first: bool) -> None:
    lat, lon = row.pop("lat_e7"), row.pop("lon_e7")
    point = None if lat is None else {"type": "Point", "coordinates": [lon / 10_000_000, lat / 10_000_000]}
    feature = {"type": "Feature", "geometry": point, "properties": row}
    file.write(("" if is_first else ",\n") + orjson.dumps(feature).decode())


WRITERS: dict[str, Callable[[Path, Iterator[dict[str, Any]]], None]] = {
    "csv": _write_csv, "xlsx": _write_xlsx, "jsonl": _write_jsonl, "geojson": _write_geojson,
}  # fmt: skip
