"""
Looking back: what a visit that has ended tells of itself, as facts that rules are judged by.

Comes in: a folded visit, and what was gathered for the moment it began. Goes out: the facts of the visit as it was, the
same however often it is asked. What the visit does not tell stays None: while records are parked, nothing is concluded
from what is absent; where its times are guesses, or do not tell its start from its end, neither its hours nor what came
before it are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from schemas.vocabulary import (
    VISIT_KINDS,
    EndReason,
    EventKind,
    HoldReason,
    Identity,
    RecordingState,
)
from server.domain.conduct.door import OTHERS
from server.domain.conduct.facts import Contact, Facts, HoldFacts, Interval
from server.domain.conduct.judging import judge
from server.domain.conduct.rules import Check, Rulebook
from server.domain.conduct.verdicts import Answer, Verdict
from server.domain.folding import SeenEvent, Visit, may_precede

EXACT = ("the exact times of the visit",)
LEAVING = frozenset({HoldReason.ASKED_TO_LEAVE, HoldReason.REFUSAL})


def judge_visit(rulebooks: Sequence[Rulebook], facts: Facts) -> list[Verdict]:
    """
    Judge every rule that is checked at the door or in review, by what is known afterwards.

    All are asked as in review: at the door a rule answers what is to be done now, and a halt placed there would count
    against the very visit at which it was rightly placed. What fails only if the clocks were off by as much as they
    can have been is unknown.
    """
    verdicts = _judge(rulebooks, facts)
    if facts.surely is None:
        return verdicts
    sure = _judge(rulebooks, replace(facts, interval=facts.surely))
    return [
        replace(verdict, answer=Answer.UNKNOWN, missing=EXACT, cure="", cure_ms=None)
        if verdict.answer is Answer.FAIL and other.answer is not Answer.FAIL
        else verdict
        for verdict, other in zip(verdicts, sure, strict=True)
    ]


def _judge(rulebooks: Sequence[Rulebook], facts: Facts) -> list[Verdict]:
    return judge(rulebooks, facts, Check.REVIEW, of=(Check.DOOR, Check.REVIEW))


def interval_of(visit: Visit) -> Interval | None:
    """Give from the earliest start to the latest end by the bounds of the clocks; None before the lead checked out."""
    if visit.started is None or visit.ended is None:
        return None
    return Interval(visit.started.bound.earliest_ms, visit.ended.bound.latest_ms)


def look_back(visit: Visit, known: Facts, others_before: int, *, is_crew_heard: bool) -> Facts:
    """
    Give the facts of a visit that has ended.

    *known* was gathered for its interval; *others_before* is how often somebody else was met on the case before it;
    *is_crew_heard* says that no companion is still expected to tell of it.
    """
    started, ended, interval = visit.started, visit.ended, interval_of(visit)
    assert started is not None
    assert ended is not None
    assert interval is not None
    surely = Interval(started.bound.latest_ms, ended.bound.earliest_ms)
    is_timed = started.bound.is_certain and ended.bound.is_certain and surely.starts_ms <= surely.ends_ms
    contacts = _before(visit, known.contacts, interval) if is_timed else None
    result = visit.outcome.get("contact_result")
    before = {hold.reason for hold in known.holds or () if hold.placed_ms < interval.starts_ms}
    return replace(
        known,
        now_ms=interval.starts_ms,
        interval=interval if is_timed else None,
        surely=surely if is_timed else None,
        rest_days=known.rest_days if is_timed else {},
        contacts=contacts,
        notices=known.notices if is_timed else None,
        is_paid=None if known.is_paid else known.is_paid,  # paid by now does not say that it was paid then
        is_disputed=None if known.holds is None else HoldReason.DISPUTE in before,
        is_represented=None if known.holds is None else HoldReason.REPRESENTATIVE in before,
        holds=None if known.holds is None else _holds(visit, known.holds),
        steps_done={step.value: response for step, response in visit.steps.items()} if visit.is_complete else None,
        contact_result=result,
        others_met=None if result is None else others_before + (result in OTHERS),
        was_sealed_opened=_is_there(visit, visit.first(EventKind.SEALED_PART_OPENED) is not None),
        was_identity_confirmed=_is_there(visit, _is_confirmed(visit)),
        leave_took_ms=_leave_took(visit),
        crew_size=_crew_size(visit) if is_crew_heard else None,
        recordings=_recordings(visit) if visit.is_complete else None,
    )


def _before(visit: Visit, contacts: tuple[Contact, ...] | None, interval: Interval) -> tuple[Contact, ...] | None:
    """Give the log up to the visit, the visit itself left out."""
    if contacts is None:
        return None
    return tuple(
        each
        for each in contacts
        if each.at_ms < interval.starts_ms and not (each.source == "visit" and each.id == visit.visit_id)
    )


def _is_there(visit: Visit, is_seen: bool) -> bool | None:
    """Say whether something happened: what was seen did, what was not seen did not if every record is here."""
    return is_seen if is_seen or visit.is_complete else None


def _is_confirmed(visit: Visit) -> bool:
    """Say whether identity was confirmed, and before the sealed part was opened wherever it was."""
    confirmed = [
        event
        for event in visit.events
        if event.kind == EventKind.IDENTITY_CHECKED and event.body.get("identity") == Identity.CONFIRMED
    ]
    opened = [event for event in visit.events if event.kind == EventKind.SEALED_PART_OPENED]
    return bool(confirmed) and all(any(may_precede(each, other) for each in confirmed) for other in opened)


def _holds(visit: Visit, holds: tuple[HoldFacts, ...]) -> tuple[HoldFacts, ...]:
    """
    Give the holds, those placed at this visit with the time at which they were.

    Who notes only at the end that they were asked to leave tells that it was so, not since when.
    """
    placed = {event.id: event for event in visit.events if event.kind == EventKind.HOLD_PLACED}
    scopes = {hold.id: hold for hold in holds}
    own = [
        HoldFacts(
            each.id, each.body["reason"], each.body["scope"], each.bound.estimate_ms,
            scopes[each.id].until_ms if each.id in scopes else None, "visit",
        )
        for each in placed.values()
    ]  # fmt: skip
    ended = visit.ended
    if ended is not None and _is_sent_away(ended) and _asked(visit) is None:
        own.append(HoldFacts(ended.id, EndReason.ASKED_TO_LEAVE, "case", ended.bound.estimate_ms, None, "visit"))
    return (*(hold for hold in holds if hold.id not in placed), *own)


def _is_sent_away(ended: SeenEvent) -> bool:
    return bool(ended.body.get("reason") == EndReason.ASKED_TO_LEAVE)


def _asked(visit: Visit) -> SeenEvent | None:
    """Give the record of the crew that they were asked to leave, or refused."""
    return next(
        (event for event in visit.events if event.kind == EventKind.HOLD_PLACED and event.body["reason"] in LEAVING),
        None,
    )


def _leave_took(visit: Visit) -> int | None:
    """Give how long leaving took, where one device's clock tells of both ends of it."""
    asked, ended = _asked(visit), visit.ended
    if asked is None or ended is None or asked.device_id != ended.device_id or asked.order > ended.order:
        return None
    if asked.reading.boot != ended.reading.boot or not (asked.bound.is_certain and ended.bound.is_certain):
        return None
    return max(0, ended.bound.estimate_ms - asked.bound.estimate_ms)


def _crew_size(visit: Visit) -> int | None:
    """Count the crew; who says to have been there and was not let in by the lead leaves it open."""
    if not visit.is_complete or any(event.kind in VISIT_KINDS for event in visit.beside):
        return None
    return 1 + len(visit.companions)


def _recordings(visit: Visit) -> frozenset[str]:
    return frozenset(
        event.body["medium"]
        for event in visit.events
        if event.kind == EventKind.RECORDING_CHANGED and event.body["state"] == RecordingState.STARTED
    )
