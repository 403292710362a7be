"""
Conversions between the datums that maps in mainland China use and WGS-84.

Stands at the edge, on the arrow from the lender's file (or a geocoder) to packing: coordinates come in as degrees
in GCJ-02 or BD-09 and go out as WGS-84, which is what the rest of Fairvisit holds. The forward GCJ-02 shift is the
published polynomial; its inverse is found by iteration, since the shift has no closed inverse. Accuracy is checked
against published pairs in `tests/unit/test_coordinates.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import atan2, cos, hypot, pi, sin, sqrt
from typing import Literal

Datum = Literal["wgs84", "gcj02", "bd09"]
Degrees = tuple[float, float]

E7 = 10_000_000
_SEMI_MAJOR_M = 6378245.0
_ECCENTRICITY_SQUARED = 0.00669342162296594323
_BD_ANGLE = pi * 3000 / 180
_BD_LAT_SHIFT, _BD_LON_SHIFT = 0.006, 0.0065
_ROUNDS = 20
_CLOSE_ENOUGH_DEG = 1e-10


def is_shifted(lat: float, lon: float) -> bool:
    """Say whether GCJ-02 differs from WGS-84 here: inside the rectangle that the published shift is limited to."""
    return 0.8293 <= lat <= 55.8271 and 72.004 <= lon <= 137.8347


def wgs84_to_gcj02(lat: float, lon: float) -> Degrees:
    """
    Shift WGS-84 degrees to GCJ-02; outside the rectangle of `is_shifted` nothing changes.

    >>> [round(part, 6) for part in wgs84_to_gcj02(39.911954, 116.377817)]
    [39.913345, 116.384047]
    """
    if not is_shifted(lat, lon):
        return lat, lon
    x, y = lon - 105.0, lat - 35.0
    ripple = (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + ripple
    north += (20 * sin(y * pi) + 40 * sin(y / 3 * pi)) * 2 / 3
    north += (160 * sin(y / 12 * pi) + 320 * sin(y / 30 * pi)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + ripple
    east += (20 * sin(x * pi) + 40 * sin(x / 3 * pi)) * 2 / 3
    east += (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    phi = lat / 180 * pi
    magic = 1 - _ECCENTRICITY_SQUARED * sin(phi) ** 2
    metres_a_degree_north = _SEMI_MAJOR_M * (1 - _ECCENTRICITY_SQUARED) / magic**1.5 * pi / 180
    metres_a_degree_east = _SEMI_MAJOR_M / sqrt(magic) * cos(phi) * pi / 180
    return lat + north / metres_a_degree_north, lon + east / metres_a_degree_east


def gcj02_to_bd09(lat: float, lon: float) -> Degrees:
    """Twist GCJ-02 degrees to BD-09, as Baidu's maps do."""
    radius = hypot(lon, lat) + 0.00002 * sin(lat * _BD_ANGLE)
    angle = atan2(lat, lon) + 0.000003 * cos(lon * _BD_ANGLE)
    return radius * sin(angle) + _BD_LAT_SHIFT, radius * cos(angle) + _BD_LON_SHIFT


def gcj02_to_wgs84(lat: float, lon: float) -> Degrees:
    """Find the WGS-84 degrees whose GCJ-02 image is this point, to well under a millimetre."""
    return _invert(wgs84_to_gcj02, lat, lon) if is_shifted(lat, lon) else (lat, lon)


def bd09_to_wgs84(lat: float, lon: float) -> Degrees:
    """Find the WGS-84 degrees whose BD-09 image is this point, to well under a millimetre."""
    return gcj02_to_wgs84(*_invert(gcj02_to_bd09, lat, lon))


def to_wgs84_e7(lat_e7: int, lon_e7: int, datum: Datum) -> tuple[int, int]:
    """
    Give WGS-84 coordinates (1e-7 degree) for ones in *datum*.

    >>> to_wgs84_e7(399133455, 1163840472, "gcj02")
    (399119540, 1163778170)
    """
    if datum == "wgs84":
        return lat_e7, lon_e7
    convert = gcj02_to_wgs84 if datum == "gcj02" else bd09_to_wgs84
    lat, lon = convert(lat_e7 / E7, lon_e7 / E7)
    return round(lat * E7), round(lon * E7)


def _invert(forward: Callable[[float, float], Degrees], lat: float, lon: float) -> Degrees:
    """Solve forward(p) = (lat, lon) by fixed-point steps: the shift changes so slowly that each gains two digits."""
    guess_lat, guess_lon = lat, lon
    for _ in range(_ROUNDS):
        image_lat, image_lon = forward(guess_lat, guess_lon)
        miss_lat, miss_lon = lat - image_lat, lon - image_lon
        guess_lat, guess_lon = guess_lat + miss_lat, guess_lon + miss_lon
        if abs(miss_lat) < _CLOSE_ENOUGH_DEG and abs(miss_lon) < _CLOSE_ENOUGH_DEG:
            break
    return guess_lat, guess_lon
