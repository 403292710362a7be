"""Faults of cases: work after reassignment, closing and expiry, old packets, news after a decision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any

from schemas.vocabulary import EventKind
from server.demo.acting import Act
from server.demo.plot import Plot
from server.demo.routing import MINUTE_MS, Visit, at_time
from server.domain.findings.codes import Code

DAWN, DUSK = time(7, 0), time(17, 25)
BEFORE_MIN = 12  # the office acts so long before the visit, when the crew is out of reach already
OVERRIDE = "The packet has expired on this phone; the person had asked for this hour."


def is_quiet(plot: Plot, visit: Visit) -> bool:
    """Say whether a visit stands alone: one visit of its case, no hold, a companion, nobody who must be heard."""
    around = visit.start_ms - 2 * BEFORE_MIN * MINUTE_MS, visit.end_ms + 10 * MINUTE_MS
    is_free = not plot.needs_network(visit.crew.codes, *around)
    return is_free and plot.is_alone(visit) and visit.talk.hold is None and visit.crew.is_honest


def out_of_reach(plot: Plot, visit: Visit) -> int:
    """Cut the crew off around the visit; give when the office acts."""
    acts_ms = visit.start_ms - BEFORE_MIN * MINUTE_MS
    plot.cut_off(visit.crew.codes, acts_ms - MINUTE_MS, visit.end_ms + 2 * MINUTE_MS)
    return acts_ms


def plant_after_reassignment(plot: Plot) -> None:
    """Give the case to another crew while the first is out of reach, and visits it all the same."""
    visit = plot.take(lambda each: is_quiet(plot, each))
    others = [crew for crew in plot.portfolio.crews if crew != visit.crew]
    plot.office(
        out_of_reach(plot, visit), "assign", visit.case.reference, crew=plot.random.choice(others).number
    )
    plot.plant(Code.AFTER_REASSIGNMENT, visit, why="the case had been given to another crew; the phone was offline")


def plant_after_closing(plot: Plot) -> None:
    """Close the case while its crew is out of reach."""
    visit = plot.take(lambda each: is_quiet(plot, each))
    plot.office(out_of_reach(plot, visit), "close", visit.case.reference)
    plot.plant(Code.AFTER_CLOSING, visit, why="the case had been closed; the phone was offline")


def plant_after_expiry(plot: Plot) -> None:
    """Lend a packet for one day and let it be worked on the second; the agent says why."""
    last = plot.portfolio.days[-1]
    visit = plot.take(lambda each: each.day == last and is_quiet(plot, each) and not each.talk.is_met)
    plot.office(0, "lend", visit.case.reference, days=1)
    # The server ends leases by itself once a minute; two days pass in less, so it is told when.
    plot.office(at_time(plot.portfolio, visit.day, DAWN), "expire")

    def excuse(body: Mapping[str, Any]) -> dict[str, Any]:
        return {**body, "override_reason": OVERRIDE}

    plot.edit(visit, visit.crew.lead, (EventKind.VISIT_STARTED,), excuse)
    plot.plant(Code.AFTER_EXPIRY, visit, why="a packet lent for one day was worked on the second")


def plant_stale(plot: Plot) -> None:
    """Let the lender correct address and amount while the crew is out of reach."""
    visit = plot.take(lambda each: is_quiet(plot, each))
    plot.office(out_of_reach(plot, visit), "correct", visit.case.reference)
    plot.plant(Code.STALE_PACKET, visit, why="the lender had corrected the case; the phone was offline")


def plant_late(plot: Plot) -> None:
    """Let the companion's phone be dead until evening, long after the office approved the visit."""
    noon = time(15, 0)
    visit = plot.take(
        lambda each: is_quiet(plot, each) and each.end_ms < at_time(plot.portfolio, each.day, noon)
    )
    dusk = at_time(plot.portfolio, visit.day, DUSK)
    plot.cut_off(visit.crew.companions, visit.start_ms - MINUTE_MS, dusk)
    plot.extra.append(Act(visit.end_ms + 2 * MINUTE_MS, visit.crew.lead, "exchange", args={"forced": True}))
    plot.office(visit.end_ms + 60 * MINUTE_MS, "approve", visit.case.reference, visit=visit.key)
    plot.plant(Code.LATE_EVENT, visit, why="the companion's phone was heard after the visit was approved")


FAULTS = (
    plant_after_expiry, plant_late, plant_after_closing, plant_stale, plant_after_reassignment,
)  # fmt: skip
