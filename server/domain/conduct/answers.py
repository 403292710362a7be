"""What the answers of several types share: what the house vouches for, conduct, holds, the strictest of several."""

from __future__ import annotations

from collections.abc import Iterable

from server.domain.conduct.facts import Facts, HoldFacts
from server.domain.conduct.grounds import planned_day, zone_of
from server.domain.conduct.periods import local_time
from server.domain.conduct.rules import Check, RuleType
from server.domain.conduct.verdicts import Answer, Asked, Finding, Used, failed, passed, unknown

# Where a duty of the house is judged that no single visit keeps or breaks.
AT_THE_GATE = "a duty of the house, judged by who vouches for it (fairvisit gate attestations), not by a visit"
ELSEWHERE = {RuleType.RETENTION: "a duty of the house, judged by its retention clocks, not by a visit"}
DONE = "it is done; a person decides what follows"  # the cure of what no time and no act can mend


def use_hold(hold: HoldFacts, ends: str = "") -> Used:
    """Name a hold as a fact, with when it *ends*, in words."""
    return Used("hold", hold.reason + ends, hold.source, hold.placed_ms)


def stands(hold: HoldFacts, end_ms: int | None, facts: Facts, check: Check) -> bool:
    """Say whether a hold stands when the visit begins; in review one placed at the visit was no bar to it."""
    begins_ms = facts.interval.starts_ms if facts.interval else facts.now_ms
    if check is Check.REVIEW and hold.placed_ms >= begins_ms:
        return False
    return end_ms is None or end_ms > begins_ms


def strictest(limit: str, *findings: Finding) -> Finding:
    """
    Make one answer of several: one that fails outweighs one that is unknown, and that outweighs all that pass.

    It has a `cure_ms` only where time alone cures all of them, and then the latest.
    """
    if not findings:
        return passed(limit)
    fails = [each for each in findings if each.answer is Answer.FAIL]
    unknowns = [each for each in findings if each.answer is Answer.UNKNOWN]
    worst = fails or unknowns
    times = [each.cure_ms for each in fails + unknowns]
    known = [each for each in times if each is not None]
    return Finding(
        worst[0].answer if worst else Answer.PASS,
        limit,
        tuple(dict.fromkeys(used for each in findings for used in each.used)),
        tuple(dict.fromkeys(name for each in unknowns for name in each.missing)),
        "; ".join(dict.fromkeys(each.cure for each in worst if each.cure)),
        max(known) if known and len(known) == len(times) else None,
    )


def attest(limit: str, facts: Facts, asked: Asked) -> Finding:
    """
    Answer for what software cannot decide: before a visit, whether the house vouches for it on the planned day.

    It is a duty of the house, not of one visit: looking back at one it is no question, and says where it is judged.
    """
    if asked.check is Check.REVIEW:
        return passed(f"{limit}; {ELSEWHERE.get(asked.rule.type, AT_THE_GATE)}")
    until = (facts.attested or {}).get(asked.rule.id)
    if until is None:
        return unknown(limit, f"that the house vouches for {asked.rule.id}")
    zone = zone_of(facts, asked)
    used = Used("attested", f"until {until.isoformat()}", "house")
    if zone is None:
        return unknown(limit, "place_zone", used=(used,))
    day = planned_day(facts, asked) or local_time(facts.now_ms, zone).date()  # a duty stands without a visit, too
    if until < day:
        return failed(limit, used, cure=f"once the house vouches for it again, at least until {day.isoformat()}")
    return passed(limit, used)


def judge_codes(limit: str, codes: Iterable[str], facts: Facts, asked: Asked) -> Finding:
    """
    Answer for conduct: whether a reviewer or a complaint names one of *codes*.

    A visit that was not made yet names none. While it is made nobody has looked at it yet, so only in review is it
    unknown that no code is there.
    """
    if asked.check is Check.GATE:
        return passed(limit)
    if facts.conduct_codes is None:
        return unknown(limit, "conduct_codes") if asked.check is Check.REVIEW else passed(limit)
    named = sorted(facts.conduct_codes.intersection(codes))
    used = Used("conduct_codes", ", ".join(named) or "none of these", "review or complaint")
    if named:
        return failed(limit, used, cure=DONE)
    return passed(limit, used)
