"""
One chunk of a portfolio, taken in within one transaction: who is who, what changed, what is written.

Called by `importing`; may run twice. Locks are taken in the house's order: cases, then persons and places, then (in
`publish`, last of all) scopes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from server.domain.webhooks import Kind
from server.importing import case_values as values
from server.importing.cells import Refusal
from server.importing.fingerprints import Fingerprints, fold_name
from server.importing.reading import Doubt, Record, Reject
from server.services.following import merge_person
from server.services.packing import bump_and_repack, least_rev
from server.services.site import Site
from server.services.telling import tell_cases
from server.storage import case_rows, door_rows, search_rows
from server.storage import portfolio_rows as rows
from server.storage.feed import publish
from server.storage.tables import case, person, place

OTHER_PERSON = Refusal(
    "The reference is known here for another person.",
    "Give the other person's case a reference of its own, or correct the person's reference or identity number.",
)
OTHER_NAME = Doubt(
    "name", "name", "The lender calls this person otherwise in another row.", "Compare the two rows with the lender."
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a chunk: counts, the rows that were refused, and those that were taken with a doubt."""

    counts: Counter[str]
    refused: Sequence[Reject]
    doubtful: Sequence[Reject] = ()


def take_in(
    connection: Connection, site: Site, lender: str, prints: Fingerprints, records: Sequence[Record]
) -> Taken:
    """Take in *records*, whose references differ."""
    chunk = _Chunk(connection, site, lender, prints)
    chunk.load(records)
    for record in records:
        chunk.judge(record)
    chunk.write()
    return Taken(chunk.counts, chunk.refused, chunk.doubtful)


class _Chunk:
    """The state of one chunk between reading what is known and writing what is new."""

    def __init__(self, connection: Connection, site: Site, lender: str, prints: Fingerprints) -> None:
        self._connection, self._site, self._lender, self._prints = connection, site, lender, prints
        self._now_ms = site.now()
        self.counts: Counter[str] = Counter()
        self.refused: list[Reject] = []
        self.doubtful: list[Reject] = []
        self._persons: dict[str, dict[str, Any]] = {}  # by id, as they will stand
        self._ids: dict[str, str] = {}  # person id by key
        self._new: dict[str, list[dict[str, Any]]] = {"person": [], "place": [], "case": []}
        self._changed: dict[str, dict[str, dict[str, Any]]] = {"person": {}, "place": {}, "case": {}}
        self._told: list[dict[str, Any]] = []
        self._answers: list[dict[str, Any]] = []
        self._doubts: list[dict[str, Any]] = []
        self._traits: list[dict[str, Any]] = []
        self._new_persons: set[str] = set()
        self._corrected: set[str] = set()  # persons with contacts that agents corrected
        self._names_differ: set[int] = set()  # lines
        self._least_rev = max(1, least_rev(connection))

    def load(self, records: Sequence[Record]) -> None:
        """Read what is known of these rows, and lock the cases that may change."""
        self._digests = {record.line: self._prints.row_digest(record) for record in records}
        self._cases = rows.read_cases(self._connection, self._lender, {record.text("reference") for record in records})
        news = [record for record in records if not self._is_unchanged(record)]
        case_ids = {found.id for record in news if (found := self._case(record))}
        person_ids = {found.person_id for record in news if (found := self._case(record))}
        keys = {self._prints.person_key(record, self._lender) for record in news}
        aliases = rows.read_aliases(self._connection, keys)
        for row in rows.read_persons(self._connection, keys, {*person_ids, *aliases.values()}):
            known = {name: getattr(row, name) for name in ("id", "key", "name", "language", "contacts")}
            self._persons[row.id], self._ids[row.key] = known, row.id
            if row.merged is not None:
                self._corrected.add(row.id)
        self._ids |= aliases
        siblings = rows.read_cases_of(self._connection, list(self._persons))
        self._siblings: dict[str, list[str]] = {}
        for person_id, case_id in siblings:
            self._siblings.setdefault(person_id, []).append(case_id)
        for some in case_rows.chunks([case_id for _, case_id in siblings]):
            case_rows.lock_cases(self._connection, some)
        self._places = rows.read_places(
            self._connection, {found.place_id for record in news if (found := self._case(record))}
        )
        self._before = rows.read_told(self._connection, case_ids)
        self._identities = rows.read_identities(self._connection, person_ids)

    def judge(self, record: Record) -> None:
        """Decide what becomes of one row."""
        known = self._case(record)
        if self._is_unchanged(record):
            self.counts["unchanged"] += 1
        elif known is None:
            self._add(record)
        elif rows.is_erased(known.key):
            self.counts["erased"] += 1  # what was erased is never filled in again
        elif self._is_same_person(record, known):
            self._change(record, known)
        else:
            self.refused.append(Reject(record.line, (("reference", OTHER_PERSON),), record.cells))

    def write(self) -> None:
        """Write everything, new revisions of changed packets last of all."""
        for table in (person, place, case):
            rows.add_rows(self._connection, table, self._new[table.name])
            rows.change_rows(self._connection, table, list(self._changed[table.name].values()))
        rows.put_told(self._connection, self._told)
        door_rows.put_told(self._connection, self._answers)
        rows.put_doubts(self._connection, [row["case_id"] for row in self._told], self._doubts)
        self.counts["matches"] += rows.add_traits(self._connection, self._traits, self._now_ms)
        of_persons = {case_id for person_id in self._changed["person"] for case_id in self._siblings.get(person_id, ())}
        for person_id in sorted(self._corrected & set(self._changed["person"])):
            merge_person(self._connection, self._site, person_id)  # the agents' proposals, against what is now held
        touched = sorted({*self._changed["case"], *of_persons})
        search_rows.mark_cases(self._connection, [*touched, *(row["id"] for row in self._new["case"])])
        tell_cases(self._connection, self._site, Kind.CASE_CREATED, [row["id"] for row in self._new["case"]])
        if touched:
            publish(self._connection, bump_and_repack(self._connection, self._site, touched))

    def _case(self, record: Record) -> Any:
        return self._cases.get(record.text("reference"))

    def _is_unchanged(self, record: Record) -> bool:
        known = self._case(record)
        return known is not None and known.digest == self._digests[record.line]

    def _is_same_person(self, record: Record, known: Any) -> bool:
        """
        Say whether the row may be about the person the case is known for.

        A key that agrees says so, and an identity number that was told of that person before. A row that lost its
        key, or a person that never had one, contradicts nothing; whether that person is also one known by the new key
        is for a human (its traits will say).
        """
        key = self._prints.person_key(record, self._lender)
        if key.startswith("case:") or known.key.startswith("case:") or self._ids.get(key) == known.person_id:
            return True
        return (known.person_id, self._prints.identity(record)) in self._identities

    def _add(self, record: Record) -> None:
        person_id = self._join(record)
        case_id, place_id = self._site.new_id(), self._site.new_id()
        where = values.place_values(record)
        self._new["place"].append({"id": place_id, **where, "updated_ms": self._now_ms})
        self._new["case"].append(
            {
                "id": case_id, "lender": self._lender, "reference": record.text("reference"), "person_id": person_id,
                "place_id": place_id, **values.case_values(record), "status": "open",
                "digest": self._digests[record.line], "rev": self._least_rev,
                "updated_ms": self._now_ms, "closed_ms": None,
            }
        )  # fmt: skip
        self.counts["new"] += 1
        self.counts["unplaced"] += where["lat_e7"] is None
        self._note(record, case_id, person_id)

    def _join(self, record: Record) -> str:
        """Give the person of a new case: one known by the row's key, else a new one."""
        key = self._prints.person_key(record, self._lender)
        person_id = self._ids.get(key)
        if person_id is None:
            person_id = self._ids[key] = self._site.new_id()
            row = {"id": person_id, "key": key, **values.person_values(record), "updated_ms": self._now_ms}
            self._new["person"].append(row)
            self._persons[person_id] = row
            self._new_persons.add(person_id)
            return person_id
        known = self._persons[person_id]
        if fold_name(known["name"]) != fold_name(record.text("name")):
            self._names_differ.add(record.line)
        self._rewrite(person_id, values.join_person(known, record))
        return person_id

    def _change(self, record: Record, known: Any) -> None:
        before = self._before.get(known.id, {})
        changed = values.changed_fields(before, self._prints.told(record))
        where = values.merge_place(self._places[known.place_id]._asdict(), record, changed)
        self._changed["place"][known.place_id] = {"id": known.place_id, **where, "updated_ms": self._now_ms}
        self._changed["case"][known.id] = {
            "id": known.id, **values.case_values(record), "digest": self._digests[record.line],
            "updated_ms": self._now_ms,
        }  # fmt: skip
        wanted = values.merge_person(self._persons[known.person_id], record, changed)
        key = self._prints.person_key(record, self._lender)
        if known.key.startswith("case:") and key not in self._ids:
            wanted["key"], self._ids[key] = key, known.person_id  # the person had none until now
        self._rewrite(known.person_id, wanted)
        self.counts["changed"] += 1
        self.counts["closed"] += known.status != "open"
        self.counts["unplaced"] += where["lat_e7"] is None
        self._note(record, known.id, known.person_id)

    def _rewrite(self, person_id: str, wanted: dict[str, Any]) -> None:
        """Change a person where something differs; one that is new in this chunk is changed before it is written."""
        known = self._persons[person_id]
        if all(known[name] == value for name, value in wanted.items()):
            return
        known.update(wanted)
        if person_id not in self._new_persons:
            self._changed["person"][person_id] = {**known, "updated_ms": self._now_ms}

    def _note(self, record: Record, case_id: str, person_id: str) -> None:
        """Keep what the lender told, its traits, and what is doubtful about it."""
        self._told.append({"case_id": case_id, "fields": self._prints.told(record)})
        if answers := values.fact_answers(record):
            self._answers.append({"case_id": case_id, "answers": answers})
        doubts = [*record.doubts, OTHER_NAME] if record.line in self._names_differ else record.doubts
        for doubt in doubts:
            found = {"field": doubt.field, "reason": doubt.reason, "cure": doubt.cure, "found_ms": self._now_ms}
            self._doubts.append({"case_id": case_id, **found})
        if doubts:
            faults = tuple((doubt.column, Refusal(doubt.reason, doubt.cure)) for doubt in doubts)
            self.doubtful.append(Reject(record.line, faults, record.cells))
        for kind, digest in sorted(self._prints.traits(record)):
            self._traits.append({"person_id": person_id, "kind": kind, "hash": digest})
