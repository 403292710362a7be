"""
Exporting: visits, events, findings, statements and acts as files, row by row, with a manifest that counts and hashes.

Comes in: what, in which form, and whether persons may be told from it. Goes out: a file and its manifest, kept for a
week. A worker writes it beside its name and moves it there when it is whole; one that dies leaves a job that is begun
anew.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Collection, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

import orjson
from openpyxl import Workbook
from sqlalchemy import Connection

from schemas.errors import FieldError, Sentence
from schemas.messages import format_time
from server.domain.roles import Viewer
from server.services.auditing import note_act
from server.services.device_days import COUNTED, ask_statements
from server.services.jobs import tell_job, work_job
from server.services.site import Site
from server.storage import export_rows, job_rows
from server.storage.blobs import read_pieces
from server.storage.export_rows import Row, Rows
from server.storage.kept_files import EXPORTS, keep, working
from server.storage.types import AnyRow, is_id

KINDS: dict[str, Callable[[Site, Collection[str]], Rows]] = {
    "visits": lambda _site, agencies: export_rows.ask_visits(agencies),
    "events": lambda _site, agencies: export_rows.ask_events(agencies),
    "findings": lambda _site, agencies: export_rows.ask_findings(agencies),
    "statements": ask_statements,
    "audit": lambda _site, _agencies: export_rows.ask_acts(),
}
FORMATS = ("csv", "xlsx", "jsonl", "geojson")
FULL, NO_PERSONS = "full", "no_persons"
PROFILES = (FULL, NO_PERSONS)
# What leaves where no person may be told; a column that does not stand here stays. Hashes of acts stay too: a name that
# is guessed could be tried against them.
ANONYMOUS = frozenset({
    "act", "agency", "area", "at_ms", "case_id", "code", "contact_result", "device_id", "digest", "disposition",
    "files", "files_verified", "first_received_ms", "found_ms", "gone_ms", "id", "is_right", "kind", "lender",
    "object_type", "pos", "precision", "problem", "rank", "seq", "severity", "started_ms", "state", "status",
    "visit_id", *COUNTED,
})  # fmt: skip
MOST_SHEET_ROWS = 1_048_575  # what a sheet holds below its titles
KEPT_MS = 7 * 24 * 3_600_000
DEAD_MS = 120_000
TELL_EVERY = 5_000  # rows
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def check_export(kind: str, form: str, profile: str) -> None:
    """Raise `invalid` for what there is not."""
    wrong = {
        name: [Sentence("is none of: {known}", known=", ".join(known))]
        for name, value, known in (("kind", kind, KINDS), ("format", form, FORMATS), ("profile", profile, PROFILES))
        if value not in known
    }
    if form == "geojson" and (kind != "visits" or profile != FULL):
        said = Sentence("holds visits with their places, so it takes the kind visits and the profile full")
        wrong["format"] = [said]
    if wrong:
        raise FieldError("invalid", wrong)


def ask_export(site: Site, viewer: Viewer, kind: str, form: str, profile: str) -> str:
    """Have a file written; give the job's id. Raises `invalid` for what there is not."""
    check_export(kind, form, profile)
    if kind == "audit" and viewer.agencies:
        said = "the audit is about every agency; your account is limited to some"
        raise FieldError("invalid", {"kind": [said]})
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
        raise FieldError("not-found", detail="Your account was limited since; ask for this file once more.")
    return row


def work_export(site: Site) -> bool:
    """Write the export that waits longest; say whether there was one."""

    def write(row: AnyRow) -> dict[str, Any]:
        def tell(count: int) -> None:
            tell_job(site, "export", row.id, rows=count)

        path = path_of(site, row)
        with working(path.parent, site.now()) as folder:
            made = folder / path.name
            manifest = write_export(site, row.kind, row.format, row.profile, made, row.agencies, tell)
            manifest_of(made).replace(manifest_of(path))
            keep(site.store, read_pieces(made.open("rb"), None), path)
        return {"state": "done", "rows": manifest["rows"], "size": manifest["bytes"], "sha256": manifest["sha256"]}

    return work_job(site, "export", DEAD_MS, write, "It could not be written; ask for it once more.")


def write_export(
    site: Site, kind: str, form: str, profile: str, path: Path, agencies: Collection[str] = (),
    tell: Callable[[int], None] = lambda _count: None,
) -> dict[str, Any]:
    """Write a file, and a manifest beside it, which is given; *tell* hears now and then how many rows there are."""
    part = path.with_name(f"{path.name}.{site.new_id()}.part")  # its writer's own: another may hold this one for dead
    rows = KINDS[kind](site, agencies)
    count = 0

    def show(connection: Connection) -> Iterator[dict[str, Any]]:
        nonlocal count
        for each in rows.read(connection):
            count += 1
            if count % TELL_EVERY == 0:
                tell(count)
            yield show_row(each, profile)

    part.touch(mode=0o600)
    try:
        with site.store.read() as connection:
            WRITERS[form](part, show_titles(rows.columns, profile), show(connection))
        with part.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        manifest = {
            "file": path.name, "kind": kind, "profile": profile, "rows": count, "bytes": part.stat().st_size,
            "sha256": sha256, "made": format_time(site.now()),
        }  # fmt: skip
        manifest_path = manifest_of(path)
        manifest_path.touch(mode=0o600)
        manifest_path.write_text(json.dumps(manifest, indent=1) + "\n")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return manifest


def manifest_of(path: Path) -> Path:
    """Give where a file's manifest lies."""
    return path.with_name(path.name + ".manifest.json")


def path_of(site: Site, row: AnyRow) -> Path:
    """Give where an export's file lies, sealed where the site has a key; its manifest lies beside it as it is."""
    return site.settings.folder_path / EXPORTS / f"{row.kind}-{row.id[-12:]}.{row.format}"


def drop_old_exports(site: Site) -> int:
    """Remove files that were kept long enough; give how many."""
    folder, gone = site.settings.folder_path / EXPORTS, 0
    for path in folder.glob("*") if folder.exists() else ():
        if path.is_file() and path.stat().st_mtime * 1000 < site.now() - KEPT_MS:
            path.unlink()
            gone += 1
    return gone


def show_titles(columns: Collection[str], profile: str) -> list[str]:
    """Give the titles of the columns that leave."""
    return [name.removesuffix("_ms") for name in columns if profile == FULL or name in ANONYMOUS]


def show_row(row: Row, profile: str) -> dict[str, Any]:
    """Give a row as it leaves: times as text, and without what a person could be told by, where that is asked."""
    shown: dict[str, Any] = {}
    for name, value in row.items():
        if profile != FULL and name not in ANONYMOUS:
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


def _write_csv(path: Path, titles: list[str], rows: Iterator[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, titles)
        writer.writeheader()
        for row in rows:
            writer.writerow({name: defuse(_flat(value)) for name, value in row.items()})


def _write_jsonl(path: Path, titles: list[str], rows: Iterator[dict[str, Any]]) -> None:
    with path.open("wb") as file:
        for row in rows:
            file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


def _write_xlsx(path: Path, titles: list[str], rows: Iterator[dict[str, Any]]) -> None:
    book = Workbook(write_only=True)
    sheet: Any = None
    written = 0
    for row in chain([titles], ([*row.values()] for row in rows)):
        if sheet is None or written == MOST_SHEET_ROWS:
            sheet, written = book.create_sheet(), 0
            if row is not titles:
                sheet.append(titles)
        sheet.append([defuse(_flat(value)) for value in row])
        written += row is not titles
    book.save(path)


def _write_geojson(path: Path, titles: list[str], rows: Iterator[dict[str, Any]]) -> None:
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


WRITERS: dict[str, Callable[[Path, list[str], Iterator[dict[str, Any]]], None]] = {
    "csv": _write_csv, "xlsx": _write_xlsx, "jsonl": _write_jsonl, "geojson": _write_geojson,
}  # fmt: skip
