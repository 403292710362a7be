"""What only a tampered app can record: the real device refuses it, the server must notice it."""

from __future__ import annotations

from dataclasses import replace

from schemas.vocabulary import ContactResult, Disposition, EventKind
from server.demo.acting import Act, record
from server.demo.plot import Plot
from server.demo.routing import Visit
from server.domain.findings.codes import Code

UNKNOWN_KIND = "door_photographed"


def is_rogue(plot: Plot, visit: Visit) -> bool:
    """Say whether this visit is made with the tampered phone."""
    return not visit.crew.is_honest


def rogue_code(plot: Plot) -> str:
    """Give the code of the agent with the tampered phone."""
    return str(next(iter(plot.portfolio.people["tampered"]["lead"])))


def _act_of(plot: Plot, visit: Visit, kind: EventKind) -> Act:
    return next(act for act in plot.acts[visit.key] if act.args["kind"] == kind)


def plant_forged_checkpoint(plot: Plot) -> None:
    """Let the last batch of all claim another head than its chain has."""
    last = max((visit for visit in plot.visits.values() if is_rogue(plot, visit)), key=lambda visit: visit.start_ms)
    if last.key in plot.used:
        return
    plot.used.add(last.key)
    plot.extra.append(Act(last.end_ms + 60_000, last.crew.lead, "exchange", args={"forged": True}))
    plot.plant(Code.CHECKPOINT_BAD, last, why="the phone signed another head than its records have")


def plant_sealed_first(plot: Plot) -> None:
    """Open the sealed part before anyone was asked who they are."""
    visit = plot.take(lambda each: is_rogue(plot, each) and each.talk.is_met)
    first = _act_of(plot, visit, EventKind.IDENTITY_CHECKED).at_ms
    later = _act_of(plot, visit, EventKind.SEALED_PART_OPENED).at_ms
    swapped = {EventKind.IDENTITY_CHECKED: later, EventKind.SEALED_PART_OPENED: first}
    plot.move(visit, lambda act: swapped.get(act.args["kind"], act.at_ms))
    why = "the sealed part was opened before identity was confirmed"
    plot.plant(Code.SEALED_BEFORE_IDENTITY, visit, why=why, also=[Code.RULE_BROKEN])


def plant_no_check_in(plot: Plot) -> None:
    """Note an outcome of a visit that was never begun."""
    visit = plot.take(lambda each: is_rogue(plot, each))
    plot.drop(visit, lambda act: act.args["kind"] != EventKind.OUTCOME_NOTED)
    alone = [Code.COMPANION_MISSING]
    plot.plant(Code.OUTCOME_WITHOUT_CHECK_IN, visit, why="an outcome without any check-in", also=alone)


def plant_impossible_outcome(plot: Plot) -> None:
    """Let nobody, who was met, refuse."""
    visit = plot.take(lambda each: is_rogue(plot, each))
    pair = {"contact_result": ContactResult.NOBODY.value, "disposition": Disposition.REFUSES.value}
    plot.edit(visit, visit.crew.lead, (EventKind.OUTCOME_NOTED,), lambda body: pair)
    plot.plant(Code.IMPOSSIBLE_OUTCOME, visit, why="nobody was met, and nobody refused")


def plant_reused_id(plot: Plot) -> None:
    """Record the outcome again under the same id, with other words."""
    visit = plot.take(lambda each: is_rogue(plot, each))
    noted = _act_of(plot, visit, EventKind.OUTCOME_NOTED)
    changed = {**noted.args["body"], "note": "It was agreed otherwise."}
    again = replace(noted.at(noted.at_ms + 5_000), args={**noted.args, "body": changed, "same_id": True})
    plot.acts[visit.key] = sorted([*plot.acts[visit.key], again], key=lambda act: act.at_ms)
    plot.plant(Code.ID_REUSED, visit, why="two different records under one id")


def plant_parked(plot: Plot) -> None:
    """Record a kind of event that nobody has heard of."""
    visit = plot.take(lambda each: is_rogue(plot, each))
    noted = _act_of(plot, visit, EventKind.OUTCOME_NOTED)
    strange = record(noted.at_ms + 5_000, visit.crew.lead, visit, EventKind.STEP_DONE, {"door": "green"})
    strange = replace(strange, args={**strange.args, "kind": UNKNOWN_KIND})
    plot.acts[visit.key] = sorted([*plot.acts[visit.key], strange], key=lambda act: act.at_ms)
    plot.plant(Code.EVENTS_PARKED, visit, why="a kind of event that nobody has heard of")


FAULTS = (
    plant_forged_checkpoint, plant_sealed_first, plant_no_check_in, plant_impossible_outcome, plant_reused_id,
    plant_parked,
)  # fmt: skip
