"""
Every finding there is: its code, how much it weighs, and the plain sentence a person reads.

A finding is a fact for a reviewer, never blame and never a block. To add one: a line in `Code`, a line in
`CATALOGUE`, a rule in one of the neighbouring files, and its three tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How much a finding weighs: a note in passing, something to look at, something to stop for."""

    NOTE = "note"
    LOOK = "look"
    STOP = "stop"


RANKS = {Severity.STOP: 0, Severity.LOOK: 1, Severity.NOTE: 2}  # the order of the queue: what needs a person first
CLEAN_RANK = 3


class Code(StrEnum):
    """What can be found."""

    PLACE_OUTSIDE = "place_outside"
    PLACE_UNCERTAIN = "place_uncertain"
    FIXES_MISSING = "fixes_missing"
    FIX_MOCKED = "fix_mocked"
    FIX_REPEATED = "fix_repeated"
    IMPOSSIBLE_TRAVEL = "impossible_travel"
    CLOCK_OFF = "clock_off"
    CLOCK_STEPPED = "clock_stepped"
    CLOCK_FUTURE = "clock_future"
    CHAIN_LOST = "chain_lost"
    CHAIN_FORKED = "chain_forked"
    CHECKPOINT_BAD = "checkpoint_bad"
    ID_REUSED = "id_reused"
    SEALED_BEFORE_IDENTITY = "sealed_before_identity"
    OUTCOME_WITHOUT_CHECK_IN = "outcome_without_check_in"
    IMPOSSIBLE_OUTCOME = "impossible_outcome"
    NEVER_ENDED = "never_ended"
    TOO_SHORT = "too_short"
    AGENT_IN_TWO_VISITS = "agent_in_two_visits"
    TWO_CREWS = "two_crews"
    COMPANION_MISSING = "companion_missing"
    COMPANION_LEFT_EARLY = "companion_left_early"
    COMPANION_UNASSIGNED = "companion_unassigned"
    AFTER_REASSIGNMENT = "after_reassignment"
    AFTER_CLOSING = "after_closing"
    AFTER_EXPIRY = "after_expiry"
    STALE_PACKET = "stale_packet"
    FILES_MISSING = "files_missing"
    PICTURE_REPEATED = "picture_repeated"
    PICTURE_OLDER = "picture_older"
    RECORDING_ABSENT = "recording_absent"
    RECORDING_UNNAMED = "recording_unnamed"
    RECORDING_LATE = "recording_late"
    RECORDING_SHORT = "recording_short"
    EVENTS_PARKED = "events_parked"
    LATE_EVENT = "late_event"
    PROMISE_KEPT = "promise_kept"
    PROMISE_BROKEN = "promise_broken"
    PROMISE_OPEN = "promise_open"
    NOTE_FLAGGED = "note_flagged"
    RULE_BROKEN = "rule_broken"
    RULE_CHANGED = "rule_changed"
    NEAR_MISS = "near_miss"
    FEEDBACK_CONTRADICTS = "feedback_contradicts"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing noticed: code, facts (whole numbers with their unit in the name), and what tells it from its like."""

    code: Code
    facts: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    weight: Severity | None = field(default=None, compare=False)  # where it is not what the catalogue says

    @property
    def severity(self) -> Severity:
        """How much it weighs."""
        return self.weight or CATALOGUE[self.code][0]

    @property
    def sentence(self) -> str:
        """The plain sentence, with the facts in it."""
        return fill_sentence(CATALOGUE[self.code][1], self.facts)


def fill_sentence(sentence: str, facts: Mapping[str, Any]) -> str:
    """Put a finding's facts into its sentence, in whichever language that is."""
    return sentence.format_map(_Readable(facts))


class _Readable(dict[str, Any]):
    """
    Facts as people read them: decimetres as metres, ms as minutes and as seconds.

    What is at least so much (`least_…`) is rounded down and what is at most (`most_…`) up, so that it stays true.
    """

    def __init__(self, facts: Mapping[str, Any]) -> None:
        super().__init__(facts)
        for name, value in facts.items():
            for unit, shown, size in (("_dm", "_m", 10), ("_ms", "_min", 60_000), ("_ms", "_s", 1000)):
                if name.endswith(unit) and isinstance(value, int):
                    self[name.removesuffix(unit) + shown] = _count(name, value, size)

    def __missing__(self, key: str) -> str:
        return "unknown"


def _count(name: str, value: int, size: int) -> int:
    if name.startswith("least_"):
        return value // size
    return -(-value // size) if name.startswith("most_") else (value + size // 2) // size


CATALOGUE: dict[Code, tuple[Severity, str]] = {
    Code.PLACE_OUTSIDE: (
        Severity.STOP,
        "Checked in {distance_m} m from the door; the fix is good to {radius_m} m, the address to {place_radius_m} m.",
    ),
    Code.PLACE_UNCERTAIN: (
        Severity.NOTE, "It is unclear whether the check-in was at the door: {distance_m} m away, good to {radius_m} m."
    ),
    Code.FIXES_MISSING: (Severity.LOOK, "The check-in has no position ({reason})."),
    Code.FIX_MOCKED: (Severity.STOP, "The phone says that the position at check-in was made up by an app."),
    Code.FIX_REPEATED: (Severity.LOOK, "The very same position was recorded at another visit."),
    Code.IMPOSSIBLE_TRAVEL: (
        Severity.STOP, "Nobody gets here this fast: at least {least_distance_m} m in at most {most_gap_s} s."
    ),
    Code.CLOCK_OFF: (Severity.LOOK, "The phone's clock was at least {least_off_min} min {direction}."),
    Code.CLOCK_STEPPED: (Severity.LOOK, "The phone's clock was put {direction} by at least {least_step_s} s."),
    Code.CLOCK_FUTURE: (
        Severity.LOOK, "The phone's clock was at least {least_ahead_s} s ahead of the time its record was received."
    ),
    Code.CHAIN_LOST: (Severity.STOP, "The phone declared {lost} records beside this visit as lost."),
    Code.CHAIN_FORKED: (Severity.STOP, "The phone's store was copied or restored; its records begin a new chain."),
    Code.CHECKPOINT_BAD: (Severity.STOP, "The phone's signature over its records does not match what was received."),
    Code.ID_REUSED: (Severity.STOP, "Two different records carry the same id ({ids}); both are kept."),
    Code.SEALED_BEFORE_IDENTITY: (Severity.STOP, "The sealed part was opened before identity was confirmed."),
    Code.OUTCOME_WITHOUT_CHECK_IN: (Severity.LOOK, "An outcome was noted, but no check-in."),
    Code.IMPOSSIBLE_OUTCOME: (Severity.LOOK, "The outcome cannot be: {contact_result} with {disposition}{lacks}."),
    Code.NEVER_ENDED: (Severity.LOOK, "The visit was never ended on the phone."),
    Code.TOO_SHORT: (Severity.LOOK, "The person was met, yet the visit lasted at most {most_stay_s} s."),
    Code.AGENT_IN_TWO_VISITS: (
        Severity.STOP, "The same agent was in two visits at once, for at least {least_overlap_s} s."
    ),
    Code.TWO_CREWS: (
        Severity.LOOK, "Two crews visited this case at the same time, for at least {least_overlap_s} s."
    ),
    Code.COMPANION_MISSING: (Severity.LOOK, "An assigned companion recorded nothing at this visit."),
    Code.COMPANION_LEFT_EARLY: (
        Severity.LOOK, "A companion left at least {least_early_min} min before the visit ended."
    ),
    Code.COMPANION_UNASSIGNED: (Severity.NOTE, "An agent who was not assigned took part ({how})."),
    Code.AFTER_REASSIGNMENT: (
        Severity.LOOK, "The visit began at least {least_after_min} min after the case was taken from this agent."
    ),
    Code.AFTER_CLOSING: (
        Severity.STOP, "The visit began at least {least_after_min} min after the case was closed."
    ),
    Code.AFTER_EXPIRY: (Severity.LOOK, "The visit began at least {least_after_min} min after the packet had expired."),
    Code.STALE_PACKET: (
        Severity.LOOK,
        "The visit used revision {used_rev}; {least_after_min} min before it, revision {rev} had changed what matters.",
    ),
    Code.FILES_MISSING: (Severity.LOOK, "{files} named files have not arrived whole."),
    Code.PICTURE_REPEATED: (
        Severity.LOOK,
        "{pictures} pictures of this visit stand at {visits} other visits too, the same to the last bit.",
    ),
    Code.PICTURE_OLDER: (
        Severity.LOOK,
        "{pictures} pictures were taken or named before the visit began, one at least {least_before_min} min.",
    ),
    Code.RECORDING_ABSENT: (Severity.LOOK, "It was a duty to record ({medium}), and nothing was recorded."),
    Code.RECORDING_UNNAMED: (Severity.LOOK, "A recording ({medium}) was said to run, and no file of it was named."),
    Code.RECORDING_LATE: (Severity.LOOK, "The recording ({medium}) began at least {least_late_min} min late."),
    Code.RECORDING_SHORT: (
        Severity.LOOK,
        "The recording ({medium}) stood still for at least {least_lacks_min} min of the visit.",
    ),
    Code.EVENTS_PARKED: (
        Severity.LOOK,
        "{parked} records of the visit were set aside, {unreadable} beside it cannot be read; what lacks may be there.",
    ),
    Code.LATE_EVENT: (Severity.LOOK, "{events} records arrived after the visit was decided."),
    Code.PROMISE_KEPT: (Severity.NOTE, "The promise was kept: by {due} the ledger shows it paid."),
    Code.PROMISE_BROKEN: (Severity.NOTE, "The promise was not kept: {due} passed without it being paid."),
    Code.PROMISE_OPEN: (Severity.NOTE, "The promise is open until {due}."),
    Code.NOTE_FLAGGED: (
        Severity.LOOK,
        "What was written may speak of {about}: {written_in}, letters {from_letter} to {to_letter} ({pattern}).",
    ),
    Code.RULE_BROKEN: (
        Severity.STOP, "Rule {rule} of {rulebook} was not kept: {limit}. It rests on {citation} ({confidence})."
    ),
    Code.RULE_CHANGED: (
        Severity.LOOK,
        "Rule {rule} of {rulebook} changed after the gate: the same facts gave {before} then, {now} now ({limit}).",
    ),
    Code.NEAR_MISS: (
        Severity.LOOK,
        "A {what} was there at least {least_before_min} min before the visit began; the phone could not know of it.",
    ),
    Code.FEEDBACK_CONTRADICTS: (
        Severity.LOOK,
        "Asked about \"{question}\", the person said {answer}; the record says that {recorded}. Neither proves itself.",
    ),
}
