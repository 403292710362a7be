"""Who may come: the agency, the agents' papers, the size of the crew, what they show, and who looks after them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from schemas.vocabulary import NOBODY_MET, ContactResult, Step, StepResponse
from server.domain.conduct.answers import AT_THE_GATE
from server.domain.conduct.facts import AgentFacts, Facts
from server.domain.conduct.grounds import Grounds, day_after, zone_of
from server.domain.conduct.periods import Period, local_time
from server.domain.conduct.rules import Check, RuleType
from server.domain.conduct.verdicts import Asked, Finding, Judge, Used, passed, unknown
from server.domain.conduct.wording import say_count, say_period, say_words

AUTHORISATION_LETTER = "authorisation_letter"
INSPECT_AGENCY = "inspect_agency"
PRINCIPALS = frozenset({"principal", "lender", "creditor"})
MET = frozenset({ContactResult.PERSON, ContactResult.OTHER_ADULT, ContactResult.ONLY_MINOR})


@dataclass(frozen=True, slots=True)
class ActorPermission:
    """Which kind of agency may come at all, and what it needs for it. `licence` and `contract` say which, in words."""

    allowed: tuple[str, ...] = ()
    licence: str = ""
    contract: str = ""
    needs_listing: bool = False
    no_violent_record: bool = False
    principal_liable: bool = False


@dataclass(frozen=True, slots=True)
class AgentQualification:
    """
    What every agent of the crew has on file on the planned day.

    `hours` are those of the training named, or of all. `validity` is how long a certificate is given for and a
    background check is good: a certificate that claims to last longer than that from now is not believed.
    """

    certificates: tuple[str, ...] = ()
    training: tuple[str, ...] = ()
    hours: int = 0
    background_check: bool = False
    validity: Period | None = None


@dataclass(frozen=True, slots=True)
class CrewSize:
    """How many agents come."""

    least: int
    most: int | None = None


@dataclass(frozen=True, slots=True)
class CredentialDisplay:
    """What every agent carries and shows, when, and whom it names."""

    items: tuple[str, ...]
    when: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Oversight:
    """What the principal does about its agencies. Only inspections are known by their day; the rest is vouched for."""

    duty: tuple[str, ...]
    every: Period | None = None


def judge_permission(params: ActorPermission, facts: Facts, asked: Asked) -> Finding:
    """Look whether this agency may be sent on the planned day. That the principal is liable says who answers for it."""
    parts = [f"only {say_words(params.allowed, 'or')}"] if params.allowed else []
    parts += [f"licence: {params.licence}"] if params.licence else []
    parts += [f"contract: {params.contract}"] if params.contract else []
    parts += ["listed by the principal"] if params.needs_listing else []
    parts += ["no record of violence"] if params.no_violent_record else []
    parts += ["the principal answers for what is done"] if params.principal_liable else []
    grounds, agency = Grounds("; ".join(parts) or "no limit on who comes", facts, asked), facts.agency
    if params.allowed:
        kind = agency.kind if agency else None
        grounds.need("agency.kind", kind, kind in params.allowed, f"the case is with {say_words(params.allowed, 'or')}")
    if params.licence:
        licence = agency.licence if agency else None
        grounds.need("agency.licence", licence, bool(licence), f"the agency has its licence ({params.licence})")
    if params.contract:
        until = agency.contract_until if agency else None
        grounds.need_until("agency.contract_until", until, f"the contract ({params.contract}) is good")
    if params.needs_listing:
        is_listed = agency.is_listed if agency else None
        grounds.need("agency.is_listed", is_listed, bool(is_listed), "the principal lists the agency")
    if params.no_violent_record:
        record = agency.has_violent_record if agency else None
        grounds.need("agency.has_violent_record", record, not record, "the case is with an agency without a record")
    return grounds.answer()


def judge_qualification(params: AgentQualification, facts: Facts, asked: Asked) -> Finding:
    """
    Look at the file of every agent of the crew: a certificate or a training that is not on it, the agent does not have.

    A background check without a day is not known.
    """
    parts = [f"certificate: {say_words(params.certificates)}"] if params.certificates else []
    parts += [f"training: {say_words(params.training)}"] if params.training else []
    parts += [f"{say_count(params.hours, 'hour')} of training"] if params.hours else []
    parts += ["background check"] if params.background_check else []
    parts += [f"good for {say_period(params.validity)}"] if params.validity else []
    grounds = Grounds(f"every agent: {'; '.join(parts)}", facts, asked)
    grounds.need("crew", _codes(facts.crew), bool(facts.crew), "it is known who goes")
    for agent in facts.crew or ():
        _need_certificates(params, agent, grounds)
        _need_training(params, agent, grounds)
        if params.background_check:
            fact, cure = f"{agent.code}: background_checked_on", f"the background of {agent.code} is checked"
            grounds.need_done(fact, agent.background_checked_on, params.validity, cure)
    return grounds.answer()


def _need_certificates(params: AgentQualification, agent: AgentFacts, grounds: Grounds) -> None:
    zone = zone_of(grounds.facts, grounds.asked)
    for name in params.certificates:
        fact, until = f"{agent.code}: {name}", agent.certificates.get(name)
        cure = f"{agent.code} has the certificate {say_words([name])}, good"
        if until is None:
            grounds.need(fact, "none", False, cure.removesuffix(", good"))
            continue
        grounds.need_until(fact, until, cure)
        if params.validity and zone:
            last = day_after(local_time(grounds.facts.now_ms, zone).date(), params.validity)
            if until > last:
                grounds.cures.append(f"{cure} for no more than {say_period(params.validity)}")


def _need_training(params: AgentQualification, agent: AgentFacts, grounds: Grounds) -> None:
    known = agent.training_hours.keys() | agent.training_until.keys()
    for topic in params.training:
        fact, cure = f"{agent.code}: training {topic}", f"{agent.code} was trained in {say_words([topic])}"
        if topic in agent.training_until:
            grounds.need_until(fact, agent.training_until[topic], f"{cure}, good")
        else:
            grounds.need(fact, "done" if topic in known else "none", topic in known, cure)
    if params.hours:
        topics = params.training or agent.training_hours.keys()
        day = grounds.day or date.min
        good = [topic for topic in topics if agent.training_until.get(topic, date.max) >= day]
        hours = sum(agent.training_hours.get(topic, 0) for topic in good)
        cure = f"{agent.code} has {say_count(params.hours - hours, 'more hour')} of training"
        grounds.need(f"{agent.code}: hours of training", hours, hours >= params.hours, cure)


def judge_size(params: CrewSize, facts: Facts, asked: Asked) -> Finding:
    """Count the crew: before a visit as it is planned, at the door and in review as it came."""
    exactly = say_count(params.least, "agent")
    limit = exactly if params.most == params.least else f"{params.least} to {params.most} agents"
    grounds = Grounds(f"at least {exactly}" if params.most is None else limit, facts, asked)
    if asked.check is Check.GATE:
        name, size = "crew", None if facts.crew is None else len({agent.code for agent in facts.crew})
    else:
        name, size = "crew_size", facts.crew_size
    is_kept = size is not None and params.least <= size and (params.most is None or size <= params.most)
    grounds.need(name, size, is_kept, f"the crew is of {grounds.limit}")
    return grounds.answer()


def judge_display(params: CredentialDisplay, facts: Facts, asked: Asked) -> Finding:
    """Look before a visit whether every agent has what is to be shown, and later whether it was shown."""
    named = f", naming {say_words(params.names)}" if params.names else ""
    grounds = Grounds(f"{say_words(params.items)}, shown {say_words([params.when])}{named}", facts, asked)
    if asked.check is not Check.GATE:
        return _judge_shown(params, grounds, facts)
    grounds.need("crew", _codes(facts.crew), bool(facts.crew), "it is known who goes")
    for agent in facts.crew or ():
        for name in params.items:
            if name == AUTHORISATION_LETTER:
                _need_letter(agent, facts, grounds)
            else:
                has = name in agent.cards
                fact = f"{agent.code}: {name}"
                grounds.need(fact, "there" if has else "none", has, f"{agent.code} has {say_words([name])}")
    return grounds.answer()


def _need_letter(agent: AgentFacts, facts: Facts, grounds: Grounds) -> None:
    if not facts.lender:
        grounds.need("lender", None, False, "")
        return
    fact, until = f"{agent.code}: letter of {facts.lender}", agent.letters.get(facts.lender)
    cure = f"{agent.code} has a letter of {facts.lender}"
    if until is None:
        grounds.need(fact, "none", False, cure)
    else:
        grounds.need_until(fact, until, f"{cure}, good")


def _judge_shown(params: CredentialDisplay, grounds: Grounds, facts: Facts) -> Finding:
    """Look whether the card was shown to whoever was met, and the principal named to the person, where it is to be."""
    response = None if facts.steps_done is None else facts.steps_done.get(Step.CARD_SHOWN, "not done")
    if response != StepResponse.GIVEN and facts.contact_result in NOBODY_MET:
        return passed(f"{grounds.limit}; nobody was met", Used("contact_result", str(facts.contact_result)))
    if facts.steps_done == {} and facts.contact_result not in MET:
        return unknown(grounds.limit, "whether anybody was met")
    grounds.need(Step.CARD_SHOWN.value, response, response == StepResponse.GIVEN, "the card was shown")
    if PRINCIPALS.intersection(params.names) and facts.was_identity_confirmed is not False:
        _need_named(grounds, facts)
    return grounds.answer()


def _need_named(grounds: Grounds, facts: Facts) -> None:
    """Need the principal to have been named if the person was met: nobody else may hear it."""
    if facts.contact_result is None:
        grounds.need("contact_result", None, False, "")
    elif facts.contact_result == ContactResult.PERSON:
        named = None if facts.steps_done is None else facts.steps_done.get(Step.PRINCIPAL_NAMED, "not done")
        is_kept = named in {StepResponse.GIVEN, StepResponse.REFUSED}  # who would not hear it was offered it
        grounds.need(Step.PRINCIPAL_NAMED.value, named, is_kept, "the principal was named")


def judge_oversight(params: Oversight, facts: Facts, asked: Asked) -> Finding:
    """Look when the agency was last inspected; for every other duty somebody of the house vouches, for a while."""
    every = f", every {say_period(params.every)}" if params.every else ""
    limit = f"{say_words(params.duty)}{every}"
    if asked.check is Check.REVIEW and set(params.duty) != {INSPECT_AGENCY}:
        limit = f"{limit}; {AT_THE_GATE}"
    grounds = Grounds(limit, facts, asked)
    for duty in params.duty:
        if duty == INSPECT_AGENCY:
            inspected = facts.agency.inspected_on if facts.agency else None
            grounds.need_done("agency.inspected_on", inspected, params.every, "the agency is inspected")
        else:
            grounds.need_vouched(say_words([duty]))
    return grounds.answer()


def _codes(crew: tuple[AgentFacts, ...] | None) -> str | None:
    return None if crew is None else ", ".join(agent.code for agent in crew) or "nobody"


TYPES: dict[RuleType, tuple[type[Any], Judge]] = {
    RuleType.ACTOR_PERMISSION: (ActorPermission, judge_permission),
    RuleType.AGENT_QUALIFICATION: (AgentQualification, judge_qualification),
    RuleType.CREW_SIZE: (CrewSize, judge_size),
    RuleType.CREDENTIAL_DISPLAY: (CredentialDisplay, judge_display),
    RuleType.OVERSIGHT: (Oversight, judge_oversight),
}
