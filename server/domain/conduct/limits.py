"""
Limits: what rulebooks say of hours, days, crew, steps and counts, compiled so that a device needs comparisons only.

Comes in: the rulebooks in force, the facts known now, the lease's end. Goes out: the packet's `Limits`. A visit that
starts inside an interval and stays no longer than the longest stay keeps every rule of hours, days and wishes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from schemas.vocabulary import Step
from server.domain.conduct.counts import compile_counts, known_visits
from server.domain.conduct.facts import Facts, Interval
from server.domain.conduct.hours import OPENINGS
from server.domain.conduct.periods import local_time
from server.domain.conduct.rules import Check, Rule, Rulebook, RuleType
from server.domain.conduct.sharing import OncePerStack, Shared, reads_of
from server.domain.conduct.spans import MINUTE, Spans, meet, merge
from server.domain.conduct.texts import find_recording, find_statements
from server.domain.conduct.verdicts import Answer, Asked, stops
from server.domain.conduct.who import PRINCIPALS
from server.domain.packing import HOUSE, Limits

MOST_INTERVALS = 40


def compile_limits(rulebooks: Sequence[Rulebook], facts: Facts, until_ms: int, house: Limits = HOUSE) -> Limits:
    """
    Compile *rulebooks* into the house's limits, until the lease's end; strictest wins.

    Where no start is lawful there is one empty interval, as a device reads an empty list as "no limit".
    """
    compiled = _COMPILED.get(rulebooks)
    shared = compiled.get(facts, lambda known: _compile(rulebooks, known, until_ms, house), until_ms, house)
    starts_ms = find_starts(rulebooks, facts, until_ms, house.longest_stay_ms)[0].starts_ms
    first = replace(facts, interval=Interval(starts_ms, starts_ms + house.longest_stay_ms))
    counts = compile_counts(rulebooks, first)  # they rest on each person's own log: never shared
    return replace(shared, counts=counts, known_visits=known_visits(first)) if counts else shared


def _compile(rulebooks: Sequence[Rulebook], facts: Facts, until_ms: int, house: Limits) -> Limits:
    starts = find_starts(rulebooks, facts, until_ms, house.longest_stay_ms)
    zone = _zone(rulebooks, facts)
    crews = [rule.params.least for rule in _rules(rulebooks, RuleType.CREW_SIZE)]
    steps = {*house.steps, *_steps(rulebooks)}
    audio, video = find_recording(rulebooks)
    return replace(
        house,
        steps=tuple(step for step in Step if step in steps),
        intervals=tuple((_write_wall(each.starts_ms, zone), _write_wall(each.ends_ms, zone)) for each in starts),
        crew_min=max([*crews, house.crew_min or 0]) or None,
        audio=audio,
        video=video,
        statements=find_statements(rulebooks),
    )


def find_starts(rulebooks: Sequence[Rulebook], facts: Facts, until_ms: int, stay_ms: int) -> Spans:
    """
    Give from when until before when a visit may start, in whole minutes: at most 40 intervals, never none.

    What an absent fact leaves open is cut out, unless its rule says that not knowing does not stop.
    """
    starts = _STARTS.get(rulebooks)
    return starts.get(facts, lambda known: _find_starts(rulebooks, known, until_ms, stay_ms), until_ms, stay_ms)


def _find_starts(rulebooks: Iterable[Rulebook], facts: Facts, until_ms: int, stay_ms: int) -> Spans:
    within = Interval(facts.now_ms // MINUTE * MINUTE, until_ms)
    spans: Spans = (within,) if within.starts_ms <= until_ms else ()
    for rulebook in rulebooks:
        for rule in rulebook.rules:
            if rule.type in OPENINGS:
                asked = Asked(rule, rulebook.zone, Check.DOOR)
                opening = OPENINGS[rule.type](rule.params, facts, asked, within)
                is_cut = stops(Answer.UNKNOWN, rule.severity, rule.on_unknown)
                spans = meet(spans, opening.sure if is_cut else opening.maybe)
    rounded = [(-(-each.starts_ms // MINUTE), (each.ends_ms - stay_ms + 1) // MINUTE) for each in spans]
    found = merge(Interval(starts * MINUTE, ends * MINUTE) for starts, ends in rounded if starts < ends)
    return found[:MOST_INTERVALS] or (Interval(within.starts_ms, within.starts_ms),)


def _reads(rulebooks: Sequence[Rulebook]) -> frozenset[str]:
    """Give what the hours of these rulebooks rest on; the zone is also the one that they are written in."""
    rules = (rule for rulebook in rulebooks for rule in rulebook.rules if rule.type in OPENINGS)
    return frozenset({"now_ms", "place_zone"}).union(*(reads_of(rule) for rule in rules)) - {"interval"}


_STARTS = OncePerStack[Shared[Spans]](lambda rulebooks: Shared(_reads(rulebooks)))
_COMPILED = OncePerStack[Shared[Limits]](lambda rulebooks: Shared(_reads(rulebooks)))


def _rules(rulebooks: Iterable[Rulebook], type_: RuleType) -> Iterator[Rule]:
    return (rule for rulebook in rulebooks for rule in rulebook.rules if rule.type is type_)


def _steps(rulebooks: Sequence[Rulebook]) -> Iterator[Step]:
    """Give the steps that rules checked at the door ask for."""
    for rule in _rules(rulebooks, RuleType.CREDENTIAL_DISPLAY):
        if Check.DOOR in rule.checks:
            yield Step.CARD_SHOWN
            if PRINCIPALS & set(rule.params.names):
                yield Step.PRINCIPAL_NAMED
    for rule in _rules(rulebooks, RuleType.RECORDING):
        if Check.DOOR in rule.checks and rule.params.notice:
            yield Step.RECORDING_NOTICE
    for rule in _rules(rulebooks, RuleType.REQUIRED_STATEMENT):
        if Check.DOOR in rule.checks:
            yield Step.PURPOSE_STATED


def _zone(rulebooks: Iterable[Rulebook], facts: Facts) -> str:
    """Give the zone to write in: the place's, else the first that a rulebook fixes; the moments are the same."""
    fixed = (rulebook.zone for rulebook in rulebooks if rulebook.zone != "place")
    return facts.place_zone or next(fixed, "UTC")


def _write_wall(at_ms: int, zone: str) -> str:
    return local_time(at_ms, zone).isoformat(timespec="milliseconds")
