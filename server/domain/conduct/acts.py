"""What is done at the door: conduct that is forbidden, recording, payment, and what is left behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schemas.vocabulary import RecordingMedium, Step, StepResponse
from server.domain.conduct.answers import attest, judge_codes, strictest
from server.domain.conduct.facts import Facts
from server.domain.conduct.rules import Check, RuleType
from server.domain.conduct.verdicts import Asked, Finding, Judge, Used, failed, passed, unknown
from server.domain.conduct.wording import say_words

TIME_BARRED = "sue_or_threaten_on_time_barred_debt"
# What a rule about payment forbids -> the conduct that breaks it, by whatever name a rulebook lists it.
PAYMENT_CODES: dict[str, tuple[str, ...]] = {
    "cash": ("cash_taken", "payment_to_agent"),
    "receipt": ("no_receipt",),
    "fees": ("extra_fees", "unauthorised_fee"),
    "accounts": ("private_account", "payment_to_agent"),
}


@dataclass(frozen=True, slots=True)
class ForbiddenConduct:
    """Conduct that is never right."""

    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recording:
    """What of a visit is recorded: each of duty, only_with_consent, forbidden, or nothing said."""

    audio: str = ""
    video: str = ""
    calls: str = ""
    notice: bool = False
    never: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Payment:
    """How money may change hands at the door, in the rulebook's words."""

    cash: str = ""
    receipt: str = ""
    fees: str = ""
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Artefact:
    """What may not be left at a door, and what has to be around what is left."""

    forbidden: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


def judge_forbidden_conduct(params: ForbiddenConduct, facts: Facts, asked: Asked) -> Finding:
    """Answer whether any of it was done. Before a visit only a time-barred debt matters: somebody has to vouch."""
    limit = f"never {say_words(params.codes)}"
    if asked.check is not Check.GATE or TIME_BARRED not in params.codes:
        return judge_codes(limit, params.codes, facts, asked)
    if facts.is_time_barred is None:
        return unknown(limit, "is_time_barred")
    used = Used("is_time_barred", "yes" if facts.is_time_barred else "no", "lender")
    # To visit is not to threaten a suit: it takes somebody's word that the letters and the script of it do not.
    return strictest(limit, passed(limit, used), attest(limit, facts, asked) if facts.is_time_barred else passed(limit))


def judge_recording(params: Recording, facts: Facts, asked: Asked) -> Finding:
    """Answer whether what has to be recorded is, and nothing that may not be."""
    ways = {RecordingMedium.AUDIO: params.audio, RecordingMedium.VIDEO: params.video}
    said = {**{medium.value: way for medium, way in ways.items()}, "calls": params.calls}
    limit = "; ".join(
        [f"{name}: {say_words([way])}" for name, way in said.items() if way]
        + (["recording is announced"] if params.notice else [])
        + ([f"never {say_words(params.never)}"] if params.never else [])
    )
    if params.calls and not (params.audio or params.video or params.never):
        return passed(f"{limit}; concerns calls, not visits")
    if asked.check is Check.GATE:
        return _judge_recorder(limit, facts) if "duty" in ways.values() else passed(limit)
    parts = [_judge_medium(medium, way, limit, facts) for medium, way in ways.items() if way]
    if params.notice:
        parts.append(_judge_notice(limit, facts))
    if params.never:
        parts.append(_judge_never(params.never, limit, facts, asked))
    return strictest(limit, *parts)


def judge_payment(params: Payment, facts: Facts, asked: Asked) -> Finding:
    """Answer whether money changed hands as it may not: software sees none of it, people tell."""
    ways = {
        "cash": params.cash, "receipt": params.receipt, "fees": params.fees, "accounts": say_words(params.accounts),
    }  # fmt: skip
    limit = "; ".join(f"{name}: {say_words([way])}" for name, way in ways.items() if way)
    codes = [code for name, way in ways.items() if way for code in PAYMENT_CODES[name]]
    return judge_codes(limit, codes, facts, asked)


def judge_artefact(params: Artefact, facts: Facts, asked: Asked) -> Finding:
    """Answer whether something was left that may not be, or without what has to be around it (`no_…`)."""
    never = [f"never leave {say_words(params.forbidden)}"] if params.forbidden else []
    limit = "; ".join(never + ([f"always use {say_words(params.required)}"] if params.required else []))
    return judge_codes(limit, [*params.forbidden, *(f"no_{word}" for word in params.required)], facts, asked)


def _judge_recorder(limit: str, facts: Facts) -> Finding:
    if facts.has_recorder is None:
        return unknown(limit, "has_recorder")
    used = Used("has_recorder", "yes" if facts.has_recorder else "no", "dispatch")
    return passed(limit, used) if facts.has_recorder else failed(limit, used, cure="with a recorder in the crew")


def _judge_medium(medium: RecordingMedium, way: str, limit: str, facts: Facts) -> Finding:
    if facts.recordings is None:
        return unknown(limit, "recordings")
    is_recorded = medium in facts.recordings
    used = Used("recordings", medium.value if is_recorded else f"no {medium.value}", "visit")
    if way == "duty":
        return passed(limit, used) if is_recorded else failed(limit, used, cure="with a recording of the visit")
    if not is_recorded:
        return passed(limit, used)
    if way == "forbidden":
        return failed(limit, used, cure=f"without {medium.value}")
    if way != "only_with_consent":
        return unknown(limit, f"what '{way}' means for {medium.value}", used=(used,))
    consent = f"recording_{medium.value}"
    if facts.consents is None:
        return unknown(limit, "consents", used=(used,))
    if consent in facts.consents:
        return passed(limit, used, Used("consents", consent, "person"))
    return failed(limit, used, Used("consents", f"no {consent}", "person"), cure="with the person's consent")


def _judge_notice(limit: str, facts: Facts) -> Finding:
    """Answer whether a recording was announced. Who says no to it was told, too."""
    if facts.recordings is None:
        return unknown(limit, "recordings")
    if not facts.recordings:
        return passed(limit, Used("recordings", "none", "visit"))
    if facts.steps_done is None:
        return unknown(limit, "steps_done")
    response = facts.steps_done.get(Step.RECORDING_NOTICE, "not recorded")
    used = Used(Step.RECORDING_NOTICE.value, response, "visit")
    if response in {StepResponse.GIVEN, StepResponse.REFUSED}:
        return passed(limit, used)
    return failed(limit, used, cure="announce it, or stop recording")


def _judge_never(never: tuple[str, ...], limit: str, facts: Facts, asked: Asked) -> Finding:
    """Answer whether something was recorded that never is: where nothing was recorded, there is nothing to ask."""
    if facts.recordings is not None and not facts.recordings and not facts.conduct_codes:
        return passed(limit, Used("recordings", "none", "visit"))
    if "filming" in (facts.consents or ()):
        never = tuple(word for word in never if not word.endswith("_without_consent"))
    return judge_codes(limit, never, facts, asked)


TYPES: dict[RuleType, tuple[type[Any], Judge]] = {
    RuleType.FORBIDDEN_CONDUCT: (ForbiddenConduct, judge_forbidden_conduct),
    RuleType.RECORDING: (Recording, judge_recording),
    RuleType.PAYMENT: (Payment, judge_payment),
    RuleType.ARTEFACT: (Artefact, judge_artefact),
}
