"""
Import a lender's portfolio: rows become persons, places and cases; changed rows become new packet revisions.

The file is read as a stream and written in chunks, one transaction each. A chunk that comes twice changes nothing the
second time, so an import that broke off is simply run again. Nothing is decided by a name alone: see `_Chunk._join`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from schemas.errors import FieldError
from server.importing.cells import Refusal
from server.importing.fields import FileKind, load_spec
from server.importing.fingerprints import Fingerprints
from server.importing.mapping import load_mapping
from server.importing.reading import Record, Reject, read_records
from server.importing.rejects import DoubtsFile, RejectsFile
from server.importing.settings import FileMapping, ReadingSettings
from server.importing.table import open_table
from server.services.importing_chunk import Taken, take_in
from server.services.site import Site
from server.storage import portfolio_rows as rows

CHUNK = 500
Progress = Callable[[int, int], None]  # read so far, of
Sift = Callable[[Record], Record | Reject | None]
Take = Callable[[Connection, str, list[Record]], Taken]
REPEATED = Refusal(
    "The reference {key} stands in line {line} with other content.",
    "Leave one of the two rows out, or give the other case its own reference.",
)


@dataclass(frozen=True)
class FileOrder:
    """What a person asked to be imported."""

    path: Path
    mapping_path: Path | None = None
    lender: str = ""
    encoding: str = ""
    currency: str = ""
    rejects_path: Path | None = None


@dataclass
class ImportReport:
    """What an import did. `counts`: rows, new, changed, unchanged, repeated, rejected, doubts, unplaced, matches."""

    lender: str
    counts: Counter[str] = field(default_factory=Counter)
    encoding: str = ""
    ignored: tuple[str, ...] = ()
    rejects_path: Path | None = None
    doubts: list[tuple[int, str, str]] = field(default_factory=list)  # the first few: line, column, sentence
    doubts_path: Path | None = None  # where all of them are, if there are more
    broke_off_at: int | None = None  # the line an earlier run of the same file came to


def import_portfolio(site: Site, order: FileOrder, on_progress: Progress = lambda done, size: None) -> ImportReport:
    """
    Import a portfolio; idempotent by (lender, reference).

    Raises `FieldError("invalid")` before anything is written where the file leaves something to be asked.
    """
    prints = Fingerprints(site.person_secret)
    sift = pass_once(prints, "reference", lambda record: record.text("reference"), REPEATED)

    def take(connection: Connection, lender: str, records: list[Record]) -> Taken:
        return take_in(connection, site, lender, prints, records)

    return run_import(site, "portfolio", order, sift, take, on_progress)


def pass_once(prints: Fingerprints, column: str, key_of: Callable[[Record], str], refusal: Refusal) -> Sift:
    """Give a sift that passes each key on once: the same row again is nothing new, another row under it is refused."""
    seen: dict[bytes, tuple[int, bytes]] = {}

    def sift(record: Record) -> Record | Reject | None:
        key, digest = key_of(record), bytes.fromhex(prints.row_digest(record)[:16])
        mark = hashlib.blake2b(key.encode(), digest_size=12).digest()
        line, before = seen.setdefault(mark, (record.line, digest))
        if line == record.line:
            return record
        if before == digest:
            return None
        fault = Refusal(refusal.reason.format(key=key, line=line), refusal.cure)
        return Reject(record.line, ((column, fault),), record.cells)

    return sift


def run_import(
    site: Site,
    kind: FileKind,
    order: FileOrder,
    sift: Sift,
    take: Take,
    on_progress: Progress,
) -> ImportReport:
    """
    Read a file of *kind* and hand its good records to *take*, a chunk and a transaction at a time.

    *sift* sees each record first: it may pass it on, refuse it, or drop it as a repetition (None).
    """
    mapping = read_order(site, kind, order)
    spec = load_spec(kind)
    lender = order.lender or mapping.lender
    if not lender and "reference" in spec.fields:  # it is about a lender's cases
        cure = "Add --lender NAME, or lender: NAME to the mapping file."
        raise FieldError("invalid", {"--lender": ["the file does not say whose it is.", cure]})
    report = ImportReport(lender)
    with ExitStack() as stack:
        table = stack.enter_context(open_table(order.path, spec, mapping, order.encoding))
        outcomes = read_records(table, spec, mapping)
        report.encoding, report.ignored = table.encoding, table.plan.ignored
        run_id = _start_run(site, kind, order, report)
        path = order.rejects_path or order.path.with_name(order.path.name + ".rejects.csv")
        if path.resolve() == order.path.resolve():
            raise FieldError("invalid", {"--rejects": ["names the very file that is read. Choose another name."]})
        rejects = stack.enter_context(RejectsFile(path, table.titles))
        beside = path.with_name(path.name.removesuffix(".rejects.csv") + ".doubts.csv")
        doubts = stack.enter_context(DoubtsFile(beside, table.titles))
        for chunk in _chunks(outcomes, sift, rejects, report.counts):
            taken = _write_chunk(site, run_id, lender, chunk, take)
            report.counts.update(taken.counts)
            report.counts["rejected"] += len(taken.refused)
            for file, found in ((rejects, taken.refused), (doubts, taken.doubtful)):
                for reject in found:
                    file.write(reject)
            on_progress(min(table.position(), table.size), table.size)
        report.rejects_path = path if rejects.count else None
        report.doubts, report.counts["doubts"] = doubts.first, doubts.total
        report.doubts_path = beside if doubts.count else None
    site.store.write(lambda connection: _end_run(connection, site, run_id, report))
    on_progress(table.size, table.size)
    return report


def read_order(site: Site, kind: FileKind, order: FileOrder) -> FileMapping:
    """Give how the file is to be read: the mapping file's word first, then the command's, then the site's settings."""
    defaults = ReadingSettings(
        currency=order.currency,
        phone_region=site.settings.phone_region,
        zone=site.settings.zone,
        identity_kinds=tuple(name.strip() for name in site.settings.identity_kinds.split(",")),
    )
    if order.mapping_path is None:
        return FileMapping(settings=defaults)
    return load_mapping(order.mapping_path, load_spec(kind), defaults)


def _chunks(
    outcomes: Iterator[Record | Reject],
    sift: Sift,
    rejects: RejectsFile,
    counts: Counter[str],
) -> Iterator[list[Record]]:
    """Give the good records in runs of CHUNK; the bad ones go to the rejects file on the way."""
    chunk: list[Record] = []
    for outcome in outcomes:
        counts["rows"] += 1
        sifted = sift(outcome) if isinstance(outcome, Record) else outcome
        if sifted is None:
            counts["repeated"] += 1
        elif isinstance(sifted, Reject):
            counts["rejected"] += 1
            rejects.write(sifted)
        else:
            chunk.append(sifted)
            if len(chunk) == CHUNK:
                yield chunk
                chunk = []
    if chunk:
        yield chunk


def _write_chunk(
    site: Site,
    run_id: str,
    lender: str,
    chunk: list[Record],
    take: Take,
) -> Taken:
    def job(connection: Connection) -> Taken:
        rows.take_turn(connection, run_id)
        rows.change_run(connection, run_id, line=chunk[-1].line, updated_ms=site.now())
        return take(connection, lender, chunk)

    return site.store.write(job)


def _start_run(site: Site, kind: FileKind, order: FileOrder, report: ImportReport) -> str:
    run_id, now_ms = site.new_id(), site.now()
    with order.path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    run = {
        "id": run_id, "kind": kind, "lender": report.lender, "file_name": order.path.name, "file_sha256": sha256,
        "state": "running", "line": 0, "counts": {}, "started_ms": now_ms, "updated_ms": now_ms,
    }  # fmt: skip
    report.broke_off_at = site.store.write(lambda connection: rows.start_run(connection, run))
    return run_id


def _end_run(connection: Connection, site: Site, run_id: str, report: ImportReport) -> None:
    rows.change_run(connection, run_id, state="finished", counts=dict(report.counts), updated_ms=site.now())
