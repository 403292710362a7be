"""
Import a lender's log of contacts, which caps, intervals, notices and prior steps are judged by.

Idempotent by (lender, the lender's reference of the contact). A log may say more later, as of a letter that came back:
a changed row takes the place of the one before. A log without references is counted by case, moment, channel, number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from server.importing.cells import Refusal
from server.importing.fingerprints import Fingerprints
from server.importing.reading import Record, Reject
from server.importing.text_values import as_word, split_words
from server.services.importing import FileOrder, ImportReport, Progress, pass_once, run_import
from server.services.importing_chunk import Taken
from server.services.payments import NO_CASE, number_alike
from server.services.site import Site
from server.storage import facts_rows
from server.storage.portfolio_rows import is_erased, read_cases

WRITTEN = frozenset({"letter", "message", "app"})  # channels on which something is sent
REPEATED = Refusal(
    "The contact {key} stands in line {line} with other content.",
    "Leave one of the two rows out, or give the other contact its own reference.",
)
NO_HOUR = Refusal(
    "The row gives a day without its hour.",
    "Write it as YYYY-MM-DD HH:MM: hours of contact are judged. Only a letter may do with its day.",
)
NO_RESULT = Refusal("The row does not say what came of it.", "Write made (somebody answered) or attempt (nobody did).")
LATER = Refusal(
    "The contact lies in the future.",
    "Correct the time, or say in a mapping file which zone it is told in: settings: {zone: Asia/Shanghai}.",
)


def import_contacts(site: Site, order: FileOrder, on_progress: Progress = lambda done, size: None) -> ImportReport:
    """
    Import a log of contacts; `counts` has new, changed, unchanged, repeated and rejected.

    Raises `FieldError("invalid")` before anything is written where the file leaves something to be asked.
    """
    prints = Fingerprints(site.person_secret)
    number = number_alike("reference", "at", "channel", "number")
    once = pass_once(prints, "contact", lambda record: record.text("contact"), REPEATED)

    def sift(record: Record) -> Record | Reject | None:
        if "contact" not in record.values:
            record = replace(record, values={**record.values, "contact": number(record)})
        fault = _fault(record, site.now())
        return once(record) if fault is None else Reject(record.line, (fault,), record.cells)

    def take(connection: Connection, lender: str, records: list[Record]) -> Taken:
        return _take_in(connection, site, lender, prints, records)

    return run_import(site, "contacts", order, sift, take, on_progress)


def _fault(record: Record, now_ms: int) -> tuple[str, Refusal] | None:
    """Give what one cell beside another makes wrong, with the column."""
    if _is_day(record) and record.text("channel") != "letter":
        return "at", NO_HOUR
    if "result" not in record.values and record.text("channel") not in WRITTEN:
        return "result", NO_RESULT
    begun_ms = _at_ms(record) - (86_400_000 if _is_day(record) else 0)
    return ("at", LATER) if begun_ms > now_ms else None


def _is_day(record: Record) -> bool:
    return "T" not in record.text("at")


def _at_ms(record: Record) -> int:
    """Give the moment of a contact; of a letter that has a day only, the day's end: what it holds is known by then."""
    text = record.text("at")
    if _is_day(record):
        return _ms(datetime.fromisoformat(f"{text[:10]}T00:00:00{text[10:]}") + timedelta(days=1))
    return _ms(datetime.fromisoformat(text))


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _take_in(
    connection: Connection, site: Site, lender: str, prints: Fingerprints, records: Sequence[Record]
) -> Taken:
    """Write the contacts that are new or changed; give counts, and the refused ones."""
    counts: Counter[str] = Counter()
    refused: list[Reject] = []
    written: list[dict[str, Any]] = []
    cases = read_cases(connection, lender, {record.text("reference") for record in records})
    known = facts_rows.read_contact_digests(connection, lender, [record.text("contact") for record in records])
    for record in records:
        found, digest = cases.get(record.text("reference")), prints.row_digest(record)
        before = known.get(record.text("contact"))
        if found is None:
            refused.append(Reject(record.line, (("reference", NO_CASE),), record.cells))
        elif before == digest:
            counts["unchanged"] += 1
        elif is_erased(found.key):
            counts["erased"] += 1
        else:
            counts["new" if before is None else "changed"] += 1
            written.append({
                "lender": lender, "reference": record.text("contact"), "case_id": found.id,
                "at_ms": _at_ms(record), "channel": record.text("channel"),
                "result": record.text("result") or "sent", "number": record.text("number"),
                "content": [as_word(each) for each in split_words(record.text("content"))], "source": "lender",
                "digest": digest, "imported_ms": site.now(),
            })  # fmt: skip
    facts_rows.put_contacts(connection, written)
    return Taken(counts, refused)
