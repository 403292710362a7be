"""Faults of clocks: a phone restarted with a wrong time, a clock put back in the middle of a visit, a clock ahead."""

from __future__ import annotations

from server.demo.acting import Act
from server.demo.plot import Plot
from server.demo.routing import MINUTE_MS, Visit
from server.domain.findings.codes import Code

GAP_MIN = 8  # a pause long enough for a restart and an exchange


def has_pause(plot: Plot, visit: Visit) -> bool:
    """Say whether the crew rests before and after this visit, and nothing else is wrong with its lead's phone."""
    if not visit.crew.is_honest:
        return False  # the tampered phone's: it has no program to start anew
    after = plot.next_of(visit)
    is_free = after is None or after.start_ms - visit.end_ms > GAP_MIN * MINUTE_MS
    return is_free and visit.start_ms - plot.last_end(visit) > GAP_MIN * MINUTE_MS and not _has_wrong_clock(plot, visit)


def _has_wrong_clock(plot: Plot, visit: Visit) -> bool:
    return bool(plot.phones[visit.crew.lead].sets)


def _restart_wrong(plot: Plot, visit: Visit, off_ms: int) -> None:
    """Restart the lead's phone before and after a visit; in between its wall clock is off."""
    phone = plot.phones[visit.crew.lead]
    before, after = visit.start_ms - 5 * MINUTE_MS, visit.end_ms + 4 * MINUTE_MS
    for at_ms, by_ms in ((before, off_ms), (after, -off_ms)):
        phone.starts.append(at_ms)
        phone.sets.append((at_ms, by_ms))
        plot.extra.append(Act(at_ms, visit.crew.lead, "reboot"))
    # One exchange soon after each restart, and one right after the visit: that is how the server learns of it.
    for at_ms in (before + MINUTE_MS, visit.end_ms + 20_000, after + MINUTE_MS):
        plot.extra.append(Act(at_ms, visit.crew.lead, "exchange", args={"forced": True}))


def plant_off(plot: Plot) -> None:
    """Let a phone come up twenty minutes slow."""
    visit = plot.take(lambda each: has_pause(plot, each))
    _restart_wrong(plot, visit, -20 * MINUTE_MS)
    plot.plant(Code.CLOCK_OFF, visit, why="the phone came up twenty minutes slow")


def plant_future(plot: Plot) -> None:
    """Let a phone come up four minutes fast and be heard right after the visit."""
    visit = plot.take(lambda each: has_pause(plot, each))
    _restart_wrong(plot, visit, 4 * MINUTE_MS)
    plot.plant(Code.CLOCK_FUTURE, visit, why="the phone came up four minutes fast")


def plant_step(plot: Plot) -> None:
    """Put a clock back by two and a half minutes in the middle of a visit."""
    visit = plot.take(lambda each: each.talk.is_met and has_pause(plot, each))
    middle = (visit.start_ms + visit.end_ms) // 2
    plot.phones[visit.crew.lead].sets.append((middle, -150_000))
    plot.plant(Code.CLOCK_STEPPED, visit, why="the clock was put back by two and a half minutes during the visit")


FAULTS = (plant_off, plant_future, plant_step)
