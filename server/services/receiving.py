"""
Receiving: take a batch into its chain, in one transaction, and answer each event with a receipt.

The push half of an exchange. Rules come from `domain/intake`; what an event sets off at once (a hold, a finished
directive, a wanted file, a mark on its visit) happens in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from schemas import canonical, signing
from schemas.errors import FieldError
from schemas.fastcheck import event_check
from schemas.messages import Receipt, Submitted
from schemas.vocabulary import EventKind, Flag, ParkReason, ReceiptStatus
from server.domain import intake
from server.domain.intake import Content, KnownEvent, Placement, Standing
from server.services import effects
from server.services.site import Site
from server.storage import chain_rows, feed, intake_rows
from server.storage.chain_rows import ChainRow, NewEvent, NewLink
from server.storage.engine import Store


@dataclass(frozen=True, slots=True)
class Caller:
    """The device that is asking, as the proof of its request gave it."""

    device_id: str
    agent_id: str
    key: signing.PublicKey
    is_revoked: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a batch."""

    next_seq: int
    receipts: tuple[Receipt, ...]
    head: tuple[int, str] | None = None  # (seq, hash) the server countersigns; none if nothing was sent
    problem: FieldError | None = None
    countersignature: str | None = None  # over the head, if places were taken: kept with the chain


@dataclass(frozen=True, slots=True)
class Batch:
    """A push half, with what can be told of it before anything is locked."""

    chain_id: str
    prev: str
    events: tuple[Submitted, ...]
    contents: Mapping[int, Content]  # by seq, of the events that seem new
    checkpoint: str | None = None
    claimed: tuple[int, str] | None = None  # (seq, hash) its checkpoint vouches for; none for a bad signature


def read_batch(push: Mapping[str, Any], key: signing.PublicKey, next_seq: int) -> Batch:
    """Read a push half whose chain stood at *next_seq* a moment ago: digests, contents, the checkpoint's signature."""
    events = tuple(Submitted.of(entry) for entry in push["events"])
    contents = {event.seq: _read_content(event) for event in events if event.seq >= next_seq}
    chain_id, checkpoint = push["chain_id"], push.get("checkpoint")
    claimed = None if checkpoint is None else _read_checkpoint(checkpoint, key, chain_id)
    return Batch(chain_id, push.get("prev", canonical.ZERO_HASH), events, contents, checkpoint, claimed)


def _read_content(event: Submitted) -> Content:
    return _check_first(event, intake.read_content(event, event_check))


def _read_checkpoint(checkpoint: str, key: signing.PublicKey, chain_id: str) -> tuple[int, str] | None:
    try:
        payload = signing.verify(checkpoint, key, "checkpoint")
    except FieldError:
        return None
    seq, claimed = payload.get("seq"), payload.get("hash")
    if payload.get("chain_id") != chain_id or not isinstance(seq, int) or claimed is None:
        return None
    return seq, str(claimed)


def receive_repeats(store: Store, caller: Caller, batch: Batch) -> Received | None:
    """
    Answer a batch that was taken before and says nothing new: nothing is written, so nothing is waited for.

    None if anything in it is new: a place, a fork, a checkpoint.
    """
    row = chain_rows.ask_chain(store, caller.device_id, batch.chain_id)
    first, last = batch.events[0].seq, batch.events[-1].seq
    if row is None or last >= row.next_seq:
        return None
    stored = chain_rows.ask_links(store, row.pos, first, last)
    placement = intake.place_events(batch.chain_id, row.next_seq, row.head_hash, stored, batch.prev, batch.events)
    if placement.forked_from is not None or _check_checkpoint(row, batch, placement).row != row:
        return None
    receipts = tuple(intake.repeat_receipt(link.seq, link.receipt) for link in placement.repeats)
    return Received(placement.next_seq, receipts, (placement.next_seq - 1, placement.head_hash))


def receive_batch(
    connection: Connection,
    site: Site,
    caller: Caller,
    batch: Batch,
    clock: Mapping[str, Any] | None,
    now_ms: int,
    countersign: Callable[[int, str], str] | None = None,
) -> Received:
    """
    Take what fits of a batch (E4 to E7). The caller commits, then answers.

    *clock* is None for an imported outbox, which says nothing of now. *countersign* signs for a head (seq, hash).
    """
    chain_rows.lock_agent(connection, caller.agent_id)
    placement, row = _place(connection, caller, batch, now_ms)
    problem = None
    if placement.forked_from is not None:
        problem = FieldError("chain-forked", from_seq=placement.forked_from)
    receipts = [intake.repeat_receipt(link.seq, link.receipt) for link in placement.repeats]
    if clock is not None:
        intake_rows.add_clock_sample(connection, caller.device_id, now_ms, clock)
    head = (placement.next_seq - 1, placement.head_hash) if placement.next_seq > 1 else None
    countersignature = None
    if row is not None and (placement.taken or placement.repeats):
        checked = _check_checkpoint(row, batch, placement)
        if placement.taken and countersign is not None and head is not None:
            countersignature = countersign(*head)
        if checked.row != row:
            chain_rows.advance_chain(connection, checked.row, checked.to_keep, countersignature)
        if placement.taken:
            flags = () if checked.is_good else (Flag.CHECKPOINT_BAD.value,)
            receipts += _store(connection, site, caller, row.pos, batch, placement, flags, now_ms)
    return Received(placement.next_seq, tuple(receipts), head, problem, countersignature)


def _place(connection: Connection, caller: Caller, batch: Batch, now_ms: int) -> tuple[Placement, ChainRow | None]:
    """Find where the batch fits; a chain first heard of is made when its seq 1 comes."""
    row = chain_rows.read_chain(connection, caller.device_id, batch.chain_id)
    if row is None:
        placement = intake.place_events(batch.chain_id, 1, canonical.ZERO_HASH, {}, batch.prev, batch.events)
        if not placement.taken:
            return placement, None
        return placement, chain_rows.add_chain(
            connection, caller.device_id, batch.chain_id, canonical.ZERO_HASH, now_ms
        )
    stored = {}
    first = batch.events[0].seq
    if first < row.next_seq:
        stored = chain_rows.read_links(connection, row.pos, first, min(batch.events[-1].seq, row.next_seq - 1))
    return intake.place_events(batch.chain_id, row.next_seq, row.head_hash, stored, batch.prev, batch.events), row


@dataclass(frozen=True, slots=True)
class Checked:
    """What a checkpoint told: whether it is good, where the chain stands with it, and its text if it is to be kept."""

    is_good: bool
    row: ChainRow
    to_keep: str | None = None


def _check_checkpoint(row: ChainRow, batch: Batch, placement: Placement) -> Checked:
    """Judge the batch's checkpoint, if it has one that can be compared (E3); one older than the kept tells nothing."""
    moved = row._replace(next_seq=placement.next_seq, head_hash=placement.head_hash)
    if batch.checkpoint is None:
        return Checked(True, moved)
    bad = moved._replace(bad_from_seq=placement.taken[0].submitted.seq if placement.taken else placement.next_seq)
    if batch.claimed is None:
        return Checked(False, bad)
    seq, claimed = batch.claimed
    hashes = {taken.submitted.seq: taken.hash for taken in placement.taken}
    hashes |= {link.seq: link.hash for link in placement.repeats}
    if hashes.get(seq, claimed) != claimed:
        return Checked(False, bad)
    if seq not in hashes or seq < row.checkpoint_seq:
        return Checked(True, moved)  # that place was not taken, so there is nothing to compare with; or it is old news
    return Checked(True, moved._replace(checkpoint_seq=seq, bad_from_seq=None), batch.checkpoint)


def _store(
    connection: Connection,
    site: Site,
    caller: Caller,
    pos: int,
    batch: Batch,
    placement: Placement,
    flags: tuple[str, ...],
    now_ms: int,
) -> list[Receipt]:
    """Judge and store the taken events, and do what they set off."""
    submitted = [taken.submitted for taken in placement.taken]
    contents = [batch.contents.get(event.seq) or _read_content(event) for event in submitted]
    known: dict[str, KnownEvent] = chain_rows.read_known(connection, caller.agent_id, [each.id for each in submitted])
    standings = _read_standings(connection, caller, contents, now_ms)
    receipts: list[Receipt] = []
    events: list[NewEvent] = []
    event_at: list[int | None] = []
    for event, content in zip(submitted, contents, strict=True):
        standing = standings.get((content.case_id or "", content.visit_id or ""))
        receipt = intake.judge_event(
            event, content, known.get(event.id), standing, now_ms, is_revoked=caller.is_revoked, extra_flags=flags
        )
        receipts.append(receipt)
        if receipt.status == ReceiptStatus.DUPLICATE:
            event_at.append(None)
            continue
        if receipt.status == ReceiptStatus.ID_REUSE and _is_kept(connection, caller, event, events):
            event_at.append(None)
            continue
        known.setdefault(event.id, KnownEvent(event.digest, receipt))
        event_at.append(len(events))
        events.append(_new_event(event, content, receipt))
    positions = chain_rows.add_events(connection, caller.agent_id, events)
    links = [
        NewLink(receipt, event.digest, taken.hash, None if at is None else positions[at], event.withheld)
        for event, taken, receipt, at in zip(submitted, placement.taken, receipts, event_at, strict=True)
    ]
    chain_rows.add_links(connection, pos, links)
    opened = _chain_facts(submitted, contents)
    if opened:
        chain_rows.note_opening(connection, pos, opened)
    judged = list(zip(submitted, contents, receipts, strict=True))
    changes = effects.follow(connection, site, caller.device_id, caller.agent_id, judged, now_ms)
    if changes:
        feed.publish(connection, changes)
    return receipts


def _check_first(event: Submitted, content: Content) -> Content:
    """Park a chain's first event that is not `chain_opened` (E1)."""
    if event.seq == 1 and content.problem is None and content.kind != EventKind.CHAIN_OPENED:
        return Content.of(content.members, ParkReason.INVALID)
    return content


def _read_standings(
    connection: Connection, caller: Caller, contents: Sequence[Content], now_ms: int
) -> dict[tuple[str, str], Standing]:
    """Give the agent's standing for each (case, visit) the batch names; visits joined by QR count as live (E11)."""
    cases = sorted({content.case_id for content in contents if content.case_id is not None})
    if not cases:
        return {}
    assignments = intake_rows.read_assignments(connection, caller.agent_id, cases)
    pairs = {(content.case_id, content.visit_id or "") for content in contents if content.case_id is not None}
    found = {pair: intake.judge_standing(assignments.get(pair[0], []), now_ms) for pair in pairs}
    open_pairs = sorted(pair for pair, standing in found.items() if standing is None and pair[1])
    joined = intake_rows.read_joined(connection, caller.agent_id, open_pairs)
    joined |= effects.visits_joined_by_qr(connection, contents, set(open_pairs))
    return {pair: standing for pair, standing in found.items() if standing is not None} | {
        pair: Standing() for pair in joined
    }


def _is_kept(connection: Connection, caller: Caller, event: Submitted, events: Sequence[NewEvent]) -> bool:
    """Say whether this very content of a reused id is kept already, here or in this batch."""
    if any(each.id == event.id and each.digest == event.digest for each in events):
        return True
    return chain_rows.read_reused(connection, caller.agent_id, event.id, event.digest) is not None


def _new_event(event: Submitted, content: Content, receipt: Receipt) -> NewEvent:
    named = (content.kind, content.case_id, content.visit_id)
    return NewEvent(event.id, event.digest, event.content, *named, receipt.status, receipt.problem, receipt.received_ms)


def _chain_facts(events: Sequence[Submitted], contents: Sequence[Content]) -> dict[str, Any]:
    """Give what a `chain_opened` at seq 1 says about its chain."""
    if events[0].seq != 1 or contents[0].kind != EventKind.CHAIN_OPENED or contents[0].problem is not None:
        return {}
    body = contents[0].body
    return {"previous": body.get("previous"), "after_seq": body.get("after_seq"), "lost": body["lost"]}
