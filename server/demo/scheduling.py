"""
When each phone speaks to the server, and what the network does to it.

Comes in: the plot, with its faults in it. Goes out: exchanges with their weather, lost stretches, crashes and
photographs. What was planted keeps its own times; chance keeps out of its way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time, timedelta

from schemas.vocabulary import EventKind
from server.demo.acting import Act
from server.demo.faults_files import attach_photo
from server.demo.faults_rogue import rogue_code
from server.demo.network import Weather
from server.demo.plot import Plot
from server.demo.routing import MINUTE_MS, Visit, at_time

MORNING, EVENING = time(8, 15), time(18, 30)
AFTER_VISIT = (0.6, 0.35)  # how often a lead, and a companion, exchanges after a visit
BAD = ((Weather.ANSWER_LOST, 0.06), (Weather.REQUEST_LOST, 0.03), (Weather.PORTAL, 0.02))
LOST_STRETCH = 0.6  # how often a phone loses the network for a stretch of the day
CRASHES_WRITING, CRASHES_EXCHANGING, CRASHES = 2, 4, 2
PHOTOS = 8


def schedule(plot: Plot) -> list[Act]:
    """Give every exchange and crash of every phone; the plot's own exchanges are among them."""
    _lose_networks(plot)
    acts = [_weather(plot, act) if act.do == "exchange" else act for act in plot.extra]
    for day in [*plot.portfolio.days, plot.portfolio.days[-1] + timedelta(days=1)]:
        for code in sorted(plot.phones):
            acts += _exchange_day(plot, code, day)
    _take_photos(plot)
    return _crash_some(plot, acts)


def _lose_networks(plot: Plot) -> None:
    """Let phones lose the network for a stretch, but where something planted needs it."""
    for day in plot.portfolio.days:
        for code in sorted(plot.phones):
            length = plot.random.randrange(40, 150) * MINUTE_MS
            start = at_time(plot.portfolio, day, time(9, 30)) + plot.random.randrange(5 * 60) * MINUTE_MS
            needed = any(
                act.who == code and start - 30 * MINUTE_MS < act.at_ms < start + length + 30 * MINUTE_MS
                for act in plot.extra
            )
            if plot.random.random() < LOST_STRETCH and not needed:
                plot.cut_off([code], start, start + length)


def _exchange_day(plot: Plot, code: str, day: date) -> list[Act]:
    """Give one phone's exchanges of one day: morning, after some visits, evening until all is sent."""
    jitter = plot.random.randrange(10 * MINUTE_MS)
    acts = [_sure(plot, code, at_time(plot.portfolio, day, MORNING) + jitter)]
    if day not in plot.portfolio.days:
        return acts
    mine = [visit for visit in plot.visits.values() if visit.day == day and code in visit.crew.codes]
    for visit in sorted(mine, key=lambda visit: visit.start_ms):
        share = AFTER_VISIT[0 if visit.crew.lead == code else 1]
        if code == rogue_code(plot):
            acts += _exchange_rogue(plot, code, visit)
            continue
        if plot.random.random() < share:
            acts += _exchange_after(plot, code, visit)
    return [*acts, _sure(plot, code, at_time(plot.portfolio, day, EVENING) + jitter)]


def _sure(plot: Plot, code: str, at_ms: int) -> Act:
    """Give an exchange from where there is always a network: at home, at the office."""
    return Act(at_ms, code, "exchange", args={"weather": _files_or(plot, code, at_ms, Weather.GOOD)})


def _exchange_rogue(plot: Plot, code: str, visit: Visit) -> list[Act]:
    """Let the tampered phone speak after each visit, so that a forged signature lies over one visit only."""
    at_ms = visit.end_ms + 40_000
    is_forged = any(act.args.get("forged") and 0 < act.at_ms - at_ms < MINUTE_MS for act in plot.extra)
    return [] if is_forged else [Act(at_ms, code, "exchange", args={"weather": Weather.GOOD})]


def _exchange_after(plot: Plot, code: str, visit: Visit) -> list[Act]:
    at_ms = visit.end_ms + plot.random.randrange(40_000, 150_000)
    first = _weather(plot, Act(at_ms, code, "exchange", visit.key))
    if first.args["weather"] in {Weather.GOOD, Weather.NO_FILES}:
        return [first]
    return [first, _settle(plot, first.at(at_ms + plot.random.randrange(60_000, 150_000)))]


def _weather(plot: Plot, act: Act) -> Act:
    """Give an exchange its weather: none in a lost stretch, now and then broken, else good."""
    settled = _settle(plot, act)
    if act.args.get("forced") or act.args.get("forged") or settled.args["weather"] is not Weather.GOOD:
        return settled
    chance = plot.random.random()
    for weather, share in BAD:
        if chance < share:
            return replace(act, args={**act.args, "weather": weather})
        chance -= share
    return settled


def _settle(plot: Plot, act: Act) -> Act:
    weather = Weather.DEAD if plot.is_offline(act.who, act.at_ms) else Weather.GOOD
    return replace(act, args={**act.args, "weather": _files_or(plot, act.who, act.at_ms, weather)})


def _files_or(plot: Plot, code: str, at_ms: int, weather: Weather) -> Weather:
    is_barred = weather is Weather.GOOD and at_ms >= plot.without_files.get(code, at_ms + 1)
    return Weather.NO_FILES if is_barred else weather


def _take_photos(plot: Plot) -> None:
    """Let some leads take a photograph that does arrive."""
    able = [
        visit
        for key, visit in sorted(plot.visits.items())
        if key not in plot.used and visit.crew.lead not in plot.without_files and visit.crew.is_honest
    ]
    for visit in plot.random.sample(able, min(PHOTOS, len(able))):
        attach_photo(plot, visit, visit.crew.lead)


def _crash_some(plot: Plot, acts: Sequence[Act]) -> list[Act]:
    """Let some programs die: while writing an event, in the middle of an exchange, or just so."""
    random, rogue = plot.random, rogue_code(plot)
    exchanges = [
        number
        for number, act in enumerate(acts)
        if act.do == "exchange" and act.visit and act.args["weather"] is Weather.GOOD
    ]
    chosen = random.sample(exchanges, min(CRASHES_EXCHANGING, len(exchanges)))
    crashing = {number: random.randrange(1, 7) for number in chosen}
    crashed = [
        replace(act, args={**act.args, "kill_at": crashing[number]}) if number in crashing else act
        for number, act in enumerate(acts)
    ]
    steps = [
        (key, number)
        for key, played in sorted(plot.acts.items())
        for number, act in enumerate(played)
        if act.who != rogue and act.args.get("kind") == EventKind.STEP_DONE and key not in plot.used
    ]
    for place, (key, number) in enumerate(random.sample(steps, min(CRASHES_WRITING, len(steps)))):
        act = plot.acts[key][number]
        plot.acts[key][number] = replace(act, args={**act.args, "kill_at": 1 + place % 2})
    idle = [visit for visit in plot.visits.values() if visit.crew.lead != rogue]
    idle = random.sample(sorted(idle, key=lambda visit: visit.key), min(CRASHES, len(idle)))
    return crashed + [Act(visit.end_ms + 30_000, visit.crew.lead, "crash") for visit in idle]
