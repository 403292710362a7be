"""
Import a lender's ledger of payments, which reconciling compares promises with.

Payments are facts: they are added once and never changed. A correction is a payment below zero with its own receipt.
Idempotent by (lender, receipt); a ledger without receipts is counted by case, day and amount instead.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from schemas.vocabulary import RemovalReason
from server.importing.cells import Refusal
from server.importing.fingerprints import Fingerprints
from server.importing.reading import Record, Reject
from server.services.assigning import end_changes
from server.services.facts import find_paid
from server.services.importing import FileOrder, ImportReport, Progress, run_import
from server.services.importing_chunk import Taken
from server.services.site import Site
from server.storage import case_rows
from server.storage import portfolio_rows as rows
from server.storage.feed import publish
from server.storage.tables import payment

NO_CASE = Refusal(
    "No case of this lender has this reference.", "Import the portfolio with this case first, or correct the reference."
)
OTHER_CONTENT = Refusal(
    "A payment with this receipt is known with other content.",
    "A payment is not changed: enter the correction as a payment of its own, below zero if money went back.",
)


def import_payments(site: Site, order: FileOrder, on_progress: Progress = lambda done, size: None) -> ImportReport:
    """
    Import a ledger; `counts` has new, unchanged, repeated, rejected, and how many cases were taken back as paid.

    Raises `FieldError("invalid")` before anything is written where the file leaves something to be asked.
    """
    prints = Fingerprints(site.person_secret)
    receipts: dict[int, str] = {}  # by line, of the chunk at hand
    number = number_alike("reference", "paid_on", "amount", "currency")

    def sift(record: Record) -> Record:
        receipts[record.line] = record.text("receipt") or number(record)
        return record

    def take(connection: Connection, lender: str, records: list[Record]) -> Taken:
        return _take_in(connection, site, lender, prints, [(receipts[record.line], record) for record in records])

    report = run_import(site, "ledger", order, sift, take, on_progress)
    report.counts["recalled"] = recall_paid(site, report.lender)
    return report


def recall_paid(site: Site, lender: str) -> int:
    """
    Take back what crews have of a lender although nothing is owed any more; give how many cases that are.

    The cases stay open: the lender's next portfolio may say that something is owed again. Run again after a crash, it
    takes back what is left.
    """
    with site.store.read() as connection:
        held = case_rows.read_held(connection, lender)
    count = 0
    for chunk in case_rows.chunks(held):

        def job(connection: Connection, chunk: Sequence[str] = chunk) -> int:
            paid = find_paid(connection, site, chunk)
            publish(connection, end_changes(connection, site, paid, RemovalReason.PAID) if paid else [])
            return len(paid)

        count += site.store.write(job)
    return count


def number_alike(*fields: str) -> Callable[[Record], str]:
    """Give references to rows that have none: the n-th row alike in *fields* is always the same one."""
    alike: Counter[bytes] = Counter()

    def number(record: Record) -> str:
        text = "\x1f".join(record.text(name) for name in fields)
        digest = hashlib.blake2b(text.encode(), digest_size=12).digest()
        alike[digest] += 1
        return f"~{digest.hex()}-{alike[digest]}"

    return number


def _take_in(
    connection: Connection, site: Site, lender: str, prints: Fingerprints, chunk: Sequence[tuple[str, Record]]
) -> Taken:
    """Add the payments that are new."""
    now_ms = site.now()
    counts: Counter[str] = Counter()
    refused: list[Reject] = []
    cases = rows.read_cases(connection, lender, {record.text("reference") for _, record in chunk})
    known = rows.read_payments(connection, lender, [receipt for receipt, _ in chunk])
    added: dict[str, dict[str, object]] = {}
    for receipt, record in chunk:
        digest = prints.row_digest(record)
        found = cases.get(record.text("reference"))
        if receipt in known and known[receipt] == digest:
            counts["repeated" if receipt in added else "unchanged"] += 1
        elif receipt in known:
            refused.append(Reject(record.line, (("receipt", OTHER_CONTENT),), record.cells))
        elif found is None:
            refused.append(Reject(record.line, (("reference", NO_CASE),), record.cells))
        elif rows.is_erased(found.key):
            counts["erased"] += 1
        elif found.currency != record.text("currency"):
            refused.append(Reject(record.line, (("currency", _other_currency(record, found.currency)),), record.cells))
        else:
            known[receipt] = digest
            added[receipt] = {
                "lender": lender, "receipt": receipt, "case_id": found.id, "paid_on": record.text("paid_on"),
                "currency": record.text("currency"), "amount": record.number("amount"), "digest": digest,
                "imported_ms": now_ms,
            }  # fmt: skip
    rows.add_rows(connection, payment, list(added.values()))
    if added:
        rows.mark_promises(connection, sorted({str(row["case_id"]) for row in added.values()}), now_ms)
    counts["new"] += len(added)
    return Taken(counts, refused)


def _other_currency(record: Record, currency: str) -> Refusal:
    reason = f"The payment is in {record.text('currency')}, its case in {currency}."
    return Refusal(reason, "Enter it in the currency of the case.")
