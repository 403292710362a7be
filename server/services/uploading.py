"""
Uploading: a lender's file from a browser is kept, then imported by the worker; what was rejected is mended in place.

The very same import as `fairvisit import`: idempotent, so a worker that dies leaves nothing half done, and the next one
begins anew. A file that leaves something to be asked waits for an answer; nothing of it was written. Where the site has
a key, files and rejected rows lie sealed, and in plain only while they are worked on.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from io import StringIO, TextIOWrapper
from pathlib import Path
from typing import IO, Any

import yaml

from schemas.errors import FieldError
from server.domain.roles import Viewer
from server.importing.columns import REJECT_TITLES
from server.importing.csv_rows import find_delimiter, open_lines, read_rows
from server.importing.encodings import decide_encoding
from server.importing.fields import FileKind, load_spec
from server.importing.settings import FileMapping
from server.importing.table import open_table
from server.services.auditing import note_act
from server.services.contacts import import_contacts
from server.services.importing import FileOrder, Progress, import_portfolio
from server.services.jobs import tell_job, work_job
from server.services.payments import import_payments
from server.services.site import Site
from server.storage import job_rows
from server.storage.blobs import read_pieces
from server.storage.kept_files import UPLOADS, keep, open_kept, working
from server.storage.types import AnyRow

IMPORTS = {"portfolio": import_portfolio, "ledger": import_payments, "contacts": import_contacts}
MOST_BYTES = 200 * 1024 * 1024
MOST_MENDED = 200  # rejected rows that are shown to be mended at once; the rest come after them
DEAD_MS = 60_000  # a worker that runs tells so more often than this
TELL_EVERY_MS = 500
PIECE = 1 << 20


@dataclass(frozen=True)
class Rejected:
    """A rejected row: its cells by title, and for each fault column, reason and cure."""

    cells: Mapping[str, str]
    line: str
    column: str
    reason: str
    cure: str


def keep_upload(
    site: Site, viewer: Viewer, kind: str, lender: str, currency: str, file_name: str, stream: IO[bytes]
) -> str:
    """Keep a file and have it imported; give the upload's id. Raises `invalid`, and `too-large` beyond 200 MB."""
    if kind not in IMPORTS:
        raise FieldError("invalid", {"kind": ["is none of: " + ", ".join(IMPORTS)]})
    if not lender.strip():
        raise FieldError("invalid", {"lender": ["say whose file it is"]})
    upload_id = site.new_id()
    path = path_of(site, upload_id)
    size = keep(site.store, _read(stream), path)
    if not size:
        path.unlink()
        raise FieldError("invalid", {"file": ["is empty"]})
    _queue(site, viewer, upload_id, kind, lender.strip(), currency.strip().upper(), Path(file_name).name[:200], size)
    return upload_id


def _read(stream: IO[bytes]) -> Iterator[bytes]:
    size = 0
    while piece := stream.read(PIECE):
        size += len(piece)
        if size > MOST_BYTES:
            said = "A file takes at most 200 MB; cut it, the parts can be given one by one."
            raise FieldError("too-large", detail=said)
        yield piece


def _queue(
    site: Site, viewer: Viewer, upload_id: str, kind: str, lender: str, currency: str, file_name: str, size: int,
    columns: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    now_ms = site.now()
    row = {
        "id": upload_id, "kind": kind, "lender": lender, "currency": currency, "file_name": file_name,
        "columns": dict(columns or {}), "user_id": viewer.id, "state": "waiting", "size": size, "counts": {},
        "made_ms": now_ms, "touched_ms": now_ms,
    }  # fmt: skip

    def job(connection: Any) -> None:
        job_rows.add_job(connection, "upload", row)
        note_act(connection, site, viewer, "uploaded", "upload", upload_id, kind=kind, size=size)

    site.store.write(job)


def map_columns(site: Site, viewer: Viewer, upload_id: str, columns: Mapping[str, str]) -> None:
    """Say which column is what, and try again; raise `conflict` where the upload asks nothing any more."""
    chosen = {name: title for name, title in columns.items() if title}

    def job(connection: Any) -> None:
        row = job_rows.find_job(connection, "upload", upload_id)
        if row is None or row.state != "asks":
            raise FieldError("conflict", detail="This upload asks nothing any more. Nothing was changed.")
        changed = {"columns": chosen, "state": "waiting", "problem": None, "touched_ms": site.now()}
        job_rows.change_job(connection, "upload", upload_id, **changed)
        note_act(connection, site, viewer, "mapped_columns", "upload", upload_id, fields=sorted(chosen))

    site.store.write(job)


def work_upload(site: Site) -> bool:
    """Import the file that waits longest; say whether there was one."""
    failed = "Something went wrong here; what was taken in before that is kept."
    return work_job(site, "upload", DEAD_MS, partial(_import, site), failed)


def _import(site: Site, row: AnyRow) -> dict[str, Any]:
    path = path_of(site, row.id)
    with working(path.parent, site.now()) as folder:
        try:
            report = IMPORTS[row.kind](site, _order(site, row, folder), _progress(site, row.id))
        except FieldError as error:
            wrong = (f"{path}: {' '.join(sentences)}" for path, sentences in error.fields.items())
            return {"state": "asks", "problem": "\n".join(wrong) or error.detail}
        if report.rejects_path is not None:
            keep(site.store, read_pieces(report.rejects_path.open("rb"), None), _rejects_path(site, row.id))
    return {"state": "done", "counts": dict(report.counts), "problem": None}


def _progress(site: Site, upload_id: str) -> Progress:
    last_ms = 0

    def on_progress(done: int, size: int) -> None:
        nonlocal last_ms
        if site.now() - last_ms >= TELL_EVERY_MS or done == size:
            last_ms = site.now()
            tell_job(site, "upload", upload_id, done=done, size=size)

    return on_progress


def _order(site: Site, row: AnyRow, folder: Path) -> FileOrder:
    """Lay the file and its mapping into *folder*, where its rejected rows will be too."""
    path, mapping = folder / path_of(site, row.id).name, None
    with open_kept(site.store, path_of(site, row.id)) as kept, path.open("wb") as copy:
        shutil.copyfileobj(kept, copy)
    if row.columns:
        mapping = folder / "mapping.yaml"
        mapping.write_text(yaml.safe_dump({"columns": {name: [title] for name, title in row.columns.items()}}))
    return FileOrder(path, mapping, row.lender, currency=row.currency, rejects_path=folder / "rejects.csv")


def path_of(site: Site, upload_id: str) -> Path:
    """Give where an uploaded file lies."""
    return site.settings.folder_path / UPLOADS / f"{upload_id}.file"


def _rejects_path(site: Site, upload_id: str) -> Path:
    return path_of(site, upload_id).with_name(f"{upload_id}.rejects.csv")


def read_titles(site: Site, row: AnyRow) -> Sequence[str]:
    """Give the titles of an uploaded file's columns, as far as they can be told."""
    spec = load_spec(_kind(row))
    with open_kept(site.store, path_of(site, row.id)) as kept:
        path = Path(f"/proc/self/fd/{kept.fileno()}")
        try:
            with open_table(path, spec, FileMapping()) as table:
                return table.titles
        except FieldError:
            try:
                codec = decide_encoding(path, spec.by_word)
                first = next(iter(read_rows(open_lines(path, codec), find_delimiter(open_lines(path, codec)))), None)
            except (FieldError, OSError):
                return ()
            return () if first is None else tuple(str(cell) for cell in first.cells if cell)


def fields_of(row: AnyRow) -> dict[str, bool]:
    """Give the fields that a file of this kind may have, and whether each is needed."""
    return {name: about.required for name, about in load_spec(_kind(row)).fields.items()}


def _kind(row: AnyRow) -> FileKind:
    return row.kind  # type: ignore[no-any-return]


def read_rejects(site: Site, upload_id: str) -> list[Rejected]:
    """Give the first rejected rows of an upload."""
    path = _rejects_path(site, upload_id)
    if not path.exists():
        return []
    found = []
    with open_kept(site.store, path) as kept, TextIOWrapper(kept, encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            line, column, reason, cure = (row.pop(title, "") or "" for title in REJECT_TITLES)
            found.append(Rejected({name: value or "" for name, value in row.items()}, line, column, reason, cure))
            if len(found) == MOST_MENDED:
                break
    return found


def mend_rejects(site: Site, viewer: Viewer, row: AnyRow, mended: Sequence[Mapping[str, str]]) -> str:
    """Have mended rows imported, as a file of their own; give the new upload's id."""
    if not mended:
        raise FieldError("invalid", {"rows": ["mend at least one"]})
    upload_id, text = site.new_id(), StringIO(newline="")
    writer = csv.DictWriter(text, list(mended[0]))
    writer.writeheader()
    writer.writerows(mended)
    size = keep(site.store, [text.getvalue().encode("utf-8-sig")], path_of(site, upload_id))
    name = f"mended {row.file_name}"[:200]
    _queue(site, viewer, upload_id, row.kind, row.lender, row.currency, name, size, row.columns)
    return upload_id
