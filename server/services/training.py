"""
Import the papers of agents and agencies: trainings, certificates, letters, cards, recorders; contracts, lists, checks.

A paper is known by holder, kind, name, principal and first day: the same row again changes nothing, and one with
another last day or other hours takes its place. What is not in the file stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from server.importing.cells import Refusal
from server.importing.fingerprints import Fingerprints
from server.importing.reading import Record, Reject
from server.importing.text_values import as_word
from server.services.filed_papers import VIOLENT
from server.services.gathering import today_of
from server.services.importing import FileOrder, ImportReport, Progress, pass_once, run_import
from server.services.importing_chunk import Taken
from server.services.site import Site
from server.storage import facts_rows, people_rows

# kind -> who holds such a paper, and what its row must say
NEEDS: dict[str, tuple[str, ...]] = {
    "certificate": ("agent", "name", "valid_until"),
    "training": ("agent", "name", "hours", "valid_until"),
    "background_check": ("agent", "valid_from"),
    "letter": ("agent", "principal", "valid_until"),
    "card": ("agent", "name"),
    "recorder": ("agent", "name"),
    "contract": ("agency", "principal", "valid_until"),
    "inspection": ("agency", "valid_from"),
    "licence": ("agency", "name", "valid_until"),
    "listing": ("agency", "principal", "valid_until"),
    "standing": ("agency", "name"),
    "record_check": ("agency", "name", "valid_from"),
}
# kind -> the only names such a paper may have
NAMES: dict[str, tuple[str, ...]] = {"standing": ("agency", "lender_staff"), "record_check": ("clean", VIOLENT)}
CALLED = {"valid_from": "day", "valid_until": "last day"}
ARTICLES = {"inspection": "An"}
SOON_DAYS = 30
NOBODY = {
    "agent": Refusal(
        "There is no agent of this code.", "Enter them first (fairvisit agents add), or correct the code."
    ),
    "agency": Refusal(
        "There is no agency of this name.", "Enter it first (fairvisit agents agency), or correct the name."
    ),
}
REPEATED = Refusal(
    "The same paper stands in line {line} with other content.",
    "Leave one of the two rows out, or give each its own first day.",
)


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as it stands on an agent's file. `days_left` is below 0 once it is over, None where it has no end."""

    kind: str
    name: str
    principal: str
    hours: int | None
    valid_from: str
    valid_until: str | None
    days_left: int | None

    @property
    def mark(self) -> str:
        """What to say of its end: nothing while it is over 30 days away."""
        if self.days_left is None or self.days_left > SOON_DAYS:
            return ""
        return "is over" if self.days_left < 0 else f"expires in {self.days_left} days"


def import_papers(site: Site, order: FileOrder, on_progress: Progress = lambda done, size: None) -> ImportReport:
    """
    Import papers; `counts` has new, changed, unchanged, repeated and rejected.

    Raises `FieldError("invalid")` before anything is written where the file leaves something to be asked.
    """
    once = pass_once(Fingerprints(site.person_secret), "name", lambda record: "\x1f".join(_key(record)), REPEATED)

    def sift(record: Record) -> Record | Reject | None:
        faults = tuple(_faults(record))
        return Reject(record.line, faults, record.cells) if faults else once(record)

    def take(connection: Connection, _lender: str, records: list[Record]) -> Taken:
        return _take_in(connection, site, records)

    return run_import(site, "training", order, sift, take, on_progress)


def papers_of(site: Site, code: str) -> list[Paper]:
    """Give the papers on an agent's file, by kind and name; raise `not-found` for an unknown agent."""
    today = date.fromisoformat(today_of(site))
    with site.store.read() as connection:
        rows = facts_rows.read_agent_papers(connection, [people_rows.find_agent(connection, code).id])
    return [
        Paper(
            row.kind, row.name, row.principal, row.hours, row.valid_from, row.valid_until,
            None if row.valid_until is None else (date.fromisoformat(row.valid_until) - today).days,
        )
        for row in rows
    ]  # fmt: skip


def _faults(record: Record) -> list[tuple[str, Refusal]]:
    kind = record.text("kind")
    faults = []
    for field in NEEDS[kind]:
        if field not in record.values:
            cure = "Fill it in."
            if field == "valid_until":
                cure = "Fill in the last day it is good for; where it has no end, the day to look at it again."
            reason = f"{ARTICLES.get(kind, 'A')} {kind.replace('_', ' ')} needs its {CALLED.get(field, field)}."
            faults.append((field, Refusal(reason, cure)))
    name, names = as_word(record.text("name")), NAMES.get(kind, ())
    if name and names and name not in names:
        cure = f"Write {' or '.join(names)}."
        faults.append(("name", Refusal(f"“{record.text('name')}” is no {kind.replace('_', ' ')}.", cure)))
    if record.text("valid_until") and record.text("valid_until") < record.text("valid_from"):
        faults.append(("valid_until", Refusal("It ends before it begins.", "Correct one of the two days.")))
    return faults


def _key(record: Record) -> tuple[str, ...]:
    kind = record.text("kind")
    name, principal = as_word(record.text("name")), record.text("principal")
    return record.text(NEEDS[kind][0]), kind, name, principal, record.text("valid_from")


def _take_in(connection: Connection, site: Site, records: Sequence[Record]) -> Taken:
    counts: Counter[str] = Counter()
    refused: list[Reject] = []
    by_holder: dict[str, list[Record]] = {"agent": [], "agency": []}
    for record in records:
        by_holder[NEEDS[record.text("kind")][0]].append(record)
    agents = people_rows.read_agents_by_code(connection, sorted({each.text("agent") for each in by_holder["agent"]}))
    agencies = people_rows.read_agencies(connection) if by_holder["agency"] else {}
    for holder, ids in (("agent", agents), ("agency", agencies)):
        rows = []
        for record in by_holder[holder]:
            found = ids.get(record.text(holder))
            if found is None:
                refused.append(Reject(record.line, ((holder, NOBODY[holder]),), record.cells))
            else:
                rows.append(_row(record, holder, found.id, site.now()))
        counts.update(_put(connection, holder, rows))
    return Taken(counts, refused)


def _row(record: Record, holder: str, holder_id: str, now_ms: int) -> dict[str, Any]:
    _, kind, name, principal, valid_from = _key(record)
    row = {
        f"{holder}_id": holder_id, "kind": kind, "name": name, "principal": principal, "valid_from": valid_from,
        "valid_until": record.text("valid_until") or None, "imported_ms": now_ms,
    }  # fmt: skip
    return row | {"hours": record.number("hours")} if holder == "agent" else row


def _put(connection: Connection, holder: str, rows: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """Write the papers that are new or changed."""
    counts: Counter[str] = Counter()
    if not rows:
        return counts
    read = facts_rows.read_agent_papers if holder == "agent" else facts_rows.read_agency_papers
    names = [name for name in rows[0] if name != "imported_ms"]
    key = names[:5]
    known = {
        tuple(getattr(row, name) for name in key): tuple(getattr(row, name) for name in names)
        for row in read(connection, sorted({row[f"{holder}_id"] for row in rows}))
    }
    written = []
    for row in rows:
        before = known.get(tuple(row[name] for name in key))
        if before == tuple(row[name] for name in names):
            counts["unchanged"] += 1
        else:
            counts["new" if before is None else "changed"] += 1
            written.append(row)
    facts_rows.put_papers(connection, holder, written)
    return counts
