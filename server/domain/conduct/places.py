"""Where a visit may be: which kinds of place, in which order, and staying outside unless invited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schemas.vocabulary import HoldReason
from server.domain.conduct.answers import judge_codes, stands, strictest, use_hold
from server.domain.conduct.facts import Facts, Interval
from server.domain.conduct.rules import RuleType
from server.domain.conduct.spans import hold
from server.domain.conduct.verdicts import Answer, Asked, Finding, Judge, Used, failed, passed, unknown
from server.domain.conduct.wording import say_words

# What rulebooks call a place -> the kinds of place it means. A doorstep says where to stand, not which place.
KINDS: dict[str, frozenset[str]] = {
    "doorstep": frozenset({"home", "work", "agreed", "other"}),
    "agreed_place": frozenset({"agreed"}),
    "place_of_choice": frozenset({"agreed"}),
    "home": frozenset({"home"}),
    "residence": frozenset({"home"}),
    "domicile": frozenset({"home"}),
    "billing_address": frozenset({"home"}),
    "place_of_work": frozenset({"work"}),
}


@dataclass(frozen=True, slots=True)
class Ban:
    """Kinds of place a rulebook closes, what the person's consent to them is called, and the step that also opens."""

    kinds: frozenset[str]
    consent: str
    step: str = ""


# Words of `forbidden` that close a place. A place the person agreed on is closed by none of them.
BANS: dict[str, Ban] = {
    "workplace_if_employer_prohibits": Ban(frozenset({"work"}), "visit_work", "employer_permits"),
    "workplace_unless_requested": Ban(frozenset({"work"}), "visit_work"),
    "workplace_or_other_than_home_without_due_cause": Ban(frozenset({"work", "other"}), "visit_elsewhere", "due_cause"),
    "inappropriate_location_without_express_consent": Ban(frozenset({"work", "other"}), "visit_elsewhere"),
    "uninvited_when_permission_can_be_asked": Ban(
        frozenset({"home", "work", "other"}), "visit", "permission_cannot_be_asked"
    ),
}
# Words of `forbidden` about going in, not about the place, and the conduct that breaks them.
ENTRY = frozenset(
    {"home_interior_without_consent", "office_area_without_consent", "entry_without_consent_or_order"}
)  # fmt: skip
ENTERING = frozenset({"enter_home", "enter_without_consent", "unlawful_entry"})
AFTER_REFUSAL = frozenset({HoldReason.REFUSAL, HoldReason.ASKED_TO_LEAVE, "cease"})


@dataclass(frozen=True, slots=True)
class PlaceLimit:
    """Places that may be visited and those that may not, which to try first, whether to stay outside."""

    allowed: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    remain_outside: bool = False
    consent: str = ""


def judge_place_limit(params: PlaceLimit, facts: Facts, asked: Asked) -> Finding:
    """Answer whether this kind of place may be visited, and, afterwards, whether anyone went in."""
    limit = _say_limit(params)
    parts = [_judge_forbidden(word, limit, facts, asked) for word in params.forbidden]
    if params.allowed:
        parts.append(_judge_allowed(params, limit, facts))
    if params.order:
        parts.append(_judge_order(params.order, limit, facts))
    if params.remain_outside:
        parts.append(_judge_entry(limit, facts, asked))
    return strictest(limit, *parts)


def _say_limit(params: PlaceLimit) -> str:
    parts = [
        f"only {say_words(params.allowed)}" if params.allowed else "",
        f"not {say_words(params.forbidden)}" if params.forbidden else "",
        f"first {say_words(params.order)}" if params.order else "",
        "stay outside unless invited" if params.remain_outside else "",
        f"consent: {say_words([params.consent])}" if params.consent else "",
    ]
    return "; ".join(part for part in parts if part)


def _judge_forbidden(word: str, limit: str, facts: Facts, asked: Asked) -> Finding:
    if word in ENTRY:
        return _judge_entry(limit, facts, asked)
    if word == "after_refusal":
        return _judge_refusal(limit, facts, asked)
    ban = BANS.get(word)
    if ban is None:
        return unknown(limit, f"what {say_words([word])} means for this place")
    if facts.place_kind is None:
        return unknown(limit, "place_kind")
    used = Used("place_kind", facts.place_kind, "case")
    is_invited = _is_invited(facts)
    if facts.place_kind not in ban.kinds or is_invited:
        return passed(limit, used)
    found = _judge_consent(ban.consent, ban.step, limit, facts, used)
    if is_invited is None and found.answer is Answer.FAIL:
        return unknown(limit, "appointments" if facts.appointments is None else "interval", used=found.used)
    return found


def _judge_consent(consent: str, step: str, limit: str, facts: Facts, used: Used) -> Finding:
    """Answer for a place that only consent opens, or a step the lender vouches for."""
    if facts.consents is not None and consent in facts.consents:
        return passed(limit, used, Used("consents", consent, "person"))
    is_taken = (facts.steps or {}).get(step)
    if is_taken:
        return passed(limit, used, Used(step, "yes", "lender"))
    if facts.consents is None:
        return unknown(limit, "consents", used=(used,))
    if step and is_taken is None:
        return unknown(limit, step, used=(used,))
    return failed(limit, used, Used("consents", f"no {consent}", "person"), cure="with the person's consent")


def _is_invited(facts: Facts) -> bool | None:
    """Say whether the person made an appointment that holds the whole visit; None where that is not known."""
    if facts.appointments is None:
        return None
    made = tuple(
        Interval(each.starts_ms, each.ends_ms)
        for each in facts.appointments
        if each.made_by == "person" and each.is_confirmed
    )
    if facts.interval is None:
        return None if made else False
    return hold(made, facts.interval)


def _judge_allowed(params: PlaceLimit, limit: str, facts: Facts) -> Finding:
    if facts.place_kind is None:
        return unknown(limit, "place_kind")
    used = Used("place_kind", facts.place_kind, "case")
    kinds = frozenset({"agreed"}).union(*(KINDS.get(word, frozenset()) for word in params.allowed))
    if facts.place_kind in kinds:
        return passed(limit, used)
    if params.consent:
        consent = "visit_work" if facts.place_kind == "work" else "visit_elsewhere"
        return _judge_consent(consent, "", limit, facts, used)
    strange = [word for word in params.allowed if word not in KINDS]
    if strange:
        return unknown(limit, f"what {say_words(strange)} means for this place", used=(used,))
    return failed(limit, used, cure=f"at another place: {say_words(params.allowed)}")


def _judge_order(order: tuple[str, ...], limit: str, facts: Facts) -> Finding:
    """Answer whether every place that comes before this one was tried; a place without a rank comes last."""
    if facts.place_kind is None:
        return unknown(limit, "place_kind")
    used = Used("place_kind", facts.place_kind, "case")
    ranks = [rank for rank, word in enumerate(order) if facts.place_kind in KINDS.get(word, frozenset())]
    parts = []
    for word in order[: ranks[0]] if ranks else order:
        step = f"{word}_tried"
        is_tried = (facts.steps or {}).get(step)
        if is_tried is None:
            parts.append(unknown(limit, step))
        elif is_tried:
            parts.append(passed(limit, Used(step, "yes", "lender")))
        else:
            parts.append(failed(limit, Used(step, "no", "lender"), cure=f"after {say_words([word])} was tried"))
    return strictest(limit, passed(limit, used), *parts)


def _judge_entry(limit: str, facts: Facts, asked: Asked) -> Finding:
    """Answer whether anyone went in: consent covers going into the home, and no conduct that was without it."""
    if "enter_home" not in (facts.consents or ()):
        return judge_codes(limit, ENTERING | ENTRY, facts, asked)
    agreed = passed(limit, Used("consents", "enter_home", "person"))
    return strictest(limit, agreed, judge_codes(limit, (ENTERING | ENTRY) - {"enter_home"}, facts, asked))


def _judge_refusal(limit: str, facts: Facts, asked: Asked) -> Finding:
    if facts.holds is None:
        return unknown(limit, "holds")
    refusals = [
        use_hold(each)
        for each in facts.holds
        if each.reason in AFTER_REFUSAL and stands(each, each.until_ms, facts, asked.check)
    ]
    return failed(limit, *refusals, cure="once the person invites a visit") if refusals else passed(limit)


TYPES: dict[RuleType, tuple[type[Any], Judge]] = {RuleType.PLACE_LIMIT: (PlaceLimit, judge_place_limit)}
