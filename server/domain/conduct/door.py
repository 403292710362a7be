"""At the door: identity first, what may be said to whom, what must be said, and leaving when asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schemas.vocabulary import ContactResult, HoldReason, Step, StepResponse
from server.domain.conduct import acts, places
from server.domain.conduct.answers import DONE, judge_codes, strictest, use_hold
from server.domain.conduct.facts import Facts
from server.domain.conduct.periods import Period
from server.domain.conduct.rules import Check, RuleType
from server.domain.conduct.verdicts import Answer, Asked, Finding, Judge, Used, failed, passed, unknown
from server.domain.conduct.wording import say_period, say_words

# Somebody was met, but not the person.
OTHERS = frozenset({ContactResult.OTHER_ADULT, ContactResult.ONLY_MINOR})
# Steps that cannot be taken without telling what the visit is about.
TELLING = (Step.OPTIONS_GIVEN, Step.HARDSHIP_ASKED, Step.PAYMENT_ANSWER)
# What rulebooks call the person themselves: whoever else they allow may have been the other adult who was met.
SELF = frozenset({"borrower", "consumer", "customer", "debtor"})
# Conduct that tells others, by whatever name a rulebook lists it; `notes.py` flags it as "disclosure".
DISCLOSING = frozenset({"disclosure", "privacy_breach", "publish_debtor", "publish_names", "spread_privacy"})
# "At once" is judged as within a minute: what it takes to say goodbye and turn away, and to touch "End visit".
AT_ONCE_MS = 60_000
# What a rulebook says makes a visit end -> the holds placed for it, and who was met. One table, in the open.
TRIGGERS: dict[str, frozenset[str]] = {
    "asked_to_leave": frozenset({HoldReason.ASKED_TO_LEAVE}),
    "refused_to_talk": frozenset({HoldReason.REFUSAL}),
    "distress": frozenset({HoldReason.DISTRESS}),
    "undue_distress": frozenset({HoldReason.DISTRESS}),
    "may_lack_capacity": frozenset({HoldReason.DISTRESS, HoldReason.ILLNESS, "incapacity", "mental_capacity_limit"}),
    "only_minor_present": frozenset({HoldReason.MINOR, ContactResult.ONLY_MINOR}),
    "only_third_party_present": frozenset({ContactResult.OTHER_ADULT, ContactResult.ONLY_MINOR}),
    "wrong_address": frozenset({HoldReason.WRONG_PERSON, ContactResult.MOVED, ContactResult.NOT_FOUND}),
    "danger": frozenset({HoldReason.DANGER, ContactResult.UNSAFE}),
}


@dataclass(frozen=True, slots=True)
class IdentityGate:
    """What is told only after identity is confirmed, and how it may and may not be confirmed."""

    before: tuple[str, ...]
    methods: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ThirdPartyBan:
    """Whom the matter may be discussed with, and what nobody else is told."""

    allowed: tuple[str, ...] = ()
    never_say: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ThirdPartyContact:
    """What somebody else may be asked, on which conditions, and how often at most."""

    purpose: tuple[str, ...]
    conditions: tuple[str, ...] = ()
    most: int | None = None
    stop_when: str = ""


@dataclass(frozen=True, slots=True)
class LeaveOnRequest:
    """How soon a visit ends once something makes it end; PT0M is at once."""

    within: Period
    triggers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RequiredStatement:
    """Words the person has to hear, and when."""

    text: str
    when: str


def judge_identity_gate(params: IdentityGate, facts: Facts, asked: Asked) -> Finding:
    """Answer whether the sealed part stayed closed until identity was confirmed."""
    how = f"; confirmed by {say_words(params.methods)}" if params.methods else ""
    never = f"; never {say_words(params.never)}" if params.never else ""
    limit = f"identity is confirmed before {say_words(params.before)}{how}{never}"
    if asked.check is Check.GATE:
        return passed(limit)
    opened, confirmed = facts.was_sealed_opened, facts.was_identity_confirmed
    used = tuple(
        Used(name, "yes" if value else "no", "visit")
        for name, value in (("was_sealed_opened", opened), ("was_identity_confirmed", confirmed))
        if value is not None
    )
    if opened is False or confirmed:
        order = passed(limit, *used)
    elif opened and confirmed is False:
        order = failed(limit, *used, cure=DONE)
    else:
        missing = [name for name in ("was_sealed_opened", "was_identity_confirmed") if getattr(facts, name) is None]
        order = unknown(limit, *missing, used=used)
    if not params.never or facts.conduct_codes is None:
        return order  # what is never done is not built: only somebody who saw it done can say otherwise
    return strictest(limit, order, judge_codes(limit, params.never, facts, asked))


def judge_third_party_ban(params: ThirdPartyBan, facts: Facts, asked: Asked) -> Finding:
    """Answer whether anyone but those allowed was told; before a visit the script holds it."""
    only = f"only with {say_words(params.allowed)}" if params.allowed else "with nobody but the person"
    never = f"; others are never told {say_words(params.never_say)}" if params.never_say else ""
    limit = f"the matter is discussed {only}{never}"
    if asked.check is Check.GATE:
        return passed(limit)
    met = _met(limit, facts)
    others_allowed = set(params.allowed) - SELF
    if facts.contact_result in OTHERS:
        told = _told(limit, facts)
        if others_allowed and facts.contact_result == ContactResult.OTHER_ADULT and told.answer is Answer.FAIL:
            told = unknown(limit, f"whether {say_words(sorted(others_allowed))} was met", used=told.used)
        met = strictest(limit, met, told)
    elif facts.conduct_codes is None:
        return met  # nobody else was there to be told: no question to ask
    return strictest(limit, met, judge_codes(limit, DISCLOSING.union(params.never_say), facts, asked))


def judge_third_party_contact(params: ThirdPartyContact, facts: Facts, asked: Asked) -> Finding:
    """Answer whether somebody else who was met was asked no more, and no more often, than is allowed."""
    most = "" if params.most is None else f"; at most {params.most} in all"
    on = f"; on condition: {say_words(params.conditions)}" if params.conditions else ""
    stop = f"; no more once {say_words([params.stop_when])}" if params.stop_when else ""
    limit = f"others are met only for {say_words(params.purpose)}{on}{most}{stop}"
    if asked.check is Check.GATE:
        return passed(f"{limit}; the visit is to the person")
    met = _met(limit, facts)
    if facts.contact_result not in OTHERS:
        return met
    parts = [met, _told(limit, facts), judge_codes(limit, DISCLOSING.union(params.conditions), facts, asked)]
    if params.most is not None:
        parts.append(_count_others(limit, params.most, facts))
    if params.stop_when == "attorney_known":
        parts.append(_is_represented(limit, facts))
    return strictest(limit, *parts)


def judge_leave_on_request(params: LeaveOnRequest, facts: Facts, asked: Asked) -> Finding:
    """Answer whether the crew left in time once something made the visit end; at the door: whether it has to now."""
    within_ms = params.within.minutes * 60_000 or AT_ONCE_MS
    soon = f"within {say_period(params.within)}" if params.within.minutes else "at once, judged as within 1 minute"
    limit = f"leave {soon} on {say_words(params.triggers)}"
    if asked.check is Check.GATE:
        return passed(limit)
    causes = _find_causes(params, facts)
    if facts.leave_took_ms is not None:
        took = Used("leave_took_ms", str(facts.leave_took_ms), "visit")
        if facts.leave_took_ms <= within_ms:
            return passed(limit, *causes, took)
        return failed(limit, *causes, took, cure=DONE)
    if causes and asked.check is Check.DOOR:
        return failed(limit, *causes, cure=f"the visit ends: leave {soon}")
    if causes:
        return unknown(limit, "leave_took_ms", used=causes)
    missing = [name for name in ("contact_result", "holds") if getattr(facts, name) is None]
    return unknown(limit, *missing) if missing else passed(f"{limit}; nothing of it happened")


def judge_required_statement(params: RequiredStatement, facts: Facts, asked: Asked) -> Finding:
    """Answer whether the person heard it: it is part of stating the purpose."""
    limit = f'say "{params.text}" {params.when}'
    if asked.check is Check.GATE:
        return passed(limit)
    met = _met(limit, facts)
    if facts.contact_result != ContactResult.PERSON:
        return met
    if "identity" in params.when:
        if facts.was_identity_confirmed is None:
            return unknown(limit, "was_identity_confirmed", used=met.used)
        if not facts.was_identity_confirmed:
            return passed(limit, *met.used, Used("was_identity_confirmed", "no", "visit"))
    if facts.steps_done is None:
        return unknown(limit, "steps_done", used=met.used)
    response = facts.steps_done.get(Step.PURPOSE_STATED, "not recorded")
    used = (*met.used, Used(Step.PURPOSE_STATED.value, response, "visit"))
    if response in {StepResponse.GIVEN, StepResponse.REFUSED}:  # who would not hear it was offered it
        return passed(limit, *used)
    return failed(limit, *used, cure="say it now" if asked.check is Check.DOOR else "say it at the next contact")


def _met(limit: str, facts: Facts) -> Finding:
    """Answer whether it is known who was met."""
    if facts.contact_result is None:
        return unknown(limit, "contact_result")
    return passed(limit, Used("contact_result", facts.contact_result, "visit"))


def _told(limit: str, facts: Facts) -> Finding:
    """Answer for a visit at which somebody else was met: nothing opened, no step taken that tells the matter."""
    missing = [name for name in ("was_sealed_opened", "steps_done") if getattr(facts, name) is None]
    steps = facts.steps_done or {}
    used = [Used(step.value, "given", "visit") for step in TELLING if steps.get(step) == StepResponse.GIVEN]
    if facts.was_sealed_opened:
        used.append(Used("was_sealed_opened", "yes", "visit"))
    if used:
        return failed(limit, *used, cure=DONE)
    if missing:
        return unknown(limit, *missing)
    return passed(limit, Used("was_sealed_opened", "no", "visit"))


def _count_others(limit: str, most: int, facts: Facts) -> Finding:
    if facts.others_met is None:
        return unknown(limit, "others_met")
    used = Used("others_met", str(facts.others_met), "visits")
    return passed(limit, used) if facts.others_met <= most else failed(limit, used, cure="no further one")


def _is_represented(limit: str, facts: Facts) -> Finding:
    if facts.is_represented is None:
        return unknown(limit, "is_represented")
    used = Used("is_represented", "yes" if facts.is_represented else "no", "case")
    return failed(limit, used, cure="speak with the representative") if facts.is_represented else passed(limit, used)


def _find_causes(params: LeaveOnRequest, facts: Facts) -> tuple[Used, ...]:
    """Find what made this visit end: holds placed since it began, and who was met."""
    words = frozenset[str]().union(*(TRIGGERS.get(trigger, frozenset({trigger})) for trigger in params.triggers))
    since_ms = facts.interval.starts_ms if facts.interval else 0
    causes = [use_hold(hold) for hold in facts.holds or () if hold.reason in words and hold.placed_ms >= since_ms]
    if facts.contact_result in words:
        causes.append(Used("contact_result", str(facts.contact_result), "visit"))
    return tuple(causes)


TYPES: dict[RuleType, tuple[type[Any], Judge]] = {
    RuleType.IDENTITY_GATE: (IdentityGate, judge_identity_gate),
    RuleType.THIRD_PARTY_BAN: (ThirdPartyBan, judge_third_party_ban),
    RuleType.THIRD_PARTY_CONTACT: (ThirdPartyContact, judge_third_party_contact),
    RuleType.LEAVE_ON_REQUEST: (LeaveOnRequest, judge_leave_on_request),
    RuleType.REQUIRED_STATEMENT: (RequiredStatement, judge_required_statement),
    **places.TYPES,
    **acts.TYPES,
}
