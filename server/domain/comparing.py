"""
Comparing the device's account of a day with the server's: every difference is found and, where it can be, explained.

Comes in: two payloads, each verified before (`agent_sync/statement.py` and `statements.py` say their shapes). Goes out:
differences as plain sentences. The device's clock plays no part: what came later is told from places in chains.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from schemas.vocabulary import ParkReason
from schemas.words import say

DEVICE_STATES = ("accepted", "parked", "id_reuse", "unsent", "lost", "erased_unsent")


class DifferenceKind(StrEnum):
    """Why the two accounts differ, or what both say and a person should know."""

    IN_OUTBOX = "in_outbox"
    LATER = "later"
    RECEIPT_PENDING = "receipt_pending"
    EXPORTED = "exported"
    LOST = "lost"
    ERASED = "erased"
    WITHHELD = "withheld"
    PARKED = "parked"
    JUDGED_AGAIN = "judged_again"
    ID_REUSE = "id_reuse"
    RESTORED = "restored"
    WIPED = "wiped"
    FORGOTTEN = "forgotten"
    FILES_MISSING = "files_missing"
    # what nothing explains
    MISSING = "missing"
    UNKNOWN_TO_DEVICE = "unknown_to_device"
    CONTENT_DIFFERS = "content_differs"
    STATE_DIFFERS = "state_differs"
    COUNT_DIFFERS = "count_differs"


UNEXPLAINED = frozenset(
    {
        DifferenceKind.MISSING,
        DifferenceKind.UNKNOWN_TO_DEVICE,
        DifferenceKind.CONTENT_DIFFERS,
        DifferenceKind.STATE_DIFFERS,
        DifferenceKind.COUNT_DIFFERS,
    }
)
SENTENCES = {
    DifferenceKind.IN_OUTBOX: "{n} recorded, not received: still in the device's outbox.",
    DifferenceKind.LATER: "{n} received that the device recorded after it made its statement.",
    DifferenceKind.RECEIPT_PENDING: "{n} received; the receipts had not reached the device when it made its statement.",
    DifferenceKind.EXPORTED: "{n} arrived by exported outbox, not from the device itself.",
    DifferenceKind.LOST: "{n} declared lost by the device.",
    DifferenceKind.ERASED: "{n} erased: content is gone on purpose, the places stand.",
    DifferenceKind.WITHHELD: "{n} received without content, which is to come as a file.",
    DifferenceKind.JUDGED_AGAIN: "{n} set aside at first, accepted since.",
    DifferenceKind.ID_REUSE: "{n} received under an id used before: both contents are kept.",
    DifferenceKind.RESTORED: "{n} acknowledged once, not here: the server was restored, the device sends them again.",
    DifferenceKind.WIPED: "{n} received before the office had the device wiped, which knows nothing of them now.",
    DifferenceKind.FORGOTTEN: "{n} received which the device forgot: its store was restored or copied.",
    DifferenceKind.FILES_MISSING: "{n} files named and not arrived.",
    DifferenceKind.MISSING: "{n} acknowledged to the device and not on the server.",
    DifferenceKind.UNKNOWN_TO_DEVICE: "{n} on the server and not in the device's account.",
    DifferenceKind.CONTENT_DIFFERS: "{n} with other content on the server than on the device.",
    DifferenceKind.STATE_DIFFERS: "{n} answered otherwise than the device has it.",
    DifferenceKind.COUNT_DIFFERS: "{n} of the device's own counts do not agree with the events it lists.",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One kind of difference: how many events (or files) it concerns, which, and what it means."""

    kind: DifferenceKind
    sentence: str
    count: int
    event_ids: tuple[str, ...] = ()

    @property
    def is_explained(self) -> bool:
        """Say whether it is ordinary field life."""
        return self.kind not in UNEXPLAINED


@dataclass(frozen=True, slots=True)
class _Entry:
    """One event as an account lists it."""

    id: str
    digest: str
    chain_id: str
    seq: int
    state: str
    marks: Sequence[str] = ()


def compare_statements(device: Mapping[str, Any], server: Mapping[str, Any]) -> list[Difference]:
    """
    Give every difference between a device's and the server's statement of one device and day; none is left out.

    Parked, erased and withheld events and missing files are named even where both sides agree, each event by where it
    stands now: one that was set aside at first and accepted since does not wait for a person any more.
    """
    found = _Found()
    ours = [_Entry(*entry) for entry in server["events"]]
    by_id: dict[str, list[_Entry]] = {}
    for entry in ours:
        by_id.setdefault(entry.id, []).append(entry)
    theirs = [_Entry(*entry) for entry in device["events"]]
    for entry in theirs:
        _compare_event(entry, by_id.get(entry.id, []), server, found)
    listed = {entry.id for entry in theirs}
    for entry in ours:
        if entry.id not in listed:
            found.add(_why_unlisted(entry, device, server), entry.id)
        _note_marks(entry, found)
    _check_counts(device, theirs, found)
    return [*found.differences(), *_say_set_aside(server), *_say_files(server)]


def is_balanced(differences: Sequence[Difference]) -> bool:
    """Say whether everything that differs is explained."""
    return all(difference.is_explained for difference in differences)


class _Found:
    """Differences as they are found, gathered by kind."""

    def __init__(self) -> None:
        self._ids: dict[DifferenceKind, list[str]] = {}

    def add(self, kind: DifferenceKind, event_id: str) -> None:
        """Note one event."""
        self._ids.setdefault(kind, []).append(event_id)

    def differences(self) -> list[Difference]:
        """Give what was found, in the order of the kinds."""
        found = [(kind, tuple(self._ids[kind])) for kind in DifferenceKind if kind in self._ids]
        return [Difference(kind, SENTENCES[kind].format(n=len(ids)), len(ids), ids) for kind, ids in found]


def _compare_event(entry: _Entry, ours: Sequence[_Entry], server: Mapping[str, Any], found: _Found) -> None:
    """Compare one event the device lists with what the server has under its id."""
    same = next((each for each in ours if each.digest == entry.digest), None)
    if same is None:
        kind = DifferenceKind.CONTENT_DIFFERS if ours else _why_absent(entry, server)
        found.add(kind, entry.id)
    elif entry.state in {"unsent", "lost", "erased_unsent"}:
        is_imported = "imported" in same.marks
        found.add(DifferenceKind.EXPORTED if is_imported else DifferenceKind.RECEIPT_PENDING, entry.id)
    elif entry.state != same.state:
        found.add(DifferenceKind.STATE_DIFFERS, entry.id)


def _why_absent(entry: _Entry, server: Mapping[str, Any]) -> DifferenceKind:
    """Say why the server has nothing of an event that the device lists."""
    if entry.state in {"unsent", "lost", "erased_unsent"}:
        return {
            "unsent": DifferenceKind.IN_OUTBOX,
            "lost": DifferenceKind.LOST,
            "erased_unsent": DifferenceKind.ERASED,
        }[entry.state]
    next_seqs = {chain["chain_id"]: chain["next_seq"] for chain in server["chains"]}
    if "restored_at" in server and entry.seq >= next_seqs.get(entry.chain_id, 1):
        return DifferenceKind.RESTORED
    return DifferenceKind.MISSING


def _why_unlisted(entry: _Entry, device: Mapping[str, Any], server: Mapping[str, Any]) -> DifferenceKind:
    """Say why the device does not list an event that the server has."""
    ends = {chain["chain_id"]: chain["next_seq"] for chain in device["chains"]}
    chains = {chain["chain_id"]: chain for chain in server["chains"]}
    later = [chain for chain in server["chains"] if chain.get("reason") in {"forked", "restored"}]
    if any(each.get("previous") == entry.chain_id and entry.seq > each.get("after_seq", 0) for each in later):
        return DifferenceKind.FORGOTTEN
    if entry.seq >= ends.get(entry.chain_id, 2**53):
        return DifferenceKind.LATER
    if entry.chain_id not in ends and _follows_known(entry.chain_id, chains, ends):
        return DifferenceKind.LATER
    if any(each.get("reason") == "wiped" and each["chain_id"] != entry.chain_id for each in server["chains"]):
        return DifferenceKind.WIPED
    return DifferenceKind.UNKNOWN_TO_DEVICE


def _follows_known(chain_id: str, chains: Mapping[str, Mapping[str, Any]], known: Mapping[str, int]) -> bool:
    """Say whether a chain follows, over any number of others, one that the device listed: it was opened later."""
    seen: set[str] = set()
    while chain_id in chains and chain_id not in seen:
        seen.add(chain_id)
        chain_id = str(chains[chain_id].get("previous"))
        if chain_id in known:
            return True
    return False


def _note_marks(entry: _Entry, found: _Found) -> None:
    """Note what is not settled though both sides may agree."""
    if "erased" in entry.marks:
        found.add(DifferenceKind.ERASED, entry.id)
    if "withheld" in entry.marks:
        found.add(DifferenceKind.WITHHELD, entry.id)
    if "judged_again" in entry.marks:
        found.add(DifferenceKind.JUDGED_AGAIN, entry.id)
    if entry.state == "id_reuse":
        found.add(DifferenceKind.ID_REUSE, entry.id)


def _check_counts(device: Mapping[str, Any], listed: Sequence[_Entry], found: _Found) -> None:
    """Hold the device's counts against the events it lists itself."""
    counted = {state: sum(entry.state == state for entry in listed) for state in DEVICE_STATES}
    for name, count in (counted | {"recorded": len(listed)}).items():
        if device.get(name) != count:
            found.add(DifferenceKind.COUNT_DIFFERS, name)


def _say_set_aside(server: Mapping[str, Any]) -> list[Difference]:
    return [
        Difference(
            DifferenceKind.PARKED,
            f"{each['count']} received and set aside for a person: {say(ParkReason(each['reason']))}.",
            each["count"],
        )
        for each in server["set_aside"]
    ]


def _say_files(server: Mapping[str, Any]) -> list[Difference]:
    missing = len(server["files"]["missing"])
    sentence = SENTENCES[DifferenceKind.FILES_MISSING].format(n=missing)
    return [Difference(DifferenceKind.FILES_MISSING, sentence, missing)] if missing else []
