"""Verifying a device's whole history from one snapshot: every chain link by link, every signature, every erasure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from schemas import signing
from schemas.errors import FieldError
from server.domain.signed_heads import Keys
from server.domain.verifying import (
    ChainVerdict,
    Fault,
    StoredChain,
    StoredEvent,
    StoredPlace,
    find_loose_end,
    verify_chain,
)
from server.services.site import Site
from server.storage import device_rows, proof_rows
from server.storage.types import AnyRow, is_id


@dataclass(frozen=True, slots=True)
class DeviceVerdict:
    """What came of verifying a device: its chains in the order they were first heard of."""

    device_id: str
    agent_code: str
    chains: tuple[ChainVerdict, ...]
    faults: tuple[Fault, ...]  # the first of each chain; the very first stands first

    @property
    def is_whole(self) -> bool:
        """Say whether nothing was deleted, edited or reordered."""
        return not self.faults


def verify_device(site: Site, device_id: str) -> DeviceVerdict:
    """Verify one device's history. Raises `not-found` for an unknown device."""
    with site.store.read() as connection:
        return _verify(connection, device_id)


def verify_site(site: Site) -> Iterator[DeviceVerdict]:
    """Verify every device that was ever enrolled, one after the other."""
    with site.store.read() as connection:
        device_ids = proof_rows.list_device_ids(connection)
    for device_id in device_ids:
        yield verify_device(site, device_id)


def _verify(connection: Connection, device_id: str) -> DeviceVerdict:
    device = device_rows.read_device(connection, device_id) if is_id(device_id) else None
    if device is None:
        raise FieldError("not-found", detail=f"There is no device {device_id}.")
    server = {row.kid: signing.load_public(row.jwk) for row in device_rows.read_keys(connection)}
    keys = Keys(device_id, signing.load_public(device.jwk), server)
    rows = proof_rows.read_chains(connection, device_id)
    stored = {row.chain_id: _stored_chain(row) for row in rows}
    chains: list[ChainVerdict] = []
    faults: list[Fault] = []
    for row in rows:
        chain = stored[row.chain_id]
        verdict = verify_chain(chain, _places(connection, row.pos, device.agent_id), keys)
        chains.append(verdict)
        fault = verdict.fault or find_loose_end(chain, stored)
        if fault is not None:
            faults.append(fault)
    return DeviceVerdict(device_id, device.agent_code, tuple(chains), tuple(faults))


def _stored_chain(row: AnyRow) -> StoredChain:
    return StoredChain(
        row.chain_id,
        row.next_seq,
        row.head_hash,
        row.previous,
        row.after_seq,
        row.lost,
        row.checkpoint,
        row.bad_from_seq,
        row.countersignature,
    )


def _places(connection: Connection, chain_pos: int, agent_id: str) -> Iterator[StoredPlace]:
    for row in proof_rows.stream_places(connection, chain_pos, agent_id):
        event = None
        if row.event_at is not None:
            event = StoredEvent(row.event_at, row.content, row.problem_now, row.erased, row.is_erasure_recorded)
        yield StoredPlace(row.seq, row.event_id, row.digest, row.hash, row.event_pos, event)


def say_verdict(verdict: DeviceVerdict) -> list[str]:
    """Say a verdict in sentences: the first bad event, or how far signatures reach and what was erased."""
    places = sum(chain.places for chain in verdict.chains)
    head = f"Device {verdict.device_id} (agent {verdict.agent_code}), {_count(verdict.chains)}:"
    lines = [f"{head} {places} events, whole." if verdict.is_whole else f"{head} NOT whole."]
    for fault in verdict.faults:
        event = f", event {fault.event_id}" if fault.event_id else ""
        lines.append(f"  First bad in chain {fault.chain_id}: place {fault.seq}{event}. {fault.sentence}")
    for chain in verdict.chains:
        if chain.fault is not None:
            continue
        lines.append(
            f"  Chain {chain.chain_id}: {chain.places} places; signed by the device up to {chain.signed_through},"
            f" by the server up to {chain.countersigned_through}."
        )
        for erased in chain.erased:
            whom = f"by {erased.by} on {erased.at}: {erased.reason}" if erased.by else erased.reason
            lines.append(f"    Place {erased.seq}, event {erased.event_id}: erased {whom}.")
        if chain.withheld:
            lines.append(f"    Not arrived yet, sent without content: places {', '.join(map(str, chain.withheld))}.")
    return lines


def _count(chains: Sequence[ChainVerdict]) -> str:
    return "1 chain" if len(chains) == 1 else f"{len(chains)} chains"
