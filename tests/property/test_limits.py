"""Properties of limits: what a device answers from a packet is what the server judges of the same visit."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from agent_sync.rules_limits import PastVisit, check_limits, leave_by
from schemas.messages import parse_time
from server.domain.conduct.facts import Contact, Facts, Interval
from server.domain.conduct.frequency import FrequencyCap, judge_cap
from server.domain.conduct.limits import compile_limits
from server.domain.conduct.periods import Period
from server.domain.conduct.rules import Check, Rulebook, RuleType
from server.domain.conduct.verdicts import Answer, Asked
from server.domain.packing import HOUSE
from tests.unit.domain.conduct.random_cases import BOOKS, MINUTE, cases, lets_start
from tests.unit.domain.conduct.when import a_rule, a_rulebook

DAY_MS = 86_400_000
START_MS = 1_778_454_000_000
UNITS = st.sampled_from(["attempt", "contact"])
STARTS = st.lists(st.integers(0, 40 * 1440), max_size=5, unique=True)


@settings(max_examples=100, deadline=None)
@given(BOOKS, cases(), st.sampled_from([1, 30, 45]), st.lists(st.integers(0, 7 * 1440), min_size=5, max_size=15))
def test_a_device_lets_start_what_the_server_would(
    rulebooks: list[Rulebook], facts: Facts, stay: int, drawn: list[int]
) -> None:
    """L1: at every minute a device lets a visit start exactly if a visit of the longest stay keeps every rule.

    Two things make it stricter, never laxer: the moment at which an interval ends (of one that ends as the limits are
    made, nothing is left to list), and intervals beyond the fortieth.
    """
    until_ms, stay_ms = facts.now_ms + 7 * DAY_MS, stay * MINUTE
    limits = compile_limits(rulebooks, facts, until_ms, replace(HOUSE, longest_stay_ms=stay_ms)).to_wire()
    starts = [parse_time(each["starts"]) for each in limits["intervals"]]
    ends = [parse_time(each["ends"]) for each in limits["intervals"]]
    first_ms = facts.now_ms // MINUTE * MINUTE
    drawn_ms = [first_ms + number * MINUTE for number in drawn]
    for moment in [*drawn_ms, *(edge + by for edge in starts[:5] + ends[:5] for by in (-MINUTE, 0, MINUTE))]:
        if not facts.now_ms <= moment <= until_ms - stay_ms:
            continue
        is_let = all(remark.level == "warn" for remark in check_limits(limits, moment, 1))
        if is_let:
            assert leave_by(limits, moment) == moment + stay_ms
        if is_let or (moment not in {*ends, facts.now_ms} and len(starts) < 40):
            assert is_let == lets_start(rulebooks, facts, moment, stay_ms)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 4), st.integers(1, 30), STARTS, st.integers(0, 5), st.integers(0, 9), UNITS)
def test_a_device_starts_no_visit_too_many(
    most: int, days: int, minutes: list[int], known: int, later: int, unit: str
) -> None:
    """L2: whatever part of the visits made the server had counted, what a device lets start keeps the cap."""
    log = [
        Contact(f"v{number}", START_MS + minute * MINUTE, "visit", "made", "c", "p", source="visit")
        for number, minute in enumerate(sorted(minutes))
    ]
    packed_ms = log[min(known, len(log)) - 1].at_ms + MINUTE if known and log else START_MS
    now_ms = packed_ms + later * DAY_MS
    params = FrequencyCap("visit", most, Period(minutes=days * 1440), unit=unit, per="debt")
    cap = a_rule(RuleType.FREQUENCY_CAP, params)
    facts = Facts(packed_ms, "c", "p", contacts=tuple(each for each in log if each.at_ms < packed_ms))
    limits = compile_limits([a_rulebook(cap, zone="UTC")], facts, packed_ms + 60 * DAY_MS).to_wire()
    counts = {name: limits.get(name, []) for name in ("counts", "known_visits")}
    made = [each for each in log if each.at_ms <= now_ms]
    remarks = check_limits(counts, now_ms, 1, [PastVisit(each.id, each.at_ms) for each in made])
    asked = replace(facts, contacts=tuple(made), interval=Interval(now_ms, now_ms + MINUTE))
    finding = judge_cap(params, asked, Asked(cap, "UTC", Check.GATE))

    assert [unit] == [each["unit"] for each in limits["counts"]]
    assert bool(remarks) or finding.answer is Answer.PASS
