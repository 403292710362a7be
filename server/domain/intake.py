"""
Intake: where each event of a batch belongs in its chain, and what receipt it gets.

Comes in: the batch, what is stored about its chain, its ids and its cases. Goes out: places and receipts. Judged
by place first, then content (E4); nothing is refused in silence, nothing blocks the queue.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from schemas import canonical
from schemas.errors import FieldError
from schemas.messages import Receipt, Submitted
from schemas.vocabulary import EVENT_SCHEMA, EventKind, Flag, ParkReason, ReceiptStatus


@dataclass(frozen=True, slots=True)
class StoredLink:
    """A place of a chain as it is stored."""

    seq: int
    event_id: str
    digest: str
    hash: str
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Taken:
    """An event that takes the next place of its chain."""

    submitted: Submitted
    hash: str


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a batch fits: repeats of stored places, newly taken events, and the fork where it stops fitting."""

    repeats: tuple[StoredLink, ...]
    taken: tuple[Taken, ...]
    next_seq: int
    head_hash: str
    forked_from: int | None = None


def place_events(
    chain_id: str,
    next_seq: int,
    head_hash: str,
    stored: Mapping[int, StoredLink],
    prev: str,
    events: Sequence[Submitted],
) -> Placement:
    """
    Place *events*, in order, onto a chain that stands at *next_seq* and *head_hash* (E1, E4).

    *stored* holds the chain's links at every seq below *next_seq* that the batch names. What lies beyond a gap or a
    fork is not taken: `next_seq` and `forked_from` tell the device where to go on.
    """
    repeats: list[StoredLink] = []
    taken: list[Taken] = []
    computed, at = prev, None
    for event in events:
        if at is not None and event.seq != at + 1:
            break  # a batch is one run of seqs; what follows a hole is not taken
        if at is None and event.seq > next_seq:
            break
        at = event.seq
        link = stored.get(event.seq)
        if event.seq < next_seq:
            if link is None or link.event_id != event.id or link.digest != event.digest:
                return Placement(tuple(repeats), (), next_seq, head_hash, event.seq)
            computed = link.hash
            repeats.append(link)
            continue
        if computed != head_hash:
            return Placement(tuple(repeats), tuple(taken), next_seq, head_hash, event.seq)
        computed = canonical.link_hash(chain_id, event.seq, computed, event.id, event.digest)
        taken.append(Taken(event, computed))
        next_seq, head_hash = event.seq + 1, computed
    return Placement(tuple(repeats), tuple(taken), next_seq, head_hash)


@dataclass(frozen=True, slots=True)
class Content:
    """What was read of an event: its members, or why it is parked; the kind, case and visit it names, if it does."""

    members: Mapping[str, Any]
    problem: ParkReason | None = None
    kind: str | None = None
    case_id: str | None = None
    visit_id: str | None = None

    @classmethod
    def of(cls, members: Mapping[str, Any], problem: ParkReason | None = None) -> Content:
        """Take members that may be of any type."""
        kind = members.get("kind")
        ids = (_id_or_none(members.get(name)) for name in ("case_id", "visit_id"))
        return cls(members, problem, kind if isinstance(kind, str) else None, *ids)

    @property
    def body(self) -> Mapping[str, Any]:
        """Its body, empty where it has none."""
        body = self.members.get("body")
        return body if isinstance(body, dict) else {}


_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _id_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


CheckOf = Callable[[str], Callable[[Any], bool] | None]


def read_content(event: Submitted, check_of: CheckOf) -> Content:
    """Read an event's content; one that cannot be taken as it is gets the reason it will be parked for (E5)."""
    if event.content is None:
        return Content.of({}, ParkReason.ERASED if event.erased else ParkReason.WITHHELD)
    members = _read_expected(event.content, check_of)
    if members is not None and members["id"] == event.id:  # its types are as they should be
        return Content(members, None, members["kind"], members.get("case_id"), members.get("visit_id"))
    try:
        members = canonical.read(event.content)
    except FieldError:
        return Content.of({}, ParkReason.UNREADABLE)
    if members.get("id") != event.id:
        return Content.of(members, ParkReason.ID_MISMATCH)
    kind = members.get("kind")
    check = check_of(kind) if isinstance(kind, str) else None
    if check is None:
        return Content.of(members, ParkReason.UNKNOWN_KIND)
    if members.get("schema") != EVENT_SCHEMA:
        return Content.of(members, ParkReason.UNKNOWN_SCHEMA)
    if not check(members):
        return Content.of(members, ParkReason.INVALID)
    return Content.of(members)


FREE_FORM = frozenset({EventKind.EVENT_CORRECTED})  # kinds with a member of any shape


def _read_expected(content: bytes, check_of: CheckOf) -> dict[str, Any] | None:
    """
    Read content that keeps its kind's check, in a third of the time; None for any other, which the long way judges.

    A check names every member and permits no float, null or large integer, so what keeps it keeps rule E0 as well.
    """
    try:
        members = orjson.loads(content)
        kind = members["kind"]
        check = None if kind in FREE_FORM else check_of(kind)
        is_expected = check is not None and check(members)
    except (ValueError, KeyError, TypeError):
        return None
    if not is_expected or orjson.dumps(members, option=orjson.OPT_SORT_KEYS) != content:
        return None
    assert isinstance(members, dict)
    return members


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """An event of this agent already stored under an id."""

    digest: str
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Standing:
    """What an agent has to do with a case: of what a person should know, such as how it left their scope."""

    flag: Flag | None = None


def judge_event(
    event: Submitted,
    content: Content,
    known: KnownEvent | None,
    standing: Standing | None,
    received_ms: int,
    *,
    is_revoked: bool,
    extra_flags: tuple[str, ...] = (),
) -> Receipt:
    """Give the receipt of a taken event (E4, E5). *standing* is None for a case never in this agent's scope."""
    if known is not None and known.digest == event.digest:
        return repeat_receipt(event.seq, known.receipt)
    if known is not None:
        return Receipt(event.seq, event.id, ReceiptStatus.ID_REUSE, received_ms, flags=extra_flags)
    problem = content.problem
    if problem is None and is_revoked:
        problem = ParkReason.DEVICE_REVOKED
    if problem is None and content.case_id is not None and standing is None:
        problem = ParkReason.NOT_ASSIGNED
    if problem is not None:
        return Receipt(event.seq, event.id, ReceiptStatus.PARKED, received_ms, flags=extra_flags, problem=problem)
    flags = extra_flags
    if standing is not None and standing.flag is not None:
        flags = (standing.flag, *flags)
    return Receipt(event.seq, event.id, ReceiptStatus.ACCEPTED, received_ms, flags=flags)


def repeat_receipt(seq: int, first: Receipt) -> Receipt:
    """Answer a repeat: `duplicate`, carrying the original status, time, flags and problem (E4, X2)."""
    return Receipt(
        seq,
        first.id,
        ReceiptStatus.DUPLICATE,
        first.received_ms,
        first.first or first.status,
        first.flags,
        first.problem,
    )


def judge_standing(rows: Sequence[tuple[int | None, str | None, int]], now_ms: int) -> Standing | None:
    """
    Judge an agent's assignments of one case: rows of (until_ms, reason, lease_until_ms), any order.

    Live if any lasts; else the flag of the one that ended last. None where there never was one.
    """
    if not rows:
        return None
    live = [row for row in rows if row[0] is None]
    if live:
        is_expired = all(row[2] <= now_ms for row in live)
        return Standing(Flag.EXPIRED if is_expired else None)
    reason = max(rows, key=lambda row: row[0] or 0)[1]
    flag = {"closed": Flag.CLOSED, "paid": Flag.CLOSED, "expired": Flag.EXPIRED}.get(reason or "", Flag.REASSIGNED)
    return Standing(flag)
