"""The zone of a place: the rulebook's, where the law fixes one, else by its coordinates."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from timezonefinder import TimezoneFinder

DEGREE = 10_000_000
OF_THE_PLACE = "place"


def find_zone(lat_e7: int | None, lon_e7: int | None, rulebook_zone: str = OF_THE_PLACE) -> str | None:
    """
    Give the IANA zone of a place; None where it cannot be known: no coordinates, or a point at sea.

    *rulebook_zone* wins unless it is "place": all of China keeps the time of Asia/Shanghai before the law, though the
    borders of zones say Asia/Urumqi for some of it.
    """
    if rulebook_zone != OF_THE_PLACE:
        return rulebook_zone
    if lat_e7 is None or lon_e7 is None:
        return None
    return _finder().timezone_at_land(lat=lat_e7 / DEGREE, lng=lon_e7 / DEGREE)


@lru_cache(maxsize=1)
def _finder() -> TimezoneFinder:
    """Make the one finder of this process, at first use: it takes most of a second and about 30 MB, with numpy."""
    from timezonefinder import TimezoneFinder

    return TimezoneFinder()
