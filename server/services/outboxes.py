"""
Importing exported outboxes: late work of a device that can no longer sync, from an encrypted file.

The file's form is told in `agent_sync/outbox_export.py`. Its events go through the same receiving as a push, in
batches, so an import is idempotent; a withdrawn device's events are parked, never dropped (A4, E5). What came this way
is noted, for statements.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import structlog
from marshmallow import ValidationError
from sqlalchemy import Connection

from schemas import canonical, signing
from schemas.errors import FieldError
from schemas.exchange import PushSchema
from schemas.messages import Receipt, Submitted
from server.services.exchanging import make_countersigner
from server.services.receiving import Batch, Caller, Received, read_batch, receive_batch
from server.services.site import Site
from server.services.unsealing import UnreadableError, unseal
from server.storage import chain_rows, device_rows, proof_rows
from server.storage.types import AnyRow, is_id

log = structlog.get_logger()
FORMAT = "fairvisit-outbox-1"
BATCH = 200


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Events of a stretch that could not be placed, from a seq on, and why."""

    chain_id: str
    from_seq: int
    count: int
    sentence: str


@dataclass
class Imported:
    """What became of an exported outbox. `damaged` is what the device could not read of its own any more."""

    device_id: str
    agent_code: str
    state: str
    statuses: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    not_taken: list[NotTaken] = field(default_factory=list)
    damaged: list[dict[str, Any]] = field(default_factory=list)

    def count(self, receipts: Sequence[Receipt]) -> None:
        """Count receipts by status, and parked ones by reason."""
        self.statuses.update(str(receipt.status) for receipt in receipts)
        self.reasons.update(str(each.problem) for each in receipts if each.status == "parked" and each.problem)


def import_outbox(site: Site, raw: bytes, by: str) -> Imported:
    """
    Take an exported outbox in; again gives `duplicate` receipts and changes nothing.

    Raises `invalid` for a file that is none or was written for another server, `bad-signature` for one that its
    device did not sign or that was changed since, `not-found` for an unknown device.
    """
    if not by.strip():
        raise FieldError("invalid", {"by": ["say who imports: it is kept"]})
    outbox = open_export(site, raw)
    device = _check_proof(site, outbox)
    imported = Imported(device.id, device.agent_code, device.state, damaged=outbox.get("damaged", []))
    caller = Caller(device.id, device.agent_id, signing.load_public(device.jwk), device.state != "active")
    for stretch in outbox["chains"]:
        _import_stretch(site, caller, stretch, imported, hashlib.sha256(raw).hexdigest(), by)
    log.info("outbox_imported", device=device.id, by=by, **imported.statuses)
    return imported


def open_export(site: Site, raw: bytes) -> dict[str, Any]:
    """Decrypt an exported outbox with the server's key it was written for."""
    try:
        sealed = orjson.loads(raw)
    except ValueError:
        raise _no_export("is not an exported outbox, or is damaged") from None
    try:
        return _check_shape(orjson.loads(unseal(site, sealed, FORMAT)))
    except UnreadableError as error:
        raise _no_export(str(error)) from None


def _no_export(sentence: str) -> FieldError:
    return FieldError("invalid", {"file": [sentence]})


def _check_shape(outbox: Any) -> dict[str, Any]:
    try:
        for stretch in outbox["chains"]:
            PushSchema().load(stretch)
            _ = stretch["events"]
        is_whole = isinstance(outbox["device_id"], str) and isinstance(outbox["proof"], str)
    except (ValidationError, KeyError, TypeError):
        is_whole = False
    if not is_whole:
        raise _no_export("holds something else than an outbox: was it written by another program?")
    read: dict[str, Any] = outbox
    return read


def _check_proof(site: Site, outbox: Mapping[str, Any]) -> AnyRow:
    """Give the device whose outbox this is, if it signed for just these chains."""
    with site.store.read() as connection:
        device = device_rows.read_device(connection, outbox["device_id"]) if is_id(outbox["device_id"]) else None
    if device is None:
        raise FieldError("not-found", detail="The outbox is of a device that is not known here.")
    claim = signing.verify(outbox["proof"], signing.load_public(device.jwk), "outbox")
    signed = canonical.encode({"device_id": outbox["device_id"], "chains": outbox["chains"]})
    if (claim.get("device_id"), claim.get("digest")) != (device.id, canonical.digest(signed)):
        raise FieldError("bad-signature", detail="The outbox holds something else than its device signed.")
    return device


def _import_stretch(
    site: Site, caller: Caller, stretch: Mapping[str, Any], imported: Imported, file_digest: str, by: str
) -> None:
    """Feed one run of a chain to `receive_batch`, batch by batch; stop at what cannot be placed."""
    events = stretch["events"]
    done = 0
    for push in _cut(stretch):
        now_ms = site.now()
        countersign = make_countersigner(site, caller.device_id, push["chain_id"], now_ms)

        batch = read_batch(push, caller.key, 1)

        def job(connection: Connection, batch: Batch = batch, countersign: Any = countersign) -> Received:
            before = chain_rows.read_chain(connection, caller.device_id, batch.chain_id)
            received = receive_batch(connection, site, caller, batch, None, site.now(), countersign)
            first = before.next_seq if before is not None else 1
            if received.next_seq > first:
                row = {
                    "id": site.new_id(),
                    "device_id": caller.device_id,
                    "chain_id": batch.chain_id,
                    "from_seq": first,
                    "to_seq": received.next_seq - 1,
                    "file_digest": file_digest,
                    "by": by,
                    "at_ms": site.now(),
                }
                proof_rows.add_import(connection, row)
            return received

        received = site.store.write(job)
        imported.count(received.receipts)
        done += len(received.receipts)
        if len(received.receipts) < len(push["events"]):
            why = f"the server has this chain up to place {received.next_seq - 1} only"
            if received.problem is not None:
                why = "the server holds other events there: the device's store was copied or restored"
            left = events[done]
            imported.not_taken.append(NotTaken(push["chain_id"], left["seq"], len(events) - done, why))
            return


def _cut(stretch: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Cut a stretch into pushes, each with the hash before its first event."""
    prev = stretch.get("prev", canonical.ZERO_HASH)
    events = stretch["events"]
    for start in range(0, len(events), BATCH):
        batch = events[start : start + BATCH]
        yield {"chain_id": stretch["chain_id"], "prev": prev, "events": batch}
        for event in map(Submitted.of, batch):
            prev = canonical.link_hash(stretch["chain_id"], event.seq, prev, event.id, event.digest)
