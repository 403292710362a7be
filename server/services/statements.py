"""
Statements: the server's signed account of one device's day, and the device's own laid beside it.

The payload is made by `domain/statements.py`, differences by `domain/comparing.py`; here rows are read in one snapshot,
and signatures made and checked.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson
from sqlalchemy import Connection

from schemas import signing
from schemas.errors import FieldError, Sentence
from schemas.messages import format_time
from schemas.vocabulary import EventKind, ParkReason
from server.domain.comparing import Difference, compare_statements
from server.domain.statements import StatedChain, StatedPlace, read_day, read_files, state_day
from server.services.keys import signing_key
from server.services.site import Site
from server.storage import device_rows, proof_rows
from server.storage.state_rows import get_state
from server.storage.types import AnyRow, is_id


def make_statement(site: Site, device_id: str, day: str, named: Collection[str] | None = None) -> dict[str, Any]:
    """
    Give the payload of the server's statement of a device's day (`YYYY-MM-DD`, by recorded wall date).

    *named* are the events of the device's own statement, where there is one. Raises `not-found` for an unknown
    device, `invalid` for a day that is none.
    """
    _check_day(day)
    zone = zone_of(site.settings.zone)
    if not is_id(device_id):
        raise FieldError("not-found", detail=Sentence("There is no device {device_id}.", device_id=device_id))
    with site.store.read() as connection:
        device = device_rows.read_device(connection, device_id)
        if device is None:
            raise FieldError("not-found", detail=Sentence("There is no device {device_id}.", device_id=device_id))
        imported = _read_imported(connection, device_id)
        chains = [
            _stated_chain(connection, row, device.agent_id, zone, imported)
            for row in proof_rows.read_chains(connection, device_id)
        ]
        files = proof_rows.read_file_states(connection, device_id)
        restored_ms = get_state(connection, "restored_ms")
    restored_at = format_time(int(restored_ms)) if restored_ms else None
    at = format_time(site.now())
    return state_day(device_id, device.agent_id, day, at, chains, files, named, restored_at)


def sign_statement(site: Site, payload: dict[str, Any]) -> str:
    """Sign a statement as the server."""
    key, kid = signing_key(site)
    return signing.sign(payload, key, kid)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both accounts of a day, and every difference between them."""

    device: dict[str, Any]
    server: dict[str, Any]
    differences: tuple[Difference, ...]

    @property
    def is_balanced(self) -> bool:
        """Say whether everything that differs is explained."""
        return all(difference.is_explained for difference in self.differences)


def compare_with_device(site: Site, jws: str, *, device_id: str = "", day: str = "") -> Comparison:
    """
    Compare a device's own signed statement with the server's of the same day.

    *device_id* and *day*, where given, must be the statement's. Raises `bad-signature` for one its device did not
    sign, `not-found` for a device that is unknown, `invalid` for a statement of something else.
    """
    told = read_device_statement(site, jws)
    for name, expected in (("device_id", device_id), ("day", day)):
        if expected and told[name] != expected:
            said = Sentence("is {told} in the statement, {asked} was asked for", told=told[name], asked=expected)
            raise FieldError("invalid", {name: [said]})
    named = {str(entry[0]) for entry in told["events"]}
    own = make_statement(site, told["device_id"], told["day"], named)
    return Comparison(told, own, tuple(compare_statements(told, own)))


def read_device_statement(site: Site, jws: str) -> dict[str, Any]:
    """Give the payload of a statement that a device signed."""
    device_id = signing.kid_of(jws.strip())
    with site.store.read() as connection:  # the server's own statement is signed by a key whose id is no device's
        device = device_rows.read_device(connection, device_id) if is_id(device_id) else None
    if device is None:
        said = Sentence("The statement is not signed by a device known here ({device_id}).", device_id=device_id[:40])
        raise FieldError("not-found", detail=said)
    payload = signing.verify(jws.strip(), signing.load_public(device.jwk), "statement")
    if payload.get("device_id") != device_id:
        raise FieldError("bad-signature", detail="The statement is of another device than the one that signed it.")
    if not all(isinstance(payload.get(name), list) for name in ("chains", "events")) or "day" not in payload:
        raise FieldError("invalid", {"statement": ["lacks chains, events or day: was an older agent-sync used?"]})
    return payload


def _check_day(day: str) -> None:
    try:
        is_day = date.fromisoformat(day).isoformat() == day
    except ValueError:
        is_day = False
    if not is_day:
        raise FieldError("invalid", {"day": [Sentence("'{day}' is not a day, YYYY-MM-DD", day=day)]})


def zone_of(name: str) -> ZoneInfo:
    """Give the office's zone by its name; raise `invalid`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        said = Sentence("'{name}' is not a time zone, such as Asia/Taipei", name=name)
        raise FieldError("invalid", {"FAIRVISIT_ZONE": [said]}) from None


def _read_imported(connection: Connection, device_id: str) -> dict[str, list[tuple[int, int]]]:
    runs: dict[str, list[tuple[int, int]]] = {}
    for row in proof_rows.read_imports(connection, device_id):
        runs.setdefault(row.chain_id, []).append((row.from_seq, row.to_seq))
    return runs


def _stated_chain(
    connection: Connection, row: AnyRow, agent_id: str, zone: ZoneInfo, imported: dict[str, list[tuple[int, int]]]
) -> StatedChain:
    runs = imported.get(row.chain_id, [])
    places = []
    reason = None
    for place in proof_rows.stream_places(connection, row.pos, agent_id):
        if place.seq == 1 and place.content is not None:
            reason = _opening_reason(place.content)
        is_imported = any(first <= place.seq <= last for first, last in runs)
        places.append(stated_place(place, zone, is_imported=is_imported))
    return StatedChain(
        row.chain_id, row.next_seq, row.head_hash, places, row.previous, row.after_seq, reason, row.lost or ()
    )


def stated_place(row: AnyRow, zone: ZoneInfo, *, is_imported: bool) -> StatedPlace:
    """Give a place of a chain, with the event kept for it, as statements need it."""
    day = read_day(row.content)
    return StatedPlace(
        row.seq,
        row.event_id,
        row.digest,
        row.status,
        row.first,
        row.problem,
        row.status_now,
        day,
        day or datetime.fromtimestamp(row.received_ms // 1000, UTC).astimezone(zone).date().isoformat(),
        read_files(row.content),
        is_erased=row.erased is not None or row.problem_now == ParkReason.ERASED,
        is_withheld=row.content is None and row.problem_now == ParkReason.WITHHELD,
        is_imported=is_imported,
    )


def _opening_reason(content: bytes) -> str | None:
    try:
        read = orjson.loads(content)
        return str(read["body"]["reason"]) if read["kind"] == EventKind.CHAIN_OPENED else None
    except (ValueError, KeyError, TypeError):
        return None
