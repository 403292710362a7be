"""What comes before a visit: steps tried first, and notice given in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from server.domain.conduct.facts import Contact, Facts, Notice
from server.domain.conduct.frequency import REMOTE, use_contact
from server.domain.conduct.grounds import zone_of
from server.domain.conduct.periods import Period
from server.domain.conduct.rules import RuleType
from server.domain.conduct.verdicts import Asked, Finding, Judge, Used, failed, passed, unknown
from server.domain.conduct.wording import say_count, say_from, say_period, say_words

DIGITAL_CONTACT = "digital_contact"
# Notices that are owed only where the claim has a new owner: what they tell is that it has.
ON_TRANSFER = frozenset({"before_assignee_collects", "before_first_debt_collection"})


@dataclass(frozen=True, slots=True)
class PriorStep:
    """
    What is tried before a visit: steps the lender vouches for, and remote attempts seen in the log.

    `attempts` remote ones are needed (one, where only `digital_contact` is named), the first at least `over` ago.
    """

    requires: tuple[str, ...]
    attempts: int = 0
    over: Period | None = None

    @property
    def least(self) -> int:
        """How many remote attempts are needed."""
        return max(self.attempts, 1 if DIGITAL_CONTACT in self.requires or self.over else 0)


@dataclass(frozen=True, slots=True)
class PriorNotice:
    """A notice that holds all of `content`, sent to `to` by one of `media` (any, if none is named), `lead` before."""

    content: tuple[str, ...]
    lead: Period | None = None
    media: tuple[str, ...] = ()
    to: str = "borrower"
    when: str = "before_visit"


def judge_step(params: PriorStep, facts: Facts, asked: Asked) -> Finding:
    """
    Look whether every step was done and the remote attempts were made, early enough, before the visit.

    The log counts until now and no longer than until the visit begins: what is tried later was not tried before it.
    """
    attempts, zone = say_count(params.least, "remote attempt"), zone_of(facts, asked)
    spread = f", the first at least {say_period(params.over)} ago" if params.over else ""
    steps = [step for step in params.requires if step != DIGITAL_CONTACT]
    needs = [*([say_words(steps)] if steps else []), *([attempts + spread] if params.least else [])]
    limit = f"before a visit: {'; '.join(needs) or 'nothing'}"
    missing, used, cures, cure_ms = [], [], [], None
    for step in steps:
        is_done = (facts.steps or {}).get(step)
        if is_done is None:
            missing.append(step)
            continue
        used.append(Used(step, "done" if is_done else "not done", "lender"))
        cures += [] if is_done else [f"once this was done: {say_words([step])}"]
    lacking = _missing_for_attempts(params, facts, zone) if params.least else []
    if params.least and not lacking:
        until_ms = _until_ms(facts)
        made = _remote_attempts(facts, until_ms)
        used += [use_contact(each) for each in made]
        if len(made) < params.least:
            cures.append(f"after {say_count(params.least - len(made), 'more remote attempt')}{spread}")
        elif params.over and (ready_ms := params.over.after(made[0].at_ms, zone or "UTC")) > until_ms:
            # time alone cures it only where nothing else is amiss or unknown
            cure_ms = None if cures or missing else ready_ms
            cures.append(say_from(ready_ms, zone or "UTC"))
    if cures:
        return failed(limit, *used, cure="; ".join(cures), cure_ms=cure_ms)
    missing += lacking
    return unknown(limit, *missing, used=tuple(used)) if missing else passed(limit, *used)


def surely_took_steps(params: PriorStep, facts: Facts, asked: Asked) -> bool:
    """Say whether every step is known to be done, with enough attempts: as `judge_step` answers, without its words."""
    steps = facts.steps or {}
    if not all(step == DIGITAL_CONTACT or steps.get(step) for step in params.requires):
        return False
    zone = zone_of(facts, asked)
    if not params.least or _missing_for_attempts(params, facts, zone):
        return not params.least
    until_ms = _until_ms(facts)
    made = _remote_attempts(facts, until_ms)
    return len(made) >= params.least and (
        params.over is None or params.over.after(made[0].at_ms, zone or "UTC") <= until_ms
    )


def _missing_for_attempts(params: PriorStep, facts: Facts, zone: str | None) -> list[str]:
    is_local = params.over is not None and params.over.months > 0
    needs = {"contacts": facts.contacts, "case_id": facts.case_id or None, "place_zone": zone if is_local else ""}
    return [name for name, value in needs.items() if value is None]


def _until_ms(facts: Facts) -> int:
    return min(facts.now_ms, facts.interval.starts_ms) if facts.interval else facts.now_ms


def _remote_attempts(facts: Facts, until_ms: int) -> list[Contact]:
    """Give what was tried remotely on this case, the oldest first; what came back by post was never received."""
    made = [
        contact
        for contact in facts.contacts or ()
        if contact.case_id == facts.case_id
        and contact.channel in REMOTE
        and contact.result != "returned"
        and contact.at_ms <= until_ms
    ]
    return sorted(made, key=lambda contact: contact.at_ms)


def judge_notice(params: PriorNotice, facts: Facts, asked: Asked) -> Finding:
    """
    Look whether the newest notice that holds everything was sent early enough; one that came back is none.

    A notice that a new owner of the claim owes concerns only claims that have one.
    """
    media = f" by {say_words(params.media, 'or')}" if params.media else ""
    lead = f"{say_period(params.lead)} before the visit" if params.lead else say_words([params.when])
    holding = f"a notice with {say_words(params.content, 'and')}" if params.content else "a notice"
    limit = f"{holding}, sent to the {params.to}{media}, {lead}"
    zone = zone_of(facts, asked)
    if params.when in ON_TRANSFER and not facts.is_transferred:
        if facts.is_transferred is None:
            return unknown(limit, "is_transferred")
        return passed(f"{limit}; the claim has no new owner", Used("is_transferred", "no", "lender"))
    needs = {
        "notices": facts.notices,
        "interval": facts.interval,
        "place_zone": zone if params.lead and params.lead.months else "",
    }
    missing = [name for name, value in needs.items() if value is None]
    if missing or facts.interval is None:
        return unknown(limit, *missing)
    starts_ms = facts.interval.starts_ms
    sent = [
        notice
        for notice in facts.notices or ()
        if not notice.is_returned
        and notice.to == params.to
        and (not params.media or notice.medium in params.media)
        and notice.sent_ms <= starts_ms
    ]
    complete = [notice for notice in sent if set(params.content) <= set(notice.content)]
    if not complete:
        after = f", {say_period(params.lead)} after it was sent" if params.lead else ""
        return failed(limit, *_newest(sent), cure=f"once {holding} was sent to the {params.to}{media}{after}")
    newest = max(complete, key=lambda notice: notice.sent_ms)
    ready_ms = params.lead.after(newest.sent_ms, zone or "UTC") if params.lead else newest.sent_ms
    if ready_ms > starts_ms:
        return failed(limit, *_newest(complete), cure=say_from(ready_ms, zone or "UTC"), cure_ms=ready_ms)
    return passed(limit, *_newest(complete))


def _newest(notices: list[Notice]) -> tuple[Used, ...]:
    """Name the newest notice as a fact, or that there is none."""
    if not notices:
        return (Used("notice", "none"),)
    newest = max(notices, key=lambda notice: notice.sent_ms)
    return (Used("notice", f"{newest.medium}: {say_words(newest.content or ['nothing'])}", "lender", newest.sent_ms),)


TYPES: dict[RuleType, tuple[type[Any], Judge]] = {
    RuleType.PRIOR_STEP: (PriorStep, judge_step),
    RuleType.PRIOR_NOTICE: (PriorNotice, judge_notice),
}
