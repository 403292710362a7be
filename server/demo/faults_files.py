"""Files: a photograph that never arrives, one that serves for two visits, a recorder that ran late and short."""

from __future__ import annotations

from dataclasses import replace

from schemas.vocabulary import EventKind, RecordingMedium, RecordingState, Step
from server.demo.acting import Act, record, step_body
from server.demo.plot import Plot
from server.demo.routing import MINUTE_MS, Visit
from server.domain.findings.codes import Code

OFF_MS = 5 * MINUTE_MS  # more than a recorder may be late, or stand still
RECORDER = {"medium": RecordingMedium.VIDEO.value, "source": "body recorder", "serial": "BR-0042"}


def attach_photo(plot: Plot, visit: Visit, who: str, name: str = "") -> None:
    """Let *who* take a photograph of the door at the end of the visit, or bring one that has a *name* already."""
    plot.acts[visit.key] = [
        replace(act, args={**act.args, "photo": name or f"{visit.key}-{who}"})
        if act.who == who and act.args["kind"] == EventKind.VISIT_ENDED
        else act
        for act in plot.acts[visit.key]
    ]


def plant_files_missing(plot: Plot) -> None:
    """Let a photograph be named on the first day that the network never lets through."""
    first = plot.portfolio.days[0]
    visit = plot.take(lambda each: each.day == first and each.crew.is_honest and bool(each.crew.companions))
    companion = visit.crew.companions[0]
    plot.without_files[companion] = visit.start_ms - MINUTE_MS
    attach_photo(plot, visit, companion)
    plot.plant(Code.FILES_MISSING, visit, why="a photograph was named and never arrived")


def plant_picture_repeated(plot: Plot) -> None:
    """Let a lead bring the very photograph that was taken at another door the day before."""
    first, last = plot.portfolio.days[0], plot.portfolio.days[-1]
    taken = plot.take(lambda each: each.day == first and _arrives(plot, each))
    brought = plot.take(lambda each: each.day == last and _arrives(plot, each))
    for visit in (taken, brought):
        attach_photo(plot, visit, visit.crew.lead, "twice")
    why = "the photograph is the one of another door, taken the day before"
    plot.plant(Code.PICTURE_REPEATED, taken, brought, why=why)
    plot.plant(Code.PICTURE_OLDER, brought, why=why, also=[Code.PICTURE_REPEATED])


def _arrives(plot: Plot, visit: Visit) -> bool:
    return visit.crew.is_honest and visit.crew.lead not in plot.without_files


def plant_recording(plot: Plot) -> None:
    """Let a body recorder run from late on, stand still early, and never be read out."""
    first = plot.portfolio.days[0]
    visit = plot.take(lambda each: each.day == first and _arrives(plot, each) and _is_long(plot, each))
    told_ms = _card_ms(plot, visit) + 1000
    acts = [record(told_ms, visit.crew.lead, visit, EventKind.STEP_DONE, step_body(Step.RECORDING_NOTICE))]
    changes = ((told_ms + OFF_MS, RecordingState.STARTED), (visit.end_ms - OFF_MS, RecordingState.STOPPED))
    for at_ms, state in changes:
        body = RECORDER | {"state": state.value}
        acts.append(record(at_ms, visit.crew.lead, visit, EventKind.RECORDING_CHANGED, body))
    plot.acts[visit.key] = sorted([*plot.acts[visit.key], *acts], key=lambda act: act.at_ms)
    codes = [Code.RECORDING_UNNAMED, Code.RECORDING_LATE, Code.RECORDING_SHORT]
    for code, why in zip(codes, ("was never read out", "began late", "stood still early"), strict=True):
        plot.plant(code, visit, why=f"the body recorder {why}", also=[each for each in codes if each != code])


def _is_long(plot: Plot, visit: Visit) -> bool:
    told_ms = _card_ms(plot, visit)
    return bool(told_ms) and visit.end_ms - told_ms > 2 * OFF_MS + MINUTE_MS


def _card_ms(plot: Plot, visit: Visit) -> int:
    """Give when the lead showed their card; 0 where they did not."""

    def shows(act: Act) -> bool:
        return act.who == visit.crew.lead and act.args.get("body", {}).get("step") == Step.CARD_SHOWN

    return next((act.at_ms for act in plot.acts[visit.key] if shows(act)), 0)


FAULTS = (plant_files_missing, plant_picture_repeated, plant_recording)
