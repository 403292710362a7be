"""
The server's account of one device's day: what came, what became of it, what is missing.

Stands beside the device's own account (`agent_sync/statement.py`), in the same shape, so that the two can be compared
event by event (`comparing.py`). Comes in: every place of the device's chains. Goes out: the statement's payload.

The day is the recorded wall date of each event, as its device wrote it, in the device's own offset: both sides count
by it. An event without readable content (withheld, erased, unreadable) counts on the day of the event before it in its
chain, or else after it, or else on the day it was received in the office's zone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from schemas.vocabulary import ReceiptStatus
from server.domain.runs import Run, join_runs, take_away

WALL = b'"wall":"'
DAY = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T")
STATES = (ReceiptStatus.ACCEPTED, ReceiptStatus.PARKED, ReceiptStatus.ID_REUSE)


def read_day(content: bytes | None) -> str | None:
    """
    Give the wall date an event's content carries, without parsing it; None where it carries none.

    In canonical text `at` comes first, and the sought bytes cannot stand inside a string (its quotes are escaped).

    >>> read_day(b'{"at":{"boot":"b","mono_ms":1,"wall":"2016-04-07T10:00:00.000-07:00"},"body":{}}')
    '2016-04-07'
    """
    at = -1 if content is None else content.find(WALL)
    if content is None or at < 0:
        return None
    found = DAY.match(content, at + len(WALL))
    return found[0][:10].decode() if found else None


def read_files(content: bytes | None) -> tuple[str, ...]:
    """Give the hashes of the files an event names; none where it cannot be read."""
    if content is None or b'"files"' not in content:
        return ()
    try:
        return tuple(str(file["sha256"]) for file in orjson.loads(content)["files"])
    except (ValueError, KeyError, TypeError):
        return ()


@dataclass(frozen=True, slots=True)
class StatedPlace:
    """
    One place of a chain, as the statement needs it.

    `status`, `first` and `problem` are the receipt's, which never changes; `now` is what the event was judged last.
    `day` is None where no content tells it; `fallback_day` is the day it was received.
    """

    seq: int
    event_id: str
    digest: str
    status: str
    first: str | None
    problem: str | None
    now: str | None
    day: str | None
    fallback_day: str
    files: tuple[str, ...] = ()
    is_erased: bool = False
    is_withheld: bool = False
    is_imported: bool = False

    @property
    def state(self) -> str:
        """The one state the event is in: a duplicate is what it was the first time."""
        return self.first or self.status

    @property
    def is_judged_again(self) -> bool:
        """Say whether it was set aside at first, and accepted since (E8)."""
        return self.state == ReceiptStatus.PARKED and self.now == ReceiptStatus.ACCEPTED

    @property
    def is_set_aside(self) -> bool:
        """Say whether it waits for a person: what is to come as a file waits for that, and what was erased is gone."""
        is_settled = self.is_judged_again or self.is_withheld or self.is_erased
        return self.state == ReceiptStatus.PARKED and not is_settled

    @property
    def marks(self) -> list[str]:
        """What else is to be known of it."""
        marks = {"erased": self.is_erased, "withheld": self.is_withheld, "imported": self.is_imported}
        marks["judged_again"] = self.is_judged_again
        return [name for name, holds in marks.items() if holds]


@dataclass(frozen=True, slots=True)
class StatedChain:
    """One chain: where it stands, which it follows and why, what its opening declares lost, and its places by seq."""

    chain_id: str
    next_seq: int
    head: str
    places: Sequence[StatedPlace]
    previous: str | None = None
    after_seq: int | None = None
    reason: str | None = None
    lost: Sequence[Sequence[int]] = ()


def choose_places(chain: StatedChain, day: str, named: Collection[str] | None = None) -> list[StatedPlace]:
    """
    Give the places of a chain that belong to *day*.

    *named* are the events that the device's own statement of that day names, where it is known: the device still
    knows the date of what it sent without content.
    """
    chosen = []
    for place, around in zip(chain.places, _days_around(chain.places), strict=True):
        is_left_to_device = place.day is None and named is not None
        if place.event_id in (named or ()) if is_left_to_device else (place.day or around) == day:
            chosen.append(place)
    return chosen


def _days_around(places: Sequence[StatedPlace]) -> list[str]:
    """Give for each place the day of the nearest dated place before it, else after it, else of its receipt."""
    days: list[str] = []
    last: str | None = None
    first = next((place.day for place in places if place.day is not None), None)
    for place in places:
        last = place.day or last
        days.append(last or first or place.fallback_day)
    return days


def split_days(chains: Sequence[StatedChain]) -> dict[str, list[StatedChain]]:
    """Give the parts of chains that belong to each day; `state_day` of a day's parts counts as of the whole chains."""
    days: dict[str, list[StatedChain]] = {}
    for chain in chains:
        parts: dict[str, list[StatedPlace]] = {}
        for place, around in zip(chain.places, _days_around(chain.places), strict=True):
            parts.setdefault(place.day or around, []).append(place)
        for day, places in parts.items():
            days.setdefault(day, []).append(StatedChain(chain.chain_id, chain.next_seq, chain.head, places))
    return days


def state_day(
    device_id: str,
    agent_id: str,
    day: str,
    at: str,
    chains: Sequence[StatedChain],
    files: dict[str, str],
    named: Collection[str] | None = None,
    restored_at: str | None = None,
) -> dict[str, Any]:
    """
    Give the payload of the server's statement of a device's day.

    {"typ", "by": "server", "device_id", "agent_id", "day", "at", "restored_at"?, "chains": [{chain_id, previous?,
    after_seq?, reason?, next_seq, head, received, accepted, parked, id_reuse, duplicates}], the same counts over all
    chains, "reasons": [{reason, count}], "set_aside": the same of what still waits for a person, "erased",
    "withheld_open", "files": {named, verified, missing: [sha256]},
    "gaps": [{chain_id, from_seq, to_seq, why: lost | unknown}], "events": [[event id, digest, chain_id, seq, state,
    [marks]]]}. Each event stands once, at its first place; received = accepted + parked + id_reuse. *files* are the
    states of the files the device named, by hash. Gaps are of all chains, whatever the day.
    """
    chosen = [(chain, choose_places(chain, day, named)) for chain in chains]
    events: dict[tuple[str, str], tuple[StatedChain, StatedPlace]] = {}
    for chain, places in chosen:
        for place in places:
            events.setdefault((place.event_id, place.digest), (chain, place))
    firsts = [place for _, place in events.values()]
    parked = [place for place in firsts if place.state == ReceiptStatus.PARKED and place.problem]
    sha256s = sorted({sha256 for place in firsts for sha256 in place.files})
    payload: dict[str, Any] = {
        "typ": "statement",
        "by": "server",
        "device_id": device_id,
        "agent_id": agent_id,
        "day": day,
        "at": at,
        "chains": [_state_chain(chain, places, events) for chain, places in chosen],
        **_count(firsts, [place for _, places in chosen for place in places]),
        "reasons": _count_reasons(parked),
        "set_aside": _count_reasons(place for place in parked if place.is_set_aside),
        "erased": sum(place.is_erased for place in firsts),
        "withheld_open": sum(place.is_withheld for place in firsts),
        "files": {
            "named": len(sha256s),
            "verified": sum(files.get(sha256) == "verified" for sha256 in sha256s),
            "missing": [sha256 for sha256 in sha256s if files.get(sha256) != "verified"],
        },
        "gaps": find_gaps(chains),
        "events": [
            [place.event_id, place.digest, chain.chain_id, place.seq, str(place.state), place.marks]
            for chain, place in events.values()
        ],
    }
    return payload if restored_at is None else payload | {"restored_at": restored_at}


def _count(firsts: Iterable[StatedPlace], places: Sequence[StatedPlace]) -> dict[str, int]:
    states = Counter(place.state for place in firsts)
    counts = {"received": sum(states.values())} | {state.value: states[state] for state in STATES}
    return counts | {"duplicates": sum(place.status == ReceiptStatus.DUPLICATE for place in places)}


def _count_reasons(places: Iterable[StatedPlace]) -> list[dict[str, Any]]:
    reasons = Counter(str(place.problem) for place in places)
    return [{"reason": reason, "count": count} for reason, count in sorted(reasons.items())]


def _state_chain(
    chain: StatedChain,
    places: Sequence[StatedPlace],
    events: dict[tuple[str, str], tuple[StatedChain, StatedPlace]],
) -> dict[str, Any]:
    firsts = [place for place in places if events[place.event_id, place.digest][1] is place]
    stated: dict[str, Any] = {"chain_id": chain.chain_id, "next_seq": chain.next_seq, "head": chain.head}
    optional = {"previous": chain.previous, "after_seq": chain.after_seq, "reason": chain.reason}
    return stated | {name: value for name, value in optional.items() if value is not None} | _count(firsts, places)


def find_gaps(chains: Sequence[StatedChain]) -> list[dict[str, Any]]:
    """
    Give the runs of places that the server lacks: declared lost by a later chain, or known of and not explained.

    A lost event that turned up all the same is no gap: its place is taken (E6).
    """
    gaps: list[dict[str, Any]] = []
    by_id = {chain.chain_id: chain for chain in chains}
    for later in chains:
        if later.previous is None:
            continue
        before = by_id.get(later.previous)
        taken = join_runs((place.seq, place.seq) for place in before.places) if before is not None else []
        gaps += name_gaps(later.previous, later.after_seq, later.lost, taken)
    return gaps


def name_gaps(
    chain_id: str, after_seq: int | None, lost: Iterable[Sequence[int]], taken: Sequence[Run]
) -> list[dict[str, Any]]:
    """Give the gaps of a chain of which these runs came, by what the opening of the chain after it declares."""
    lost = take_away(lost, taken)
    unknown = take_away([(1, after_seq or 0)], [*taken, *lost])
    return [
        {"chain_id": chain_id, "from_seq": first, "to_seq": last, "why": why}
        for why, runs in (("lost", lost), ("unknown", unknown))
        for first, last in runs
    ]
