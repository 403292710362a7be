"""Conduct: a visit after hours, one that a halt could not stop in time, and what the people visited do themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import time
from typing import Any

from schemas.vocabulary import EventKind, HoldReason
from server.demo.faults_case import is_quiet, out_of_reach
from server.demo.plot import Plot
from server.demo.routing import MINUTE_MS, Visit, at_time
from server.domain.findings.codes import Code

OPENS, NOON, EVENING = time(9, 0), time(12, 0), time(19, 0)
LATE = time(19, 20)  # the house's hours end at 19:00
NOTE = "I threatened him with the police."
EXCUSE = "They were at work all day and rang to say that they are in now."


def plant_after_hours(plot: Plot) -> None:
    """Let a crew go after hours; the phone stops it, and the agent says why they go all the same."""
    visit = plot.take(lambda each: is_quiet(plot, each) and plot.next_of(each) is None)
    visit = plot.shift(visit, at_time(plot.portfolio, visit.day, LATE) - visit.start_ms)

    def excuse(body: Mapping[str, Any]) -> dict[str, Any]:
        return {**body, "override_reason": EXCUSE}

    plot.edit(visit, visit.crew.lead, (EventKind.VISIT_STARTED,), excuse)
    plot.plant(Code.RULE_BROKEN, visit, why="a visit at 19:20, by appointment only on the agent's word")


def plant_near_miss(plot: Plot) -> None:
    """Let the office hear of a death in the family while the crew is on its way, out of reach."""
    persons = Counter(each.case.person for each in plot.visits.values())  # the halt is of all of the person's cases
    visit = plot.take(lambda each: is_quiet(plot, each) and persons[each.case.person] == 1)
    reason = HoldReason.BEREAVEMENT.value
    plot.office(out_of_reach(plot, visit), "halt", visit.case.reference, reason=reason)
    plot.plant(
        Code.NEAR_MISS, visit, why="the office knew of a death in the family; the phone was offline",
        also=[Code.RULE_BROKEN],
    )  # fmt: skip


def plant_flagged(plot: Plot) -> None:
    """Let the lead write down that they threatened the person."""
    visit = plot.take(lambda each: is_quiet(plot, each) and each.talk.is_met)

    def boast(body: Mapping[str, Any]) -> dict[str, Any]:
        return {**body, "note": NOTE}

    plot.edit(visit, visit.crew.lead, (EventKind.OUTCOME_NOTED,), boast)
    plot.plant(Code.NOTE_FLAGGED, visit, why="the lead wrote of a threat")


def plant_contradicted(plot: Plot) -> None:
    """Let a person say on the page of the letter that no card was shown, where one is recorded."""
    first = plot.portfolio.days[0]
    visit = plot.take(lambda each: each.day == first and each.talk.is_met and is_quiet(plot, each))
    plot.person(at_time(plot.portfolio, plot.portfolio.days[-1], EVENING), "tell", visit)
    plot.plant(Code.FEEDBACK_CONTRADICTS, visit, why="the person says that no card was shown")


def let_choose(plot: Plot) -> None:
    """Let a person choose, the day before, the time at which they will be visited."""
    first, last = plot.portfolio.days[0], plot.portfolio.days[-1]
    visit = plot.take(lambda each: each.day == last and each.talk.is_met and is_quiet(plot, each) and _fits(plot, each))
    times = {"starts_ms": visit.start_ms, "ends_ms": visit.end_ms}
    plot.person(at_time(plot.portfolio, first, NOON), "choose", visit, **times)


def _fits(plot: Plot, visit: Visit) -> bool:
    """Say whether a visit lies within one of the windows of two hours that are offered from nine on."""
    opens_ms, window_ms = at_time(plot.portfolio, visit.day, OPENS), 120 * MINUTE_MS
    return (visit.start_ms - opens_ms) // window_ms == (visit.end_ms + 20 * MINUTE_MS - opens_ms) // window_ms


def let_complain(plot: Plot) -> None:
    """Let a person complain in the evening of their visit."""
    first = plot.portfolio.days[0]
    visit = plot.take(lambda each: each.day == first and each.talk.is_met and is_quiet(plot, each))
    plot.person(at_time(plot.portfolio, first, EVENING), "complain", visit)


def let_look(plot: Plot) -> None:
    """Let a person look at the card of an agent, and another one at a picture of it, ten minutes later."""
    rogues = [each for each in plot.visits.values() if not each.crew.is_honest]
    visit = sorted(rogues, key=lambda each: each.start_ms)[-1]  # by then the phone's clocks are known
    for minutes, is_copy in ((0.5, False), (10, True)):
        plot.person(round(visit.start_ms + minutes * MINUTE_MS), "look", visit, is_copy=is_copy)


def let_pay(plot: Plot) -> None:
    """Let a person pay on the first day: the visit of the second is taken back and does not happen."""
    first, last = plot.portfolio.days[0], plot.portfolio.days[-1]
    visit = plot.take(lambda each: each.day == last and is_quiet(plot, each))
    paid = {"reference": visit.case.reference, "paid_on": f"{first}", "amount": visit.case.overdue}
    plot.office(at_time(plot.portfolio, first, NOON), "pay", payments=[paid])
    plot.cancel(visit)


FAULTS = (
    plant_after_hours, plant_near_miss, plant_flagged, plant_contradicted, let_choose, let_complain, let_look, let_pay,
)  # fmt: skip
