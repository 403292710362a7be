"""Faults of crews and course: visits never ended, too short, at once, and companions missing, early or strange."""

from __future__ import annotations

from dataclasses import replace

from schemas.vocabulary import ContactResult, EventKind
from server.demo.acting import Act, act_visit, end_body, record
from server.demo.conversing import Talk
from server.demo.fixing import draw_fixes
from server.demo.plot import Plot
from server.demo.portfolio import Crew
from server.demo.routing import MINUTE_MS, Visit
from server.domain.findings.codes import Code

EVENING_MIN = 25  # minutes after the last visit: when everyone is free
SHORT_MS = 40_000


def is_honest(visit: Visit) -> bool:
    """Say whether the phone of whoever leads does what it should."""
    return visit.crew.is_honest


def plant_never_ended(plot: Plot) -> None:
    """Let the lead forget to end the visit."""
    visit = plot.take(is_honest)
    lead = visit.crew.lead
    plot.drop(visit, lambda act: act.who == lead and act.args["kind"] == EventKind.VISIT_ENDED)
    plot.plant(Code.NEVER_ENDED, visit, why="the lead never ended it")


def plant_too_short(plot: Plot) -> None:
    """Let a whole conversation take forty seconds."""
    visit = plot.take(lambda each: each.talk.is_met and is_honest(each))
    lasts = visit.end_ms - visit.start_ms
    plot.move(visit, lambda act: visit.start_ms + (act.at_ms - visit.start_ms) * SHORT_MS // lasts)
    plot.plant(Code.TOO_SHORT, visit, why="a whole conversation within 40 seconds")


def plant_two_visits(plot: Plot) -> None:
    """Let a crew begin the next visit before it ends this one."""
    visit, after = plot.take_pair(
        lambda first, second: is_honest(first)
        and second.end_ms - second.start_ms > 4 * MINUTE_MS
        and plot.next_of(second) is not None
    )
    stage = plot.stages[after.key]
    ends = {who: after.start_ms + (90 + 5 * place) * 1000 for place, who in enumerate(visit.crew.codes)}
    plot.drop(visit, lambda act: act.args["kind"] == EventKind.VISIT_ENDED)
    plot.acts[visit.key] += [
        record(at_ms, who, visit, EventKind.VISIT_ENDED, end_body(stage)) for who, at_ms in ends.items()
    ]
    plot.plant(Code.AGENT_IN_TWO_VISITS, visit, after, why="the next visit began before this one was ended")


def plant_companion_missing(plot: Plot) -> None:
    """Leave the companion out."""
    visit = plot.take(is_honest)
    plot.drop(visit, lambda act: act.who in visit.crew.companions)
    plot.plant(Code.COMPANION_MISSING, visit, why="the companion was not there", also=[Code.RULE_BROKEN])


def plant_companion_early(plot: Plot) -> None:
    """Let the companion leave after a quarter of a long talk."""
    visit = plot.take(lambda each: is_honest(each) and each.talk.is_met and _lasts_min(each) >= 11)
    early = visit.start_ms + (visit.end_ms - visit.start_ms) // 4
    left = visit.crew.companions
    plot.move(
        visit,
        lambda act: early if act.who in left and act.args["kind"] == EventKind.VISIT_ENDED else act.at_ms,
    )
    plot.plant(Code.COMPANION_LEFT_EARLY, visit, why="the companion left after a quarter of the visit")


def _lasts_min(visit: Visit) -> float:
    return (visit.end_ms - visit.start_ms) / MINUTE_MS


def plant_companion_unassigned(plot: Plot) -> None:
    """Let an agent who is not assigned join by the lead's QR."""
    visit = plot.take(lambda each: is_honest(each) and not each.talk.is_met)
    guest = plot.portfolio.people["floater"]
    code = next(iter(guest))
    stage = plot.stages[visit.key]
    joined = record(
        visit.start_ms + 30_000, code, visit, EventKind.CREW_JOINED, {"fixes": draw_fixes(stage.door, plot.random)}
    )
    plot.acts[visit.key] += [
        replace(joined, args={**joined.args, "by_qr": True}),
        record(visit.end_ms + 25_000, code, visit, EventKind.VISIT_ENDED, end_body(stage)),
    ]
    plot.plant(
        Code.COMPANION_UNASSIGNED, visit, why="an agent who is not assigned joined by the lead's QR",
        also=[Code.RULE_BROKEN],
    )  # fmt: skip


def plant_two_crews(plot: Plot) -> None:
    """Give a case to another crew while the first has no network; both go, at the same time."""
    visit = plot.take(
        lambda each: is_honest(each) and plot.is_alone(each) and not each.talk.is_met and each.talk.hold is None
    )
    day = [other for other in plot.visits.values() if other.day == visit.day]
    evening = max(other.end_ms for other in day) + EVENING_MIN * MINUTE_MS
    visit = plot.shift(visit, evening - visit.start_ms)
    others = [crew for crew in plot.portfolio.crews if crew != visit.crew]
    other = plot.random.choice(others)
    moved_ms = visit.start_ms - 10 * MINUTE_MS
    plot.cut_off(visit.crew.codes, moved_ms - MINUTE_MS, visit.end_ms + MINUTE_MS)
    plot.office(moved_ms, "assign", visit.case.reference, crew=other.number)
    for code in other.codes:
        plot.extra.append(Act(moved_ms + 2 * MINUTE_MS, code, "exchange", args={"forced": True}))
    second = _second_visit(plot, visit, other)
    plot.plant(Code.TWO_CREWS, visit, second, why="two crews were at one door at once")
    plot.plant(Code.AFTER_REASSIGNMENT, visit, why="the case had been given to another crew; the phone was offline")


def _second_visit(plot: Plot, visit: Visit, crew: Crew) -> Visit:
    """Let another crew visit the same door in the same minutes."""
    second = replace(
        visit, key=f"{visit.key}b", crew=crew, start_ms=visit.start_ms + 30_000, end_ms=visit.end_ms + 40_000,
        talk=Talk(ContactResult.NOBODY),
    )  # fmt: skip
    plot.visits[second.key] = second
    plot.stages[second.key] = plot.stages[visit.key]
    plot.acts[second.key] = act_visit(second, plot.stages[second.key])
    plot.used.add(second.key)
    return second


FAULTS = (
    plant_two_crews, plant_two_visits, plant_companion_early, plant_too_short, plant_companion_unassigned,
    plant_never_ended, plant_companion_missing,
)  # fmt: skip
