"""
Positions as phones give them around a door.

Comes in: where an agent stands and how open the sky is there. Goes out: fixes whose errors are Rayleigh-distributed
and whose claimed radius is about, but not quite, what it should be: phones claim 68 % and are wrong about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, log, radians, sin, sqrt, tau
from random import Random
from typing import Any

from schemas.vocabulary import Datum
from server.demo.routing import M_PER_DEGREE

E7 = 10_000_000
OPEN_SKY_M, STREET_M = 3.0, 9.0  # sigma of each axis: open sky, and between houses
CLAIMED = 1.51  # how many sigmas hold 68 % of a Rayleigh distribution
DOOR_SLACK_M = {"building": 12.0, "street": 60.0, "town": 250.0, "unknown": 250.0}
"""How far the true door lies from where the office has it, in metres: sigma of each axis, by precision."""


@dataclass(frozen=True, slots=True)
class Point:
    """A point in degrees."""

    lat: float
    lon: float


def move(here: Point, distance_m: float, bearing: float) -> Point:
    """Give the point *distance_m* away; *bearing* in radians, 0 is east."""
    lat = here.lat + distance_m * sin(bearing) / M_PER_DEGREE
    lon = here.lon + distance_m * cos(bearing) / (M_PER_DEGREE * cos(radians(here.lat)))
    return Point(lat, lon)


def stray(here: Point, sigma_m: float, random: Random, most_m: float | None = None) -> Point:
    """Give a point with a Rayleigh-distributed error around *here*, at most *most_m* away."""
    distance = sigma_m * sqrt(-2 * log(1 - random.random()))
    return move(here, distance if most_m is None else min(distance, most_m), random.uniform(0, tau))


def find_door(office: Point, precision: str, random: Random) -> Point:
    """Give where the door really is, from where the office has it."""
    sigma = DOOR_SLACK_M[precision]
    return stray(office, sigma, random, most_m=2 * sigma)


def draw_fixes(stand: Point, random: Random, count: int = 2) -> list[dict[str, Any]]:
    """Give *count* fixes, each one better than the last, as an event's body holds them."""
    sigmas = sorted((random.uniform(OPEN_SKY_M, STREET_M) for _ in range(count)), reverse=True)
    return [draw_fix(stand, sigma, random) for sigma in sigmas]


def draw_fix(stand: Point, sigma_m: float, random: Random) -> dict[str, Any]:
    """Give one fix with an error of *sigma_m* on each axis and a claim that is off by up to a fifth."""
    point = stray(stand, sigma_m, random, most_m=4 * sigma_m)
    claim = CLAIMED * sigma_m * random.uniform(0.85, 1.2)
    return write_fix(point, claim, age_ms=random.randrange(200, 4_000))


def write_fix(point: Point, radius_m: float, *, mock: bool = False, age_ms: int = 1_000) -> dict[str, Any]:
    """Write a fix as the wire has it."""
    return {
        "lat_e7": round(point.lat * E7),
        "lon_e7": round(point.lon * E7),
        "radius_dm": round(radius_m * 10),
        "datum": Datum.WGS84.value,
        "mock": mock,
        "age_ms": age_ms,
        "provider": "gps",
    }
