"""
What may be recorded now; what a packet's limits say about it stands in `rules_limits.py`.

Comes in: an event's kind, body and size, the visit so far, the case as this device holds it, the time. Goes out: a
verdict of sentences that warn or block. Pure: clock and rows are handed in. What is blocked here is what cannot be
true or must not be done; whatever else happened is a fact and is only warned about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent_sync.rules_limits import Level, PastVisit, Remark, check_limits, check_stay
from schemas.vocabulary import (
    VISIT_KINDS,
    ContactResult,
    Disposition,
    EventKind,
    Identity,
    StartRemark,
    Step,
    is_possible,
)

CLOCK_LOCKED = (
    "This device's clock was set back, so packets stay shut until it has met the server: agent-sync exchange."
    " What is recorded is saved as ever."
)
OPENING_KINDS = frozenset({EventKind.VISIT_STARTED, EventKind.CREW_JOINED})
# Facts that are often written down after the door has closed.
AFTERWARDS = frozenset({EventKind.OUTCOME_NOTED, EventKind.APPOINTMENT_AGREED, EventKind.HOLD_PLACED})
# What may not be spoken of before it is certain who is listening.
PRIVATE_STEPS = frozenset(set(Step) - {Step.CARD_SHOWN, Step.RECORDING_NOTICE})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `may_record` answers."""

    remarks: tuple[Remark, ...] = ()

    @property
    def is_allowed(self) -> bool:
        """Whether nothing blocks."""
        return all(remark.level == "warn" for remark in self.remarks)

    @property
    def blocks(self) -> list[str]:
        """The sentences that stop the recording."""
        return [remark.sentence for remark in self.remarks if remark.level == "block"]

    @property
    def codes(self) -> list[str]:
        """The codes of all that was said, each once."""
        return list(dict.fromkeys(remark.code for remark in self.remarks))

    @property
    def warnings(self) -> list[str]:
        """The sentences to be read before going on."""
        return [remark.sentence for remark in self.remarks if remark.level == "warn"]


@dataclass(frozen=True, slots=True)
class VisitSoFar:
    """What this device recorded of a visit, in order: (kind, body)."""

    events: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    started_ms: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether it was started (or joined) and not ended."""
        kinds = {kind for kind, _ in self.events}
        return bool(kinds & OPENING_KINDS) and EventKind.VISIT_ENDED not in kinds

    @property
    def is_ended(self) -> bool:
        """Whether it was ended."""
        return any(kind == EventKind.VISIT_ENDED for kind, _ in self.events)

    @property
    def is_identity_confirmed(self) -> bool:
        """Whether the last identity check confirmed the person."""
        checks = [body.get("identity") for kind, body in self.events if kind == EventKind.IDENTITY_CHECKED]
        return bool(checks) and checks[-1] == Identity.CONFIRMED

    @property
    def steps_done(self) -> set[str]:
        """The door steps recorded so far, whatever the response."""
        return {str(body.get("step")) for kind, body in self.events if kind == EventKind.STEP_DONE}


@dataclass(frozen=True, slots=True)
class CaseNow:
    """
    A case as this device holds it at this moment. `gone` says why its packet is not here any more.

    `is_locked` says that it is shut, the device's clock having been set back.
    """

    is_held: bool = True
    gone: str = ""
    limits: Mapping[str, Any] | None = None
    hold_reasons: tuple[str, ...] = ()
    crew_size: int = 1
    visits: tuple[PastVisit, ...] = ()
    is_locked: bool = False


def may_record(
    kind: str, body: Mapping[str, Any], size: int, visit: VisitSoFar, case: CaseNow, now_ms: int, max_event_bytes: int
) -> Verdict:
    """
    Say whether an event of *kind* may be recorded now.

    >>> may_record("outcome_noted", {"contact_result": "nobody", "disposition": "promise"}, 900,
    ...     VisitSoFar((("visit_started", {}),)), CaseNow(), 0, 1 << 20).is_allowed
    False
    """
    remarks = list(_check_size(size, max_event_bytes))
    remarks += _check_order(kind, visit)
    remarks += _check_body(kind, body, visit)
    remarks += _check_case(kind, body, case, now_ms)
    if kind == EventKind.VISIT_ENDED:
        remarks += _check_ending(visit, case)
    elif visit.is_open and kind in VISIT_KINDS:
        remarks += check_stay(case.limits or {}, visit.started_ms, now_ms) if visit.started_ms is not None else ()
    return Verdict(tuple(remarks))


def _check_size(size: int, max_event_bytes: int) -> Iterator[Remark]:
    if size > max_event_bytes:
        sentence = (
            f"This record is {size:,} bytes; the server takes {max_event_bytes:,}. Shorten the notes or add a file."
        )
        yield Remark("block", "too-large", sentence)


def _check_order(kind: str, visit: VisitSoFar) -> Iterator[Remark]:
    if kind not in VISIT_KINDS and kind != EventKind.FILES_ATTACHED:
        return
    if kind == EventKind.VISIT_STARTED and visit.events:
        yield Remark("block", "started-twice", "This visit was started already.")
    elif kind in OPENING_KINDS:
        return
    elif not visit.is_open and not visit.is_ended:
        yield Remark("block", "not-started", "This visit was not started. Start it first.")
    elif visit.is_ended and kind in AFTERWARDS:
        yield Remark("warn", "after-the-end", "The visit has ended; this is recorded as noted afterwards.")
    elif visit.is_ended and kind in VISIT_KINDS:
        yield Remark("block", "ended", "The visit has ended. Start a new visit, or correct a record of this one.")


def _check_body(kind: str, body: Mapping[str, Any], visit: VisitSoFar) -> Iterator[Remark]:
    is_known = visit.is_identity_confirmed
    if kind == EventKind.SEALED_PART_OPENED and not is_known:
        yield Remark(
            "block", "identity-first", "The sealed part opens only after identity was confirmed in this visit."
        )
    elif kind == EventKind.STEP_DONE and body.get("step") in PRIVATE_STEPS and not is_known:
        # What was said nevertheless is a fact: it is recorded with the reason, which shows that this was read.
        level: Level = "warn" if body.get("override_reason") else "block"
        yield Remark(level, "identity-first", "Nothing about the matter may be said before identity is confirmed.")
    elif kind == EventKind.OUTCOME_NOTED:
        yield from _check_outcome(body, is_known)


def _check_outcome(body: Mapping[str, Any], is_known: bool) -> Iterator[Remark]:
    contact, disposition = str(body.get("contact_result")), str(body.get("disposition"))
    if not is_possible(contact, disposition):
        yield Remark("block", "impossible-pair", f"'{disposition}' cannot come of a visit that met '{contact}'.")
    promise = body.get("promise")
    if disposition == Disposition.PROMISE and not (promise and promise.get("amount") and promise.get("due")):
        yield Remark("block", "promise-incomplete", "A promise needs an amount and a date.")
    if promise and disposition != Disposition.PROMISE:
        yield Remark("block", "promise-without-outcome", "A promise was written down, but the outcome is another one.")
    if contact == ContactResult.PERSON and disposition != Disposition.NONE and not is_known:
        yield Remark("warn", "identity-first", "Identity was not confirmed in this visit.")


def _check_case(kind: str, body: Mapping[str, Any], case: CaseNow, now_ms: int) -> Iterator[Remark]:
    level: Level
    if kind != EventKind.VISIT_STARTED:
        if case.gone and kind in VISIT_KINDS - {EventKind.VISIT_ENDED}:
            yield Remark("warn", "withdrawn", f"This case was withdrawn ({case.gone}). End the visit.")
        if case.hold_reasons and kind in VISIT_KINDS - {EventKind.VISIT_ENDED, EventKind.HOLD_PLACED}:
            # Opening is done by the device itself, not a fact that it notes: nothing more is shown under a halt.
            level = "block" if kind == EventKind.SEALED_PART_OPENED else "warn"
            yield Remark(level, "on-hold", f"There is a halt on this case ({', '.join(case.hold_reasons)}).")
        return
    # An agent who starts nevertheless says why, and the office sees it; without a reason the start is stopped.
    level = "warn" if body.get("override_reason") else "block"
    if case.is_locked:
        yield Remark(level, StartRemark.WITHDRAWN, CLOCK_LOCKED)
    elif case.gone or not case.is_held:
        why = f"was withdrawn ({case.gone})" if case.gone else "is not on this device"
        yield Remark(level, StartRemark.WITHDRAWN, f"This case {why}.")
    if case.hold_reasons:
        reasons = ", ".join(case.hold_reasons)
        yield Remark(level, StartRemark.ON_HOLD, f"There is a halt on this case ({reasons}). No visit now.")
    for remark in check_limits(case.limits or {}, now_ms, case.crew_size, case.visits):
        yield Remark(level, remark.code, remark.sentence) if remark.level == "block" else remark


def _check_ending(visit: VisitSoFar, case: CaseNow) -> Iterator[Remark]:
    outcomes = [body for kind, body in visit.events if kind == EventKind.OUTCOME_NOTED]
    if not outcomes:
        yield Remark("warn", "no-outcome", "No outcome was noted for this visit.")
    met_person = any(body.get("contact_result") == ContactResult.PERSON for body in outcomes)
    missing: Sequence[str] = [step for step in (case.limits or {}).get("steps", ()) if step not in visit.steps_done]
    if met_person and missing:
        yield Remark("warn", "steps-missing", f"Not done at the door: {', '.join(missing)}.")


def now_for_leases(wall_ms: int, mono_ms: int, boot: str, last: tuple[int, int, str] | None) -> int:
    """
    Give the time leases are measured by: the larger of wall time and last server time plus advance (F3).

    *last* is (server ms, counter ms, boot) of the last answer. A clock set back therefore lengthens no lease.

    >>> now_for_leases(1_000, 600, "b", (5_000, 100, "b"))
    5500
    """
    if last is None:
        return wall_ms
    server_ms, at_ms, of_boot = last
    return max(wall_ms, server_ms + (max(0, mono_ms - at_ms) if of_boot == boot else 0))


def plan_of(opened: Mapping[str, Any], now_ms: int) -> tuple[str, int, str] | None:
    """
    Give the day, the place in its order and the local time that the office planned; None once the day is over.

    >>> packet = {"planned": {"day": "2026-03-06", "order": 2, "starts": "2026-03-06T10:40:00.000-08:00"}}
    >>> plan_of(packet, 1_772_841_600_000), plan_of(packet, 1_772_870_400_000), plan_of({}, 0)
    (('2026-03-06', 2, '10:40'), None, None)
    """
    planned = opened.get("planned")
    if not isinstance(planned, Mapping):
        return None
    starts = datetime.fromisoformat(planned["starts"])
    if datetime.fromtimestamp(now_ms / 1000, starts.tzinfo).date().isoformat() > planned["day"]:
        return None
    return planned["day"], planned["order"], f"{starts:%H:%M}"


def best_now(wall_ms: int, mono_ms: int, boot: str, last: tuple[int, int, str] | None) -> int:
    """Give the best guess of the true time: server time plus advance within one boot, else the wall clock."""
    if last is None or last[2] != boot:
        return wall_ms
    return last[0] + mono_ms - last[1]
