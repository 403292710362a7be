"""Faults of a phone's store: a record that rots on the disk, a phone set back from a copy while its twin went on."""

from __future__ import annotations

from schemas.vocabulary import EventKind, Step
from server.demo.acting import Act
from server.demo.plot import Plot
from server.demo.routing import MINUTE_MS, Visit
from server.domain.findings.codes import Code

SECOND_MS = 1_000


def plant_lost(plot: Plot) -> None:
    """Let a record rot before it is sent: the phone finds that it is no longer what was recorded, and says so."""
    visit = plot.take(lambda each: each.talk.is_met and each.crew.is_honest and _is_undisturbed(plot, each))
    lead = visit.crew.lead
    told = {
        act.args["body"]["step"]: act.at_ms
        for act in plot.acts[visit.key]
        if act.who == lead and act.args["kind"] == EventKind.STEP_DONE
    }
    purpose, options = told[Step.PURPOSE_STATED.value], told[Step.OPTIONS_GIVEN.value]
    plot.extra += [
        Act(purpose + SECOND_MS, lead, "exchange", args={"forced": True}),
        Act(options + SECOND_MS, lead, "damage"),
        Act(visit.end_ms + MINUTE_MS, lead, "exchange", args={"forced": True}),
    ]
    plot.plant(Code.CHAIN_LOST, visit, why="a record rotted on the phone before it was sent")


def plant_forked(plot: Plot) -> None:
    """Copy a store, let it go on, then set the phone back to the copy: two histories from one place."""

    def has_room(visit: Visit, after: Visit) -> bool:
        rests = visit.start_ms - plot.last_end(visit), after.start_ms - visit.end_ms
        return min(rests) > 5 * MINUTE_MS and all(_is_undisturbed(plot, each) for each in (visit, after))

    visit, after = plot.take_pair(has_room)
    lead = visit.crew.lead
    plot.extra += [
        Act(visit.start_ms - 3 * MINUTE_MS, lead, "exchange", args={"forced": True}),
        Act(visit.start_ms - 2 * MINUTE_MS, lead, "copy_store"),
        Act(visit.end_ms + MINUTE_MS, lead, "exchange", args={"forced": True}),
        Act(visit.end_ms + 2 * MINUTE_MS, lead, "restore_store"),
        Act(after.end_ms + MINUTE_MS, lead, "exchange", args={"forced": True}),
    ]
    plot.plant(Code.CHAIN_FORKED, after, why="the phone had been set back to a copy of its store")


def _is_undisturbed(plot: Plot, visit: Visit) -> bool:
    """Say whether nothing else is planted on this phone around the visit."""
    around = visit.start_ms - 10 * MINUTE_MS, visit.end_ms + 10 * MINUTE_MS
    return visit.crew.is_honest and not plot.needs_network([visit.crew.lead], *around)


FAULTS = (plant_forked, plant_lost)
