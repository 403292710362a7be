"""Faults of place: fixes that are wrong, missing, made up, repeated, or cannot follow one another."""

from __future__ import annotations

from collections.abc import Mapping
from math import tau
from typing import Any

from schemas.vocabulary import EventKind, NoFixReason
from server.demo.fixing import draw_fix, move, write_fix
from server.demo.plot import Plot
from server.demo.routing import Visit, measure
from server.domain.findings.codes import Code

CHECK_IN = (EventKind.VISIT_STARTED,)
PLACED = (EventKind.VISIT_STARTED, EventKind.CREW_JOINED, EventKind.VISIT_ENDED)
NEAR_M = 30
HOME_M = 9_000


def is_exact(visit: Visit) -> bool:
    """Say whether the office knows this door well enough to tell."""
    return visit.case.precision == "building"


def plant_outside(plot: Plot) -> None:
    """Put the whole crew some streets away, with phones that claim 1.9 m."""
    visit = plot.take(is_exact)
    elsewhere = move(plot.stages[visit.key].door, plot.random.uniform(450, 700), plot.random.uniform(0, tau))

    def misplace(body: Mapping[str, Any]) -> dict[str, Any]:
        fixes = [draw_fix(elsewhere, 4.0, plot.random) | {"radius_dm": 19} for _ in body["fixes"]]
        return {**body, "fixes": fixes}

    for who in visit.crew.codes:
        plot.edit(visit, who, PLACED, misplace)
    plot.plant(Code.PLACE_OUTSIDE, visit, why="recorded some streets away; every fix claims 1.9 m")


def plant_uncertain(plot: Plot) -> None:
    """Give a fix from masts only, good to some hundred metres."""
    visit = plot.take(is_exact)
    door = plot.stages[visit.key].door

    def blur(body: Mapping[str, Any]) -> dict[str, Any]:
        return {**body, "fixes": [write_fix(move(door, 90, plot.random.uniform(0, tau)), 350.0)]}

    plot.edit(visit, visit.crew.lead, PLACED, blur)
    plot.plant(Code.PLACE_UNCERTAIN, visit, why="the fix is good to 350 m only")


def plant_missing(plot: Plot) -> None:
    """Let the agent not allow the app to know where it is."""
    visit = plot.take(is_exact)
    plot.edit(visit, visit.crew.lead, CHECK_IN, lambda body: {"fixes": [], "no_fix_reason": NoFixReason.DENIED.value})
    plot.plant(Code.FIXES_MISSING, visit, why="location was not allowed")


def plant_mocked(plot: Plot) -> None:
    """Let an app make the position up, at the door to the metre."""
    visit = plot.take(is_exact)

    def mock(body: Mapping[str, Any]) -> dict[str, Any]:
        return {**body, "fixes": [fix | {"mock": True} for fix in body["fixes"]]}

    plot.edit(visit, visit.crew.lead, PLACED, mock)
    plot.plant(Code.FIX_MOCKED, visit, why="an app made the position up")


def plant_repeated(plot: Plot) -> None:
    """Play back the check-in of the visit before, at the same point."""

    def is_beside(first: Visit, again: Visit) -> bool:
        doors = [plot.stages[visit.key].door for visit in (first, again)]
        near = measure((doors[0].lat, doors[0].lon), (doors[1].lat, doors[1].lon)) < NEAR_M
        return near and is_exact(first) and is_exact(again)

    first, again = plot.take_pair(is_beside)
    lead = first.crew.lead
    played = next(act for act in plot.acts[first.key] if act.who == lead and act.args["kind"] in CHECK_IN)
    plot.edit(again, lead, CHECK_IN, lambda body: {**body, "fixes": played.args["body"]["fixes"]})
    plot.plant(Code.FIX_REPEATED, again, why="the check-in of the visit before was played back")


def plant_travel(plot: Plot) -> None:
    """Let a visit begin at the door and end at home, nine kilometres away, in a minute and a half."""
    visit = plot.take(lambda each: is_exact(each) and not each.talk.is_met and len(each.crew.codes) > 1)
    home = move(plot.stages[visit.key].door, HOME_M, plot.random.uniform(0, tau))
    lead = visit.crew.lead

    def pace(acts_ms: int) -> int:
        return visit.start_ms + (acts_ms - visit.start_ms) * 95_000 // (visit.end_ms - visit.start_ms)

    plot.move(visit, lambda act: pace(act.at_ms))
    plot.edit(
        visit, lead, (EventKind.VISIT_ENDED,),
        lambda body: {**body, "fixes": [draw_fix(home, 4.0, plot.random)]},
    )  # fmt: skip
    plot.plant(Code.IMPOSSIBLE_TRAVEL, visit, why="ended from home, nine kilometres away, after 95 seconds")


FAULTS = (plant_repeated, plant_travel, plant_outside, plant_uncertain, plant_missing, plant_mocked)
