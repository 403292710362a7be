"""Complaints: an open one keeps agents away, and its two clocks, to acknowledge and to answer, are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schemas.vocabulary import HoldReason
from server.domain.conduct.answers import DONE, stands, strictest, use_hold
from server.domain.conduct.facts import ComplaintFacts, Facts
from server.domain.conduct.grounds import zone_of
from server.domain.conduct.periods import Period
from server.domain.conduct.rules import Check, RuleType
from server.domain.conduct.verdicts import Asked, Finding, Judge, Used, failed, passed, unknown
from server.domain.conduct.wording import say_period, say_time, say_words


@dataclass(frozen=True, slots=True)
class Complaint:
    """The clocks of a complaint, each from the day it was made; whether an open one bars visits; where to show it."""

    acknowledge: Period | None = None
    answer: Period | None = None
    extend: tuple[str, ...] = ()
    blocks_assignment: bool = False
    show: tuple[str, ...] = ()


def judge_complaint(params: Complaint, facts: Facts, asked: Asked) -> Finding:
    """Answer whether a visit kept away from an open complaint and, in review, whether its clocks were kept."""
    limit, complaints = _say_limit(params), facts.complaints or ()
    parts = [unknown(limit, "complaints")] if facts.complaints is None else []
    if params.blocks_assignment:
        parts += [_judge_open(each, limit, facts, asked) for each in complaints]
        parts.append(_judge_holds(limit, facts, asked))
    if asked.check is Check.REVIEW:
        parts += [part for each in complaints for part in _judge_clocks(params, each, limit, facts, asked)]
    return strictest(limit, *parts)


def _say_limit(params: Complaint) -> str:
    longer = f", at most {say_words(params.extend)} where extended" if params.extend else ""
    parts = [
        f"acknowledged within {say_period(params.acknowledge)}" if params.acknowledge else "",
        f"answered within {say_period(params.answer)}{longer}" if params.answer else "",
        "no visit while one is open" if params.blocks_assignment else "",
        f"where to complain is shown: {say_words(params.show)}" if params.show else "",
    ]
    return "complaints: " + "; ".join(part for part in parts if part)


def _judge_open(complaint: ComplaintFacts, limit: str, facts: Facts, asked: Asked) -> Finding:
    """Answer whether a complaint is open; in review: whether it was when the visit began."""
    used = Used("complaint", "open" if complaint.is_open else "closed", "person", complaint.made_ms)
    is_open = complaint.is_open
    if asked.check is Check.REVIEW:
        begins_ms = facts.interval.starts_ms if facts.interval else facts.now_ms
        answered_ms = complaint.answered_ms
        is_open = complaint.made_ms <= begins_ms and (
            complaint.is_open if answered_ms is None else begins_ms < answered_ms
        )
        if complaint.made_ms <= begins_ms and not complaint.is_open and answered_ms is None:
            return unknown(limit, "answered_ms", used=(used,))
    return failed(limit, used, cure="after the complaint was answered") if is_open else passed(limit, used)


def _judge_holds(limit: str, facts: Facts, asked: Asked) -> Finding:
    if facts.holds is None:
        return unknown(limit, "holds")
    live = [
        use_hold(hold)
        for hold in facts.holds
        if hold.reason == HoldReason.COMPLAINT and stands(hold, hold.until_ms, facts, asked.check)
    ]
    return failed(limit, *live, cure="after the complaint was answered") if live else passed(limit)


def _judge_clocks(
    params: Complaint, complaint: ComplaintFacts, limit: str, facts: Facts, asked: Asked
) -> list[Finding]:
    clocks = (
        ("acknowledged", params.acknowledge, complaint.acknowledged_ms, ()),
        ("answered", params.answer, complaint.answered_ms, params.extend),
    )
    return [
        _judge_clock(f"complaint {name}", period, longer, complaint, done_ms, limit, facts, zone_of(facts, asked))
        for name, period, done_ms, longer in clocks
        if period is not None
    ]


def _judge_clock(
    name: str, period: Period, longer: tuple[str, ...], complaint: ComplaintFacts, done_ms: int | None, limit: str,
    facts: Facts, zone: str | None,
) -> Finding:  # fmt: skip
    """
    Answer whether something was done in time, or still can be.

    Past the first end but within the longest extension it is unknown whether the time was extended.
    """
    if zone is None and period.months:
        return unknown(limit, "place_zone")
    due_ms = period.after(complaint.made_ms, zone or "UTC")
    last_ms = max([due_ms, *(each.after(complaint.made_ms, zone or "UTC") for each in _read_periods(longer))])
    at_ms = facts.now_ms if done_ms is None else done_ms
    said = "not yet" if done_ms is None else say_time(done_ms, zone)
    used = Used(name, f"{said}, due by {say_time(due_ms, zone)}", "office", done_ms)
    if at_ms <= due_ms:
        return passed(limit, used)
    if at_ms <= last_ms:
        return unknown(limit, "whether its time was extended", used=(used,))
    return failed(limit, used, cure=DONE if done_ms is not None else f"{name} now")


def _read_periods(words: tuple[str, ...]) -> list[Period]:
    """Read those words of an extension that are periods; others are for people."""
    periods = []
    for word in words:
        try:
            periods.append(Period.read(word))
        except ValueError:
            continue
    return periods


TYPES: dict[RuleType, tuple[type[Any], Judge]] = {RuleType.COMPLAINT: (Complaint, judge_complaint)}
