"""
A visit as the acts of its crew: what each device is told to record, and when.

Comes in: timed visits. Goes out: acts in order of time, which the director plays. Nothing here knows the server; case
and visit ids are filled in as they come to be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from schemas.ids import make_id
from schemas.vocabulary import (
    ContactResult,
    Disposition,
    EndReason,
    EventKind,
    Identity,
    IdentityMethod,
    MadeBy,
    Step,
    StepResponse,
)
from server.demo.fixing import Point, draw_fixes
from server.demo.routing import MINUTE_MS, Visit

TEXT_VERSION = "2016-10"
PROMISE_DAYS = (1, 1, 3, 7, 14)
AT_DOOR = frozenset({ContactResult.PERSON, ContactResult.OTHER_ADULT, ContactResult.ONLY_MINOR})


@dataclass(frozen=True, slots=True)
class Act:
    """Something that happens at a moment: an event a device records, an exchange, a mishap, an act of the office."""

    at_ms: int
    who: str  # an agent's code, or "office"
    do: str  # record, exchange, crash …
    visit: str = ""  # the visit's key
    reference: str = ""
    args: Mapping[str, Any] = field(default_factory=dict)

    def at(self, at_ms: int) -> Act:
        """Give the same act at another time."""
        return replace(self, at_ms=at_ms)


@dataclass(frozen=True, slots=True)
class Stage:
    """What acting needs besides the visit: where the door really is, the zone, chance."""

    door: Point
    zone: ZoneInfo
    random: Random


def record(at_ms: int, who: str, visit: Visit, kind: EventKind, body: Mapping[str, Any]) -> Act:
    """Give the act of recording one event of a visit."""
    return Act(at_ms, who, "record", visit.key, visit.case.reference, {"kind": kind.value, "body": body})


def act_visit(visit: Visit, stage: Stage) -> list[Act]:
    """Give every act of a visit by its whole crew, in order of time."""
    acts = _act_lead(visit, stage)
    for companion in visit.crew.companions:
        acts += _act_companion(visit, companion, stage)
    return sorted(acts, key=lambda act: act.at_ms)


def _act_lead(visit: Visit, stage: Stage) -> list[Act]:
    said = [
        (EventKind.VISIT_STARTED, {"fixes": draw_fixes(stage.door, stage.random)}),
        *_say(visit),
        (EventKind.OUTCOME_NOTED, outcome_body(visit, stage)),
        *_follow_up(visit, stage),
        (EventKind.VISIT_ENDED, end_body(stage)),
    ]
    step = (visit.end_ms - visit.start_ms) / (len(said) - 1)
    return [
        record(visit.start_ms + round(step * place), visit.crew.lead, visit, kind, body)
        for place, (kind, body) in enumerate(said)
    ]


def _act_companion(visit: Visit, companion: str, stage: Stage) -> list[Act]:
    joined = visit.start_ms + stage.random.randrange(5_000, 25_000)
    left = visit.end_ms + stage.random.randrange(2_000, 20_000)
    return [
        record(joined, companion, visit, EventKind.CREW_JOINED, {"fixes": draw_fixes(stage.door, stage.random)}),
        record(left, companion, visit, EventKind.VISIT_ENDED, end_body(stage)),
    ]


def end_body(stage: Stage) -> dict[str, Any]:
    """Give the body of a check-out at the door."""
    return {"fixes": draw_fixes(stage.door, stage.random, 1), "reason": EndReason.COMPLETED.value}


def step_body(step: Step, response: StepResponse = StepResponse.GIVEN) -> dict[str, str]:
    """Give the body of one step at the door."""
    return {"step": step.value, "text_version": TEXT_VERSION, "response": response.value}


def _say(visit: Visit) -> list[tuple[EventKind, dict[str, Any]]]:
    """Give what is said between check-in and outcome: identity comes before anything of the matter."""
    talk = visit.talk
    if talk.contact not in AT_DOOR:
        return []
    said: list[tuple[EventKind, dict[str, Any]]] = [(EventKind.STEP_DONE, step_body(Step.CARD_SHOWN))]
    if talk.identity is None:
        return said
    method = IdentityMethod.DOCUMENT_SEEN.value
    if talk.identity is not Identity.CONFIRMED:
        return [*said, (EventKind.IDENTITY_CHECKED, {"identity": talk.identity.value})]
    said.append((EventKind.IDENTITY_CHECKED, {"identity": talk.identity.value, "method": method}))
    said.append((EventKind.SEALED_PART_OPENED, {"method": method}))
    steps = (Step.PRINCIPAL_NAMED, Step.PURPOSE_STATED, Step.OPTIONS_GIVEN, Step.HARDSHIP_ASKED, Step.PAYMENT_ANSWER)
    refused = StepResponse.REFUSED if talk.disposition is Disposition.REFUSES else StepResponse.GIVEN
    said += [
        (EventKind.STEP_DONE, step_body(step, refused if step is Step.PAYMENT_ANSWER else StepResponse.GIVEN))
        for step in steps
    ]
    return said


def outcome_body(visit: Visit, stage: Stage) -> dict[str, Any]:
    """Give the outcome; a promise is of all that is overdue, due one to fourteen days later."""
    talk = visit.talk
    body: dict[str, Any] = {"contact_result": talk.contact.value, "disposition": talk.disposition.value}
    if talk.note:
        body["note"] = talk.note
    if talk.disposition is Disposition.PROMISE:
        due = visit.day + timedelta(days=stage.random.choice(PROMISE_DAYS))
        amount = max(100, visit.case.overdue)
        body["promise"] = {"amount": amount, "currency": visit.case.currency, "due": due.isoformat()}
    return body


def _follow_up(visit: Visit, stage: Stage) -> list[tuple[EventKind, dict[str, Any]]]:
    talk, follow = visit.talk, []
    if talk.disposition is Disposition.APPOINTMENT:
        starts = visit.end_ms + (7 * 24 * 60 - 90) * MINUTE_MS
        body = {
            "appointment_id": make_id(visit.end_ms, stage.random.randbytes(10)),
            "starts": write_wall(starts, stage.zone),
            "ends": write_wall(starts + 60 * MINUTE_MS, stage.zone),
            "made_by": MadeBy.PERSON.value,
        }
        follow.append((EventKind.APPOINTMENT_AGREED, body))
    if talk.hold is not None:
        follow.append((EventKind.HOLD_PLACED, {"reason": talk.hold.value, "scope": "case"}))
    return follow


def write_wall(ms: int, zone: ZoneInfo) -> str:
    """
    Write a moment as the wire's local time.

    >>> write_wall(1_476_201_600_000, ZoneInfo("America/Los_Angeles"))
    '2016-10-11T09:00:00.000-07:00'
    """
    return datetime.fromtimestamp(ms / 1000, zone).isoformat(timespec="milliseconds")
