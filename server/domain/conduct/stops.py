"""What stops visits: protective stops, a wish to be left alone, disputes, representatives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from schemas.vocabulary import ContactResult, HoldReason
from server.domain.conduct import complaints
from server.domain.conduct.answers import stands, strictest, use_hold
from server.domain.conduct.facts import Facts, HoldFacts
from server.domain.conduct.grounds import zone_of
from server.domain.conduct.periods import Period
from server.domain.conduct.rules import Check, RuleType
from server.domain.conduct.verdicts import Asked, Finding, Judge, Used, failed, passed, unknown
from server.domain.conduct.wording import say_from, say_period, say_time, say_words

# The word a hold was placed with -> what rulebooks call the same. A hold may also bear a rulebook's own word, and some
# words are the same in both. Someone who died is noted as a bereavement: devices have no other word.
EVENTS: dict[str, frozenset[str]] = {
    HoldReason.BEREAVEMENT: frozenset({"bereavement", "death", "death_in_close_family"}),
    HoldReason.ILLNESS: frozenset(
        {
            "hospital_or_surgery", "particularly_vulnerable_known_or_suspected",
            "surgery_or_hospital_of_debtor_or_close_family",
        }
    ),
    HoldReason.DISTRESS: frozenset(
        {"mental_health_crisis", "particularly_vulnerable_known_or_suspected", "suicide_risk"}
    ),
    HoldReason.MINOR: frozenset({"borrower_is_minor", "only_minor_at_door"}),
    HoldReason.DISPUTE: frozenset(
        {"any_dispute", "reasonably_queried_or_disputed", "written_dispute_in_validation_period"}
    ),
    HoldReason.REFUSAL: frozenset({"cease"}),
    HoldReason.ASKED_TO_LEAVE: frozenset({"cease"}),
}  # fmt: skip
# Who is met at the door is such an event, before any hold was placed for it.
MEETINGS: dict[str, str] = {ContactResult.ONLY_MINOR: "only_minor_at_door", ContactResult.DECEASED: "death"}


@dataclass(frozen=True, slots=True)
class ProtectiveStop:
    """Events in a person's life that stop visits, for how long, and who takes over."""

    events: tuple[str, ...]
    duration: Period | None = None
    extend: Period | None = None
    until: str = ""
    scope: tuple[str, ...] = ("visit",)
    then: str = ""


@dataclass(frozen=True, slots=True)
class CeaseContact:
    """The person's wish to be left alone: in which form, for which contacts, and what is still allowed."""

    form: tuple[str, ...]
    scope: tuple[str, ...] = ("visit",)
    allowed_after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DisputePause:
    """What kind of dispute pauses visits, and until when."""

    trigger: str
    until: str


@dataclass(frozen=True, slots=True)
class Representative:
    """Who speaks for the person, and what that changes."""

    who: str
    effect: str
    until: str = ""


def judge_protective_stop(params: ProtectiveStop, facts: Facts, asked: Asked) -> Finding:
    """Answer whether a hold of one of these events is live: until its own end, else for the rule's duration."""
    length = f" for {say_period(params.duration)}" if params.duration else ""
    more = f", to be extended by {say_period(params.extend)}" if params.extend else ""
    until = f" until {say_words([params.until])}" if params.until else ""
    then = f"; then {say_words([params.then])}" if params.then else ""
    limit = f"no visit on {say_words(params.events)}{length}{more}{until}{then}"
    if not concerns_visits(params.scope):
        return passed(f"{limit}; concerns {say_words(params.scope)}, not visits")
    found = _judge_holds(params.events, limit, facts, asked, params.duration, params.until)
    met = MEETINGS.get(facts.contact_result or "")
    if asked.check is Check.DOOR and met in params.events:
        seen = Used("contact_result", str(facts.contact_result), "visit")
        return strictest(limit, failed(limit, seen, cure="the visit ends"), found)
    return found


def judge_cease_contact(params: CeaseContact, facts: Facts, asked: Asked) -> Finding:
    """
    Answer whether the person wants to be left alone.

    Holds do not say in which form a wish came, so each counts: never less protection than the rule gives.
    """
    after = f"; still allowed: {say_words(params.allowed_after)}" if params.allowed_after else ""
    limit = f"no visit once the person says so ({say_words(params.form)}){after}"
    if not concerns_visits(params.scope):
        return passed(f"{limit}; concerns {say_words(params.scope)}, not visits")
    return _judge_holds(("cease",), limit, facts, asked, None, "the person asks for contact")


def judge_dispute_pause(params: DisputePause, facts: Facts, asked: Asked) -> Finding:
    """Answer whether a dispute of this kind is open. Of kinds that are no plain dispute only holds tell."""
    limit = f"no visit on {say_words([params.trigger])} until {say_words([params.until])}"
    held = _judge_holds((params.trigger,), limit, facts, asked, None, params.until)
    if params.trigger not in EVENTS[HoldReason.DISPUTE]:
        return held
    return strictest(limit, held, _judge_flag("is_disputed", facts.is_disputed, limit, params.until))


def judge_representative(params: Representative, facts: Facts, asked: Asked) -> Finding:
    """Answer whether somebody speaks for the person, whoever it is: the visit is then theirs to agree to."""
    until = f" until {say_words([params.until])}" if params.until else ""
    limit = f"no visit once represented by {say_words([params.who])}{until}: {say_words([params.effect])}"
    held = _judge_holds((params.who, HoldReason.REPRESENTATIVE), limit, facts, asked, None, params.until)
    return strictest(limit, held, _judge_flag("is_represented", facts.is_represented, limit, params.until))


def concerns_visits(scope: Iterable[str]) -> bool:
    """Say whether a scope holds visits: by name, as a medium of contact, or because it holds everything."""
    return any(word == "medium" or word.startswith(("visit", "all")) for word in scope)


def _judge_flag(name: str, value: bool | None, limit: str, until: str) -> Finding:
    if value is None:
        return unknown(limit, name)
    used = Used(name, "yes" if value else "no", "case")
    return failed(limit, used, cure=_say_cure(until)) if value else passed(limit, used)


def _judge_holds(
    words: Iterable[str], limit: str, facts: Facts, asked: Asked, duration: Period | None, until: str
) -> Finding:
    """Answer whether a hold of one of these words stands at the visit."""
    if facts.holds is None:
        return unknown(limit, "holds")
    zone = zone_of(facts, asked)
    parts = []
    for hold in facts.holds:
        if EVENTS.get(hold.reason, frozenset()).union({hold.reason}).isdisjoint(words):
            continue
        end_ms = _find_end(hold, duration, zone)
        ends = "" if end_ms is None else f", until {say_time(end_ms, zone)}"
        used = use_hold(hold, ends)
        if not stands(hold, end_ms, facts, asked.check):
            parts.append(passed(limit, used))
        elif end_ms is None:
            parts.append(failed(limit, used, cure=_say_cure(until)))
        else:
            parts.append(failed(limit, used, cure=say_from(end_ms, zone), cure_ms=end_ms))
    return strictest(limit, *parts)


def _say_cure(until: str) -> str:
    return f"after: {say_words([until])}" if until else "once a person lifts it"


def _find_end(hold: HoldFacts, duration: Period | None, zone: str | None) -> int | None:
    """Give when a hold ends; None if only a person ends it, or months cannot be counted without a calendar."""
    if hold.until_ms is not None or duration is None:
        return hold.until_ms
    return None if zone is None and duration.months else duration.after(hold.placed_ms, zone or "UTC")


TYPES: dict[RuleType, tuple[type[Any], Judge]] = {
    RuleType.PROTECTIVE_STOP: (ProtectiveStop, judge_protective_stop),
    RuleType.CEASE_CONTACT: (CeaseContact, judge_cease_contact),
    RuleType.DISPUTE_PAUSE: (DisputePause, judge_dispute_pause),
    RuleType.REPRESENTATIVE: (Representative, judge_representative),
    **complaints.TYPES,
}
