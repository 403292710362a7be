"""Points of one town on a picture: from degrees to a box of pixels, north above, and a bar that tells the scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, floor, log10, radians

from server.domain.day_plan import M_PER_E7, Point

MARGIN = 24


@dataclass(frozen=True, slots=True)
class Frame:
    """How points lie on a picture of *width* x *height*: the middle, and pixels a metre."""

    middle: Point
    scale: float
    width: int
    height: int

    def place(self, at: Point) -> tuple[float, float]:
        """Give (x, y) of a point, from the left and from above."""
        wide = cos(radians(self.middle[0] / 1e7))
        x = self.width / 2 + (at[1] - self.middle[1]) * M_PER_E7 * wide * self.scale
        y = self.height / 2 - (at[0] - self.middle[0]) * M_PER_E7 * self.scale
        return round(x, 1), round(y, 1)

    def length(self, metres: float) -> float:
        """Give a length in pixels."""
        return round(metres * self.scale, 1)

    @property
    def bar_m(self) -> int:
        """A round number of metres that fits into a fifth of the width."""
        most = self.width / 5 / self.scale
        power = 10 ** floor(log10(most)) if most >= 1 else 1
        return int(max(step * power for step in (1, 2, 5) if step * power <= max(most, power)))


def frame_points(points: Sequence[Point], width: int, height: int, least_m: float = 100) -> Frame:
    """Give the frame in which all points, and at least *least_m* metres, are seen; raise ValueError without any."""
    lats, lons = [lat for lat, _ in points], [lon for _, lon in points]
    middle = ((min(lats) + max(lats)) // 2, (min(lons) + max(lons)) // 2)
    wide = cos(radians(middle[0] / 1e7))
    across = max((max(lons) - min(lons)) * M_PER_E7 * wide, least_m)
    along = max((max(lats) - min(lats)) * M_PER_E7, least_m)
    return Frame(middle, min((width - 2 * MARGIN) / across, (height - 2 * MARGIN) / along), width, height)
