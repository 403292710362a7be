"""
A phone's clocks as true time passes: off by seconds, drifting, started anew now and then.

Comes in: true time. Goes out: the reading a device is told (`agent_sync.rehearsal`'s `clock`). Pure: the same phone
gives the same readings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

MOST_DRIFT_PPM = 20  # a cheap crystal; the protocol allows for 50
USUAL_OFF_MS = 4_000


@dataclass(slots=True)
class Phone:
    """The clocks of one device; `sets` are (true ms, ms the wall clock is put ahead), `starts` the boots' true ms."""

    name: str
    offset_min: int
    off_ms: int
    drift_ppm: float
    starts: list[int]
    sets: list[tuple[int, int]] = field(default_factory=list)

    def read(self, true_ms: int) -> dict[str, int | str]:
        """Give all clocks at *true_ms*."""
        boot = max((start for start in self.starts if start <= true_ms), default=self.starts[0])
        counted = round((true_ms - boot) * (1 + self.drift_ppm / 1e6))
        put = sum(ms for at, ms in self.sets if at <= true_ms)
        return {
            "wall_ms": true_ms + self.off_ms + put,
            "offset_min": self.offset_min,
            "mono_ms": counted,
            "boot": f"{self.name}-{self.starts.index(boot)}",
        }


def make_phone(name: str, offset_min: int, first_ms: int, random: Random) -> Phone:
    """Give a phone that was started some days before *first_ms*, with clocks as good as clocks are."""
    off_ms = max(-3 * USUAL_OFF_MS, min(3 * USUAL_OFF_MS, round(random.gauss(0, USUAL_OFF_MS))))
    drift = random.uniform(-MOST_DRIFT_PPM, MOST_DRIFT_PPM)
    return Phone(name, offset_min, off_ms, drift, [first_ms - random.randrange(3_600_000, 400_000_000)])
