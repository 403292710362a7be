"""
Fill in coordinates that the lender did not give: from a file of known addresses, or from a geocoder.

Resumable: every answer is kept as it comes, an answer of nothing too, and a run begins with the places that have no
coordinates. No transaction is open while a geocoder is asked. A case whose place is found gets a new revision.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from server.importing.fields import load_spec
from server.importing.fingerprints import Fingerprints
from server.importing.geocoders import Ask, Found
from server.importing.reading import Record, join_texts, read_records
from server.importing.table import open_table
from server.services.importing import FileOrder, Progress, read_order
from server.services.packing import bump_and_repack
from server.services.site import Site
from server.storage import geocode_rows as rows
from server.storage.feed import publish
from server.storage.types import NO_ID

BATCH = 200
KNOWN = "known"


def place_from_known(site: Site, order: FileOrder, on_progress: Progress = lambda done, size: None) -> Counter[str]:
    """
    Fill in places from a file of known addresses (address, postal code, lat, lon, precision).

    An address matches whatever its case, width and blanks, with its postal code where both have one. An address that
    the file names twice at different points is taken from neither. Gives counts: found, missing, rejected.
    """
    prints = Fingerprints(site.person_secret)
    known = _Known(prints)
    counts: Counter[str] = Counter()
    mapping, spec = read_order(site, "known", order), load_spec("known")
    with open_table(order.path, spec, mapping, order.encoding) as table:
        for outcome in read_records(table, spec, mapping):
            if not isinstance(outcome, Record):
                counts["rejected"] += 1
                continue
            found = Found(int(outcome.values["lat"]), int(outcome.values["lon"]), outcome.text("precision"))
            known.add(outcome.text("address"), outcome.text("postal_code"), found)

    def look_up(batch: Sequence[Any]) -> Iterator[tuple[Any, Found | None]]:
        for place in batch:
            yield place, known.find(place.address, place.postal_code or "")

    return counts + _place(site, KNOWN, look_up, on_progress)


def place_from_geocoder(
    site: Site,
    source: str,
    ask: Ask,
    *,
    region: str = "",
    asks_again: bool = False,
    on_progress: Progress = lambda done, size: None,
) -> Counter[str]:
    """
    Fill in places from the geocoder *source*, asked by *ask*; give counts: found, missing, asked.

    *region* is added to every address ("San Francisco, CA"). With *asks_again*, addresses that it did not find
    before are asked once more. Raises `FieldError("unavailable")` where the geocoder gives up; run it again later.
    """
    prints = Fingerprints(site.person_secret)
    asked: Counter[str] = Counter()

    def look_up(batch: Sequence[Any]) -> Iterator[tuple[Any, Found | None]]:
        queries = {place.id: _query(place, region) for place in batch}
        marks = {place.id: prints.address(source, queries[place.id]) for place in batch}
        with site.store.read() as connection:
            known = {query: _found(row) for query, row in rows.read_answers(connection, source, marks.values()).items()}
        if asks_again:
            known = {query: found for query, found in known.items() if found is not None}
        for place in batch:
            mark = marks[place.id]
            if mark not in known:
                asked["asked"] += 1
                known[mark] = ask(queries[place.id])
                _keep(site, source, mark, known[mark])
            yield place, known[mark]

    return _place(site, source, look_up, on_progress) + asked


LookUp = Callable[[Sequence[Any]], Iterator[tuple[Any, Found | None]]]


def _place(site: Site, source: str, look_up: LookUp, on_progress: Progress) -> Counter[str]:
    """Look up every place without coordinates, a batch at a time, and write what was found even if the rest fails."""
    counts: Counter[str] = Counter()
    with site.store.read() as connection:
        size = rows.count_unplaced(connection)
    after, done = NO_ID, 0
    while True:
        with site.store.read() as connection:
            batch = rows.read_unplaced(connection, after, BATCH)
        if not batch:
            on_progress(size, size)
            return counts
        after = batch[-1].id
        found: dict[str, Found] = {}
        try:
            for place, answer in look_up(batch):
                done += 1
                on_progress(min(done, size), size)
                counts["missing" if answer is None else "found"] += 1
                if answer is not None:
                    found[place.id] = answer
        finally:
            if found:
                site.store.write(lambda connection, found=found: _write(connection, site, source, found))  # type: ignore[misc]


def _write(connection: Connection, site: Site, source: str, found: Mapping[str, Found]) -> None:
    now_ms = site.now()
    placed = [
        {"id": place_id, "lat_e7": where.lat_e7, "lon_e7": where.lon_e7, "precision": where.precision,
         "source": source, "updated_ms": now_ms}
        for place_id, where in sorted(found.items())
    ]  # fmt: skip
    rows.set_places(connection, placed)
    publish(connection, bump_and_repack(connection, site, rows.read_cases_at(connection, list(found))))


def _keep(site: Site, source: str, query: str, found: Found | None) -> None:
    row = {
        "source": source, "query": query, "lat_e7": found.lat_e7 if found else None,
        "lon_e7": found.lon_e7 if found else None, "precision": found.precision if found else None,
        "asked_ms": site.now(),
    }  # fmt: skip
    site.store.write(lambda connection: rows.put_answer(connection, row))


def _found(row: Any) -> Found | None:
    return None if row.lat_e7 is None else Found(row.lat_e7, row.lon_e7, row.precision)


def _query(place: Any, region: str) -> str:
    """Give the address as a geocoder is asked for it, with what it does not say itself."""
    address = join_texts([place.address, *filter(None, (place.postal_code,))])
    parts = [address] + [part for part in (place.area, region) if part and part not in address]
    return ", ".join(dict.fromkeys(parts))


class _Known:
    """Known addresses by their hashes; None where two points contradict each other."""

    def __init__(self, prints: Fingerprints) -> None:
        self._prints = prints
        self._with_code: dict[str, Found | None] = {}
        self._without: dict[str, Found | None] = {}  # rows that name no postal code
        self._any: dict[str, Found | None] = {}  # all rows, by address alone

    def add(self, address: str, postal_code: str, found: Found) -> None:
        """Keep one row of the file."""
        own = self._with_code if postal_code else self._without
        for known, mark in (
            (own, self._prints.address(address, postal_code)), (self._any, self._prints.address(address))
        ):  # fmt: skip
            known[mark] = found if known.setdefault(mark, found) == found else None

    def find(self, address: str, postal_code: str) -> Found | None:
        """Give where an address is; with a postal code, rows with another one do not count."""
        if not postal_code:
            return self._any.get(self._prints.address(address))
        exact = self._prints.address(address, postal_code)
        if exact in self._with_code:
            return self._with_code[exact]
        return self._without.get(self._prints.address(address, ""))
