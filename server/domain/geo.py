"""
Where an event happened, as far as its fixes can tell.

Stands in reconciling: fixes as recorded and the door come in, a verdict of three states goes out: inside, outside,
uncertain (DESIGN section 4). It is a signal for a reviewer and never blocks. Coordinates are 1e-7 degree, lengths
decimetres, ages ms; distances are geodesics on WGS-84.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, floor

from geopy.distance import geodesic, great_circle

from schemas.vocabulary import Datum, Precision
from server.domain.coordinates import E7, gcj02_to_wgs84
from server.domain.thresholds import DEFAULTS, Thresholds

# A sphere of mean radius is never further from the ellipsoid than 0.56 %.
SPHERE_ERROR = 0.006
Degrees = tuple[float, float]


class PlaceVerdict(StrEnum):
    """
    Where the agent was.

    `inside` is certain: even the farthest point of the fix's circle is within the fence of the farthest point of the
    place's circle. `outside` is as certain: even the nearest two points are further apart. All else is `uncertain`.
    """

    INSIDE = "inside"
    OUTSIDE = "outside"
    UNCERTAIN = "uncertain"


class PlaceReason(StrEnum):
    """Why a verdict is what it is."""

    NEAR = "near"
    FAR = "far"
    BETWEEN = "between"
    TOWN = "town"
    PLACE_UNKNOWN = "place_unknown"
    FIXES_MISSING = "fixes_missing"
    ONLY_MOCK = "only_mock"
    ONLY_OLD = "only_old"


@dataclass(frozen=True, slots=True)
class Fix:
    """One position as the device gave it; `mock` and `age_ms` are None where the device does not say."""

    lat_e7: int
    lon_e7: int
    radius_dm: int
    mock: bool | None = None
    datum: Datum = Datum.UNKNOWN
    age_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Door:
    """A place in WGS-84; without a precision it counts as a town, without a radius it has its precision's own."""

    lat_e7: int
    lon_e7: int
    precision: Precision | None
    radius_dm: int | None = None


@dataclass(frozen=True, slots=True)
class GeoVerdict:
    """A verdict with its facts: the fix it rests on (its index), its distance, and both circles as counted."""

    verdict: PlaceVerdict
    reason: PlaceReason
    distance_dm: int | None = None
    fix: int | None = None
    fix_radius_dm: int | None = None
    place_radius_dm: int | None = None
    is_claim_doubted: bool = False


def judge_place(
    fixes: Sequence[Fix], door: Door | None, fence_dm: int, thresholds: Thresholds = DEFAULTS
) -> GeoVerdict:
    """
    Judge where an event was by the best of its fixes.

    A mock or old fix is no evidence of place. Of the others one inside is enough, and outside needs all of them: so a
    wrong fix that claims to be exact cannot outweigh an honest one. A place known to its town only decides nothing.

    >>> door = Door(0, 0, Precision.DOOR, radius_dm=100)
    >>> judge_place([Fix(0, 17_966, radius_dm=19, datum=Datum.WGS84)], door, fence_dm=1_500).verdict.value
    'outside'
    """
    if door is None:
        return GeoVerdict(PlaceVerdict.UNCERTAIN, PlaceReason.PLACE_UNKNOWN)
    if not fixes:
        return GeoVerdict(PlaceVerdict.UNCERTAIN, PlaceReason.FIXES_MISSING)
    usable = [place for place, fix in enumerate(fixes) if is_evidence(fix, thresholds)]
    if not usable:
        is_mock = all(fix.mock is True for fix in fixes)
        return GeoVerdict(PlaceVerdict.UNCERTAIN, PlaceReason.ONLY_MOCK if is_mock else PlaceReason.ONLY_OLD)
    door_at = (door.lat_e7 / E7, door.lon_e7 / E7)
    place_radius = door.radius_dm if door.radius_dm is not None else radius_of(door.precision, thresholds)
    is_town = door.precision in (None, Precision.TOWN)
    judged: list[tuple[PlaceVerdict, int, int]] = []
    for place in usable:
        slack = count_radius(fixes[place], thresholds) + place_radius
        distance = _measure(locate(fixes[place]), door_at, beyond_dm=fence_dm + slack)
        verdict = PlaceVerdict.UNCERTAIN if is_town else _judge_distance(distance, slack, fence_dm)
        judged.append((verdict, distance + slack, place))
    found = {verdict for verdict, _, _ in judged}
    verdict = PlaceVerdict.INSIDE if PlaceVerdict.INSIDE in found else PlaceVerdict.UNCERTAIN
    if found == {PlaceVerdict.OUTSIDE}:
        verdict = PlaceVerdict.OUTSIDE
    chosen = min((reach, place) for each, reach, place in judged if each is verdict)[1]
    reasons = {PlaceVerdict.INSIDE: PlaceReason.NEAR, PlaceVerdict.OUTSIDE: PlaceReason.FAR}
    return GeoVerdict(
        verdict,
        PlaceReason.TOWN if is_town else reasons.get(verdict, PlaceReason.BETWEEN),
        measure_geodesic(locate(fixes[chosen]), door_at),
        chosen,
        count_radius(fixes[chosen], thresholds),
        place_radius,
        fixes[chosen].radius_dm < thresholds.min_credible_radius_dm,
    )


def is_evidence(fix: Fix, thresholds: Thresholds) -> bool:
    """Say whether a fix tells where its device was: not mocked, and not too old."""
    return fix.mock is not True and (fix.age_ms or 0) <= thresholds.max_fix_age_ms


def locate(fix: Fix) -> Degrees:
    """Give a fix in degrees of WGS-84; of an unknown datum, as it stands."""
    lat, lon = fix.lat_e7 / E7, fix.lon_e7 / E7
    return gcj02_to_wgs84(lat, lon) if fix.datum == Datum.GCJ02 else (lat, lon)


def count_radius(fix: Fix, thresholds: Thresholds) -> int:
    """
    Give the radius (dm) a fix is counted with: never better than credible, wider where the datum is unknown.

    >>> count_radius(Fix(0, 0, radius_dm=19, datum=Datum.WGS84), DEFAULTS)
    100
    """
    shift = thresholds.unknown_datum_dm if fix.datum == Datum.UNKNOWN else 0
    return max(fix.radius_dm, thresholds.min_credible_radius_dm) + shift


def radius_of(precision: Precision | None, thresholds: Thresholds) -> int:
    """Give the radius (dm) of a place that brings none of its own, by its precision."""
    return {
        Precision.DOOR: thresholds.door_radius_dm,
        Precision.BUILDING: thresholds.building_radius_dm,
        Precision.STREET: thresholds.street_radius_dm,
        Precision.VILLAGE: thresholds.village_radius_dm,
        Precision.TOWN: thresholds.town_radius_dm,
    }[precision or Precision.TOWN]


def measure_geodesic(here: Degrees, there: Degrees) -> int:
    """Give the distance (dm) along the ellipsoid."""
    return round(float(geodesic(here, there).meters) * 10)


def measure_roughly(here: Degrees, there: Degrees) -> tuple[int, int]:
    """Give two distances (dm) that the true one surely lies between; fifteen times faster than the geodesic."""
    sphere_dm = float(great_circle(here, there).meters) * 10
    return floor(sphere_dm * (1 - SPHERE_ERROR)), ceil(sphere_dm * (1 + SPHERE_ERROR))


def _measure(here: Degrees, there: Degrees, *, beyond_dm: int) -> int:
    """Give the distance (dm): exactly up to *beyond_dm*, further away only roughly and never too large."""
    least = measure_roughly(here, there)[0]
    return least if least > beyond_dm else measure_geodesic(here, there)


def _judge_distance(distance_dm: int, slack_dm: int, fence_dm: int) -> PlaceVerdict:
    if distance_dm - slack_dm > fence_dm:
        return PlaceVerdict.OUTSIDE
    return PlaceVerdict.INSIDE if distance_dm + slack_dm <= fence_dm else PlaceVerdict.UNCERTAIN
