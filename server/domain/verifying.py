"""
Verifying: whether what is stored of a device is still what it sent and the server took.

Stands behind `fairvisit verify` and the import of exported outboxes. Comes in: a chain and its places as they are
stored, public keys. Goes out: a verdict that names the first bad event, or says how far signatures cover the chain
and what was erased, by whom, when. Deleting, editing or reordering is found (E3); erasure is not a fault (E12).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from schemas import canonical
from schemas.vocabulary import ParkReason
from server.domain.runs import take_away
from server.domain.signed_heads import Claim, Keys, judge_claim, read_checkpoint, read_countersignature


class FaultKind(StrEnum):
    """What can be wrong with a stored history."""

    PLACE_MISSING = "place_missing"
    LINK_CHANGED = "link_changed"
    EVENT_MISSING = "event_missing"
    CONTENT_CHANGED = "content_changed"
    CONTENT_MISSING = "content_missing"
    ERASURE_UNRECORDED = "erasure_unrecorded"
    HEAD_CHANGED = "head_changed"
    OPENING_CHANGED = "opening_changed"
    CHECKPOINT_BAD = "checkpoint_bad"
    COUNTERSIGNATURE_BAD = "countersignature_bad"
    PREVIOUS_UNKNOWN = "previous_unknown"


@dataclass(frozen=True, slots=True)
class Fault:
    """The first bad place of a chain, and what is wrong with it."""

    kind: FaultKind
    chain_id: str
    seq: int
    event_id: str | None
    sentence: str


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """What is kept of an event: its bytes, or why there are none. `erased` is {by, at, reason}."""

    pos: int
    content: bytes | None
    problem: str | None = None
    erased: Mapping[str, Any] | None = None
    is_erasure_recorded: bool = False


@dataclass(frozen=True, slots=True)
class StoredPlace:
    """One place of a chain as it is stored. `event_pos` is None where only the place is known (a repeat)."""

    seq: int
    event_id: str
    digest: str
    hash: str
    event_pos: int | None
    event: StoredEvent | None


@dataclass(frozen=True, slots=True)
class StoredChain:
    """What is stored about a chain beside its places."""

    chain_id: str
    next_seq: int
    head_hash: str
    previous: str | None = None
    after_seq: int | None = None
    lost: Sequence[Sequence[int]] | None = None
    checkpoint: str | None = None
    bad_from_seq: int | None = None
    countersignature: str | None = None


@dataclass(frozen=True, slots=True)
class Erased:
    """A place whose content was erased, by whom and when; `by` is empty where the device had erased it before."""

    seq: int
    event_id: str
    by: str
    at: str
    reason: str


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """What came of verifying one chain: whole if `fault` is None."""

    chain_id: str
    places: int
    fault: Fault | None
    signed_through: int  # the device's checkpoint covers places 1 to this; 0 where it sent none
    countersigned_through: int
    erased: tuple[Erased, ...] = ()
    withheld: tuple[int, ...] = ()


def verify_chain(chain: StoredChain, places: Iterable[StoredPlace], keys: Keys) -> ChainVerdict:
    """Verify one chain; *places* are all that is stored of it, in order of seq, read once and not kept."""
    claims = _read_claims(chain, keys)
    walk = _Walk(chain, {claim.seq for claim in claims.values() if isinstance(claim, Claim)})
    fault = None
    for place in places:
        fault = walk.step(place)
        if fault is not None:
            break
    fault = fault or walk.end() or _judge_bad_stretch(chain)
    covered = {}
    for kind, claim in claims.items():
        fault = fault or _judge_claim(chain, walk.hashes, kind, claim)
        covered[kind] = claim.seq if fault is None and isinstance(claim, Claim) else 0
    return ChainVerdict(
        chain.chain_id,
        walk.at,
        fault,
        covered.get(FaultKind.CHECKPOINT_BAD, 0),
        covered.get(FaultKind.COUNTERSIGNATURE_BAD, 0),
        tuple(walk.erased),
        tuple(walk.withheld),
    )


def _read_claims(chain: StoredChain, keys: Keys) -> dict[FaultKind, Claim | str]:
    claims: dict[FaultKind, Claim | str] = {}
    if chain.checkpoint is not None:
        claims[FaultKind.CHECKPOINT_BAD] = read_checkpoint(chain.checkpoint, chain.chain_id, keys)
    if chain.countersignature is not None:
        claims[FaultKind.COUNTERSIGNATURE_BAD] = read_countersignature(chain.countersignature, chain.chain_id, keys)
    return claims


def _judge_bad_stretch(chain: StoredChain) -> Fault | None:
    """Fault a stretch under a bad checkpoint that no later good one covers, from its first event on (E3)."""
    if chain.bad_from_seq is None or chain.bad_from_seq >= chain.next_seq:
        return None  # none, or nothing was taken under it
    sentence = f"The device's signature over place {chain.bad_from_seq} and on did not match, and none since does."
    return Fault(FaultKind.CHECKPOINT_BAD, chain.chain_id, chain.bad_from_seq, None, sentence)


def _judge_claim(
    chain: StoredChain, hashes: Mapping[int, str], kind: FaultKind, claim: Claim | str
) -> Fault | None:
    if isinstance(claim, str):
        return Fault(kind, chain.chain_id, chain.next_seq - 1, None, claim)
    who = "device" if kind is FaultKind.CHECKPOINT_BAD else "server"
    sentence = judge_claim(claim, hashes.get(claim.seq), who)
    return None if sentence is None else Fault(kind, chain.chain_id, claim.seq, None, sentence)


def find_loose_end(chain: StoredChain, known: Mapping[str, StoredChain]) -> Fault | None:
    """
    Say what is wrong with a chain's `previous` link, if anything; *known* are all chains of the device (E6).

    A previous chain of which nothing ever came is no fault where the opening declares all of it lost.
    """
    if chain.previous is None or chain.previous in known:
        return None
    if not take_away([(1, chain.after_seq or 0)], chain.lost or ()):
        return None
    sentence = (
        f"Chain {chain.chain_id} follows chain {chain.previous} up to place {chain.after_seq},"
        " of which nothing is stored and which is not declared lost."
    )
    return Fault(FaultKind.PREVIOUS_UNKNOWN, chain.chain_id, 1, None, sentence)


class _Walk:
    """One pass along a chain's places."""

    def __init__(self, chain: StoredChain, signed: set[int]) -> None:
        self.chain = chain
        self.signed = signed  # the places that signatures name: only their hashes are remembered
        self.at = 0
        self.head = canonical.ZERO_HASH
        self.hashes: dict[int, str] = {}
        self.erased: list[Erased] = []
        self.withheld: list[int] = []

    def step(self, place: StoredPlace) -> Fault | None:
        """Take the next place; give what is wrong with it."""
        expected = self.at + 1
        if place.seq != expected:
            return self._fault(FaultKind.PLACE_MISSING, expected, None, f"Place {expected} is missing.")
        computed = canonical.link_hash(self.chain.chain_id, place.seq, self.head, place.event_id, place.digest)
        if computed != place.hash:
            sentence = f"Place {place.seq} does not follow the one before it: it was changed or moved."
            return self._fault(FaultKind.LINK_CHANGED, place.seq, place.event_id, sentence)
        fault = self._check_event(place)
        if fault is None:
            self.at, self.head = place.seq, computed
            if place.seq in self.signed:
                self.hashes[place.seq] = computed
        return fault

    def _check_event(self, place: StoredPlace) -> Fault | None:
        event = place.event
        if event is None or (place.event_pos is not None and place.event_pos != event.pos):
            sentence = f"The event at place {place.seq} is not kept any more, or is another one."
            return self._fault(FaultKind.EVENT_MISSING, place.seq, place.event_id, sentence)
        if event.content is not None:
            if canonical.digest(event.content) != place.digest:
                sentence = f"The content at place {place.seq} is not what was received."
                return self._fault(FaultKind.CONTENT_CHANGED, place.seq, place.event_id, sentence)
            return self._check_opening(place.seq, place.event_id, event)
        return self._check_absence(place, event)

    def _check_absence(self, place: StoredPlace, event: StoredEvent) -> Fault | None:
        """Judge an event without content: erased with a record, withheld by its device, or gone."""
        if event.erased is not None:
            if not event.is_erasure_recorded:
                sentence = f"The content at place {place.seq} is marked as erased, but no erasure is recorded."
                return self._fault(FaultKind.ERASURE_UNRECORDED, place.seq, place.event_id, sentence)
            by, at, reason = (str(event.erased.get(name, "")) for name in ("by", "at", "reason"))
            self.erased.append(Erased(place.seq, place.event_id, by, at, reason))
        elif event.problem == ParkReason.ERASED:
            self.erased.append(Erased(place.seq, place.event_id, "", "", "erased before its device sent it"))
        elif event.problem == ParkReason.WITHHELD:
            self.withheld.append(place.seq)
        else:
            sentence = f"The content at place {place.seq} is gone, and nobody erased it."
            return self._fault(FaultKind.CONTENT_MISSING, place.seq, place.event_id, sentence)
        return None

    def _check_opening(self, seq: int, event_id: str, event: StoredEvent) -> Fault | None:
        """Hold what is noted of a chain against its own first event (E6)."""
        if seq != 1 or event.problem is not None or event.content is None:
            return None
        body = canonical.read(event.content).get("body", {})
        said = (body.get("previous"), body.get("after_seq"), [list(span) for span in body.get("lost", [])])
        noted = (self.chain.previous, self.chain.after_seq, [list(span) for span in self.chain.lost or []])
        if said == noted:
            return None
        sentence = "What is noted of this chain (previous, after_seq, lost) is not what its first event says."
        return self._fault(FaultKind.OPENING_CHANGED, 1, event_id, sentence)

    def end(self) -> Fault | None:
        """Judge where the chain ends."""
        if self.at + 1 < self.chain.next_seq:
            return self._fault(FaultKind.PLACE_MISSING, self.at + 1, None, f"Place {self.at + 1} is missing.")
        if self.at + 1 != self.chain.next_seq or self.head != self.chain.head_hash:
            sentence = f"The chain's head is not the hash of its last place, {self.at}."
            return self._fault(FaultKind.HEAD_CHANGED, self.at, None, sentence)
        return None

    def _fault(self, kind: FaultKind, seq: int, event_id: str | None, sentence: str) -> Fault:
        return Fault(kind, self.chain.chain_id, seq, event_id, sentence)
