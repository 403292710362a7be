"""The datum conversions against pairs that others published, and against themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from geopy.distance import geodesic
from hypothesis import given
from hypothesis import strategies as st

from server.domain import coordinates as datums

PAIRS: dict[str, Any] = json.loads((Path(__file__).parent / "fixtures" / "datum_pairs.json").read_text("utf-8"))
SHIFTED = PAIRS["published"]["wgs84_gcj02"] + PAIRS["coordtransform"]["wgs84_gcj02"]
CHINA_LAT, CHINA_LON = st.floats(0.9, 55.7), st.floats(72.1, 137.7)


def close(expected: tuple[float, float], actual: tuple[float, float], metres: float) -> bool:
    """Say whether two points lie within *metres* of each other."""
    return bool(geodesic(expected, actual).m <= metres)


@pytest.mark.parametrize("pair", SHIFTED)
def test_gcj02_agrees_with_published_pairs(pair: list[float]) -> None:
    """WGS-84 shifts to GCJ-02 as the published pairs say, to a tenth of a metre."""
    assert close((pair[2], pair[3]), datums.wgs84_to_gcj02(pair[0], pair[1]), 0.1)


@pytest.mark.parametrize("pair", SHIFTED)
def test_the_inverse_of_gcj02_is_exact(pair: list[float]) -> None:
    """A published GCJ-02 point goes back to its WGS-84 point within half a metre."""
    assert close((pair[0], pair[1]), datums.gcj02_to_wgs84(pair[2], pair[3]), 0.5)


@pytest.mark.parametrize("pair", PAIRS["published"]["unshifted"])
def test_nothing_is_shifted_outside_china(pair: list[float]) -> None:
    """Denver, Brisbane and Rio stay where they are, both ways."""
    assert (pair[2], pair[3]) == datums.wgs84_to_gcj02(pair[0], pair[1])
    assert (pair[0], pair[1]) == datums.gcj02_to_wgs84(pair[2], pair[3])


@pytest.mark.parametrize("pair", PAIRS["coordtransform"]["gcj02_bd09"])
def test_bd09_agrees_with_a_published_pair(pair: list[float]) -> None:
    """GCJ-02 twists to BD-09 as coordtransform publishes it."""
    assert close((pair[2], pair[3]), datums.gcj02_to_bd09(pair[0], pair[1]), 0.1)


@pytest.mark.parametrize("pair", PAIRS["published"]["bd09_wgs84"])
def test_the_odd_published_bd09_pairs_are_near(pair: list[float]) -> None:
    """The two pairs made with another twist angle are met within 45 m, the reach of that difference."""
    assert close((pair[2], pair[3]), datums.bd09_to_wgs84(pair[0], pair[1]), 45)


def wgs84_to_bd09(lat: float, lon: float) -> datums.Degrees:
    """Shift and twist WGS-84 degrees to BD-09, which the server never has to."""
    return datums.gcj02_to_bd09(*datums.wgs84_to_gcj02(lat, lon))


@pytest.mark.parametrize("row", PAIRS["gcoord"]["wgs84_gcj02_bd09"])
def test_all_three_datums_agree_with_gcoord(row: list[float]) -> None:
    """On drawn points gcoord's forward results are met, and undone within half a metre."""
    wgs84, gcj02, bd09 = (row[0], row[1]), (row[2], row[3]), (row[4], row[5])

    assert close(gcj02, datums.wgs84_to_gcj02(*wgs84), 0.01)
    assert close(bd09, wgs84_to_bd09(*wgs84), 0.01)
    assert close(wgs84, datums.gcj02_to_wgs84(*gcj02), 0.5)
    assert close(wgs84, datums.bd09_to_wgs84(*bd09), 0.5)


@given(lat=CHINA_LAT, lon=CHINA_LON)
def test_there_and_back_is_the_same_place(lat: float, lon: float) -> None:
    """Anywhere in the shifted rectangle, converting and undoing it moves a point by less than a centimetre."""
    assert close((lat, lon), datums.gcj02_to_wgs84(*datums.wgs84_to_gcj02(lat, lon)), 0.01)
    assert close((lat, lon), datums.bd09_to_wgs84(*wgs84_to_bd09(lat, lon)), 0.01)


def test_integers_are_converted_by_their_datum() -> None:
    """1e-7 degrees in WGS-84 stay as they are; in GCJ-02 and BD-09 they move as their degrees do."""
    lat, lon, gcj_lat, gcj_lon = SHIFTED[0]
    bd_lat, bd_lon = wgs84_to_bd09(lat, lon)
    wanted = (round(lat * datums.E7), round(lon * datums.E7))

    assert wanted == datums.to_wgs84_e7(*wanted, "wgs84")
    for shifted, datum in (((gcj_lat, gcj_lon), "gcj02"), ((bd_lat, bd_lon), "bd09")):
        actual = datums.to_wgs84_e7(round(shifted[0] * datums.E7), round(shifted[1] * datums.E7), datum)  # type: ignore[arg-type]
        assert all(abs(expected - got) <= 2 for expected, got in zip(wanted, actual, strict=True))
