"""
How often: caps over rolling and calendar periods, and the time between two contacts.

What was done counts until it leaves the period. Rolling, it leaves a period after it was done, to the minute: "30
days" are 720 hours also over a change of the clocks. By the calendar it leaves at a local midnight: the period is the
planned day (month) and those before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from schemas.vocabulary import NOBODY_MET, CountUnit
from server.domain.conduct.facts import Contact, Facts
from server.domain.conduct.grounds import zone_of
from server.domain.conduct.periods import Period, local_time
from server.domain.conduct.rules import Check, RuleType
from server.domain.conduct.spans import day_starts
from server.domain.conduct.verdicts import Answer, Asked, Finding, Judge, Used, failed, passed, unknown
from server.domain.conduct.wording import say_count, say_from, say_period

_DAY_MINUTES = 1440
REMOTE = frozenset({"call", "message", "letter", "app"})
_CHANNELS = {
    "visit": frozenset({"visit"}),
    "call": frozenset({"call"}),
    "remote": REMOTE,
    "any": REMOTE | {"visit"},
}
_NAMES = {"visit": "visit", "call": "call", "remote": "remote contact", "any": "contact"}
# which results of the log are one: what was sent is a contact, since it reached the person; what came back is a try
_UNITS = {
    "attempt": frozenset({"made", "attempt", "sent", "returned"}),
    "contact": frozenset({"made", "sent"}),
    "answered": frozenset({"made"}),
    "unanswered": frozenset({"attempt"}),
}
_SAY_UNIT = {
    "attempt": "tried or made",
    "contact": "where contact was made",
    "answered": "answered",
    "unanswered": "unanswered",
}
_SAY_PER = {
    "debt": "on one debt",
    "person": "with one person, over all debts and agencies",
    "number": "to one number or address",
}


@dataclass(frozen=True, slots=True)
class FrequencyCap:
    """No more than `most` in `period`. A cap that is a presumption says so; it is judged like any other."""

    channel: str
    most: int
    period: Period
    period_kind: str = "rolling"
    unit: str = "attempt"
    per: str = "debt"
    presumption: bool = False

    def __post_init__(self) -> None:
        _check_words(("channel", self.channel, _CHANNELS), ("unit", self.unit, _UNITS), ("per", self.per, _SAY_PER))
        _check_words(("period_kind", self.period_kind, {"rolling": 0, "calendar": 0}))
        is_whole = self.period.minutes % _DAY_MINUTES == 0 and bool(self.period.minutes) != bool(self.period.months)
        if self.period_kind == "calendar" and not is_whole:
            raise ValueError("'period' by the calendar should be whole days or whole months, such as P1D or P1M")


@dataclass(frozen=True, slots=True)
class MinInterval:
    """After each `after` on `channel`, none before `period` is over."""

    channel: str
    period: Period
    after: str = "contact"
    per: str = "debt"

    def __post_init__(self) -> None:
        _check_words(("channel", self.channel, _CHANNELS), ("after", self.after, _UNITS), ("per", self.per, _SAY_PER))


def _check_words(*given: tuple[str, str, Mapping[str, Any]]) -> None:
    wrong = [f"'{name}' should be one of {', '.join(words)}" for name, value, words in given if value not in words]
    if wrong:
        raise ValueError("; ".join(wrong))


def judge_cap(params: FrequencyCap, facts: Facts, asked: Asked) -> Finding:
    """
    Count what the log holds until the visit, and the visit as one more where its channel is capped.

    A cap on calls or remote contacts is judged by the log alone: a visit is none of them.
    """
    limit = _say_cap(params)
    missing = _missing(params, facts, asked)
    if missing or facts.interval is None:
        return unknown(limit, *missing)
    zone = zone_of(facts, asked) or "UTC"
    leaves = {
        contact: leaves_ms
        for contact in _log(params.channel, params.unit, params.per, facts)
        if (leaves_ms := _leaves_ms(params, contact.at_ms, zone)) > facts.interval.starts_ms
    }
    used = (Used("counted", str(len(leaves))), *(use_contact(contact) for contact in leaves))
    least, most = _this_visit(params, facts, asked)
    groups, nameless = _by_number(leaves) if params.per == "number" else ([list(leaves)], [])
    largest = max(len(group) for group in groups)
    if largest + least > params.most:
        cure_ms = _cure_ms([[leaves[each] for each in group + nameless] for group in groups], params.most - least)
        cure = say_from(cure_ms, zone) if cure_ms is not None else "no time cures it: none is allowed"
        return failed(limit, *used, cure=cure, cure_ms=cure_ms)
    if largest + len(nameless) + most > params.most:
        lacking = [*(["contact_result"] if least < most else []), *(["number of each contact"] if nameless else [])]
        return unknown(limit, *lacking, used=used)
    return passed(limit, *used)


def surely_keeps_cap(params: FrequencyCap, facts: Facts, asked: Asked) -> bool:
    """
    Say whether a cap is surely kept before a visit: the whole log of the person, whenever it was, holds too few for it.

    It never says so of what `judge_cap` does not let pass; of what it leaves open, that one answers.
    """
    if facts.contacts is None or _missing(params, facts, asked):
        return False
    channels, units = _CHANNELS[params.channel], _UNITS[params.unit]
    room = params.most - ("visit" in channels)
    for contact in facts.contacts:
        if contact.channel in channels and contact.result in units:
            room -= 1
    return room >= 0


def judge_interval(params: MinInterval, facts: Facts, asked: Asked) -> Finding:
    """Look whether the last one is long enough ago when the visit can begin at the earliest."""
    name = _NAMES[params.channel]
    last = f"a {name} ({_SAY_UNIT[params.after]})"
    limit = f"{say_period(params.period)} after {last} before the next, {_SAY_PER[params.per]}"
    if "visit" not in _CHANNELS[params.channel]:
        return passed(f"{limit}; this is about each {name}, not about a visit")
    missing = _missing(params, facts, asked)
    if missing or facts.interval is None:
        return unknown(limit, *missing)
    zone = zone_of(facts, asked) or "UTC"
    own = _own_visits(facts, asked)
    leaves = {
        contact: params.period.after(contact.at_ms, zone)
        for contact in _log(params.channel, params.after, params.per, facts)
        if contact not in own
    }
    if not leaves:
        return passed(limit, Used("counted", "0"))
    newest = max(leaves, key=lambda contact: leaves[contact])
    if leaves[newest] > facts.interval.starts_ms:
        return failed(limit, use_contact(newest), cure=say_from(leaves[newest], zone), cure_ms=leaves[newest])
    return passed(limit, use_contact(newest))


def visits_left(params: FrequencyCap | MinInterval, facts: Facts, asked: Asked) -> int | None:
    """
    Give how many visits the rule surely leaves within its period, the planned one among them; None if it counts none.

    What is not known is not counted here: whether that stops the planned visit is the judge's answer.
    """
    if "visit" not in _CHANNELS[params.channel]:
        return None
    if isinstance(params, MinInterval):
        return int(judge_interval(params, facts, asked).answer is not Answer.FAIL)
    if _missing(params, facts, asked) or facts.interval is None:
        return params.most
    zone = zone_of(facts, asked) or "UTC"
    log = _log(params.channel, params.unit, params.per, facts)
    return max(0, params.most - sum(_leaves_ms(params, each.at_ms, zone) > facts.interval.starts_ms for each in log))


def count_unit(params: FrequencyCap | MinInterval) -> CountUnit:
    """Give what a device counts for the rule: at least whatever the rule does."""
    unit = params.after if isinstance(params, MinInterval) else params.unit
    return CountUnit.CONTACT if unit in {"contact", "answered"} else CountUnit.ATTEMPT


def _missing(params: FrequencyCap | MinInterval, facts: Facts, asked: Asked) -> list[str]:
    if facts.place_zone and facts.case_id and facts.person_id and facts.interval and facts.contacts is not None:
        return []  # as it is with nearly every case: nothing can be missing
    is_local = bool(params.period.months) or (isinstance(params, FrequencyCap) and params.period_kind == "calendar")
    needs = {
        "interval": facts.interval,
        "contacts": facts.contacts,
        "place_zone": zone_of(facts, asked) if is_local else "",
        "case_id": (facts.case_id or None) if params.per != "person" else "",
        "person_id": (facts.person_id or None) if params.per != "debt" else "",
    }
    return [name for name, value in needs.items() if value is None]


def _log(channel: str, unit: str, per: str, facts: Facts) -> list[Contact]:
    """Give what is counted of the log until the visit is over; what came after it is judged with the next one."""
    assert facts.interval is not None
    by_case, by_person = per != "person", per != "debt"
    return [
        contact
        for contact in facts.contacts or ()
        if contact.channel in _CHANNELS[channel]
        and contact.result in _UNITS[unit]
        and contact.at_ms <= facts.interval.ends_ms
        and ((by_case and contact.case_id == facts.case_id) or (by_person and contact.person_id == facts.person_id))
    ]


def _own_visits(facts: Facts, asked: Asked) -> list[Contact]:
    """Give what the log says of the very visit reviewed. Before it is made, nothing in the log is of it."""
    if asked.check is not Check.REVIEW or facts.interval is None:
        return []
    return [
        contact
        for contact in facts.contacts or ()
        if contact.channel == "visit"
        and contact.case_id == facts.case_id
        and facts.interval.starts_ms <= contact.at_ms <= facts.interval.ends_ms
    ]


def _this_visit(params: FrequencyCap, facts: Facts, asked: Asked) -> tuple[int, int]:
    """Give what the visit itself counts at least and at most, besides the log."""
    if "visit" not in _CHANNELS[params.channel] or _own_visits(facts, asked):
        return 0, 0
    if asked.check is not Check.REVIEW or params.unit == "attempt":
        return 1, 1  # it may become whatever is counted
    if facts.contact_result is None:
        return 0, 1
    counts = int((facts.contact_result in NOBODY_MET) == (params.unit == "unanswered"))
    return counts, counts


def _leaves_ms(params: FrequencyCap, at_ms: int, zone: str) -> int:
    """Give the moment from which something done at *at_ms* counts no more."""
    if params.period_kind == "rolling":
        return params.period.after(at_ms, zone)
    local = local_time(at_ms, zone)
    if params.period.months:
        year, month = divmod(local.year * 12 + local.month - 1 + params.period.months, 12)
        return day_starts(date(year, month + 1, 1), zone)
    return day_starts(local.date() + timedelta(minutes=params.period.minutes), zone)


def _by_number(contacts: Mapping[Contact, int]) -> tuple[list[list[Contact]], list[Contact]]:
    """Part contacts by number. Those without one may have gone to any."""
    numbers = sorted({contact.number for contact in contacts if contact.number})
    groups = [[contact for contact in contacts if contact.number == number] for number in numbers]
    return groups or [[]], [contact for contact in contacts if not contact.number]


def _cure_ms(groups: list[list[int]], room: int) -> int | None:
    """Give the moment when no group holds more than *room*, from the moments at which its members leave."""
    if room < 0:
        return None
    return max(sorted(group)[len(group) - room - 1] for group in groups if len(group) > room)


def use_contact(contact: Contact) -> Used:
    """Name a contact of the log as a fact."""
    return Used(f"contact {contact.id}", f"{contact.channel}, {contact.result}", contact.source, contact.at_ms)


@lru_cache(maxsize=1024)
def _say_cap(params: FrequencyCap) -> str:
    count = f"at most {say_count(params.most, _NAMES[params.channel])} ({_SAY_UNIT[params.unit]})"
    length = f"{'any' if params.period_kind == 'rolling' else 'calendar:'} {say_period(params.period)}"
    planned = "" if "visit" in _CHANNELS[params.channel] else "; a visit is not counted"
    presumed = "; more is presumed to be too often" if params.presumption else ""
    return f"{count} in {length} {_SAY_PER[params.per]}{planned}{presumed}"


TYPES: dict[RuleType, tuple[type[Any], Judge]] = {
    RuleType.FREQUENCY_CAP: (FrequencyCap, judge_cap),
    RuleType.MIN_INTERVAL: (MinInterval, judge_interval),
}
